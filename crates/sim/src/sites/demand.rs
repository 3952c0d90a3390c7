//! What each workload asks for, minute by minute: a recorded day, seen from each site's time
//! zone.
//!
//! Every site has all functions of the trace, dealt into workloads of about the same load,
//! and its day begins where its time zone says; the end of the recorded day is followed by
//! its beginning. One factor per site scales the load so that it fills the capacity on
//! average as the scenario says. Flash crowds come on top, at times that nothing tells.

use swell_core::council::words::Criticality;
use swell_core::rng::{self, Rng};
use swell_trace::error::TraceError;
use swell_trace::reading::Reading;
use swell_trace::trace::Trace;

use crate::sites::scenario::Scenario;

/// Nanoseconds of a minute.
const MINUTE: u64 = 60_000_000_000;
/// A crowd multiplies a workload's load by so much at its height.
const CROWD: (f32, f32) = (2.5, 5.0);
/// It lasts so many minutes, of which the first few are its rise.
const CROWD_MINUTES: (f32, f32) = (30.0, 120.0);
const RISE_MINUTES: f32 = 10.0;
/// Capacities, in thousandths of a processor.
const CAPACITY: (f32, f32) = (24_000.0, 40_000.0);

/// What each workload asks for.
#[derive(Debug, Clone, PartialEq)]
pub struct Demand {
    /// Minutes that are played.
    pub minutes: usize,
    /// Thousandths of a processor, per workload and minute.
    pub loads: Vec<Vec<f32>>,
    /// Where each workload is at home.
    pub home: Vec<usize>,
    /// How much each matters.
    pub criticality: Vec<Criticality>,
    /// What each site can bear, in thousandths of a processor.
    pub capacity: Vec<f32>,
}

impl Demand {
    /// The demand of a scenario.
    pub fn new(trace: &Trace, scenario: &Scenario) -> Result<Self, TraceError> {
        Ok(Self::of(&busy(trace, scenario.seed)?, scenario))
    }

    /// The same, where the processor time of each function and minute is known.
    pub fn of(busy: &[Vec<f32>], scenario: &Scenario) -> Self {
        let minutes = busy.first().map_or(0, Vec::len);
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
            let mut loads = dealt(busy, scenario.workloads, shift, &mut rng);
            let total: f32 = loads.iter().flatten().sum();
            let scale = capacity * scenario.fill * minutes as f32 / total.max(f32::MIN_POSITIVE);
            loads.iter_mut().flatten().for_each(|load| *load *= scale);
            crowds(&mut loads, scenario.crowds, &mut rng);
            demand.capacity.push(capacity);
            for load in loads {
                let class = rng::below(&mut rng, 3) as usize;
                demand.criticality.push(Criticality::ALL[class]);
                demand.loads.push(load);
                demand.home.push(site);
            }
        }
        demand
    }

    /// The mean load of a workload in a slot of so many minutes.
    pub fn slot(&self, workload: usize, slot: usize, minutes: usize) -> f32 {
        let from = (slot * minutes).min(self.minutes);
        let loads = &self.loads[workload][from..(from + minutes).min(self.minutes)];
        loads.iter().sum::<f32>() / loads.len().max(1) as f32
    }
}

/// Processor time of each function in each minute; a long call is spread over its minutes.
fn busy(trace: &Trace, seed: u64) -> Result<Vec<Vec<f32>>, TraceError> {
    let minutes = (trace.span().nanos().div_ceil(MINUTE) as usize).clamp(1, 7 * 1440);
    let mut busy = vec![vec![0.0f32; minutes]; trace.functions().len()];
    let mut stream = trace.arrivals(&Reading { seed, ..Reading::default() })?;
    let mut chunk = Vec::new();
    loop {
        stream.fill(&mut chunk)?;
        if chunk.is_empty() {
            return Ok(busy);
        }
        for arrival in &chunk {
            let (mut at, mut left) = (arrival.at.nanos(), arrival.run.nanos());
            let row = &mut busy[arrival.function.index()];
            while left > 0 && (at / MINUTE) < minutes as u64 {
                let part = left.min(MINUTE - at % MINUTE);
                row[(at / MINUTE) as usize] += part as f32 / MINUTE as f32;
                at += part;
                left -= part;
            }
        }
    }
}

/// Functions dealt into workloads, the largest first, each to the smallest so far.
fn dealt(busy: &[Vec<f32>], workloads: usize, shift: usize, rng: &mut Rng) -> Vec<Vec<f32>> {
    let minutes = busy.first().map_or(0, Vec::len);
    let mut order: Vec<(f32, usize)> = busy
        .iter()
        .enumerate()
        .map(|(index, row)| (row.iter().sum::<f32>() * between(rng, (0.5, 1.5)), index))
        .collect();
    order.sort_by(|a, b| b.0.total_cmp(&a.0));
    let mut loads = vec![vec![0.0f32; minutes]; workloads.max(1)];
    let mut sums = vec![0.0f32; workloads.max(1)];
    for (_, index) in order {
        let smallest = (0..sums.len()).min_by(|a, b| sums[*a].total_cmp(&sums[*b])).unwrap_or(0);
        sums[smallest] += busy[index].iter().sum::<f32>();
        for (minute, load) in loads[smallest].iter_mut().enumerate() {
            *load += busy[index][(minute + shift) % minutes];
        }
    }
    loads
}

fn crowds(loads: &mut [Vec<f32>], per_day: f32, rng: &mut Rng) {
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
            *load *= 1.0 + (height - 1.0) * risen;
        }
    }
}

/// A number between two.
pub fn between(rng: &mut Rng, (low, high): (f32, f32)) -> f32 {
    low + (high - low) * rng::unit(rng) as f32
}
