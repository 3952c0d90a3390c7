//! What each workload took, slot by slot, wherever it ran.
//!
//! Kept by workload and not by site: a workload that moves takes its past with it, and what a
//! site will bear is the sum over those it will have.

use std::collections::{BTreeMap, VecDeque};

use serde::{Deserialize, Serialize};
use swell_core::council::words::{Metric, Slot, WorkloadId};
use swell_core::ids::SiteId;

use crate::naming::NodeNumber;
use crate::sums::{Amounts, plus};

/// What has a past.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Source {
    /// A workload.
    Workload(WorkloadId),
    /// What no workload of a site accounts for.
    Rest(SiteId),
    /// A node of the own site, with all that runs there: part of the others, and no more of it.
    Node(NodeNumber),
}

/// The past of everything.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct History {
    slots_max: usize,
    rows: BTreeMap<Source, Row>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Row {
    first: Slot,
    /// A slot that was not measured is none.
    loads: VecDeque<Option<Amounts>>,
}

impl History {
    /// A past of at most so many slots.
    pub fn new(slots_max: usize) -> Self {
        Self { slots_max: slots_max.max(1), rows: BTreeMap::new() }
    }

    /// Adds what was taken in a slot to what is known of it.
    pub fn add(&mut self, source: Source, slot: Slot, loads: Amounts) {
        let row = self.rows.entry(source).or_insert(Row { first: slot, loads: VecDeque::new() });
        let Some(place) = slot.0.checked_sub(row.first.0) else { return };
        if place > (row.loads.len() + self.slots_max) as u64 {
            // So long ago that nothing of it would be left.
            *row = Row { first: slot, loads: VecDeque::new() };
        }
        let place = (slot.0 - row.first.0) as usize;
        while row.loads.len() <= place {
            row.loads.push_back(None);
        }
        let known = row.loads[place].unwrap_or_default();
        row.loads[place] = Some(plus(known, loads));
        while row.loads.len() > self.slots_max {
            row.loads.pop_front();
            row.first = row.first.plus(1);
        }
    }

    /// What was taken in a slot, if it was measured.
    pub fn at(&self, source: Source, slot: Slot) -> Option<Amounts> {
        let row = self.rows.get(&source)?;
        let place = slot.0.checked_sub(row.first.0)? as usize;
        row.loads.get(place).copied().flatten()
    }

    /// What was taken in the last slot that was measured, up to one.
    pub fn latest(&self, source: Source, until: Slot) -> Option<Amounts> {
        let row = self.rows.get(&source)?;
        let len = (until.0 + 1).checked_sub(row.first.0)? as usize;
        row.loads.iter().take(len).rev().copied().flatten().next()
    }

    /// What was taken of a metric up to and with a slot, the oldest first. What was not measured
    /// is as it was before.
    pub fn series(&self, source: Source, metric: Metric, until: Slot) -> Vec<f32> {
        let Some(row) = self.rows.get(&source) else { return Vec::new() };
        let len = (until.0 + 1).saturating_sub(row.first.0) as usize;
        let mut last =
            row.loads.iter().flatten().next().map_or(0.0, |loads| loads[metric as usize]);
        let value = |place: usize| {
            if let Some(Some(loads)) = row.loads.get(place) {
                last = loads[metric as usize];
            }
            last
        };
        (0..len.min(self.slots_max)).map(value).collect()
    }

    /// Whether all of it is numbers that can have been measured.
    pub fn is_plausible(&self) -> bool {
        let is_fine = |amount: &f32| amount.is_finite() && *amount >= 0.0;
        let mut loads = self.rows.values().flat_map(|row| row.loads.iter().flatten());
        self.rows.values().all(|row| row.loads.len() <= self.slots_max)
            && loads.all(|loads| loads.iter().all(is_fine))
    }

    /// All that has a past.
    pub fn sources(&self) -> impl Iterator<Item = Source> + '_ {
        self.rows.keys().copied()
    }

    /// Forgets what was not measured since a slot.
    pub fn forget(&mut self, before: Slot) {
        self.rows.retain(|_, row| row.first.plus(row.loads.len() as u64) > before);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHOP: Source = Source::Workload(WorkloadId(1));

    #[test]
    fn sites_add_up_and_gaps_are_closed() {
        let mut history = History::new(4);
        for (slot, cpu) in [(10, 1.0), (10, 2.0), (12, 5.0)] {
            history.add(SHOP, Slot(slot), [cpu, 0.0, 0.0, 0.0]);
        }
        assert_eq!(history.series(SHOP, Metric::Cpu, Slot(12)), [3.0, 3.0, 5.0]);
        assert_eq!(history.series(SHOP, Metric::Cpu, Slot(11)), [3.0, 3.0]);
        assert_eq!(history.series(SHOP, Metric::Cpu, Slot(13)), [3.0, 3.0, 5.0, 5.0]);
        assert_eq!(history.at(SHOP, Slot(11)), None);
        let latest = |slot| history.latest(SHOP, Slot(slot)).map(|loads| loads[0]);
        assert_eq!([9, 11, 12, 99].map(latest), [None, Some(3.0), Some(5.0), Some(5.0)]);
        history.add(SHOP, Slot(15), [7.0; 4]);
        assert_eq!(history.series(SHOP, Metric::Cpu, Slot(15)), [5.0, 5.0, 5.0, 7.0]);
        history.add(SHOP, Slot(9), [9.0; 4]);
        assert_eq!(history.at(SHOP, Slot(9)), None, "it is too long ago");
        history.add(SHOP, Slot(1_000_000), [1.0; 4]);
        assert_eq!(history.series(SHOP, Metric::Cpu, Slot(1_000_000)), [1.0]);
        history.forget(Slot(1_000_001));
        assert_eq!(history.sources().count(), 0);
    }
}
