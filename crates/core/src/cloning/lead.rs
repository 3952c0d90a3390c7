//! How long before its time a clone must begin to start.
//!
//! Measured, not assumed: the length that nineteen of twenty starts of the function stay
//! below. It follows measurements by steps that are in balance exactly there (stochastic
//! approximation of a quantile, Robbins and Monro, 1951), so it costs two numbers per
//! function and forgets what is long ago.

use crate::demand::STEPS_MAX;
use crate::time::Span;

/// The share of starts that are done within the lead, in hundredths.
const SHARE: f64 = 0.95;
/// How far one measurement moves it, as a share of how far starts usually are from the mean.
const PACE: f64 = 0.3;
/// Measurements that count in the mean.
const RECENT: u32 = 20;

/// So many steps a forecast has to tell of a function whose starts usually take so long, that clones
/// can begin in time: the one that begins and the next, and as many more as starts last, with half
/// as much again for those that take longer than usual.
pub fn steps_to_tell(start: Span, step: Span) -> usize {
    let longest = start.nanos().saturating_add(start.nanos() / 2);
    let more = usize::try_from(longest / step.nanos().max(1)).unwrap_or(STEPS_MAX);
    more.saturating_add(2).min(STEPS_MAX)
}

/// The learned lead of one function.
#[derive(Debug, Clone, Copy, Default)]
pub struct Lead {
    high: f64,
    mean: f64,
    spread: f64,
    count: u32,
}

impl Lead {
    /// A start took so long.
    pub fn observe(&mut self, took: Span) {
        let took = took.nanos() as f64;
        self.count = self.count.saturating_add(1).min(RECENT);
        self.mean += (took - self.mean) / f64::from(self.count);
        self.spread += ((took - self.mean).abs() - self.spread) / f64::from(self.count);
        if self.count == 1 {
            self.high = took;
            return;
        }
        let weight = if took > self.high { SHARE } else { SHARE - 1.0 };
        // A start that takes far longer than ever is believed at once, in part.
        let jump = ((took - self.high) / 4.0 - self.spread).max(0.0);
        self.high = (self.high + PACE * self.spread * weight + jump).max(0.0);
    }

    /// The lead; `usual` before anything was measured.
    pub fn span(&self, usual: Span) -> Span {
        if self.count == 0 { usual } else { Span::from_nanos(self.high as u64) }
    }
}

#[cfg(test)]
mod tests {
    use crate::rng;

    use super::*;

    #[test]
    fn it_is_what_nineteen_of_twenty_starts_stay_below() {
        let mut lead = Lead::default();
        assert_eq!(lead.span(Span::from_secs(7)), Span::from_secs(7), "nothing measured");
        lead.observe(Span::from_millis(40));
        assert_eq!(lead.span(Span::ZERO), Span::from_millis(40));
        // Starts between 100 and 200 ms, all alike: the lead settles about 195.
        let mut rng = rng::split(3, "lead");
        let (mut above, mut sum) = (0, 0.0);
        for round in 0..4000 {
            let took = Span::from_millis(100 + rng::below(&mut rng, 101));
            if round >= 400 {
                above += u32::from(took > lead.span(Span::ZERO));
                sum += lead.span(Span::ZERO).millis_f64();
            }
            lead.observe(took);
        }
        let (share, mean) = (f64::from(above) / 3600.0, sum / 3600.0);
        assert!((0.02..0.10).contains(&share), "{share} of starts took longer");
        assert!((180.0..215.0).contains(&mean), "{mean} ms");
    }

    #[test]
    fn more_steps_are_told_where_starts_take_longer_than_one() {
        for (start_s, steps) in [(0, 2), (1, 2), (39, 2), (40, 3), (90, 4), (u64::MAX, STEPS_MAX)] {
            let start = Span::from_nanos(start_s.saturating_mul(1_000_000_000));
            assert_eq!(steps_to_tell(start, Span::from_secs(60)), steps, "{start_s} s");
        }
        assert_eq!(steps_to_tell(Span::from_secs(1), Span::ZERO), STEPS_MAX);
    }

    #[test]
    fn steady_starts_keep_it_where_they_are() {
        let mut lead = Lead::default();
        (0..500).for_each(|_| lead.observe(Span::from_millis(125)));
        let lead = lead.span(Span::ZERO).millis_f64();
        assert!((124.0..135.0).contains(&lead), "{lead} ms");
    }
}
