//! Plays a scenario with one rule and counts what came of it.

use std::collections::BTreeMap;

use swell_core::flow::analyzer::{Analyzer, Budget, Order};
use swell_core::flow::indicator::Thresholds;
use swell_core::flow::measured::{Measured, Settings};
use swell_core::flow::policy::{FlowPolicy, Verdict};
use swell_core::flow::seed::Seed;
use swell_core::flow::view::{FifoId, OwnerId, Party, Sample, View};
use swell_core::flow::wait::{kingman, little};
use swell_core::rng;
use swell_core::time::{Instant, Span};

use crate::flow::scenario::{Besides, CAPACITY, Scenario, Source, TICK, WORK, between};

/// Items that wait longer than this are late.
pub const BOUND: Span = Span::from_millis(20);
/// Coming back within so many ticks is a ping-pong.
const RETURN: u64 = 100;
/// Gaps and work vary like chance.
const VARIATION: f64 = 2.0;

/// A rule to play with.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Rule {
    /// FIFOs stay where they are.
    Never,
    /// The founding rule: a change above this score.
    Seed(f64),
    /// The measured rule.
    Measured,
}

impl Rule {
    /// Those that are compared.
    pub const ALL: [Rule; 4] = [Rule::Never, Rule::Seed(0.4), Rule::Seed(0.5), Rule::Measured];

    /// What it is called.
    pub fn name(self) -> &'static str {
        match self {
            Rule::Never => "never",
            Rule::Seed(trigger) if trigger < 0.5 => "seed, score from 0.5",
            Rule::Seed(_) => "seed, score above 0.5",
            Rule::Measured => "measured",
        }
    }

    fn analyzer(self, seed: u64) -> Option<Analyzer> {
        let rng = rng::split(seed, "flow/rule");
        let (policy, budget): (Box<dyn FlowPolicy>, Budget) = match self {
            Rule::Never => return None,
            Rule::Seed(trigger) => {
                (Box::new(Seed::new(Thresholds::default(), trigger, rng)), Budget::NONE)
            }
            Rule::Measured => {
                (Box::new(Measured::new(Settings::default(), rng)), Budget::default())
            }
        };
        Some(Analyzer::new(policy, budget))
    }
}

/// What came of it.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Outcome {
    /// Changes of hands, per FIFO and hour.
    pub moves: f64,
    /// Of these, back to where it was within ten seconds.
    pub ping_pongs: f64,
    /// Share of all ticks of all FIFOs with items over the bound.
    pub late: f64,
}

struct Fifo {
    source: Source,
    owner: usize,
    queue: f64,
    /// Seconds of pause still to come.
    paused: f64,
    sample: Sample,
    /// When it left which owner.
    left: BTreeMap<usize, u64>,
    dependency: Vec<f64>,
    proximity: Vec<f64>,
}

/// Plays.
pub fn play(scenario: &Scenario, rule: Rule) -> Outcome {
    let mut analyzer = rule.analyzer(scenario.seed);
    let mut besides: Vec<Besides> =
        (0..scenario.owners).map(|index| Besides::new(scenario.seed, index)).collect();
    let mut fifos: Vec<Fifo> = (0..scenario.fifos).map(|index| fifo(scenario, index)).collect();
    let mut recent = vec![0u32; scenario.owners];
    let (mut moves, mut ping_pongs, mut late) = (0u64, 0u64, 0u64);
    for tick in 1..=scenario.ticks {
        let now = Instant::from_millis(tick * 100);
        let own: Vec<f64> = besides.iter_mut().map(Besides::step).collect();
        let used = serve(now, &own, &mut fifos);
        late += fifos.iter().filter(|fifo| fifo.sample.latency > BOUND).count() as u64;
        let Some(analyzer) = &mut analyzer else { continue };
        let usage: Vec<f64> = own.iter().zip(&used).map(|(own, used)| own + used).collect();
        for Order { fifo, verdict } in orders(now, analyzer, scenario, &fifos, &usage, &recent) {
            let Verdict::Move(OwnerId(to)) = verdict else { continue };
            let index = fifo.0 as usize;
            let (fifo, to) = (&mut fifos[index], to as usize);
            moves += 1;
            let back = fifo.left.get(&to).is_some_and(|&left| tick - left <= RETURN);
            ping_pongs += u64::from(back);
            fifo.left.insert(fifo.owner, tick);
            fifo.owner = to;
            fifo.paused += scenario.pause_ms / 1000.0;
            recent[to] += 1;
            let pause = Span::from_millis_f64(scenario.pause_ms);
            analyzer.on_moved(now, FifoId(index as u32), pause);
        }
        if tick % 600 == 0 {
            recent.fill(0);
        }
    }
    let fifo_hours = scenario.fifos as f64 * scenario.ticks as f64 * TICK / 3600.0;
    Outcome {
        moves: moves as f64 / fifo_hours,
        ping_pongs: ping_pongs as f64 / fifo_hours,
        late: late as f64 / (scenario.fifos as f64 * scenario.ticks as f64),
    }
}

fn fifo(scenario: &Scenario, index: usize) -> Fifo {
    let mut rng = rng::split(scenario.seed, &format!("flow/fifo/{index}"));
    let mut draw = |range| (0..scenario.owners).map(|_| between(&mut rng, range)).collect();
    let sample = Sample {
        at: Instant::ZERO,
        arriving: 0.0,
        leaving: 0.0,
        depth: 0.0,
        capacity: CAPACITY,
        latency: Span::ZERO,
        true_rate: 0.0,
        work: Span::from_secs_f64(WORK),
        variation: VARIATION,
    };
    Fifo {
        source: Source::new(scenario.seed, index),
        owner: index % scenario.owners,
        queue: 0.0,
        paused: 0.0,
        sample,
        left: BTreeMap::new(),
        dependency: draw((0.0, 1.0)),
        proximity: draw((0.4, 0.9)),
    }
}

/// Lets owners work for a tick; returns the share of each one's processor that it took.
fn serve(now: Instant, own: &[f64], fifos: &mut [Fifo]) -> Vec<f64> {
    let mut used = vec![0.0; own.len()];
    let arriving: Vec<f64> = fifos.iter_mut().map(|fifo| fifo.source.step()).collect();
    for (owner, share) in used.iter_mut().enumerate() {
        let mut free = (1.0 - own[owner]) * TICK;
        let all = free;
        // Who wants little gets it; the others share what is left.
        let mut mine: Vec<usize> =
            (0..fifos.len()).filter(|&index| fifos[index].owner == owner).collect();
        let demand = |index: usize| (fifos[index].queue + arriving[index] * TICK) * WORK;
        mine.sort_by(|&a, &b| demand(a).total_cmp(&demand(b)));
        let demands: Vec<f64> = mine.iter().map(|&index| demand(index)).collect();
        for (place, (&index, &demand)) in mine.iter().zip(&demands).enumerate() {
            let fair = free / (mine.len() - place) as f64;
            let fifo = &mut fifos[index];
            let pause = fifo.paused.min(TICK);
            fifo.paused -= pause;
            let given = demand.min(fair) * (1.0 - pause / TICK);
            free -= given;
            // What it could have had: its fair part and what nobody else wanted.
            let others: f64 = demands.iter().sum::<f64>() - demand;
            let could = (all - others).max(fair);
            settle(now, fifo, arriving[index], given / WORK, could / WORK / TICK, pause);
        }
        *share = (all - free) / TICK;
    }
    used
}

fn settle(now: Instant, fifo: &mut Fifo, arriving: f64, served: f64, rate: f64, pause: f64) {
    let before = fifo.queue;
    // A full FIFO blocks its producer.
    fifo.queue = (before + arriving * TICK - served).clamp(0.0, CAPACITY);
    let depth = f64::midpoint(before, fifo.queue);
    let leaving = served / TICK;
    let queued = little(depth, leaving, Span::from_secs(1));
    let stalled = Span::from_secs_f64(if arriving > 0.0 { pause } else { 0.0 });
    let random = if arriving > 0.0 && arriving < rate {
        kingman(arriving, rate, VARIATION)
    } else {
        Span::ZERO
    };
    let latency = queued.max(stalled).max(random);
    fifo.sample =
        Sample { at: now, arriving, leaving, depth, latency, true_rate: rate, ..fifo.sample };
}

fn orders(
    now: Instant,
    analyzer: &mut Analyzer,
    scenario: &Scenario,
    fifos: &[Fifo],
    usage: &[f64],
    recent: &[u32],
) -> Vec<Order> {
    let parties: Vec<Vec<Party>> = fifos
        .iter()
        .map(|fifo| {
            (0..scenario.owners).map(|owner| party(scenario, fifo, owner, usage, recent)).collect()
        })
        .collect();
    let others: Vec<Vec<Party>> = fifos
        .iter()
        .zip(&parties)
        .map(|(fifo, all)| {
            let others = all.iter().filter(|party| party.owner.0 as usize != fifo.owner);
            others.copied().collect()
        })
        .collect();
    let views: Vec<View<'_>> = fifos
        .iter()
        .enumerate()
        .map(|(index, fifo)| View {
            fifo: FifoId(index as u32),
            sample: &fifo.sample,
            owner: &parties[index][fifo.owner],
            others: &others[index],
            memory_is_short: false,
        })
        .collect();
    analyzer.tick(now, &views)
}

fn party(scenario: &Scenario, fifo: &Fifo, owner: usize, usage: &[f64], recent: &[u32]) -> Party {
    Party {
        owner: OwnerId(owner as u32),
        cpu: usage[owner].min(1.0),
        memory: 0.3,
        pressure: 0.0,
        processors: 1.0,
        is_alive: true,
        may_own: true,
        has_room: true,
        dependency: fifo.dependency[owner],
        proximity: fifo.proximity[owner],
        pause: Span::from_millis_f64(scenario.pause_ms),
        recent: recent[owner],
    }
}
