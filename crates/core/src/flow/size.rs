//! Whether a lane should go on in a larger region: it runs out of room, and not because
//! more arrives than its owner can do.
//!
//! A larger region takes in a burst. It does not cure overload, as it only lengthens the
//! queue, so a lane whose owner is saturated stays as it is.

use crate::flow::window::Recent;
use crate::time::{Instant, Span};

/// Ticks that are looked back at for room.
const SHORT_TICKS: usize = 10;
/// In so large a share of them the lane was short of room.
const SHORT_SHARE: f64 = 0.3;
/// How much a tick counts against all before it for the saturation: about ten seconds.
const LEARNING: f64 = 0.01;
/// From this saturation on the owner is the problem.
const SATURATED: f64 = 0.9;
/// How long a lane rests after a change.
const REST: Span = Span::from_secs(5);

/// What is remembered of a lane.
#[derive(Debug, Clone)]
pub struct Sizing {
    short: Recent,
    saturation: f64,
    changed: Option<Instant>,
}

impl Default for Sizing {
    fn default() -> Self {
        Self { short: Recent::new(SHORT_TICKS), saturation: 0.0, changed: None }
    }
}

impl Sizing {
    /// Takes in a tick, in which the lane was short of room or not, and the saturation of its
    /// owner; whether it should go on in a larger region.
    pub fn wants_more(&mut self, now: Instant, is_short: bool, saturation: f64) -> bool {
        self.short.push(is_short);
        let saturation = if saturation.is_finite() { saturation.min(10.0) } else { 1.0 };
        self.saturation += LEARNING * (saturation - self.saturation);
        let rests = self.changed.is_some_and(|changed| now.since(changed) < REST);
        !rests && self.short.share() >= SHORT_SHARE && self.saturation < SATURATED
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
            (0..10).filter(|&tick| sizing.wants_more(at(tick), tick >= 4, 0.5)).collect();
        assert_eq!(wants, [6, 7, 8, 9], "short in three ticks of ten");
        sizing.on_changed(at(10));
        let again = (11..80).find(|&tick| sizing.wants_more(at(tick), true, 0.5));
        assert_eq!(again, Some(60), "it rests for five seconds");

        let mut overloaded = Sizing::default();
        for tick in 0..1_000 {
            overloaded.wants_more(at(tick), false, 1.2);
        }
        assert!((1_000..1_100).all(|tick| !overloaded.wants_more(at(tick), true, 1.2)));
    }
}
