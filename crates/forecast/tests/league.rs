//! Retraining never makes it worse, whatever the models are like and whatever breaks.

use proptest::prelude::*;
use swell_core::rng::{split, unit};
use swell_forecast::checkpoint::CheckpointError;
use swell_forecast::league::contender::{Contender, Order, Why};
use swell_forecast::league::rules::{Rules, USUAL};
use swell_forecast::league::state::State;
use swell_forecast::league::table::{League, Round};

/// A league with a world around it, in which each contender has a quality that may change.
struct Stage {
    league: League,
    step: u64,
    seed: u64,
    /// The mean loss of each generation; of later ones the last.
    quality: Vec<f64>,
    window: f64,
    naive: f64,
    /// Not a number while no day is known.
    day: f64,
    /// Not a number while no week is known.
    week: f64,
    drifted: f32,
    trained: Vec<(u64, Why)>,
    forgotten: Vec<u64>,
}

impl Stage {
    fn new(quality: &[f64]) -> Self {
        Self {
            league: League::new(USUAL),
            step: 0,
            seed: 7,
            quality: quality.to_vec(),
            window: 1.0,
            naive: 1.1,
            day: f64::NAN,
            week: f64::NAN,
            drifted: 0.0,
            trained: Vec::new(),
            forgotten: Vec::new(),
        }
    }

    fn loss(&self, contender: Contender) -> f64 {
        let mean = match contender {
            Contender::Model(generation) => {
                self.quality[(generation as usize - 1).min(self.quality.len() - 1)]
            }
            Contender::Window => self.window,
            Contender::SeasonalNaive => self.naive,
            Contender::DayNaive => self.day,
            Contender::WeekNaive => self.week,
            Contender::KeepAlive => f64::NAN,
        };
        let mut rng = split(self.seed ^ self.step, "shared");
        mean * (0.9 + 0.2 * unit(&mut rng))
    }

    fn run(&mut self, steps: usize) {
        for _ in 0..steps {
            let scored = self.league.scored();
            let losses: Vec<_> = scored.iter().map(|&of| (of, self.loss(of))).collect();
            let round = Round {
                step: self.step,
                known: self.step + 1,
                losses: &losses,
                drifted: self.drifted,
            };
            let orders = self.league.step(&round);
            self.obey(&orders);
            self.step += 1;
        }
    }

    fn obey(&mut self, orders: &[Order]) {
        for order in orders {
            match order {
                Order::Train(generation, why) => {
                    self.trained.push((*generation, *why));
                    let orders = self.league.trained(*generation, Ok(()));
                    self.obey(&orders);
                }
                Order::Forget(generation) => self.forgotten.push(*generation),
                Order::Use(_) => {}
            }
        }
    }

    fn in_use(&self) -> Contender {
        self.league.state().in_use
    }
}

#[test]
fn a_better_model_is_promoted_after_its_trial_and_no_sooner() {
    let mut stage = Stage::new(&[0.8]);
    stage.run(143);
    assert_eq!((stage.in_use(), stage.trained.len()), (Contender::Window, 0));
    stage.run(24);
    assert_eq!((stage.in_use(), &stage.trained[..]), (Contender::Window, &[(1, Why::First)][..]));
    stage.run(2);
    assert_eq!(stage.in_use(), Contender::Model(1));
    stage.run(200);
    assert!(stage.trained.iter().skip(1).all(|(_, why)| *why == Why::Schedule));
    assert_eq!(stage.in_use(), Contender::Model(1), "later ones are no better");
    assert_eq!(
        stage.league.chain()[1..],
        [
            Contender::Window,
            Contender::SeasonalNaive,
            Contender::DayNaive,
            Contender::WeekNaive,
            Contender::KeepAlive
        ]
    );
}

#[test]
fn a_model_that_is_no_better_is_dropped() {
    let mut stage = Stage::new(&[0.8, 0.81, 1.4, 0.7]);
    stage.run(400);
    assert_eq!(stage.in_use(), Contender::Model(1));
    assert!(stage.forgotten.contains(&2) && stage.forgotten.contains(&3), "{:?}", stage.forgotten);
    stage.run(200);
    assert_eq!(stage.in_use(), Contender::Model(4));
    assert_eq!(stage.league.state().last_good, Some(1));
    assert!(!stage.forgotten.contains(&1));
}

#[test]
fn a_champion_that_breaks_is_demoted_within_an_hour_to_the_last_good_one() {
    let mut stage = Stage::new(&[0.8, 0.7]);
    stage.run(330);
    assert_eq!(stage.in_use(), Contender::Model(2));
    stage.quality[1] = 3.0;
    stage.run(12);
    assert_eq!(stage.in_use(), Contender::Model(1), "{:#?}", stage.league.state().changes);
    assert!(stage.forgotten.contains(&2));
}

#[test]
fn when_all_models_break_what_needs_no_training_forecasts_until_one_is_good() {
    let mut stage = Stage::new(&[0.8, 0.7, 5.0, 5.0, 0.6]);
    stage.run(330);
    stage.quality[0] = 3.0;
    stage.quality[1] = 3.0;
    stage.run(13);
    assert_eq!(stage.in_use(), Contender::Window);
    stage.window = 1.5;
    stage.run(13);
    assert_eq!(stage.in_use(), Contender::SeasonalNaive);
    stage.window = 0.9;
    stage.run(13);
    assert_eq!(stage.in_use(), Contender::Window);
    stage.run(150);
    assert_eq!(stage.in_use(), Contender::Model(5), "{:#?}", stage.league.state().changes);
    assert!(stage.trained.iter().any(|(_, why)| *why == Why::Degraded));
}

#[test]
fn whoever_is_worse_than_yesterday_is_out_within_the_hour() {
    let mut stage = Stage::new(&[0.8]);
    stage.run(330);
    assert_eq!(stage.in_use(), Contender::Model(1));
    stage.day = 0.6;
    stage.run(13);
    assert_eq!(stage.in_use(), Contender::DayNaive, "{:#?}", stage.league.state().changes);
    stage.run(100);
    assert_eq!(stage.in_use(), Contender::DayNaive, "no model is as good");
    stage.week = 0.4;
    stage.run(13);
    assert_eq!(stage.in_use(), Contender::WeekNaive, "{:#?}", stage.league.state().changes);
    (stage.day, stage.week) = (1.3, 1.4);
    stage.run(13);
    assert_eq!(stage.in_use(), Contender::Window);
    let bytes = stage.league.to_bytes();
    assert_eq!(League::from_bytes(USUAL, &bytes).expect("it is whole"), stage.league);
}

#[test]
fn drift_trains_early_and_failures_wait_longer_and_longer() {
    let mut stage = Stage::new(&[0.8, 0.81]);
    stage.run(200);
    let before = stage.trained.len();
    stage.drifted = 0.5;
    stage.run(14);
    assert_eq!(stage.trained.len(), before + 1);
    assert_eq!(stage.trained[before].1, Why::Drift);

    let mut league = League::new(USUAL);
    let mut begun = Vec::new();
    for step in 0..2000 {
        let losses = [(Contender::Window, 1.0), (Contender::SeasonalNaive, 1.0)];
        let round = Round { step, known: step + 1, losses: &losses, drifted: 0.0 };
        for order in league.step(&round) {
            if let Order::Train(generation, _) = order {
                begun.push(step);
                assert_eq!(
                    league.trained(generation, Err("no memory")),
                    [Order::Forget(generation)]
                );
            }
        }
    }
    let waits: Vec<u64> = begun.windows(2).map(|pair| pair[1] - pair[0]).collect();
    assert_eq!(waits[..5], [24, 48, 96, 192, 384], "{waits:?}");
    assert_eq!(league.trained(999, Ok(())), [Order::Forget(999)], "nobody asked for that one");
}

#[test]
fn a_state_is_taken_whole_or_not_at_all() {
    let mut stage = Stage::new(&[0.8, 0.7]);
    stage.run(330);
    let bytes = stage.league.to_bytes();
    let back = League::from_bytes(USUAL, &bytes).expect("it is whole");
    assert_eq!(back.state(), &State { training: None, ..stage.league.state().clone() });
    for end in 0..bytes.len() {
        assert!(League::from_bytes(USUAL, &bytes[..end]).is_err(), "cut at {end}");
    }
    let mut other = bytes.clone();
    other[8] ^= 1;
    assert!(matches!(League::from_bytes(USUAL, &other), Err(CheckpointError::Version(_))));
    let broken = State { in_use: Contender::Model(77), ..State::default() };
    assert_eq!(State::from_bytes(&broken.to_bytes()), Err(CheckpointError::Damaged));
    assert_eq!(League::new(USUAL).chain().last(), Some(&Contender::KeepAlive));
}

/// What may happen next.
#[derive(Debug, Clone)]
enum News {
    /// Steps whose scores are drawn, some of them missing or no number.
    Steps { count: u8, seed: u64, model: f64, window: f64, naive: f64, missing: f64, drifted: f32 },
    /// The node was down for so many steps.
    Down(u16),
    /// The league is written and read again, its bytes cut short if that is less than all.
    Restart { cut: bool },
    /// Models are lost.
    Lost,
    /// The training that runs ends.
    Trained { is_well: bool },
}

fn news() -> impl Strategy<Value = News> {
    let quality = || prop_oneof![0.2f64..3.0, Just(0.0), Just(1e30)];
    prop_oneof![
        8 => (1u8..40, any::<u64>(), quality(), quality(), quality(), 0.0f64..0.6, 0.0f32..0.3)
            .prop_map(|(count, seed, model, window, naive, missing, drifted)| {
                News::Steps { count, seed, model, window, naive, missing, drifted }
            }),
        1 => (1u16..400).prop_map(News::Down),
        1 => any::<bool>().prop_map(|cut| News::Restart { cut }),
        1 => Just(News::Lost),
        4 => prop::bool::weighted(0.8).prop_map(|is_well| News::Trained { is_well }),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn somebody_usable_always_forecasts_and_is_never_bad_for_long(
        news in prop::collection::vec(news(), 1..80),
    ) {
        let rules = Rules { known_min: 24, retrain_every: 24, trial_min: 12, trial_max: 30, ..USUAL };
        let mut league = League::new(rules);
        let (mut step, mut worse) = (0u64, 0usize);
        let mut pending = None;
        for news in news {
            match news {
                News::Down(steps) => step += u64::from(steps),
                News::Lost => {
                    let held: Vec<u64> = league.state().held().collect();
                    for generation in held {
                        league.lost(generation, "its checkpoint is damaged");
                    }
                    prop_assert_eq!(league.state().held().count(), 0);
                }
                News::Restart { cut } => {
                    let bytes = league.to_bytes();
                    let kept = if cut { bytes.len() / 2 } else { bytes.len() };
                    league = match League::from_bytes(rules, &bytes[..kept]) {
                        Ok(back) => { prop_assert!(!cut); back }
                        Err(_) => { worse = 0; League::new(rules) }
                    };
                    pending = None;
                }
                News::Trained { is_well } => if let Some(generation) = pending.take() {
                    league.trained(generation, if is_well { Ok(()) } else { Err("it broke") });
                },
                News::Steps { count, seed, model, window, naive, missing, drifted } => {
                    let mut rng = split(seed, "scores");
                    for _ in 0..count {
                        let mut losses = Vec::new();
                        for contender in league.scored() {
                            let mean = match contender {
                                Contender::Model(_) => model,
                                Contender::Window => window,
                                _ => naive,
                            };
                            let loss = mean * (0.5 + unit(&mut rng));
                            match unit(&mut rng) < missing {
                                true if unit(&mut rng) < 0.5 => {}
                                true => losses.push((contender, f64::NAN)),
                                false => losses.push((contender, loss)),
                            }
                        }
                        let find = |of: Contender| {
                            let found = losses.iter().find(|(contender, _)| *contender == of);
                            found.map(|(_, loss)| *loss).filter(|loss| loss.is_finite())
                        };
                        let in_use = league.state().in_use;
                        if let Some(naive) = find(Contender::SeasonalNaive) {
                            let limit = naive * (1.0 + rules.tolerance);
                            let is_worse = find(in_use).is_none_or(|own| own > limit);
                            worse = if is_worse { worse + 1 } else { 0 };
                            prop_assert!(worse <= rules.patience, "{in_use} at {step}: {worse}");
                        }
                        let round = Round { step, known: step + 1, losses: &losses, drifted };
                        for order in league.step(&round) {
                            match order {
                                Order::Train(generation, _) => pending = Some(generation),
                                Order::Use(of) => prop_assert!(league.state().is_held(of)),
                                Order::Forget(of) => {
                                    prop_assert!(league.state().held().all(|held| held != of));
                                }
                            }
                        }
                        step += 1;
                    }
                }
            }
            let chain = league.chain();
            prop_assert!(chain.iter().all(|&contender| league.state().is_held(contender)));
            prop_assert_eq!(chain.last(), Some(&Contender::KeepAlive));
            prop_assert!(league.state().held().count() <= 3);
        }
    }
}
