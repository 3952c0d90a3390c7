//! What each site sees and expects: the monitor of a live site, fed with what it heard.
//!
//! Who was told the same expects the same, so sites share a monitor until they hear differently.

use std::collections::{BTreeMap, BTreeSet};

use swell_core::council::rules::Rules;
use swell_core::council::words::Slot;
use swell_core::ids::SiteId;
use swell_outlook::board::Board;
use swell_outlook::methods::Method;
use swell_outlook::monitor::Monitor;

/// The monitors, and which one each site has.
pub struct Sights {
    monitors: Vec<Monitor>,
    of: Vec<usize>,
}

impl Sights {
    /// Of so many sites that have heard nothing, and believe that method.
    pub fn new(sites: usize, rules: &Rules, method: Method) -> Self {
        Self { monitors: vec![Monitor::new(rules, method)], of: vec![0; sites] }
    }

    /// What a site sees and expects.
    pub fn of(&self, site: usize) -> &Monitor {
        &self.monitors[self.of[site]]
    }

    /// A slot is over. These are the boards of all sites, and whose each site heard; nothing for
    /// one that was down. `down` had said that they would be.
    pub fn on_slot(
        &mut self,
        slot: Slot,
        boards: &BTreeMap<SiteId, Board>,
        heard: &[Option<BTreeSet<SiteId>>],
        (rules, down): (&Rules, &BTreeSet<SiteId>),
    ) {
        let mut groups: BTreeMap<(usize, Option<&BTreeSet<SiteId>>), Vec<usize>> = BTreeMap::new();
        for (site, heard) in heard.iter().enumerate() {
            groups.entry((self.of[site], heard.as_ref())).or_default().push(site);
        }
        let mut monitors = Vec::with_capacity(groups.len());
        let mut left: Vec<Option<Monitor>> =
            std::mem::take(&mut self.monitors).into_iter().map(Some).collect();
        let mut groups = groups.into_iter().peekable();
        while let Some(((before, heard), sites)) = groups.next() {
            // Groups are in the order of what they had: the last one of those takes it.
            let is_last = groups.peek().is_none_or(|((next, _), _)| *next != before);
            let known = if is_last { left[before].take() } else { left[before].clone() };
            let mut monitor = known.expect("only the last one takes it");
            if let Some(heard) = heard {
                let read = |(site, board): (&SiteId, &Board)| {
                    (*site, heard.contains(site).then(|| board.clone()))
                };
                monitor.excuse(down.clone());
                monitor.on_slot(slot, &boards.iter().map(read).collect(), &[], rules);
            }
            sites.into_iter().for_each(|site| self.of[site] = monitors.len());
            monitors.push(monitor);
        }
        self.monitors = monitors;
    }
}

#[cfg(test)]
mod tests {
    use swell_core::council::words::Criticality;
    use swell_core::time::{Instant, Span};
    use swell_outlook::history::Source;

    use super::*;
    use crate::sites::cast::Cast;
    use crate::sites::cluster::{Cluster, Place};
    use crate::sites::demand::Demand;
    use crate::sites::gauges::Gauges;
    use crate::sites::scenario::{Lies, Scenario};
    use crate::sites::weather::Weather;

    const MINUTES: usize = 300;
    const LOAD: f32 = 3_000.0;

    #[test]
    fn who_hides_what_it_used_is_found_out_by_those_who_hear_what_was_sent_there() {
        let scenario = Scenario { sites: 3, liars: 1, lies: Lies::Counters, ..Scenario::default() };
        let demand = Demand {
            minutes: MINUTES,
            loads: vec![vec![[LOAD, 100.0]; MINUTES]; 3],
            home: vec![0, 1, 2],
            criticality: vec![Criticality::Normal; 3],
            capacity: vec![[10_000.0, 1_000.0]; 3],
        };
        let (weather, cast) = (Weather::new(&scenario, MINUTES), Cast::new(&scenario, 3));
        let rules = Rules::with_slot(Span::from_mins(scenario.slot_minutes));
        let (mut cluster, mut gauges) = (Cluster::new(&demand), Gauges::default());
        let mut sights = Sights::new(3, &rules, Method::default());
        let everybody: BTreeSet<SiteId> = cast.sites.iter().copied().collect();
        let share = |sights: &Sights, slot: Slot, workload: usize| {
            let used = sights.of(1).used(Source::Workload(cast.workloads[workload]), slot);
            used.expect("it was measured")[0] / LOAD
        };
        let mut lasts = (0.0, false);
        for minute in 0..MINUTES {
            gauges.on_minute(&demand, &cluster, &weather, &cast, minute);
            let at = Instant::ZERO + Span::from_mins(10_000 + minute as u64 + 1);
            let over = Slot::of(at, rules.slot).minus(1);
            if at != over.end(rules.slot) {
                continue;
            }
            let board = |site: usize| (cast.sites[site], gauges.board(site, &cast, at));
            // The last one hears nobody else once a workload has moved.
            let alone = BTreeSet::from([cast.sites[2]]);
            let of_last = if minute > MINUTES / 2 { alone } else { everybody.clone() };
            let heard = [Some(everybody.clone()), Some(everybody.clone()), Some(of_last)];
            let boards = (0..3).map(board).collect();
            sights.on_slot(over, &boards, &heard, (&rules, &BTreeSet::new()));
            if minute > 30 && minute < MINUTES / 2 {
                assert!(share(&sights, over, 0) < 0.25, "its calls come in at its own gateway");
                assert!(sights.of(1).doubted().is_empty());
                assert_eq!(sights.monitors.len(), 1, "all were told the same");
            }
            if minute > MINUTES / 2 {
                // A workload of another site's comes to it.
                cluster.places[1] = Place { site: 0, moving: None };
            }
            if minute + 10 > MINUTES {
                lasts = (share(&sights, over, 0), sights.of(1).doubted().contains(&cast.sites[0]));
            }
        }
        assert!((lasts.0 - 1.0).abs() < 0.2 && lasts.1, "{lasts:?}");
        assert!(sights.of(2).doubted().is_empty(), "who hears nothing doubts nobody");
        assert_eq!(sights.monitors.len(), 2);
    }
}
