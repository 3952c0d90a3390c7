//! What to do when demand is not what was foreseen.
//!
//! More than foreseen: clones at once. The trigger is a count beyond the upper band by a
//! margin, the cap is a share of what works already, so that one burst never takes all.
//! Less than foreseen: let clones go slowly. A surplus must last before anything happens,
//! then half of it goes and the rest must last again; so demand that swings faster than
//! the patience moves nothing.

use crate::demand::StepDemand;
use crate::time::{Instant, Span};

/// Calls beyond the upper band at which demand is taken to exceed the forecast, in
/// thousandths of it.
const TRIGGER: u64 = 1200;
/// Calls in a step below which nothing is an excess.
const CALLS_LEAST: u32 = 3;
/// Of the instances that demand needs, so many more are kept ready when it exceeds the
/// forecast: one in four, at least one, at most [`AHEAD_MAX`].
const AHEAD_SHARE: u32 = 4;
const AHEAD_MAX: u32 = 64;
/// Where they come so fast as chance does not bring them, so many times as many, and at most so many
/// more.
const JUMP_TIMES: u32 = 8;
const JUMP_MAX: u32 = 512;

/// How long a surplus of clones lasts at most before some of it goes, if it was made for a surge that
/// is over.
pub const SURGE_PATIENCE: Span = Span::from_secs(10);

/// Whether the calls that came in a step exceed what was said of it; without a forecast,
/// any number from the least on does.
pub fn exceeds(said: Option<StepDemand>, came: u32) -> bool {
    let bound = said.map_or(0, |said| u64::from(said.q95));
    came >= CALLS_LEAST && u64::from(came) * 1_000_000 > bound * TRIGGER
}

/// Whether the calls that came in a step are as many as were to be expected in it: more are
/// then less likely than not.
pub fn is_fulfilled(said: StepDemand, came: u32) -> bool {
    came > 0 && u64::from(came) * 1000 >= u64::from(said.q50)
}

/// How many instances to have when demand exceeds the forecast and `needed` are needed now.
pub fn at_once(needed: u32) -> u32 {
    needed.saturating_add((needed / AHEAD_SHARE).clamp(1, AHEAD_MAX))
}

/// How many instances to have at most when calls come so fast as chance does not bring them, and
/// `needed` are needed now.
pub fn in_jump(needed: u32) -> u32 {
    let more = needed.saturating_mul(JUMP_TIMES - 1).min(JUMP_MAX);
    needed.saturating_add(more)
}

/// How a surplus of clones is let go.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Surplus {
    since: Option<Instant>,
}

impl Surplus {
    /// So many clones are more than wished for: how many go now, and when to look again.
    pub fn settle(&mut self, now: Instant, surplus: u32, patience: Span) -> (u32, Instant) {
        if surplus == 0 {
            self.since = None;
            return (0, Instant::NEVER);
        }
        let since = *self.since.get_or_insert(now);
        if now < since + patience {
            return (0, since + patience);
        }
        let going = surplus.div_ceil(2);
        self.since = (going < surplus).then_some(now);
        (going, self.since.map_or(Instant::NEVER, |since| since + patience))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PATIENCE: Span = Span::from_secs(60);

    fn at(seconds: u64) -> Instant {
        Instant::from_millis(seconds * 1000)
    }

    #[test]
    fn demand_exceeds_a_forecast_beyond_its_upper_band() {
        let said = |q95| Some(StepDemand { q95, ..StepDemand::default() });
        for (said, came, exceeded) in [
            (said(10_000), 12, false),
            (said(10_000), 13, true),
            (said(0), 2, false),
            (said(0), 3, true),
            (None, 2, false),
            (None, 3, true),
            (said(u32::MAX), u32::MAX, true),
        ] {
            assert_eq!(exceeds(said, came), exceeded, "{came} beside {said:?}");
        }
    }

    #[test]
    fn what_is_ready_beyond_demand_is_bounded() {
        for (needed, expected) in
            [(0, 1), (1, 2), (4, 5), (40, 50), (1000, 1064), (u32::MAX, u32::MAX)]
        {
            assert_eq!(at_once(needed), expected, "{needed}");
        }
    }

    #[test]
    fn a_surplus_lasts_then_halves_then_lasts_again() {
        let mut surplus = Surplus::default();
        assert_eq!(surplus.settle(at(0), 5, PATIENCE), (0, at(60)));
        assert_eq!(surplus.settle(at(30), 5, PATIENCE), (0, at(60)));
        assert_eq!(surplus.settle(at(60), 5, PATIENCE), (3, at(120)));
        assert_eq!(surplus.settle(at(61), 2, PATIENCE), (0, at(120)));
        assert_eq!(surplus.settle(at(120), 2, PATIENCE), (1, at(180)));
        assert_eq!(surplus.settle(at(180), 1, PATIENCE), (1, Instant::NEVER));
    }

    #[test]
    fn a_surplus_that_comes_and_goes_faster_than_patience_moves_nothing() {
        let mut surplus = Surplus::default();
        for wave in 0..100 {
            let begins = wave * 80;
            assert_eq!(surplus.settle(at(begins), 8, PATIENCE).0, 0);
            assert_eq!(surplus.settle(at(begins + 40), 0, PATIENCE).0, 0);
        }
    }
}
