//! How long does FaasCache's `HIST` keep a function, and when would it warm it again?
//!
//! After the hybrid histogram of "Serverless in the Wild" (ATC 2020), but not equal to
//! it. For each function: 240 bins of one minute for the time between the starts of two
//! calls; the keep time is the 99th percentile and a tenth more, the warm-up time the
//! 5th percentile and a tenth less. Reproduced faults, by name (how the two times are
//! misused is told in `node`):
//!
//! - **ratio for variation**: a function counts as regular if `variance / mean <= 2`,
//!   of the times; the paper asks for the coefficient of variation of the *bin counts*.
//! - **start to start**: times run from start to start, the keep time is applied from
//!   the start of the last call; the paper measures idle time, from end to start.
//! - **no far branch**: times of four hours or more are forgotten; the paper forecasts
//!   them.

const BINS: usize = 240;
const MINUTE_MS: f64 = 60_000.0;
const DEFAULT_KEEP_MS: f64 = 7_200_000.0;

/// The history of one function.
#[derive(Debug, Clone)]
pub struct Histogram {
    bins: [u32; BINS],
    count: u32,
    mean: f64,
    squares: f64,
    last_seen_ms: f64,
    keep_ms: f64,
    warm_ms: f64,
}

impl Histogram {
    /// The history of a function that is called for the first time: two hours, no
    /// warm-up.
    pub fn new(now_ms: f64) -> Self {
        Self {
            bins: [0; BINS],
            count: 0,
            mean: 0.0,
            squares: 0.0,
            last_seen_ms: now_ms,
            keep_ms: DEFAULT_KEEP_MS,
            warm_ms: 0.0,
        }
    }

    /// Idle age at which a container is purged, in ms after its last access.
    pub fn keep_ms(&self) -> f64 {
        self.keep_ms
    }

    /// Whether a warm-up time is set, so that a container is unloaded when it finishes.
    pub fn unloads(&self) -> bool {
        self.warm_ms != 0.0
    }

    /// When the next container should stand ready, if a warm-up time is set.
    pub fn warm_due_ms(&self) -> Option<f64> {
        self.unloads().then_some(self.warm_ms + self.last_seen_ms)
    }

    /// Learns from one more call at `now_ms`.
    pub fn on_call(&mut self, now_ms: f64) {
        let minute = ((now_ms - self.last_seen_ms) / MINUTE_MS).floor();
        self.last_seen_ms = now_ms;
        if minute >= BINS as f64 {
            return;
        }
        self.learn(minute);
        if self.count >= 2 && self.is_regular() {
            let (head, tail) = self.percentiles();
            self.keep_ms = tail as f64 * MINUTE_MS * 1.1;
            self.warm_ms = head as f64 * MINUTE_MS * 0.9;
        } else {
            self.keep_ms = DEFAULT_KEEP_MS;
            self.warm_ms = 0.0;
        }
    }

    /// Welford's running mean and sum of squares.
    fn learn(&mut self, minute: f64) {
        self.bins[minute as usize] += 1;
        self.count += 1;
        let before = minute - self.mean;
        self.mean += before / f64::from(self.count);
        self.squares += before * (minute - self.mean);
    }

    fn is_regular(&self) -> bool {
        let variance = self.squares / f64::from(self.count);
        self.mean == 0.0 || variance / self.mean <= 2.0
    }

    /// The whole minute before the 5th percentile's and the one after the 99th's.
    fn percentiles(&self) -> (usize, usize) {
        let mut below = 0.0;
        let mut head = None;
        for (minute, &count) in self.bins.iter().enumerate() {
            below += f64::from(count) / f64::from(self.count);
            if head.is_none() && 0.05 < below {
                head = Some(minute.saturating_sub(1));
            }
            if 0.99 < below {
                return (head.unwrap_or(BINS), (minute + 1).min(BINS));
            }
        }
        (head.unwrap_or(BINS), BINS)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Calls `gaps_min` apart; expected are keep and warm-up time in minutes.
    fn check(gaps_min: &[f64], keep_min: f64, warm_min: f64) {
        let mut now_ms = 0.0;
        let mut histogram = Histogram::new(now_ms);
        for gap in gaps_min {
            now_ms += gap * MINUTE_MS;
            histogram.on_call(now_ms);
        }
        let seen = (histogram.keep_ms / MINUTE_MS, histogram.warm_ms / MINUTE_MS);
        assert!((seen.0 - keep_min).abs() < 1e-9, "{seen:?}");
        assert!((seen.1 - warm_min).abs() < 1e-9, "{seen:?}");
    }

    #[test]
    fn keeps_two_hours_until_two_gaps_are_known() {
        check(&[], 120.0, 0.0);
        check(&[5.0], 120.0, 0.0);
    }

    #[test]
    fn a_regular_function_is_kept_and_warmed_by_percentiles() {
        check(&[5.0, 5.0], 6.6, 3.6);
        check(&[0.2, 0.3, 0.5], 1.1, 0.0);
        check(&[10.0, 11.0, 12.0], 14.3, 8.1);
    }

    #[test]
    fn ratio_for_variation_depends_on_the_unit() {
        // Same shape, ten times longer: the ratio grows, a true coefficient would not.
        check(&[4.0, 8.0], 9.9, 2.7);
        check(&[40.0, 80.0], 120.0, 0.0);
    }

    #[test]
    fn no_far_branch_forgets_long_gaps() {
        check(&[5.0, 5.0, 300.0], 6.6, 3.6);
    }
}
