//! How many of the clones of late were used before they were let go: what a clone may cost goes by
//! it.
//!
//! Forecasts that are right about chances are of different use: where calls have a rhythm they are
//! often nearly certain, and where calls come by chance alone they hardly ever are, so most of the
//! clones that a low price would allow are for nothing. What was used tells the two apart.

use crate::pool::clones::CloneTally;
use crate::time::{Instant, Span};

/// After so long, what became of a clone counts half.
const HALF: Span = Span::from_mins(180);
/// So many clones that have ended tell something.
const ENOUGH: f64 = 50.0;

/// What became of clones of late.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Uses {
    used: f64,
    ended: f64,
    seen: CloneTally,
    looked: Instant,
}

impl Uses {
    /// Takes in what became of all clones so far.
    pub fn look(&mut self, now: Instant, tally: CloneTally) {
        let halves = now.since(self.looked).secs_f64() / HALF.secs_f64();
        let kept = (-halves * std::f64::consts::LN_2).exp();
        let used = tally.used.saturating_sub(self.seen.used) as f64;
        let unused = tally.unused.saturating_sub(self.seen.unused) as f64;
        self.used = self.used * kept + used;
        self.ended = self.ended * kept + used + unused;
        (self.seen, self.looked) = (tally, now);
    }

    /// The share that was used, 0 to 1; nothing while too few have ended.
    pub fn share(&self) -> Option<f64> {
        (self.ended >= ENOUGH).then(|| self.used / self.ended)
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
        uses.look(Instant::ZERO, tally(20, 20));
        assert_eq!(uses.share(), None, "too few");
        uses.look(Instant::ZERO, tally(100, 100));
        assert_eq!(uses.share(), Some(0.5));
        let later = Instant::ZERO + HALF;
        uses.look(later, tally(100, 100));
        assert_eq!(uses.share(), Some(0.5), "nothing new");
        uses.look(later, tally(200, 100));
        assert_eq!(uses.share(), Some(0.75), "100 of 200 count as 50 of 100");
        uses.look(later + HALF * 8, tally(200, 100));
        assert_eq!(uses.share(), None, "all of it is long past");
    }
}
