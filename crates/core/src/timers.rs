//! When to look again: at most one deadline per subject, the earliest first.
//!
//! Setting a subject's deadline replaces its former one, so the set never outgrows the
//! subjects, however often a lease is renewed.

use std::collections::BTreeSet;

use crate::ids::FunctionId;
use crate::time::Instant;

/// What a deadline is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Subject {
    /// The lease or the pause of the idle instance in a slot.
    Idle(u32),
    /// The head of a function's queue has waited as long as it may.
    Queue(FunctionId),
    /// A function's queue is to be looked at again.
    Supply(FunctionId),
    /// Functions that wait for memory are to be looked at again.
    Memory,
    /// A function's wish to be warm is due.
    Ahead(FunctionId),
    /// A function is below its floor of warm instances; try again.
    Floor(FunctionId),
    /// A function's clones are to be begun or let go.
    Clones(FunctionId),
    /// A waiting clone in a slot is to be probed.
    Probe(u32),
    /// Clones of the next step are to be planned.
    Plan,
}

/// All deadlines in force.
#[derive(Debug, Default)]
pub struct Timers {
    order: BTreeSet<(Instant, Subject)>,
    set: [Vec<Instant>; 9],
}

impl Timers {
    /// Sets the deadline of a subject; `NEVER` clears it.
    pub fn set(&mut self, subject: Subject, at: Instant) {
        let (kind, index) = place(subject);
        let table = &mut self.set[kind];
        if index >= table.len() {
            if at == Instant::NEVER {
                return;
            }
            table.resize(index + 1, Instant::NEVER);
        }
        let former = std::mem::replace(&mut table[index], at);
        if former == at {
            return;
        }
        if former != Instant::NEVER {
            self.order.remove(&(former, subject));
        }
        if at != Instant::NEVER {
            self.order.insert((at, subject));
        }
    }

    /// Whether the subject has a deadline.
    pub fn is_set(&self, subject: Subject) -> bool {
        let (kind, index) = place(subject);
        self.set[kind].get(index).is_some_and(|&at| at != Instant::NEVER)
    }

    /// The earliest deadline.
    pub fn next(&self) -> Option<Instant> {
        self.order.first().map(|entry| entry.0)
    }

    /// Takes out one subject whose deadline has come.
    pub fn due(&mut self, now: Instant) -> Option<Subject> {
        let &(at, subject) = self.order.first()?;
        if at > now {
            return None;
        }
        self.set(subject, Instant::NEVER);
        Some(subject)
    }
}

fn place(subject: Subject) -> (usize, usize) {
    match subject {
        Subject::Idle(slot) => (0, slot as usize),
        Subject::Queue(function) => (1, function.index()),
        Subject::Ahead(function) => (2, function.index()),
        Subject::Floor(function) => (3, function.index()),
        Subject::Supply(function) => (4, function.index()),
        Subject::Memory => (5, 0),
        Subject::Clones(function) => (6, function.index()),
        Subject::Probe(slot) => (7, slot as usize),
        Subject::Plan => (8, 0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_deadline_per_subject() {
        let at = Instant::from_millis;
        let mut timers = Timers::default();
        timers.set(Subject::Idle(3), at(50));
        timers.set(Subject::Idle(3), at(90));
        timers.set(Subject::Queue(FunctionId(1)), at(70));
        timers.set(Subject::Floor(FunctionId(9)), Instant::NEVER);
        assert_eq!(timers.next(), Some(at(70)));
        assert_eq!(timers.due(at(60)), None);
        assert_eq!(timers.due(at(90)), Some(Subject::Queue(FunctionId(1))));
        assert_eq!(timers.due(at(90)), Some(Subject::Idle(3)));
        assert_eq!(timers.due(at(90)), None);
        assert_eq!(timers.next(), None);
    }
}
