//! The scenario: FIFOs with traffic that comes and goes, on owners whose own load drifts.
//!
//! It is the toy the measured rule was designed on, made again from its description: twelve
//! FIFOs, four owners, an hour of ticks. What the description leaves open was chosen so that
//! as many ticks are late as there while nothing moves (12.8 %; here it depends on the seed).
//! Owners share one processor among what they do
//! besides and their FIFOs; what they do besides wanders between nearly nothing and nearly
//! everything. It shows how rules differ, and predicts no machine.

use swell_core::rng::{self, Rng};

use crate::flow::stage::{Candidate, Stage, StageFifo, StageOwner, TICK};

/// What is played.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Scenario {
    /// How many FIFOs there are.
    pub fifos: usize,
    /// How many owners share them.
    pub owners: usize,
    /// How many ticks are played.
    pub ticks: usize,
    /// Chance starts here.
    pub seed: u64,
    /// Milliseconds that a change of hands pauses a FIFO.
    pub pause_ms: f64,
}

impl Scenario {
    /// An hour of twelve FIFOs on four owners.
    pub fn hour(seed: u64, pause_ms: f64) -> Self {
        Self { fifos: 12, owners: 4, ticks: 36_000, seed, pause_ms }
    }

    /// What it comes to, tick by tick.
    pub fn stage(&self) -> Stage {
        let Self { fifos, owners, ticks, seed, pause_ms } = *self;
        let fifos = (0..fifos).map(|index| self.fifo(index)).collect();
        let owners = (0..owners).map(|index| {
            let mut besides = Besides::new(seed, index);
            StageOwner {
                name: format!("owner {index}"),
                processors: 1.0,
                besides: (0..ticks).map(|_| besides.step()).collect(),
                memory: vec![MEMORY],
            }
        });
        Stage { fifos, owners: owners.collect(), ticks, seed, pause_ms }
    }

    fn fifo(&self, index: usize) -> StageFifo {
        let mut source = Source::new(self.seed, index);
        let mut rng = rng::split(self.seed, &format!("flow/fifo/{index}"));
        let mut draw =
            |range| -> Vec<f64> { (0..self.owners).map(|_| between(&mut rng, range)).collect() };
        let (dependency, proximity) = (draw((0.0, 1.0)), draw((0.4, 0.9)));
        let candidate = |owner: usize| Candidate {
            owner,
            dependency: dependency[owner],
            proximity: proximity[owner],
        };
        StageFifo {
            name: format!("fifo {index}"),
            arriving: (0..self.ticks).map(|_| source.step()).collect(),
            work: WORK,
            capacity: CAPACITY,
            // What a change of hands costs was said.
            item_bytes: 0.0,
            variation: VARIATION,
            owner: index % self.owners,
            owners: (0..self.owners).map(candidate).collect(),
        }
    }
}

/// Seconds of processor time an item costs.
const WORK: f64 = 0.3e-3;
/// Items a FIFO can hold.
const CAPACITY: f64 = 1000.0;
/// Memory is never what is scarce.
const MEMORY: f64 = 0.3;
/// Gaps and work vary like chance.
const VARIATION: f64 = 2.0;
/// Mean seconds that traffic comes, and that it does not.
const ON: f64 = 10.0;
const OFF: f64 = 12.0;
/// Mean seconds an owner's load keeps its direction, and how fast it follows.
const DRIFT: f64 = 120.0;
const FOLLOW: f64 = 10.0;
/// An owner's own load wanders between these.
const LOAD: (f64, f64) = (0.05, 0.93);
/// Items a second while traffic comes.
const RATE: (f64, f64) = (200.0, 800.0);

/// The traffic of one FIFO.
#[derive(Debug, Clone)]
struct Source {
    rate: f64,
    is_on: bool,
    rng: Rng,
}

impl Source {
    /// A source of its own kind and chance.
    fn new(seed: u64, index: usize) -> Self {
        let mut rng = rng::split(seed, &format!("flow/source/{index}"));
        let rate = between(&mut rng, RATE);
        let is_on = rng::unit(&mut rng) < ON / (ON + OFF);
        Self { rate, is_on, rng }
    }

    /// Items a second during the next tick.
    fn step(&mut self) -> f64 {
        let mean = if self.is_on { ON } else { OFF };
        if rng::unit(&mut self.rng) < TICK / mean {
            self.is_on = !self.is_on;
        }
        if self.is_on { self.rate * (0.8 + 0.4 * rng::unit(&mut self.rng)) } else { 0.0 }
    }
}

/// What an owner does besides.
#[derive(Debug, Clone)]
struct Besides {
    load: f64,
    aim: f64,
    rng: Rng,
}

impl Besides {
    /// A load of its own chance.
    fn new(seed: u64, index: usize) -> Self {
        let mut rng = rng::split(seed, &format!("flow/owner/{index}"));
        let load = between(&mut rng, LOAD);
        let aim = between(&mut rng, LOAD);
        Self { load, aim, rng }
    }

    /// Its share of the processor during the next tick.
    fn step(&mut self) -> f64 {
        if rng::unit(&mut self.rng) < TICK / DRIFT {
            self.aim = between(&mut self.rng, LOAD);
        }
        let noise = 0.02 * (rng::unit(&mut self.rng) - 0.5);
        self.load += (self.aim - self.load) * TICK / FOLLOW + noise;
        self.load = self.load.clamp(LOAD.0, LOAD.1);
        self.load
    }
}

/// A number between two.
fn between(rng: &mut Rng, (low, high): (f64, f64)) -> f64 {
    low + (high - low) * rng::unit(rng)
}
