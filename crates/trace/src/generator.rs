//! How does a recipe become a trace?
//!
//! Each function gets a plan: its share of the calls, a pattern, perhaps a link to the
//! next of its chain. The calls come from a heap that holds the next call of every
//! function and those that chains still owe. So memory follows functions and running
//! chains, and a hundred million calls stream like a hundred.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::collections::binary_heap::PeekMut;
use std::sync::Arc;

use rand_distr::{Distribution, StandardNormal};
use swell_core::ids::FunctionId;
use swell_core::rng::{Rng, below, split};
use swell_core::time::{Instant, Span};
use swell_core::units::Bytes;

use crate::arrival::{Arrival, ArrivalStream};
use crate::durations::Durations;
use crate::error::TraceError;
use crate::generate::bursty::Bursty;
use crate::generate::chain::{Link, links};
use crate::generate::diurnal::Diurnal;
use crate::generate::poisson::Poisson;
use crate::generate::timers::{Timers, schedule};
use crate::pattern::{Pattern, uniform};
use crate::problems::Problems;
use crate::profile::FunctionProfile;
use crate::reading::Reading;
use crate::recipe::{Rates, Recipe, Shape};
use crate::trace::{Calls, Trace, TraceParts};

/// Arrivals per chunk.
const CHUNK: usize = 4096;

/// Shares of the functions of a mixed trace. The trigger classes of Azure 2019 leave the
/// split between steady, daily and bursty calls open; this one is ours.
const MIXTURE: [(Shape, f64); 5] = [
    (Shape::Poisson, 0.30),
    (Shape::Timers, 0.20),
    (Shape::Diurnal, 0.25),
    (Shape::Bursty, 0.15),
    (Shape::Chain, 0.10),
];

/// How one function of a generated trace is called: the truth behind the trace.
#[derive(Debug, Clone)]
pub struct Plan {
    /// The pattern.
    pub shape: Shape,
    /// Mean time between calls.
    pub gap: Span,
    /// When a timer is first due.
    pub phase: Span,
    /// Called only by the function before it in its chain.
    pub follows: bool,
    /// What it calls in turn.
    pub link: Option<Link>,
}

/// The trace of a recipe.
pub fn generate(recipe: &Recipe) -> Trace {
    let plans = plans(recipe);
    let mut rng = split(recipe.seed, "generate profiles");
    let functions: Vec<FunctionProfile> = plans
        .iter()
        .enumerate()
        .map(|(index, plan)| profile(recipe, index, plan, &mut rng))
        .collect();
    let warm = functions.iter().map(|function| function.warm).collect();
    let shared = Generated { recipe: recipe.clone(), plans, warm };
    Trace::new(TraceParts {
        name: recipe.to_string(),
        functions,
        span: span(recipe),
        call_counts: None,
        problems: Problems::default(),
        recipe: serde_json::to_string(recipe).ok(),
        calls: Box::new(Shared(Arc::new(shared))),
    })
}

/// How each function of a recipe is called.
pub fn plans(recipe: &Recipe) -> Vec<Plan> {
    let mut rng = split(recipe.seed, "generate plans");
    let mut weights = weights(recipe, &mut rng);
    let blocks = blocks(recipe);
    share_in_chains(recipe, &blocks, &mut weights);
    let total: f64 = weights.iter().sum();
    let gap = |weight: f64| {
        let calls = recipe.calls as f64 * weight / total;
        Span::from_secs_f64(span(recipe).secs_f64() / calls).max(Span::from_nanos(1000))
    };
    let mut plans: Vec<Plan> = Vec::with_capacity(weights.len());
    for (shape, count) in blocks {
        let first = plans.len() as u32;
        let delay = Span::from_millis_f64(recipe.chain_delay_ms);
        let mut chain = match shape {
            Shape::Chain => links(first, count, recipe.chain_length, delay),
            _ => vec![None; count as usize],
        };
        for (index, link) in chain.drain(..).enumerate() {
            let before = plans.last().filter(|before| index > 0 && before.link.is_some());
            let mut plan = match before {
                Some(before) => Plan { link, follows: true, ..before.clone() },
                None => {
                    let gap = gap(weights[plans.len()]);
                    Plan { shape, gap, phase: Span::ZERO, follows: false, link }
                }
            };
            if shape == Shape::Timers {
                plan.gap = schedule(plan.gap);
                plan.phase = uniform(&mut rng, plan.gap);
            }
            plans.push(plan);
        }
    }
    plans
}

/// The shapes of a recipe and how many functions have each.
fn blocks(recipe: &Recipe) -> Vec<(Shape, u32)> {
    if recipe.shape != Shape::Mixed {
        return vec![(recipe.shape, recipe.functions)];
    }
    let (mut share, mut given) = (0.0, 0);
    let mut blocks = Vec::new();
    for (shape, part) in MIXTURE {
        share += part;
        let until = (f64::from(recipe.functions) * share).round() as u32;
        blocks.push((shape, until - given));
        given = until;
    }
    blocks
}

/// Relative numbers of calls.
fn weights(recipe: &Recipe, rng: &mut Rng) -> Vec<f64> {
    let count = recipe.functions as usize;
    match recipe.rates {
        Rates::Lognormal(sigma) => (0..count).map(|_| (sigma * normal(rng)).exp()).collect(),
        Rates::Zipf(power) => {
            let mut weights: Vec<f64> =
                (0..count).map(|rank| (rank as f64 + 1.0).powf(-power)).collect();
            for index in (1..count).rev() {
                weights.swap(index, below(rng, index as u64 + 1) as usize);
            }
            weights
        }
    }
}

/// The functions of a chain are called as often as the one that heads it.
fn share_in_chains(recipe: &Recipe, blocks: &[(Shape, u32)], weights: &mut [f64]) {
    let mut rest = weights;
    for (shape, count) in blocks {
        let (block, after) = rest.split_at_mut(*count as usize);
        if *shape == Shape::Chain {
            for row in block.chunks_mut(recipe.chain_length as usize) {
                row.fill(row[0]);
            }
        }
        rest = after;
    }
}

fn normal(rng: &mut Rng) -> f64 {
    StandardNormal.sample(rng)
}

fn span(recipe: &Recipe) -> Span {
    Span::from_secs_f64(recipe.hours * 3600.0)
}

fn profile(recipe: &Recipe, index: usize, plan: &Plan, rng: &mut Rng) -> FunctionProfile {
    let memory = recipe.memory_median_mb * (recipe.memory_sigma * normal(rng)).exp();
    let warm = recipe.run_median_ms * (recipe.run_sigma * normal(rng)).exp();
    // What the platforms allow: from one millisecond to ten minutes.
    let warm = warm.clamp(1.0, 600_000.0);
    let spread = recipe.run_spread;
    let trigger = match plan.shape {
        Shape::Timers => "timer",
        Shape::Bursty => "queue",
        Shape::Chain if plan.follows => "orchestration",
        _ => "http",
    };
    FunctionProfile {
        name: format!("{}-{index}", plan.shape.name()),
        app: None,
        trigger: Some(trigger.to_string()),
        memory: Bytes::from_mb_f64(memory.clamp(1.0, 100_000.0)),
        warm: Span::from_millis_f64(warm),
        // The length that one run of a thousand exceeds.
        longest: Some(Span::from_millis_f64(warm * (3.09 * spread - spread * spread / 2.0).exp())),
        cold: None,
    }
}

/// What all readings of a generated trace share.
struct Generated {
    recipe: Recipe,
    plans: Vec<Plan>,
    warm: Vec<Span>,
}

struct Shared(Arc<Generated>);

impl Calls for Shared {
    fn open(&self, reading: &Reading) -> Result<Box<dyn ArrivalStream>, TraceError> {
        Ok(Box::new(GeneratedStream::new(Arc::clone(&self.0), reading)))
    }
}

impl Generated {
    fn pattern(&self, plan: &Plan, end: Instant) -> Option<Box<dyn Pattern>> {
        let recipe = &self.recipe;
        Some(match plan.shape {
            _ if plan.follows => return None,
            Shape::Timers => {
                let jitter = Span::from_millis_f64(recipe.timer_jitter_ms);
                Box::new(Timers::new(plan.phase, plan.gap, jitter))
            }
            Shape::Diurnal => {
                let peak = Span::from_secs_f64(recipe.diurnal_peak_hour * 3600.0);
                Box::new(Diurnal::new(plan.gap, recipe.diurnal_amplitude, peak))
            }
            Shape::Bursty => {
                let on = Span::from_secs_f64(recipe.burst_on_s);
                let off = Span::from_secs_f64(recipe.burst_off_s);
                Box::new(Bursty::new(plan.gap, on, off, recipe.burst_batch, end))
            }
            Shape::Poisson | Shape::Chain | Shape::Mixed => Box::new(Poisson::new(plan.gap)),
        })
    }
}

/// A call to come: when, of which function, and whether its function's own pattern (or a
/// chain) brings it.
type Due = Reverse<(Instant, u32, bool)>;

struct GeneratedStream {
    generated: Arc<Generated>,
    patterns: Vec<Option<Box<dyn Pattern>>>,
    dice: Vec<Rng>,
    run_dice: Option<Vec<Rng>>,
    due: BinaryHeap<Due>,
    end: Instant,
}

impl GeneratedStream {
    fn new(generated: Arc<Generated>, reading: &Reading) -> Self {
        let end = Instant::ZERO + span(&generated.recipe);
        let dice = |room: &str| -> Vec<Rng> {
            let seed = generated.recipe.seed;
            let of = |index| split(reading.seed, &format!("{room} {seed} {index}"));
            (0..generated.plans.len()).map(of).collect()
        };
        let run_dice = (reading.durations == Durations::Sampled).then(|| dice("generate run"));
        let patterns = generated.plans.iter().map(|plan| generated.pattern(plan, end)).collect();
        let mut stream = Self {
            patterns,
            dice: dice("generate call"),
            run_dice,
            due: BinaryHeap::new(),
            end,
            generated,
        };
        for function in 0..stream.patterns.len() {
            if let Some(at) = stream.next_of(function as u32) {
                stream.due.push(Reverse((at, function as u32, true)));
            }
        }
        stream
    }

    /// The next call of a function's own pattern, if it lies within the trace.
    fn next_of(&mut self, function: u32) -> Option<Instant> {
        let index = function as usize;
        let pattern = self.patterns[index].as_mut()?;
        Some(pattern.next(&mut self.dice[index])).filter(|at| *at < self.end)
    }

    fn run(&mut self, function: u32) -> Span {
        let index = function as usize;
        let warm = self.generated.warm[index];
        let Some(dice) = &mut self.run_dice else { return warm };
        // Shifted so that the mean, not the median, is the average run.
        let spread = self.generated.recipe.run_spread;
        let factor = (spread * normal(&mut dice[index]) - spread * spread / 2.0).exp();
        Span::from_secs_f64(warm.secs_f64() * factor)
    }
}

impl ArrivalStream for GeneratedStream {
    fn fill(&mut self, chunk: &mut Vec<Arrival>) -> Result<(), TraceError> {
        chunk.clear();
        while chunk.len() < CHUNK {
            let Some(&Reverse((at, function, own))) = self.due.peek() else { break };
            let run = self.run(function);
            chunk.push(Arrival { at, function: FunctionId(function), run });
            let next = if own { self.next_of(function) } else { None };
            // Replacing the top sifts once, where taking and adding would sift twice.
            if let Some(mut top) = self.due.peek_mut() {
                match next {
                    Some(at) => *top = Reverse((at, function, true)),
                    None => drop(PeekMut::pop(top)),
                }
            }
            if let Some(link) = self.generated.plans[function as usize].link {
                let due = link.due(at, run, &mut self.dice[function as usize]);
                if due < self.end {
                    self.due.push(Reverse((due, link.next, false)));
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(trace: &Trace, reading: &Reading) -> Vec<Arrival> {
        let mut stream = trace.arrivals(reading).unwrap();
        let (mut all, mut chunk) = (Vec::new(), Vec::new());
        loop {
            stream.fill(&mut chunk).unwrap();
            if chunk.is_empty() {
                return all;
            }
            all.extend_from_slice(&chunk);
        }
    }

    #[test]
    fn every_shape_keeps_its_promises() {
        for (line, tolerance) in [
            ("gen:poisson,functions=50,calls=100000,hours=24,rates=lognormal:1", 0.05),
            ("gen:timers,functions=50,calls=100000,hours=24,rates=lognormal:1", 0.3),
            ("gen:diurnal,functions=50,calls=100000,hours=24,rates=zipf:0.8", 0.05),
            ("gen:bursty,functions=50,calls=100000,hours=24,rates=zipf:0.8", 0.3),
            (
                "gen:chain,functions=51,calls=100000,hours=24,rates=zipf:0.3,run=1s,run_sigma=1",
                0.05,
            ),
            ("gen:mixed,functions=100,calls=100000,hours=24,rates=lognormal:1", 0.3),
        ] {
            let trace = generate(&line.parse().unwrap());
            let all = read(&trace, &Reading::default());
            assert!(all.is_sorted_by_key(|call| call.at), "{line}");
            assert!(all.iter().all(|call| call.at < Instant::ZERO + trace.span()));
            let ratio = all.len() as f64 / 100_000.0;
            assert!((ratio - 1.0).abs() < tolerance, "{line}: {ratio}");
        }
    }

    #[test]
    fn the_seed_decides() {
        let read = |line: &str, seed, durations| {
            let reading = Reading { seed, durations, ..Reading::default() };
            read(&generate(&line.parse().unwrap()), &reading)
        };
        let line = "gen:mixed,functions=40,calls=9000,hours=2,seed=5";
        let once = read(line, 1, Durations::Sampled);
        assert_eq!(once, read(line, 1, Durations::Sampled));
        assert_ne!(once, read(line, 2, Durations::Sampled));
        assert_ne!(
            once,
            read("gen:mixed,functions=40,calls=9000,hours=2,seed=6", 1, Durations::Sampled)
        );
        assert_ne!(once, read(line, 1, Durations::Average));
    }

    #[test]
    fn chains_call_in_a_row() {
        let line =
            "gen:chain,functions=6,calls=600,hours=10,length=3,run=2s,run_sigma=0,rates=zipf:0";
        let trace = generate(&line.parse().unwrap());
        let mut counts = [0i64; 6];
        for call in read(&trace, &Reading::default()) {
            counts[call.function.index()] += 1;
        }
        for head in [0, 3] {
            assert!((counts[head] - 100).abs() < 40, "{counts:?}");
            assert!((counts[head] - counts[head + 2]).abs() <= 2, "{counts:?}");
        }
        assert_eq!(trace.functions()[1].trigger.as_deref(), Some("orchestration"));
    }
}
