//! What the nodes that share contents told last, how far they are, and what was passed to them.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use parking_lot::RwLock;

use crate::grouping::notice::Notice;

/// A notice that is older says nothing.
const FRESH: Duration = Duration::from_secs(5);
/// How much of a newly measured way counts, against the one that was known.
const NEW_PART: u32 = 4;

/// A node that told of itself.
#[derive(Clone)]
pub struct Neighbour {
    /// What it told.
    pub notice: Arc<Notice>,
    /// How long a question to it and its answer take.
    pub round_trip: Duration,
    /// When it told.
    heard: Instant,
    /// Calls that were passed to it from here and have not come back.
    passed: Arc<AtomicU32>,
}

/// The nodes that told of themselves.
#[derive(Default)]
pub struct Neighbours(RwLock<BTreeMap<String, Neighbour>>);

/// A call on its way, until this is dropped.
pub struct Passed(Arc<AtomicU32>);

impl Drop for Passed {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Neighbour {
    /// Calls that run or wait there, as far as is known here.
    pub fn busy(&self) -> u32 {
        self.notice.busy.saturating_add(self.passed.load(Ordering::Relaxed))
    }
}

impl Neighbours {
    /// A node told of itself.
    pub fn tell(&self, name: &str, notice: Notice, took: Duration, now: Instant) {
        let mut all = self.0.write();
        let notice = Arc::new(notice);
        match all.get_mut(name) {
            Some(known) => {
                // A way that was shorter once can be that short; one that grew is believed slowly.
                let grown = (known.round_trip * (NEW_PART - 1) + took) / NEW_PART;
                known.round_trip = took.min(grown);
                (known.notice, known.heard) = (notice, now);
            }
            None => {
                let passed = Arc::default();
                let new = Neighbour { notice, round_trip: took, heard: now, passed };
                all.insert(name.to_string(), new);
            }
        }
    }

    /// A node cannot be reached.
    pub fn lost(&self, name: &str) {
        self.0.write().remove(name);
    }

    /// A call goes to a node.
    pub fn pass(&self, name: &str) -> Option<Passed> {
        let passed = self.0.read().get(name)?.passed.clone();
        passed.fetch_add(1, Ordering::Relaxed);
        Some(Passed(passed))
    }

    /// Those that told of themselves of late, by name.
    pub fn fresh(&self, now: Instant) -> BTreeMap<String, Neighbour> {
        let all = self.0.read();
        let fresh = all.iter().filter(|(_, known)| now - known.heard < FRESH);
        fresh.map(|(name, known)| (name.clone(), known.clone())).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_is_silent_is_not_counted_on() {
        let (neighbours, start) = (Neighbours::default(), Instant::now());
        let notice = Notice { busy: 2, ..Notice::default() };
        neighbours.tell("oslo", notice, Duration::from_millis(8), start);
        let passed = neighbours.pass("oslo").expect("it is known");
        assert_eq!(neighbours.fresh(start)["oslo"].busy(), 3);
        drop(passed);
        assert_eq!(neighbours.fresh(start)["oslo"].busy(), 2);
        assert!(neighbours.pass("paris").is_none());
        assert!(neighbours.fresh(start + FRESH).is_empty());
        neighbours.lost("oslo");
        assert!(neighbours.fresh(start).is_empty());
    }

    #[test]
    fn a_way_is_measured_again_and_again() {
        let (neighbours, now) = (Neighbours::default(), Instant::now());
        for took in [50, 8, 8, 8, 40] {
            let took = Duration::from_millis(took);
            neighbours.tell("oslo", Notice::default(), took, now);
        }
        let way = neighbours.fresh(now)["oslo"].round_trip;
        assert!(way >= Duration::from_millis(8) && way < Duration::from_millis(20), "{way:?}");
    }
}
