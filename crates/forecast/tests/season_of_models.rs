//! A league with real models on a recorded day: trained, tried, promoted, and never worse than
//! what needs no training.

mod data;

use std::collections::BTreeMap;

use swell_forecast::bands::Forecast;
use swell_forecast::catalogue::entries;
use swell_forecast::forecaster::{Budget, Model, Notes};
use swell_forecast::league::contender::{Contender, Order};
use swell_forecast::league::rules::{Rules, USUAL};
use swell_forecast::league::score::{Told, loss};
use swell_forecast::league::table::{League, Round};
use swell_forecast::measure::yardsticks;
use swell_forecast::panel::Panel;

fn model(name: &str, panel: &Panel, origin: usize, seed: u64) -> Box<dyn Model> {
    let entry = entries().find(|entry| entry.name == name).expect("it is in the catalogue");
    let budget = Budget { examples: 12_000, rounds: 60, steps: 80, ..Budget::FULL };
    entry.forecaster.fit(&panel.before(origin), &budget, seed)
}

#[test]
fn models_are_promoted_on_a_recorded_day_and_it_pays() {
    let panel = data::azure(16);
    let rules = Rules { known_min: 96, retrain_every: 60, ..USUAL };
    let mut league = League::new(rules);
    let mut models: BTreeMap<Contender, Box<dyn Model>> = BTreeMap::new();
    models.insert(Contender::Window, model("window-1h", &panel, 1, 0));
    models.insert(Contender::SeasonalNaive, model("snaive", &panel, 1, 0));
    models.insert(Contender::DayNaive, model("day-naive", &panel, 1, 0));
    models.insert(Contender::WeekNaive, model("week-naive", &panel, 1, 0));
    let scales = yardsticks(&panel, 96);
    let mut notes: BTreeMap<Contender, Notes> = BTreeMap::new();
    let mut said: BTreeMap<Contender, Vec<Forecast>> = BTreeMap::new();
    let (mut of_league, mut of_window, mut of_naive) = (0.0, 0.0, 0.0);
    let mut promoted = 0;
    for step in 84..230 {
        let losses: Vec<(Contender, f64)> = said
            .iter()
            .map(|(contender, forecasts)| {
                let told = forecasts.iter().zip(&panel.members).zip(&scales);
                let told = told.map(|((forecast, member), scale)| Told {
                    quantiles: forecast.steps[0],
                    came: member.counts.get(step).map_or(f32::NAN, |count| count as f32),
                    scale: scale.scale as f32,
                });
                (*contender, loss(told))
            })
            .collect();
        let find = |of: Contender| losses.iter().find(|(contender, _)| *contender == of);
        if let (Some(own), Some(window), Some(naive)) =
            (find(league.state().in_use), find(Contender::Window), find(Contender::SeasonalNaive))
        {
            of_league += own.1;
            of_window += window.1;
            of_naive += naive.1;
        }
        let (known, origin) = (step as u64 + 1, step + 1);
        let round = Round { step: step as u64, known, losses: &losses, drifted: 0.0 };
        for order in league.step(&round) {
            match order {
                Order::Train(generation, _) => {
                    let made = model("hybrid", &panel, origin, generation);
                    models.insert(Contender::Model(generation), made);
                    league.trained(generation, Ok(()));
                }
                Order::Use(Contender::Model(_)) => promoted += 1,
                Order::Use(_) => {}
                Order::Forget(generation) => {
                    models.remove(&Contender::Model(generation));
                }
            }
        }
        let past = panel.before(origin);
        said = league
            .scored()
            .into_iter()
            .map(|contender| {
                let notes = notes.entry(contender).or_default();
                let all = 0..panel.members.len();
                (contender, models[&contender].predict_noted(&past, all, 1, notes))
            })
            .collect();
    }
    let told = format!(
        "{of_league:.2} by the league, {of_window:.2} by windows, {of_naive:.2} by seasons: {:#?}",
        league.state().changes
    );
    assert!(promoted >= 1, "{told}");
    assert!(of_league < of_window && of_league < of_naive, "{told}");
}
