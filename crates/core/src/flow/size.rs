//! Whether a lane should go on in a larger region: it runs out of room, and not because
//! more arrives than its owner can do.
//!
//! A larger region takes in a burst. It does not cure overload, as it only lengthens the
//! queue, so a lane whose owner is saturated stays as it is.

use crate::flow::window::{RECENT_TICKS_MAX, Recent};
use crate::time::{Instant, Span};

/// Ticks that are looked back at for room.
const SHORT_TICKS: usize = 10;
/// In so large a share of them the lane was short of room.
const SHORT_SHARE: f64 = 0.3;
/// Ticks that are looked back at for the saturation: as many as are at hand.
const BUSY_TICKS: usize = RECENT_TICKS_MAX;
/// From so large a share of them on the owner is the problem.
const BUSY_SHARE: f64 = 0.5;
/// From this saturation on an owner has next to no time left.
pub const SATURATED: f64 = 0.9;
/// How long a lane rests after a change.
const REST: Span = Span::from_secs(5);

/// What is remembered of the lanes of a FIFO.
#[derive(Debug, Clone)]
pub struct Sizing {
    short: Recent,
    busy: Recent,
    changed: Option<Instant>,
}

/// How much lanes need a larger region.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Need {
    /// Nobody ran out of room.
    None,
    /// They were short of room in a share of the last second, and from so large a share on they get
    /// more.
    Short {
        /// The share.
        short: f64,
        /// That of which they get more.
        most: f64,
    },
    /// They were, and as their owner was saturated in a share of the time, more room would but
    /// lengthen the queue.
    Saturated {
        /// In what share they were short of room.
        short: f64,
        /// In what share its owner was saturated.
        busy: f64,
    },
    /// They were to change their size not long ago.
    Rests {
        /// Until when.
        until: Instant,
    },
}

impl Default for Sizing {
    fn default() -> Self {
        Self { short: Recent::new(SHORT_TICKS), busy: Recent::new(BUSY_TICKS), changed: None }
    }
}

impl Sizing {
    /// Takes in a tick, in which the lane was short of room or not, and its owner saturated or not;
    /// whether it should go on in a larger region.
    pub fn wants_more(&mut self, now: Instant, is_short: bool, is_saturated: bool) -> bool {
        self.short.push(is_short);
        self.busy.push(is_saturated);
        let rests = self.changed.is_some_and(|changed| now.since(changed) < REST);
        !rests && self.short.share() >= SHORT_SHARE && self.busy.share() < BUSY_SHARE
    }

    /// Why its lanes keep their size, if they were short of room at all.
    pub fn need(&self, now: Instant) -> Need {
        let (short, busy) = (self.short.share(), self.busy.share());
        let changed = self.changed.filter(|changed| now.since(*changed) < REST);
        match changed {
            Some(changed) => Need::Rests { until: changed + REST },
            None if short == 0.0 => Need::None,
            None if busy >= BUSY_SHARE => Need::Saturated { short, busy },
            None => Need::Short { short, most: SHORT_SHARE },
        }
    }

    /// Nothing happened for so many ticks.
    pub fn rested(&mut self, ticks: u32) {
        self.short.push_many(false, ticks);
        self.busy.push_many(false, ticks);
    }

    /// It went on in another region.
    pub fn on_changed(&mut self, now: Instant) {
        self.changed = Some(now);
        self.short.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flow::view::TICK;

    #[test]
    fn bursts_get_room_and_overload_does_not() {
        let mut sizing = Sizing::default();
        let at = |tick: u64| Instant::ZERO + TICK * tick;
        let wants: Vec<u64> =
            (0..10).filter(|&tick| sizing.wants_more(at(tick), tick >= 4, false)).collect();
        assert_eq!(wants, [6, 7, 8, 9], "short in three ticks of ten");
        sizing.on_changed(at(10));
        let again = (11..80).find(|&tick| sizing.wants_more(at(tick), true, false));
        assert_eq!(again, Some(60), "it rests for five seconds");

        let mut overloaded = Sizing::default();
        for tick in 0..1_000 {
            overloaded.wants_more(at(tick), false, true);
        }
        assert!((1_000..1_100).all(|tick| !overloaded.wants_more(at(tick), true, true)));
    }
}
