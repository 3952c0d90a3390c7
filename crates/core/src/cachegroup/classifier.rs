//! Which workload a task belongs to.
//!
//! Its author may say so. Else the classifiers of the founding slides are asked in turn: a
//! warning signal concerns everybody near, tasks that share inputs belong together, so do those
//! of one place, and those whose data stays fresh for about as long.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::cachegroup::names::ContentId;
use crate::time::Span;

/// What makes a workload one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Workload {
    /// Its author named it; the hash of the name.
    Named(u64),
    /// A broadcast of this topic that is for information or safety.
    Warning(u64),
    /// It shares inputs with others; numbered as found.
    Relevance(u32),
    /// It is about this cell of a map.
    Location(u64),
    /// Its data is fresh for less than two to this power of seconds, and at least half of that.
    Time(u8),
    /// Nothing is known of it.
    Unclassified,
}

/// What is known of a task.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Traits {
    /// The hash of the workload's name, if its author gave one.
    pub named: Option<u64>,
    /// The topic, if it handles a warning signal.
    pub warning: Option<u64>,
    /// What it reads.
    pub inputs: BTreeSet<ContentId>,
    /// The cell of a map it is about.
    pub location: Option<u64>,
    /// For how long what it reads is fresh.
    pub freshness: Option<Span>,
}

/// Workloads by what their tasks read.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Relevance {
    members: BTreeMap<ContentId, u32>,
}

impl Relevance {
    /// Takes up which contents belong to which workload, as found by discovery.
    pub fn new(workloads: &[BTreeSet<ContentId>]) -> Self {
        let mut members = BTreeMap::new();
        for (number, contents) in (0..).zip(workloads) {
            members.extend(contents.iter().map(|&content| (content, number)));
        }
        Self { members }
    }

    /// The workload that has most of these contents, if one has at least half of them. Among
    /// equals the one found first.
    fn of(&self, inputs: &BTreeSet<ContentId>) -> Option<u32> {
        let mut shares: BTreeMap<u32, usize> = BTreeMap::new();
        for workload in inputs.iter().filter_map(|content| self.members.get(content)) {
            *shares.entry(*workload).or_default() += 1;
        }
        let best = shares.into_iter().max_by_key(|&(number, share)| (share, u32::MAX - number));
        best.filter(|&(_, share)| 2 * share >= inputs.len()).map(|(number, _)| number)
    }
}

/// The workload of a task.
pub fn classify(task: &Traits, relevance: &Relevance) -> Workload {
    if let Some(name) = task.named {
        return Workload::Named(name);
    }
    if let Some(topic) = task.warning {
        return Workload::Warning(topic);
    }
    if let Some(number) = relevance.of(&task.inputs) {
        return Workload::Relevance(number);
    }
    if let Some(cell) = task.location {
        return Workload::Location(cell);
    }
    match task.freshness {
        Some(span) => Workload::Time(power_above(span)),
        None => Workload::Unclassified,
    }
}

/// The least power of two, in seconds, that is more than the span.
fn power_above(span: Span) -> u8 {
    let seconds = span.nanos() / 1_000_000_000;
    (u64::BITS - seconds.leading_zeros()) as u8
}

#[cfg(test)]
mod tests {
    use super::*;

    fn contents(numbers: &[u128]) -> BTreeSet<ContentId> {
        numbers.iter().copied().map(ContentId).collect()
    }

    #[test]
    fn classifiers_are_asked_in_turn() {
        let relevance = Relevance::new(&[contents(&[1, 2, 3]), contents(&[4, 5])]);
        let mut task = Traits {
            named: Some(7),
            warning: Some(8),
            inputs: contents(&[1, 4, 5]),
            location: Some(9),
            freshness: Some(Span::from_secs(5)),
        };
        assert_eq!(classify(&task, &relevance), Workload::Named(7));
        task.named = None;
        assert_eq!(classify(&task, &relevance), Workload::Warning(8));
        task.warning = None;
        assert_eq!(classify(&task, &relevance), Workload::Relevance(1));
        task.inputs = contents(&[1, 7, 8]);
        assert_eq!(classify(&task, &relevance), Workload::Location(9));
        task.location = None;
        assert_eq!(classify(&task, &relevance), Workload::Time(3));
        task.freshness = None;
        assert_eq!(classify(&task, &relevance), Workload::Unclassified);
    }

    #[test]
    fn spans_of_freshness_fall_into_powers_of_two() {
        for (span, power) in [
            (Span::ZERO, 0),
            (Span::from_millis(999), 0),
            (Span::from_secs(1), 1),
            (Span::from_secs(3), 2),
            (Span::from_secs(4), 3),
            (Span::FOREVER, 35),
        ] {
            assert_eq!(power_above(span), power, "{span}");
        }
    }
}
