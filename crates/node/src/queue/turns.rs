//! Whose turn it is.
//!
//! Calls wait in lanes, one per function and one per host that callbacks go to. The lane
//! that keeps the fewest workers busy goes first, and no lane may keep all of them, so a
//! function that hangs delays its own calls and nobody else's.
//!
//! A lane whose call did not reach its function (it is paused, or the node has no room) is
//! shut: its calls stay where they are, and one at a time is let through to see, after pauses
//! that double. So thousands of calls that wait for a paused function cost what one does.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use uuid::Uuid;

use crate::queue::backoff::millis;
use crate::queue::verdict::Closed;

/// Where a call waits.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Lane {
    /// To call a function.
    Function(Arc<str>),
    /// To tell somebody at a host.
    Callback(Arc<str>),
}

#[derive(Debug, Default)]
struct Line {
    /// Calls by when it is their turn.
    waiting: BTreeSet<(u64, Uuid)>,
    running: u32,
    shut: Option<Shut>,
}

/// Why nobody of a line is let through for now.
#[derive(Debug, Clone, Copy)]
struct Shut {
    until_ms: u64,
    pause_ms: u64,
}

impl Line {
    /// When its first call may go, if none is done before.
    fn due_ms(&self) -> Option<u64> {
        let &(due, _) = self.waiting.first()?;
        match self.shut {
            None => Some(due),
            // Whoever is under way is the one that looks.
            Some(_) if self.running > 0 => None,
            Some(shut) => Some(due.max(shut.until_ms)),
        }
    }
}

/// Who waits, and who is being worked on.
#[derive(Debug)]
pub struct Turns {
    lines: BTreeMap<Lane, Line>,
    running: u32,
    workers: u32,
}

impl Turns {
    /// Nobody, with so many workers.
    pub fn new(workers: u32) -> Self {
        Self { lines: BTreeMap::new(), running: 0, workers: workers.max(1) }
    }

    /// A call waits from now on; its turn is at `due_ms` or later.
    pub fn wait(&mut self, lane: Lane, due_ms: u64, id: Uuid) {
        self.lines.entry(lane).or_default().waiting.insert((due_ms, id));
    }

    /// A call waits no longer; whether it did.
    pub fn leave(&mut self, lane: &Lane, due_ms: u64, id: Uuid) -> bool {
        let Some(line) = self.lines.get_mut(lane) else { return false };
        let left = line.waiting.remove(&(due_ms, id));
        self.tidy(lane);
        left
    }

    /// The call whose turn it is; [`Turns::done`] ends it.
    pub fn next(&mut self, now_ms: u64) -> Option<(Lane, Uuid)> {
        if self.running >= self.workers {
            return None;
        }
        let most = self.lane_max();
        let ready = self.lines.iter().filter(|(_, line)| line.running < most);
        let ready = ready.filter_map(|(lane, line)| {
            let &(due, id) = line.waiting.first()?;
            (line.due_ms()? <= now_ms).then_some((line.running, due, id, lane))
        });
        let (_, due, id, lane) = ready.min()?;
        let lane = lane.clone();
        let line = self.lines.get_mut(&lane).expect("it was found there");
        line.waiting.remove(&(due, id));
        line.running += 1;
        self.running += 1;
        Some((lane, id))
    }

    /// A call that had its turn is not worked on any longer.
    pub fn done(&mut self, lane: &Lane) {
        if let Some(line) = self.lines.get_mut(lane) {
            line.running -= 1;
            self.running -= 1;
        }
        self.tidy(lane);
    }

    /// When it is somebody's turn next, if nobody is done before.
    pub fn next_due_ms(&self) -> Option<u64> {
        if self.running >= self.workers {
            return None;
        }
        let most = self.lane_max();
        let free = self.lines.values().filter(|line| line.running < most);
        free.filter_map(Line::due_ms).min()
    }

    /// A call of the lane did not reach its function: nobody goes for a while,
    /// longer each time, and then one at a time.
    pub fn shut(&mut self, lane: &Lane, now_ms: u64, closed: Closed) {
        if let Some(line) = self.lines.get_mut(lane) {
            // Calls that were under way together say the same thing once.
            if line.shut.is_some_and(|shut| now_ms < shut.until_ms) {
                return;
            }
            let doubled = line.shut.map_or(0, |shut| shut.pause_ms.saturating_mul(2));
            let pause_ms = doubled.min(millis(closed.most)).max(millis(closed.least));
            line.shut = Some(Shut { until_ms: now_ms.saturating_add(pause_ms), pause_ms });
        }
    }

    /// A call of the lane reached its function.
    pub fn open(&mut self, lane: &Lane) {
        if let Some(line) = self.lines.get_mut(lane) {
            line.shut = None;
        }
    }

    /// Functions changed: what shut any lane may be over.
    pub fn open_all(&mut self) {
        self.lines.values_mut().for_each(|line| line.shut = None);
    }

    /// Workers that one lane may keep busy.
    fn lane_max(&self) -> u32 {
        self.workers - self.workers / 4
    }

    fn tidy(&mut self, lane: &Lane) {
        let empty = |line: &Line| line.waiting.is_empty() && line.running == 0;
        if self.lines.get(lane).is_some_and(empty) {
            self.lines.remove(lane);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const CLOSED: Closed = Closed { least: Duration::from_secs(1), most: Duration::from_secs(60) };

    fn lane(name: &str) -> Lane {
        Lane::Function(name.into())
    }

    fn id(number: u128) -> Uuid {
        Uuid::from_u128(number)
    }

    /// Names of the lanes that get their turn, until nobody does.
    fn all(turns: &mut Turns, now_ms: u64) -> Vec<String> {
        std::iter::from_fn(|| turns.next(now_ms))
            .map(|(lane, _)| match lane {
                Lane::Function(name) | Lane::Callback(name) => name.to_string(),
            })
            .collect()
    }

    #[test]
    fn the_lane_with_fewest_at_work_goes_first_and_none_takes_all() {
        let mut turns = Turns::new(4);
        for number in 0..9u8 {
            turns.wait(lane("hog"), number.into(), id(number.into()));
        }
        assert_eq!(all(&mut turns, 100), ["hog", "hog", "hog"], "one worker is kept free");
        turns.wait(lane("new"), 50, id(50));
        turns.wait(lane("new"), 51, id(51));
        assert_eq!(all(&mut turns, 100), ["new"]);
        turns.done(&lane("hog"));
        assert_eq!(all(&mut turns, 100), ["new"], "it has fewer at work");
    }

    #[test]
    fn a_shut_lane_lets_one_through_after_growing_pauses() {
        let mut turns = Turns::new(8);
        for number in 0..5u8 {
            turns.wait(lane("paused"), 0, id(number.into()));
        }
        assert_eq!(all(&mut turns, 0).len(), 5);
        let mut now = 0;
        let back = |turns: &mut Turns, now, number| {
            turns.shut(&lane("paused"), now, CLOSED);
            turns.wait(lane("paused"), now, id(number));
            turns.done(&lane("paused"));
        };
        for number in 0..5u8 {
            back(&mut turns, now, number.into());
        }
        for pause in [1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000] {
            assert_eq!(turns.next_due_ms(), Some(now + pause));
            assert_eq!(all(&mut turns, now + pause - 1), [""; 0]);
            now += pause;
            let (_, first) = turns.next(now).expect("one is let through to see");
            assert_eq!((turns.next(now), turns.next_due_ms()), (None, None), "and no other");
            back(&mut turns, now, first.as_u128());
        }
        let first = turns.next(now + 60_000).expect("one is let through to see");
        turns.open(&first.0);
        assert_eq!(all(&mut turns, now + 60_000).len(), 4, "it reached its function");
    }

    #[test]
    fn a_change_of_functions_opens_lanes() {
        let mut turns = Turns::new(2);
        turns.wait(lane("paused"), 0, id(1));
        turns.wait(lane("paused"), 0, id(2));
        let (line, _) = turns.next(0).expect("it is its turn");
        turns.shut(&line, 0, CLOSED);
        turns.done(&line);
        assert_eq!(turns.next(999), None);
        turns.open_all();
        assert!(turns.next(0).is_some());
    }

    #[test]
    fn turns_come_in_time() {
        let mut turns = Turns::new(2);
        turns.wait(lane("a"), 20, id(1));
        turns.wait(lane("b"), 10, id(2));
        assert_eq!(turns.next_due_ms(), Some(10));
        assert_eq!(turns.next(9), None);
        assert_eq!(turns.next(10), Some((lane("b"), id(2))));
        assert_eq!(turns.next(10), None);
        assert_eq!(turns.next_due_ms(), Some(20));
        assert!(turns.leave(&lane("a"), 20, id(1)));
        assert!(!turns.leave(&lane("a"), 20, id(1)));
        assert_eq!(turns.next_due_ms(), None);
        turns.done(&lane("b"));
        assert!(turns.lines.is_empty());
    }
}
