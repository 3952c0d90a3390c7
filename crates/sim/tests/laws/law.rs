//! What a law is shown, and how it objects.

use std::sync::atomic::AtomicBool;

use swell_core::catalog::{self, ENTRIES};
use swell_core::settings::Dispatch;
use swell_core::time::Instant;
use swell_core::units::Bytes;
use swell_sim::bound::input::Footprint;
use swell_sim::bound::relaxation::{Bound, Demand, SpaceTime};
use swell_sim::row::{Detail, Row};
use swell_sim::simulate::{Case, Scenario, simulate_with};
use swell_trace::durations::Durations;
use swell_trace::reading::Reading;

use crate::traffic::Traffic;
use crate::watch::Watch;

/// Looks at one run; an error says how the law was broken.
pub(crate) type Law = fn(&Run) -> Result<(), String>;

/// One finished run.
pub(crate) struct Run<'a> {
    pub(crate) scenario: &'a Scenario,
    pub(crate) case: Case,
    pub(crate) row: Row,
    pub(crate) detail: Detail,
    /// The fingerprint of all events and decisions.
    pub(crate) digest: String,
    /// Whether requests may wait under this policy.
    pub(crate) waits: bool,
    pub(crate) last: Instant,
    /// Memory of working and of starting instances over time, in GB s.
    pub(crate) busy_gb_s: f64,
    pub(crate) starting_gb_s: f64,
    pub(crate) calls: u64,
    pub(crate) bound: Bound,
}

impl Run<'_> {
    pub(crate) fn name(&self) -> String {
        let Row { trace, policy, placement, .. } = &self.row;
        format!("`{policy}` on {trace} in {}, {placement}", self.case.memory)
    }
}

/// Every policy of the catalogue, and some that wait or expire otherwise than by default.
pub(crate) fn policies() -> Vec<String> {
    let names = ENTRIES.iter().map(|entry| entry.name);
    let others = [
        "dynamic-ttl:expire=true",
        "hazard:wait=0s",
        "lru:wait=10s",
        "greedy-dual:wait=2s,queue=3",
    ];
    names.chain(others).map(String::from).collect()
}

/// One traffic and one seed: the ground of many runs.
pub(crate) struct Ground {
    traffic: Traffic,
    seed: u64,
}

impl Ground {
    pub(crate) fn new(traffic: Traffic, seed: u64) -> Self {
        Self { traffic, seed }
    }

    /// Every policy under every placement and memory size.
    pub(crate) fn runs(&self) -> impl Iterator<Item = Run<'_>> {
        self.traffic.placements.iter().flat_map(move |&placement| {
            let reading = Reading { placement, durations: Durations::Average, seed: self.seed };
            let (demand, calls) = self.demand(&reading);
            let cells = self.traffic.memories.iter().flat_map(|&memory| {
                policies().into_iter().map(move |policy| Case { policy, memory, reading })
            });
            let cells: Vec<Case> = cells.collect();
            cells.into_iter().map(move |case| {
                let bound = demand.cold_bound(case.memory).expect("the bound was asked for it");
                self.run(case, bound, calls)
            })
        })
    }

    fn run(&self, case: Case, bound: Bound, calls: u64) -> Run<'_> {
        let scenario = &self.traffic.scenario;
        let policy = catalog::build(&case.policy, case.reading.seed).expect("in the catalogue");
        let waits = matches!(policy.dispatch, Dispatch::Wait(_));
        let mut watch = Watch::new(&scenario.functions);
        let never = AtomicBool::new(false);
        let run = simulate_with(scenario, &case, policy, &mut watch, &never);
        let (row, detail) = run.expect("the trace is whole");
        Run {
            digest: watch.digest(),
            last: watch.last,
            busy_gb_s: gb_s(watch.busy),
            starting_gb_s: gb_s(watch.starting),
            scenario,
            case,
            row,
            detail,
            waits,
            calls,
            bound,
        }
    }

    /// What the calls demand, and how many there are.
    fn demand(&self, reading: &Reading) -> (SpaceTime, u64) {
        let Scenario { trace, functions, cold, .. } = &self.traffic.scenario;
        let footprints: Vec<Footprint> = (0..)
            .zip(functions)
            .map(|(id, settings)| Footprint {
                memory: settings.memory,
                cold: cold.mean(swell_core::ids::FunctionId(id)),
            })
            .collect();
        let mut demand = Demand::new(&footprints, &self.traffic.memories);
        let mut stream = trace.arrivals(reading).expect("the trace opens");
        let (mut chunk, mut calls) = (Vec::new(), 0);
        loop {
            stream.fill(&mut chunk).expect("the trace is whole");
            if chunk.is_empty() {
                return (demand.finish(), calls);
            }
            calls += chunk.len() as u64;
            chunk.iter().for_each(|call| demand.observe(call).expect("calls are in order"));
        }
    }
}

fn gb_s(byte_nanos: u128) -> f64 {
    byte_nanos as f64 / 1e18
}

/// The product of memory and time, in GB s.
pub(crate) fn room(memory: Bytes, until: Instant) -> f64 {
    memory.get() as f64 / 1e9 * until.secs_f64()
}
