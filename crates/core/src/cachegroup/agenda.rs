//! Who is to be looked at when: at most one time per name, the earliest first.

use std::collections::{BTreeMap, BTreeSet};

use crate::time::Instant;

/// Times by name, and names by time.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Agenda<K> {
    set: BTreeMap<K, Instant>,
    order: BTreeSet<(Instant, K)>,
}

impl<K> Default for Agenda<K> {
    fn default() -> Self {
        Self { set: BTreeMap::new(), order: BTreeSet::new() }
    }
}

impl<K: Copy + Ord> Agenda<K> {
    /// Sets the time of a name, in place of its former one; `NEVER` takes the name off.
    pub fn set(&mut self, name: K, at: Instant) {
        let former = match at {
            Instant::NEVER => self.set.remove(&name),
            at => self.set.insert(name, at),
        };
        if former == Some(at) {
            return;
        }
        if let Some(former) = former {
            self.order.remove(&(former, name));
        }
        if at != Instant::NEVER {
            self.order.insert((at, name));
        }
    }

    /// The earliest time; never, if there is none.
    pub fn first(&self) -> Instant {
        self.order.first().map_or(Instant::NEVER, |&(at, _)| at)
    }

    /// Whose time has come, in order of their times. They stay on the agenda.
    pub fn due(&self, now: Instant) -> Vec<K> {
        let due = self.order.iter().take_while(|&&(at, _)| at <= now);
        due.map(|&(_, name)| name).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_time_per_name() {
        let at = Instant::from_millis;
        let mut agenda = Agenda::default();
        agenda.set('a', at(50));
        agenda.set('a', at(90));
        agenda.set('b', at(70));
        agenda.set('c', Instant::NEVER);
        assert_eq!(agenda.first(), at(70));
        assert_eq!(agenda.due(at(69)), []);
        assert_eq!(agenda.due(at(90)), ['b', 'a']);
        agenda.set('b', Instant::NEVER);
        assert_eq!(agenda.due(at(90)), ['a']);
        agenda.set('a', Instant::NEVER);
        assert_eq!(agenda.first(), Instant::NEVER);
    }
}
