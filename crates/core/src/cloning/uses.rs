//! How many of the clones of late were used before they were let go: what a clone may cost goes by
//! it.
//!
//! Forecasts that are right about chances are of different use: where calls have a rhythm they are
//! often nearly certain, and where calls come by chance alone they hardly ever are, so most of the
//! clones that a low price would allow are for nothing. What was used tells the two apart.

use crate::cloning::lift::LiftTally;
use crate::pool::clones::CloneTally;
use crate::time::{Instant, Span};

/// After so long, what became of a clone counts half.
const HALF: Span = Span::from_mins(180);
/// So many clones that have ended tell something, and do until only so few still count: what is
/// known to be useless is not tried anew all the time. If it is, fewer are enough to see whether it
/// still is.
const ENOUGH: f64 = 50.0;
const ENOUGH_AGAIN: f64 = 20.0;
const FORGOTTEN: f64 = 5.0;

/// What clones of late were good for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Lately {
    /// The share of them that was used, 0 to 1.
    pub used: f64,
    /// Of the calls that would have been cold without clones, the share that is not, at most 1;
    /// less than 0 if more are cold with them.
    pub lift: f64,
}

/// What became of clones of late.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Uses {
    used: f64,
    ended: f64,
    is_known: bool,
    was_known: bool,
    cold: f64,
    /// Calls that a clone spared a cold start, less those that had one for a clone's sake.
    gained: f64,
    seen: (CloneTally, LiftTally),
    looked: Instant,
}

impl Uses {
    /// Takes in what became of all clones so far, and of the calls that no habit kept warm.
    pub fn look(&mut self, now: Instant, clones: CloneTally, lift: LiftTally) {
        let halves = now.since(self.looked).secs_f64() / HALF.secs_f64();
        let kept = (-halves * std::f64::consts::LN_2).exp();
        let (seen_clones, seen_lift) = self.seen;
        let new = |now: u64, seen: u64| now.saturating_sub(seen) as f64;
        let used = new(clones.used, seen_clones.used);
        let unused = new(clones.unused, seen_clones.unused);
        let spared = new(lift.spared, seen_lift.spared);
        let regretted = new(lift.regretted, seen_lift.regretted);
        self.used = self.used * kept + used;
        self.ended = self.ended * kept + used + unused;
        self.cold = self.cold * kept + new(lift.cold, seen_lift.cold);
        self.gained = self.gained * kept + spared - regretted;
        self.is_known = self.ended >= if self.is_known { FORGOTTEN } else { self.enough() };
        self.was_known |= self.is_known;
        (self.seen, self.looked) = ((clones, lift), now);
    }

    /// So many clones have to end until something is known.
    pub fn enough(&self) -> f64 {
        if self.was_known { ENOUGH_AGAIN } else { ENOUGH }
    }

    /// What they were good for; nothing while too few have ended.
    pub fn lately(&self) -> Option<Lately> {
        let lift = self.gained / (self.cold + self.gained).max(1.0);
        let used = self.used / self.ended.max(1.0);
        self.is_known.then_some(Lately { used, lift })
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
            uses.look(now, tally(used, unused), LiftTally::default());
            uses.lately().map(|lately| lately.used)
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
    fn what_clones_gain_is_what_they_spare_less_what_is_regretted() {
        for (cold, spared, regretted, lift) in [
            (100, 0, 0, 0.0),
            (60, 70, 30, 0.4),
            (110, 70, 80, -0.1),
            (0, 80, 0, 1.0),
            (0, 0, 80, -80.0),
        ] {
            let mut uses = Uses::default();
            uses.look(Instant::ZERO, tally(80, 20), LiftTally { cold, spared, regretted });
            assert_eq!(uses.lately().map(|lately| lately.lift), Some(lift), "{cold} {spared}");
        }
    }
}
