//! What sites tell that they used, and what others make of it.
//!
//! All that is known of load comes from counters that each site keeps of itself. Gateways know
//! besides what they passed on: a part of the calls of every workload arrives at other sites than
//! its home, and once it has moved nearly all do. By the council's witness, who hides calls is
//! found out by those that others had answered.

use std::collections::{BTreeMap, BTreeSet};

use swell_core::council::witness::{Claim, Passed, Seen, Witness};
use swell_core::council::words::WorkloadId;
use swell_core::ids::SiteId;

use crate::sites::cluster::Cluster;
use crate::sites::demand::Demand;
use crate::sites::scenario::SLOT_MINUTES;

/// Share of the calls of a workload that arrive at other gateways than its home's.
const ROAMING: f32 = 0.2;
/// How long a call works, in microseconds, and what its way and waiting take besides.
const CALL_US: f32 = 50_000.0;
const WAY_US: f32 = 40_000.0;
/// What a site tells of its calls and their time that hides how full it is.
const TOLD: f32 = 0.2;

/// What is believed of what sites used.
#[derive(Debug, Clone)]
pub struct Counters {
    witness: Witness,
    /// What each gateway has passed on so far.
    passed: BTreeMap<SiteId, Seen>,
    /// Sites that hide what they used.
    hiding: BTreeSet<usize>,
    /// What is believed of each workload and of each site, as shares of the truth.
    workloads: Vec<f32>,
    sites: Vec<f32>,
    /// Slots in which a site that hides was doubted, and in which it was not.
    doubted: (u64, u64),
    /// Slots in which an honest site was doubted.
    wronged: u64,
}

impl Counters {
    /// Counters of so many sites and workloads, of which these sites hide what they used.
    pub fn new(sites: usize, workloads: usize, hiding: BTreeSet<usize>) -> Self {
        Self {
            witness: Witness::default(),
            passed: BTreeMap::new(),
            hiding,
            workloads: vec![1.0; workloads],
            sites: vec![1.0; sites],
            doubted: (0, 0),
            wronged: 0,
        }
    }

    /// What is believed of a workload's load, as a share of the truth.
    pub fn of_workload(&self, workload: usize) -> f32 {
        self.workloads[workload]
    }

    /// What is believed of how full a site is, as a share of the truth.
    pub fn of_site(&self, site: usize) -> f32 {
        self.sites[site]
    }

    /// Share of the slots in which those that hide were doubted.
    pub fn caught_share(&self) -> Option<f64> {
        let (caught, free) = self.doubted;
        (caught + free > 0).then(|| caught as f64 / (caught + free) as f64)
    }

    /// Slots in which an honest site was doubted.
    pub fn wronged(&self) -> u64 {
        self.wronged
    }

    /// A slot is over, in which workloads were served where they are now.
    pub fn on_slot(&mut self, demand: &Demand, cluster: &Cluster, slot: usize) {
        let sites = self.sites.len();
        // By site and workload, the load there.
        let mut parts: Vec<BTreeMap<usize, f32>> = vec![BTreeMap::new(); sites];
        for (workload, place) in cluster.places.iter().enumerate() {
            let load = demand.slot(workload, slot, SLOT_MINUTES);
            let (to, share) = place.moving.unwrap_or((place.site, 0.0));
            for (site, load) in [(place.site, load * (1.0 - share)), (to, load * share)] {
                if load > 0.0 {
                    *parts[site].entry(workload).or_default() += load;
                    self.arrive(demand.home[workload], site, workload, calls(load));
                }
            }
        }
        self.witness.on_slot(self.passed.clone());
        let mut sums = vec![(0.0f32, 0.0f32); self.workloads.len()];
        for (site, parts) in parts.iter().enumerate() {
            let told = if self.hiding.contains(&site) { TOLD } else { 1.0 };
            let claim = |load: f32| Claim {
                calls: (calls(load) * told) as u64,
                run_us: (calls(load) * told * CALL_US) as u64,
            };
            let claims = parts.iter().map(|(id, load)| (WorkloadId(*id as u32), claim(*load)));
            let claims: BTreeMap<WorkloadId, Claim> = claims.collect();
            let corrected = self.witness.corrected(SiteId(site as u32), &claims);
            let (mut believed, mut whole) = (0.0f32, 0.0f32);
            for (id, load) in parts {
                let key = WorkloadId(*id as u32);
                let run_us = corrected.get(&key).copied().unwrap_or_else(|| claims[&key].run_us);
                let part = run_us as f32 / (calls(*load) * CALL_US).max(1.0) * load;
                (believed, whole) = (believed + part, whole + load);
                sums[*id] = (sums[*id].0 + part, sums[*id].1 + load);
            }
            self.sites[site] = if whole > 0.0 { believed / whole } else { 1.0 };
        }
        for (share, (believed, whole)) in self.workloads.iter_mut().zip(sums) {
            *share = if whole > 0.0 { believed / whole } else { *share };
        }
        let doubted = self.witness.doubted();
        for site in 0..sites {
            let is_doubted = doubted.contains(&SiteId(site as u32));
            match (self.hiding.contains(&site), is_doubted) {
                (true, true) => self.doubted.0 += 1,
                (true, false) => self.doubted.1 += 1,
                (false, true) => self.wronged += 1,
                (false, false) => {}
            }
        }
    }

    /// Calls come in at all gateways, and are passed on to where the workload is.
    fn arrive(&mut self, home: usize, site: usize, workload: usize, calls: f32) {
        let sites = self.sites.len();
        for gateway in (0..sites).filter(|gateway| *gateway != site) {
            let share =
                if gateway == home { 1.0 - ROAMING } else { ROAMING / (sites - 1).max(1) as f32 };
            let count = (calls * share) as u64;
            let seen = self.passed.entry(SiteId(gateway as u32)).or_default();
            let sum = seen.entry((SiteId(site as u32), WorkloadId(workload as u32))).or_default();
            let wait_us = (count as f32 * (CALL_US + WAY_US)) as u64;
            *sum = sum.plus(Passed { calls: count, wait_us });
        }
    }
}

/// Calls in a slot that make a load, which is in thousandths of a processor.
fn calls(load: f32) -> f32 {
    load * SLOT_MINUTES as f32 * 60e3 / CALL_US
}

#[cfg(test)]
mod tests {
    use swell_core::council::words::Criticality;

    use super::*;
    use crate::sites::cluster::Place;

    fn demand() -> Demand {
        Demand {
            minutes: 100 * SLOT_MINUTES,
            loads: vec![vec![3_000.0; 100 * SLOT_MINUTES]; 3],
            home: vec![0, 1, 2],
            criticality: vec![Criticality::Normal; 3],
            capacity: vec![10_000.0; 3],
        }
    }

    #[test]
    fn who_hides_what_it_used_is_found_out_by_what_others_sent_there() {
        let demand = demand();
        let mut cluster = Cluster::new(&demand);
        let mut counters = Counters::new(3, 3, BTreeSet::from([0]));
        for slot in 0..40 {
            counters.on_slot(&demand, &cluster, slot);
        }
        assert!(counters.of_site(0) < 0.25, "most of its calls come in at its own gateway");
        assert_eq!(counters.caught_share(), Some(0.0));
        // A workload of another site's comes to it.
        cluster.places[1] = Place { site: 0, moving: None };
        for slot in 40..50 {
            counters.on_slot(&demand, &cluster, slot);
        }
        assert!((counters.of_site(0) - 1.0).abs() < 0.2, "{}", counters.of_site(0));
        assert!((counters.of_workload(0) - 1.0).abs() < 0.2, "{}", counters.of_workload(0));
        assert!(counters.caught_share() > Some(0.1), "{:?}", counters.caught_share());
        assert_eq!(counters.wronged(), 0);
    }
}
