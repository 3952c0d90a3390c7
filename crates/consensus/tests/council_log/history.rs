//! What callers asked and were told, and whether one order explains it.
//!
//! Each register is one site's, so histories fall apart by register. Writes have their place in
//! the log; a read has the place of the write that it saw. One order explains a history if none
//! goes before something in the log that had ended before it began (Herlihy and Wing, 1990): of
//! a register whose writes are numbered nothing else can go wrong.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use swell_consensus::log::Committed;
use swell_core::council::entry::{Command, Entry};
use swell_core::council::words::{Criticality, Loads, WorkloadId};
use swell_core::ids::SiteId;

/// What was asked and told, by register.
#[derive(Debug, Default)]
pub(crate) struct History {
    operations: BTreeMap<SiteId, Vec<Operation>>,
}

/// One call.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Operation {
    pub(crate) kind: Kind,
    pub(crate) start: Duration,
    /// When an answer came; a write without one may have happened or not.
    pub(crate) end: Option<Duration>,
    /// The place that a write was told to have.
    pub(crate) index: Option<u64>,
}

/// What was asked, and seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Write(u64),
    Read(Option<u64>),
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
    pub(crate) fn push(&mut self, register: SiteId, operation: Operation) {
        self.operations.entry(register).or_default().push(operation);
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
                if let (Kind::Write(value), Some(index)) = (operation.kind, operation.index) {
                    let place = places.get(&(*register, value));
                    assert_eq!(place, Some(&index), "{value} of {register:?} is confirmed");
                }
            }
        }
    }

    /// One order explains what was seen.
    pub(crate) fn check_linearizable(&self, entries: &Entries) {
        for (register, operations) in &self.operations {
            let mut places: BTreeMap<u64, u64> = BTreeMap::new();
            for committed in entries.values() {
                if let Some((site, value)) = written(committed)
                    && site == *register
                {
                    places.insert(value, committed.index);
                }
            }
            let mut placed: Vec<(Operation, u64)> = Vec::new();
            for operation in operations {
                let place = match operation.kind {
                    Kind::Write(_) => operation.index,
                    Kind::Read(None) => Some(0),
                    Kind::Read(Some(value)) => {
                        let place = places.get(&value).copied();
                        assert!(place.is_some(), "{value} of {register:?} was never written");
                        place
                    }
                };
                placed.extend(place.map(|place| (*operation, place)));
            }
            for (first, place) in &placed {
                for (later, later_place) in &placed {
                    if first.end.is_some_and(|end| end < later.start) {
                        let is_write = matches!(later.kind, Kind::Write(_));
                        let in_order =
                            if is_write { place < later_place } else { place <= later_place };
                        assert!(in_order, "{later:?} does not know of {first:?}");
                    }
                }
            }
        }
    }
}

#[test]
fn what_no_order_explains_is_noticed() {
    let at = Duration::from_secs;
    let read = |value, start| Operation {
        kind: Kind::Read(Some(value)),
        start: at(start),
        end: Some(at(start + 1)),
        index: None,
    };
    let committed = |index, value| {
        let entry = Entry {
            from: SiteId(0),
            incarnation: 1,
            sequence: index,
            command: Command::Register {
                workload: WorkloadId(0),
                criticality: Criticality::Low,
                demand: Loads::cpu(value),
            },
        };
        (index, Arc::new(Committed { index, entry, outcome: Ok(()) }))
    };
    let entries = Entries::from([committed(1, 10), committed(2, 20)]);
    let mut fine = History::default();
    fine.push(SiteId(0), read(10, 0));
    fine.push(SiteId(0), read(20, 2));
    fine.check_linearizable(&entries);
    let mut stale = History::default();
    stale.push(SiteId(0), read(20, 0));
    stale.push(SiteId(0), read(10, 2));
    let noticed = std::panic::catch_unwind(move || stale.check_linearizable(&entries));
    assert!(noticed.is_err(), "a stale read has no place");
}
