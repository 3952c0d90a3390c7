//! The other nodes of a site, as ones that calls may be passed to.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use parking_lot::RwLock;
use swell_link::client::Address;
use swell_site::choice::{Fullness, choose};

use crate::nodes::wire::Fellow;

/// For how long a node that was not reached gets no calls, if it is still said to be there.
const REST: Duration = Duration::from_secs(2);

/// The other nodes of a site.
#[derive(Default)]
pub struct Fellows(RwLock<BTreeMap<String, Known>>);

struct Known {
    fellow: Fellow,
    /// Calls that were passed to it from here and have not come back.
    passed: Arc<AtomicU32>,
    /// When it was not reached last.
    missed: Option<Instant>,
}

/// A call on its way, until this is dropped.
pub struct Passed(Arc<AtomicU32>);

impl Drop for Passed {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// What a call needs of a node.
#[derive(Debug, Clone, Copy)]
pub struct Need<'a> {
    /// Its function.
    pub function: &'a str,
    /// The first order by which nodes have it.
    pub since: u64,
    /// Memory of an instance.
    pub memory_bytes: u64,
}

impl Fellows {
    /// These are there.
    pub fn set(&self, all: BTreeMap<String, Fellow>) {
        let mut known = self.0.write();
        known.retain(|name, _| all.contains_key(name));
        for (name, fellow) in all {
            let former = known.remove(&name);
            let (passed, missed) = former.map(|it| (it.passed, it.missed)).unwrap_or_default();
            known.insert(name, Known { fellow, passed, missed });
        }
    }

    /// One was not reached: it gets no calls for a moment.
    pub fn missed(&self, name: &str) {
        if let Some(known) = self.0.write().get_mut(name) {
            known.missed = Some(Instant::now());
        }
    }

    /// All of them.
    pub fn all(&self) -> Vec<Fellow> {
        self.0.read().values().map(|known| known.fellow.clone()).collect()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.read().is_empty()
    }

    /// The node that has more room for a call than this one, what it is called at its site, and the call as one on its way there.
    pub fn choose(&self, here: Fullness, need: Need<'_>) -> Option<(Address, String, Passed)> {
        let known = self.0.read();
        let able: Vec<(&String, &Known)> = known
            .iter()
            .filter(|(_, known)| known.is_awake() && serves(&known.fellow, need))
            .collect();
        let rooms: Vec<Fullness> = able.iter().map(|(_, known)| known.room(need)).collect();
        let (name, chosen) = able.get(choose(here, &rooms)?)?;
        chosen.passed.fetch_add(1, Ordering::Relaxed);
        let address = Address { name: (*name).clone(), at: chosen.fellow.at.clone() };
        Some((address, chosen.fellow.name.clone(), Passed(chosen.passed.clone())))
    }
}

impl Known {
    fn is_awake(&self) -> bool {
        self.missed.is_none_or(|since| since.elapsed() >= REST)
    }

    fn room(&self, need: Need<'_>) -> Fullness {
        let Fellow { cpu_milli, busy, memory_left, .. } = self.fellow;
        // What was passed since it reported it did not report.
        let busy = busy.max(self.passed.load(Ordering::Relaxed));
        Fullness { cpu_milli, busy, has_room: memory_left >= need.memory_bytes }
    }
}

fn serves(fellow: &Fellow, need: Need<'_>) -> bool {
    let has_it = fellow.is_seat || fellow.revision >= need.since;
    has_it && !fellow.without.contains(need.function)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fellow(revision: u64, busy: u32) -> Fellow {
        Fellow {
            name: "attic".to_string(),
            at: "127.0.0.1:1".to_string(),
            is_seat: false,
            revision,
            without: ["secret".to_string()].into(),
            cpu_milli: 1_000,
            busy,
            memory_left: 64,
        }
    }

    #[test]
    fn calls_go_to_who_has_the_function_and_most_room() {
        let fellows = Fellows::default();
        let nodes = [("new", fellow(3, 0)), ("old", fellow(2, 1))];
        fellows.set(nodes.map(|(name, fellow)| (name.to_string(), fellow)).into());
        let full = Fullness { cpu_milli: 1_000, busy: 4, has_room: true };
        let goes = |function: &str, since: u64, memory_bytes: u64| {
            let chosen = fellows.choose(full, Need { function, since, memory_bytes });
            chosen.map(|(address, _, passed)| (address.name, passed))
        };
        let first = goes("shop", 3, 64).expect("one has it");
        assert_eq!(first.0, "new");
        assert!(goes("shop", 4, 64).is_none(), "nobody has it yet");
        assert!(goes("secret", 1, 64).is_none(), "nobody could have it");
        assert!(goes("shop", 1, 65).is_none(), "nobody has memory for it");
        let second = goes("shop", 3, 64).expect("it still has more room");
        let third = goes("shop", 1, 64).expect("one has more room");
        assert_eq!(third.0, "old", "two are on their way to the other");
        drop((first, second, third));
        assert_eq!(goes("shop", 1, 64).expect("it is free again").0, "new");
        fellows.missed("new");
        assert_eq!(goes("shop", 1, 64).expect("one is left").0, "old");
        fellows.set(BTreeMap::new());
        assert!(fellows.is_empty() && goes("shop", 1, 64).is_none());
    }
}
