//! The nodes of a site, as the one that has its seat knows them: who is there, what they bear
//! together, and what they used.
//!
//! Others read a site's sums twice to know what was used between, so these may only grow. Those of
//! its nodes do not: one that comes up anew begins at nothing, one that is lost takes its own along.
//! So the roll adds up what each node used from one report to the next. Time is an argument.

use std::collections::BTreeMap;

use swell_core::council::words::{Loads, Metric};
use swell_core::time::{Instant, Span};

use swell_outlook::sums::{Reading, Sums};

/// A node that has not reported for so long is lost: four reports in a row.
pub const SILENT: Span = Span::from_secs(4);

/// What a node reports of itself.
#[derive(Debug, Clone, PartialEq)]
pub struct Report {
    /// What it can bear.
    pub capacity: Loads,
    /// Whether it has all that it was told to have: what it bears counts only then.
    pub is_ready: bool,
    /// What it used since it came up.
    pub reading: Reading,
}

/// A node besides the one that has the seat.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// Its latest report.
    pub report: Report,
    /// Thousandths of a processor that it used between its latest reports.
    pub used_milli: u64,
    heard: Instant,
}

/// The nodes of a site besides the one that has the seat.
#[derive(Debug, Clone, Default)]
pub struct Roll {
    nodes: BTreeMap<String, Entry>,
    /// What all of them used, by workload, since the seat heard of each.
    used: BTreeMap<String, Sums>,
    /// What else their machines did.
    rest: Sums,
}

impl Roll {
    /// A node reports.
    pub fn hear(&mut self, name: &str, report: Report, now: Instant) {
        let former = self.nodes.get(name);
        let mut used_milli = 0;
        if let Some(former) = former {
            let mut cpu_us = 0;
            let before = &former.report.reading;
            for (workload, sums) in &report.reading.workloads {
                let earlier = before.workloads.get(workload).copied().unwrap_or_default();
                let since = Sums { memory_bytes: 0, ..sums.since(&earlier) };
                cpu_us += since.cpu_us;
                let sum = self.used.entry(workload.clone()).or_default();
                *sum = sum.plus(&since);
            }
            let rest = Sums { memory_bytes: 0, ..report.reading.rest.since(&before.rest) };
            self.rest = self.rest.plus(&rest);
            let elapsed_ms = report.reading.at_ms.saturating_sub(before.at_ms);
            used_milli = match elapsed_ms {
                0 => former.used_milli,
                elapsed_ms => cpu_us / elapsed_ms,
            };
        }
        self.nodes.insert(name.to_string(), Entry { report, used_milli, heard: now });
    }

    /// A node was dismissed.
    pub fn forget(&mut self, name: &str) {
        self.nodes.remove(name);
    }

    /// Those that report, ready or not.
    pub fn there(&self, now: Instant) -> impl Iterator<Item = (&String, &Entry)> {
        self.nodes.iter().filter(move |(_, entry)| now.since(entry.heard) < SILENT)
    }

    /// A node, unless it is lost.
    pub fn get(&self, name: &str, now: Instant) -> Option<&Entry> {
        self.nodes.get(name).filter(|entry| now.since(entry.heard) < SILENT)
    }

    /// A node as it was heard of last, lost or not.
    pub fn known(&self, name: &str) -> Option<&Entry> {
        self.nodes.get(name)
    }

    /// What the site can bear: the node that has the seat, and those that are there and ready.
    pub fn capacity(&self, own: Loads, now: Instant) -> Loads {
        let ready = self.there(now).filter(|(_, entry)| entry.report.is_ready);
        ready.fold(own, |sum, (_, entry)| together(sum, entry.report.capacity))
    }

    /// What the site used, where `own` is the reading of the node that has the seat: of whatever is
    /// deployed there.
    pub fn reading(&mut self, own: Reading, now: Instant) -> Reading {
        self.used.retain(|workload, _| own.workloads.contains_key(workload));
        let mut whole = own;
        for (workload, sums) in &mut whole.workloads {
            let used = self.used.get(workload).copied().unwrap_or_default();
            *sums = sums.plus(&used);
            for (_, entry) in self.there(now) {
                let held = entry.report.reading.workloads.get(workload);
                sums.memory_bytes += held.map_or(0, |held| held.memory_bytes);
            }
        }
        whole.rest = whole.rest.plus(&self.rest);
        whole.rest.memory_bytes +=
            self.there(now).map(|(_, entry)| entry.report.reading.rest.memory_bytes).sum::<u64>();
        whole
    }
}

/// What two nodes bear: what is not limited at one of them is not limited.
fn together(one: Loads, other: Loads) -> Loads {
    Loads(Metric::ALL.map(|metric| match (one.of(metric), other.of(metric)) {
        (0, _) | (_, 0) => 0,
        (one, other) => one.saturating_add(other),
    }))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn sums(run_us: u64, calls: u64) -> Sums {
        Sums { run_us, cpu_us: run_us, calls, memory_bytes: 1, ..Sums::default() }
    }

    fn reading(at_ms: u64, of_shop: Sums) -> Reading {
        let workloads = [("shop".to_string(), of_shop)].into();
        Reading { at_ms, workloads, ..Reading::default() }
    }

    fn report(cpu: u64, is_ready: bool, reading: Reading) -> Report {
        Report { capacity: Loads([cpu, 64, 0, 0]), is_ready, reading }
    }

    fn at(seconds: u64) -> Instant {
        Instant::ZERO + Span::from_secs(seconds)
    }

    #[test]
    fn a_site_bears_what_its_nodes_bear_that_are_there() {
        let mut roll = Roll::default();
        let own = Loads([2_000, 32, 9, 0]);
        roll.hear("two", report(1_000, true, Reading::default()), at(0));
        roll.hear("three", report(4_000, false, Reading::default()), at(2));
        assert_eq!(roll.capacity(own, at(3)), Loads([3_000, 96, 0, 0]), "one is not ready yet");
        roll.hear("three", report(4_000, true, Reading::default()), at(3));
        assert_eq!(roll.capacity(own, at(3)), Loads([7_000, 160, 0, 0]));
        assert_eq!(roll.capacity(own, at(4)), Loads([6_000, 96, 0, 0]), "one is lost");
        assert_eq!(roll.capacity(own, at(7)), own);
        roll.hear("two", report(1_000, true, Reading::default()), at(8));
        assert_eq!(roll.capacity(own, at(8)), Loads([3_000, 96, 0, 0]), "it is back");
        roll.forget("two");
        assert_eq!(roll.capacity(own, at(8)), own);
    }

    #[test]
    fn what_nodes_used_is_added_to_what_the_seat_used() {
        let mut roll = Roll::default();
        let whole = |roll: &mut Roll, second: u64| {
            let mut whole = roll.reading(reading(0, sums(500, 5)), at(second));
            whole.workloads.remove("shop").expect("it is there")
        };
        roll.hear("two", report(1_000, true, reading(1_000, sums(9_000_000, 90))), at(1));
        let first = whole(&mut roll, 1);
        assert_eq!((first.run_us, first.calls, first.memory_bytes), (500, 5, 2), "it was before");
        roll.hear("two", report(1_000, true, reading(2_000, sums(9_800_000, 98))), at(2));
        assert_eq!(roll.known("two").map(|entry| entry.used_milli), Some(800));
        assert_eq!(whole(&mut roll, 2).run_us, 800_500);
        roll.hear("two", report(1_000, true, reading(3_000, sums(100_000, 1))), at(3));
        assert_eq!(whole(&mut roll, 3).run_us, 900_500, "it came up anew");
        let lost = whole(&mut roll, 9);
        assert_eq!((lost.run_us, lost.memory_bytes), (900_500, 1), "what it used stays");
        let none = roll.reading(Reading::default(), at(9));
        assert_eq!(none.workloads.len(), 0, "nothing is deployed any more");
        assert_eq!(whole(&mut roll, 9).run_us, 500, "it begins anew");
    }

    proptest! {
        /// Whatever nodes report, and come and go, no sum of the site ever falls, and none grows by
        /// more than what was reported.
        #[test]
        fn sums_of_a_site_only_grow(
            reports in prop::collection::vec((0..3usize, 0..1_000u64, 0..9u64, any::<bool>()), 1..60),
        ) {
            let mut roll = Roll::default();
            let (mut now, mut before, mut most) = (0u64, 0u64, 0u64);
            for (node, run_us, pause, is_dismissed) in reports {
                now += pause;
                let name = ["two", "three", "four"][node];
                if is_dismissed {
                    roll.forget(name);
                } else {
                    roll.hear(name, report(1, true, reading(now, sums(run_us, 1))), at(now));
                    most += run_us;
                }
                let whole = roll.reading(reading(now, sums(0, 0)), at(now));
                let sum = whole.workloads["shop"].run_us;
                prop_assert!(before <= sum && sum <= most, "{before} <= {sum} <= {most}");
                before = sum;
            }
        }
    }
}
