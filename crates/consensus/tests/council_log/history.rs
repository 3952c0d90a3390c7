//! What callers asked and were told, against what stands in the log and against all orders that
//! could explain it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use swell_consensus::log::Committed;
use swell_core::council::entry::Command;
use swell_core::ids::SiteId;
use tokio::time::Instant;

use crate::cluster::Seen;
use crate::register::{Call, Kind, is_linearizable};

/// What was asked and told, by register.
#[derive(Debug, Default)]
pub(crate) struct History {
    operations: BTreeMap<SiteId, Vec<Operation>>,
}

/// One call.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Operation {
    pub(crate) call: Call,
    /// The place that a write was told to have.
    pub(crate) index: Option<u64>,
}

type Entries = BTreeMap<u64, Arc<Committed>>;

fn written(committed: &Committed) -> Option<(SiteId, u64)> {
    match &committed.entry.command {
        Command::Register { demand, .. } if committed.outcome.is_ok() => {
            Some((committed.entry.from, demand.0[0]))
        }
        _ => None,
    }
}

impl History {
    pub(crate) fn push(&mut self, operation: Operation) {
        let register = SiteId(operation.call.register);
        self.operations.entry(register).or_default().push(operation);
    }

    /// How many calls had no answer.
    pub(crate) fn unanswered(&self) -> u64 {
        let all = self.operations.values().flatten();
        all.filter(|operation| operation.call.end.is_none()).count() as u64
    }

    /// What was confirmed stands where it was said to stand, and nothing stands twice.
    pub(crate) fn check_decided_once(&self, entries: &Entries) {
        let mut places: BTreeMap<(SiteId, u64), u64> = BTreeMap::new();
        for committed in entries.values() {
            if let Some(named) = written(committed) {
                let before = places.insert(named, committed.index);
                assert_eq!(before, None, "{named:?} is decided again at {}", committed.index);
            }
        }
        for (register, operations) in &self.operations {
            for operation in operations {
                if let (Kind::Write(value), Some(index)) = (operation.call.kind, operation.index) {
                    let place = places.get(&(*register, value));
                    assert_eq!(place, Some(&index), "{value} of {register:?} is confirmed");
                }
            }
        }
    }

    /// Whether one order explains what was seen. A write without an answer did not happen if it is
    /// not in the log, and else before it was first applied anywhere: from then on all reads must
    /// know of it, and few orders are left to be tried.
    pub(crate) fn is_linearizable(&self, seen: &Seen, began: Instant) -> bool {
        let written = seen.entries.values().filter_map(|committed| {
            Some((written(committed)?, seen.applied[&committed.index].duration_since(began)))
        });
        let applied: BTreeMap<(SiteId, u64), Duration> = written.collect();
        let calls = self.operations.values().flatten().filter_map(|operation| {
            let call = operation.call;
            match (call.kind, call.end) {
                (Kind::Write(value), None) => {
                    let end = Some(*applied.get(&(SiteId(call.register), value))?);
                    Some(Call { end, ..call })
                }
                _ => Some(call),
            }
        });
        is_linearizable(&calls.collect::<Vec<Call>>())
    }
}
