//! What each workload asks for, minute by minute: the shape of a recorded day, seen from each
//! site's time zone.
//!
//! A workload is some functions of the trace, each with the same mean. Functions that are
//! called too rarely to have a shape, or that clocks call all day alike, are left out: they
//! neither cause overload nor forebode it. A call waits for some minutes rather than being
//! lost, so load is the mean over those. A site's day begins where its time zone says; the
//! end of the recorded day is followed by its beginning. One factor per site makes the load
//! fill the capacity on average as the scenario says. Flash crowds come on top, at times that
//! nothing tells.
//!
//! A function holds the memory of an instance, as the trace has it, for each call at work, and
//! for some minutes after. A site has as much memory as makes it as full of it on average as of
//! work.

use swell_core::council::words::Criticality;
use swell_core::rng::{self, Rng};
use swell_trace::error::TraceError;
use swell_trace::profile::FunctionProfile;
use swell_trace::reading::Reading;
use swell_trace::trace::Trace;

use crate::sites::scenario::{QUEUE_MINUTES, Scenario};

/// Nanoseconds of a minute.
const MINUTE: u64 = 60_000_000_000;
/// The longest trace that is looked at: a week.
const MINUTES_MAX: usize = 7 * 1440;
/// A function with fewer calls a day has no shape; one whose hours differ by less than this
/// share of their mean is called by a clock; nothing weighs more than so many times its mean.
const CALLS_MIN: f32 = 288.0;
const VARIATION_MIN: f32 = 0.15;
const PEAK_MAX: f32 = 6.0;
/// Functions of a workload, and by how many minutes each may be early or late: a site has
/// thousands of functions, and those of a trace stand for others like them.
const FUNCTIONS: usize = 40;
const EARLY_MINUTES: u64 = 60;
/// A crowd multiplies a workload's load by so much at its height.
const CROWD: (f32, f32) = (2.5, 5.0);
/// It lasts so many minutes, of which the first few are its rise.
const CROWD_MINUTES: (f32, f32) = (30.0, 120.0);
const RISE_MINUTES: f32 = 10.0;
/// Capacities, in thousandths of a processor.
const CAPACITY: (f32, f32) = (24_000.0, 40_000.0);
/// Minutes that an instance is kept after a call.
const KEPT_MINUTES: usize = 10;

/// Work in thousandths of a processor, and memory in MiB.
pub type Amounts = [f32; 2];

/// What each workload asks for.
#[derive(Debug, Clone, PartialEq)]
pub struct Demand {
    /// Minutes that are played.
    pub minutes: usize,
    /// What is asked for, per workload and minute.
    pub loads: Vec<Vec<Amounts>>,
    /// Where each workload is at home.
    pub home: Vec<usize>,
    /// How much each matters.
    pub criticality: Vec<Criticality>,
    /// What each site can bear.
    pub capacity: Vec<Amounts>,
}

impl Demand {
    /// The demand of a scenario; nothing if no function of the trace has a shape.
    pub fn new(trace: &Trace, scenario: &Scenario) -> Result<Option<Self>, TraceError> {
        let calls = calls(trace, scenario.seed)?;
        let shape = |(calls, profile): (&Vec<f32>, &FunctionProfile)| {
            let mib = profile.memory.get() as f32 / (1 << 20) as f32;
            Some(Shape { load: shape(calls)?, mib })
        };
        let shapes: Vec<Shape> = calls.iter().zip(trace.functions()).filter_map(shape).collect();
        Ok((!shapes.is_empty()).then(|| Self::of(&shapes, scenario)))
    }

    fn of(shapes: &[Shape], scenario: &Scenario) -> Self {
        let minutes = shapes.first().map_or(0, |shape| shape.load.len());
        let mut demand = Self {
            minutes,
            loads: Vec::new(),
            home: Vec::new(),
            criticality: Vec::new(),
            capacity: Vec::new(),
        };
        for site in 0..scenario.sites {
            let mut rng = rng::split(scenario.seed, &format!("sites/demand/{site}"));
            let capacity = between(&mut rng, CAPACITY);
            let shift = site * minutes / scenario.sites.max(1);
            let mut loads = dealt(shapes, scenario.workloads, shift, &mut rng);
            let mean = |metric: usize| {
                let sum: f32 = loads.iter().flatten().map(|load| load[metric]).sum();
                (sum / minutes.max(1) as f32).max(f32::MIN_POSITIVE)
            };
            let scale = capacity * scenario.fill / mean(0);
            let memory = scale * mean(1) / scenario.fill;
            loads.iter_mut().flatten().for_each(|load| *load = load.map(|of| of * scale));
            crowds(&mut loads, scenario.crowds, &mut rng);
            demand.capacity.push([capacity, memory]);
            for load in loads {
                let class = rng::below(&mut rng, 3) as usize;
                demand.criticality.push(Criticality::ALL[class]);
                demand.loads.push(load);
                demand.home.push(site);
            }
        }
        demand
    }

    /// How full a site is of what some workloads ask for in a minute: as shares of its capacity.
    pub fn shares(
        &self,
        site: usize,
        workloads: impl Iterator<Item = usize>,
        minute: usize,
    ) -> Amounts {
        let sum = workloads.fold([0.0; 2], |sum, workload| plus(sum, self.loads[workload][minute]));
        [0, 1].map(|metric| sum[metric] / self.capacity[site][metric])
    }
}

/// Both together.
pub fn plus(one: Amounts, other: Amounts) -> Amounts {
    [0, 1].map(|metric| one[metric] + other[metric])
}

/// What a function is asked for in each minute, by its mean, and what an instance of it holds.
struct Shape {
    load: Vec<f32>,
    mib: f32,
}

/// Calls of each function in each minute.
fn calls(trace: &Trace, seed: u64) -> Result<Vec<Vec<f32>>, TraceError> {
    let minutes = (trace.span().nanos().div_ceil(MINUTE) as usize).clamp(1, MINUTES_MAX);
    let mut calls = vec![vec![0.0f32; minutes]; trace.functions().len()];
    let mut stream = trace.arrivals(&Reading { seed, ..Reading::default() })?;
    let mut chunk = Vec::new();
    loop {
        stream.fill(&mut chunk)?;
        if chunk.is_empty() {
            return Ok(calls);
        }
        for arrival in &chunk {
            let minute = (arrival.at.nanos() / MINUTE) as usize;
            if let Some(count) = calls[arrival.function.index()].get_mut(minute) {
                *count += 1.0;
            }
        }
    }
}

/// The shape of a function, if it has one: calls by their mean, as a queue evens them out.
fn shape(calls: &[f32]) -> Option<Vec<f32>> {
    let sum: f32 = calls.iter().sum();
    if sum < CALLS_MIN * calls.len() as f32 / 1440.0 {
        return None;
    }
    let mean = sum / calls.len() as f32;
    let hours = calls.chunks(60).map(|hour| hour.iter().sum::<f32>() / hour.len() as f32 / mean);
    let (count, squares) = hours
        .fold((0.0f32, 0.0f32), |(n, squares), hour| (n + 1.0, squares + (hour - 1.0).powi(2)));
    if (squares / count).sqrt() < VARIATION_MIN {
        return None;
    }
    let window = |minute: usize| &calls[minute.saturating_sub(QUEUE_MINUTES - 1)..=minute];
    let even = |minute: usize| {
        let window = window(minute);
        (window.iter().sum::<f32>() / window.len() as f32 / mean).min(PEAK_MAX)
    };
    Some((0..calls.len()).map(even).collect())
}

/// Functions dealt into the workloads of a site, shifted by its time zone.
fn dealt(shapes: &[Shape], workloads: usize, shift: usize, rng: &mut Rng) -> Vec<Vec<Amounts>> {
    let minutes = shapes.first().map_or(0, |shape| shape.load.len());
    let mut loads = vec![vec![[0.0f32; 2]; minutes]; workloads.max(1)];
    for load in &mut loads {
        let weight = between(rng, (0.5, 1.5));
        for _ in 0..FUNCTIONS {
            let shape = &shapes[rng::below(rng, shapes.len() as u64) as usize];
            let own = shift + minutes - EARLY_MINUTES as usize % minutes
                + rng::below(rng, 2 * EARLY_MINUTES + 1) as usize;
            for (minute, [load, memory]) in load.iter_mut().enumerate() {
                let at = |minute: usize| weight * shape.load[(minute + own) % minutes];
                *load += at(minute);
                let kept = (minute.saturating_sub(KEPT_MINUTES)..=minute).map(at);
                // An instance serves a call at a time, with a processor of its own.
                *memory += kept.fold(0.0, f32::max) * shape.mib / 1e3;
            }
        }
    }
    loads
}

fn crowds(loads: &mut [Vec<Amounts>], per_day: f32, rng: &mut Rng) {
    let minutes = loads.first().map_or(0, Vec::len);
    let mut left = per_day * minutes as f32 / 1440.0;
    while left > 0.0 {
        let comes = left >= 1.0 || rng::unit(rng) < f64::from(left);
        left -= 1.0;
        if !comes || minutes == 0 {
            continue;
        }
        let workload = rng::below(rng, loads.len() as u64) as usize;
        let begin = rng::below(rng, minutes as u64) as usize;
        let (height, length) = (between(rng, CROWD), between(rng, CROWD_MINUTES));
        for (age, load) in loads[workload].iter_mut().skip(begin).take(length as usize).enumerate()
        {
            let risen = (age as f32 / RISE_MINUTES).min(1.0);
            *load = load.map(|of| of * (1.0 + (height - 1.0) * risen));
        }
    }
}

/// A number between two.
pub fn between(rng: &mut Rng, (low, high): (f32, f32)) -> f32 {
    low + (high - low) * rng::unit(rng) as f32
}
