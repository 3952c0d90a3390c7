//! How many of the clones of late were used before they were let go: what a clone may cost goes by
//! it, and by whether clones pay at all (see `balance`).
//!
//! Forecasts that are right about chances are of different use: where calls have a rhythm they are
//! often nearly certain, and where calls come by chance alone they hardly ever are, so most of the
//! clones that a low price would allow are for nothing. What was used tells the two apart.

use crate::pool::clones::CloneTally;
use crate::time::{Instant, Span};

/// After so long, what became of a clone counts half.
const HALF: Span = Span::from_mins(180);
/// So many clones that have ended tell something, and do until only so few still count. If it was
/// known once, fewer are enough to know it again.
const ENOUGH: f64 = 50.0;
const ENOUGH_AGAIN: f64 = 20.0;
const FORGOTTEN: f64 = 5.0;

/// What clones of late were good for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Lately {
    /// The share of them that was used, 0 to 1; nothing while too few have ended.
    pub used: Option<f64>,
    /// How far they have shown that they pay, or may still: 1 for fully, 0 for not at all.
    pub standing: f64,
}

impl Lately {
    /// Nothing is known yet.
    pub const UNKNOWN: Self = Self { used: None, standing: 1.0 };
    /// They are known not to pay.
    pub const USELESS: Self = Self { used: None, standing: 0.0 };
}

/// What became of clones of late.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Uses {
    used: f64,
    ended: f64,
    is_known: bool,
    was_known: bool,
    seen: CloneTally,
    looked: Instant,
}

impl Uses {
    /// Takes in what became of all clones so far.
    pub fn look(&mut self, now: Instant, clones: CloneTally) {
        // Until something is known nothing is forgotten: clones may come so seldom that of those of
        // the last hours there are never enough.
        let faded = if self.is_known { now.since(self.looked) } else { Span::ZERO };
        let halves = faded.secs_f64() / HALF.secs_f64();
        let kept = (-halves * std::f64::consts::LN_2).exp();
        let new = |now: u64, seen: u64| now.saturating_sub(seen) as f64;
        let used = new(clones.used, self.seen.used);
        self.used = self.used * kept + used;
        self.ended = self.ended * kept + used + new(clones.unused, self.seen.unused);
        let enough = if self.was_known { ENOUGH_AGAIN } else { ENOUGH };
        self.is_known = self.ended >= if self.is_known { FORGOTTEN } else { enough };
        self.was_known |= self.is_known;
        (self.seen, self.looked) = (clones, now);
    }

    /// The share that was used, 0 to 1; nothing while too few have ended.
    pub fn share(&self) -> Option<f64> {
        self.is_known.then_some(self.used / self.ended.max(1.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tally(used: u64, unused: u64) -> CloneTally {
        CloneTally { made: used + unused, used, unused, ..CloneTally::default() }
    }

    #[test]
    fn what_is_long_past_counts_less() {
        let mut uses = Uses::default();
        let mut share = |now, used, unused| {
            uses.look(now, tally(used, unused));
            uses.share()
        };
        assert_eq!(share(Instant::ZERO, 20, 20), None, "too few");
        assert_eq!(share(Instant::ZERO, 100, 100), Some(0.5));
        let later = Instant::ZERO + HALF;
        assert_eq!(share(later, 100, 100), Some(0.5), "nothing new");
        assert_eq!(share(later, 200, 100), Some(0.75), "100 of 200 count as 50 of 100");
        assert_eq!(share(later + HALF * 4, 200, 100), Some(0.75), "12 are few, but not forgotten");
        assert_eq!(share(later + HALF * 8, 200, 100), None, "all of it is long past");
        assert_eq!(share(later + HALF * 8, 202, 110), None, "too few again");
        let again = share(later + HALF * 8, 202, 125);
        assert!(again.is_some_and(|used| used < 0.3), "{again:?}: fewer tell the second time");
    }

    #[test]
    fn what_comes_seldom_tells_in_the_end() {
        let mut uses = Uses::default();
        let is_known = |turn: u64| {
            uses.look(Instant::ZERO + HALF * turn, tally(0, 10 * turn));
            uses.share().is_some()
        };
        let known: Vec<bool> = (1..=6).map(is_known).collect();
        assert_eq!(known, [false, false, false, false, true, true]);
    }
}
