//! What sites tell of themselves: their counters, and what their gateways passed on.
//!
//! A part of the calls of every workload arrives at other sites than its home, and once it has
//! moved nearly all do. So who hides calls can be found out by those that others had answered.

use std::collections::BTreeMap;

use swell_core::council::claim::Passed;
use swell_core::time::Instant;
use swell_outlook::board::{Board, Contact};
use swell_outlook::sums::{Reading, Sums};

use crate::sites::cast::Cast;
use crate::sites::character::Character;
use crate::sites::cluster::Cluster;
use crate::sites::demand::Demand;
use crate::sites::weather::{Condition, Weather};

/// Share of the calls of a workload that arrive at other gateways than its home's.
const ROAMING: f32 = 0.2;
/// How long a call works, in microseconds, and what its way and waiting take besides.
const CALL_US: f32 = 50_000.0;
const WAY_US: f32 = 40_000.0;
/// What a site tells of its calls and their time that hides how full it is.
const TOLD: f32 = 0.2;

/// Microseconds of work in a minute that make a thousandth of a processor.
const MINUTE_US: f32 = 60e3;

/// The counters of all sites.
#[derive(Debug, Clone, Default)]
pub struct Gauges {
    /// By site and workload.
    sums: BTreeMap<(usize, usize), Sums>,
    /// By gateway, site and workload.
    passed: BTreeMap<(usize, usize, usize), Passed>,
}

impl Gauges {
    /// A minute was served.
    pub fn on_minute(
        &mut self,
        demand: &Demand,
        cluster: &Cluster,
        weather: &Weather,
        cast: &Cast,
        minute: usize,
    ) {
        for sums in self.sums.values_mut() {
            sums.memory_bytes = 0;
        }
        for (workload, site, share) in cluster.parts() {
            let [load, mib] = demand.loads[workload][minute].map(|of| of * share);
            let told = if cast.characters[site] == Character::Hiding { TOLD } else { 1.0 };
            let calls = load * MINUTE_US / CALL_US;
            let is_down = weather.at(site, minute) == Condition::Down;
            let sums = self.sums.entry((site, workload)).or_default();
            if is_down {
                continue;
            }
            sums.cpu_us += (load * MINUTE_US * told) as u64;
            sums.run_us += (load * MINUTE_US * told) as u64;
            sums.calls += (calls * told) as u64;
            sums.failed += (calls * told * (1.0 - 1.0 / cluster.fill(site).max(1.0))) as u64;
            sums.memory_bytes += (mib * (1 << 20) as f32) as u64;
            self.pass_on((demand.home[workload], site, workload), calls, cast.sites.len());
        }
    }

    /// Calls come in at all gateways, and are passed on to where the workload is.
    fn pass_on(&mut self, (home, site, workload): (usize, usize, usize), calls: f32, sites: usize) {
        for gateway in (0..sites).filter(|gateway| *gateway != site) {
            let share =
                if gateway == home { 1.0 - ROAMING } else { ROAMING / (sites - 1).max(1) as f32 };
            let count = (calls * share) as u64;
            let wait_us = (count as f32 * (CALL_US + WAY_US)) as u64;
            let sum = self.passed.entry((gateway, site, workload)).or_default();
            *sum = sum.plus(Passed { calls: count, wait_us, bytes: 0 });
        }
    }

    /// What a site tells of itself at a time.
    pub fn board(&self, site: usize, cast: &Cast, at: Instant) -> Board {
        let name = cast.names[site].clone();
        let of_site = self.sums.range((site, 0)..(site + 1, 0));
        let workloads = of_site.map(|((_, id), sums)| (cast.workload_names[*id].clone(), *sums));
        let mut passed: BTreeMap<String, BTreeMap<String, Passed>> = BTreeMap::new();
        for ((_, to, id), of) in self.passed.range((site, 0, 0)..(site + 1, 0, 0)) {
            let to = passed.entry(cast.names[*to].clone()).or_default();
            to.insert(cast.workload_names[*id].clone(), *of);
        }
        let [gateway, state, resource] = [(); 3].map(|()| String::new());
        Board {
            contact: Contact { name, gateway, state, resource, flow: None },
            cards: BTreeMap::new(),
            reading: Reading {
                at_ms: at.nanos() / 1_000_000,
                workloads: workloads.collect(),
                ..Reading::default()
            },
            contacts: Vec::new(),
            passed,
            occasions: Vec::new(),
            nodes: Vec::new(),
        }
    }
}
