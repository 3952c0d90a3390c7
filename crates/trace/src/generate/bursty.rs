//! Calls that come in bursts.
//!
//! A source that is on or off for exponential times (a Markov-modulated Poisson process
//! with two states); while on, calls come several at once, a few milliseconds apart. What
//! is hard here is not the mean rate but how many instances are wanted in one instant.

use swell_core::rng::{Rng, unit};
use swell_core::time::{Instant, Span};

use crate::pattern::{Pattern, exponential};

/// Mean time between the calls of one batch.
const BATCH_GAP: Span = Span::from_millis(5);

/// A pattern of busy and quiet stretches.
#[derive(Debug, Clone)]
pub struct Bursty {
    on: Span,
    off: Span,
    /// Mean number of calls at once.
    batch: f64,
    /// Mean time between batches in a busy stretch.
    gap: Span,
    at: Instant,
    /// When the busy stretch ends.
    until: Instant,
    /// Calls of the batch still to come.
    left: u64,
    started: bool,
    /// Nobody asks for calls after this.
    horizon: Instant,
}

impl Bursty {
    /// Calls `gap` apart on average over all time, in busy stretches of mean length `on`
    /// between quiet ones of mean length `off`, `batch` of them at once on average. After
    /// `horizon` none is looked for, since a slow source may have years of quiet.
    pub fn new(gap: Span, on: Span, off: Span, batch: f64, horizon: Instant) -> Self {
        let share = on.secs_f64() / (on + off).secs_f64();
        let gap = Span::from_secs_f64(gap.secs_f64() * batch * share);
        let (at, until) = (Instant::ZERO, Instant::ZERO);
        Self { on, off, batch, gap, at, until, left: 0, started: false, horizon }
    }

    /// A geometric number with mean `batch`, without the one call that is due.
    fn others(&self, rng: &mut Rng) -> u64 {
        let stop = 1.0 / self.batch;
        if stop >= 1.0 {
            return 0;
        }
        ((1.0 - unit(rng)).ln() / (1.0 - stop).ln()) as u64
    }
}

impl Pattern for Bursty {
    fn next(&mut self, rng: &mut Rng) -> Instant {
        if self.left > 0 {
            self.left -= 1;
            self.at = self.at + exponential(rng, BATCH_GAP);
            return self.at;
        }
        if !self.started {
            // Begin in either state with the share of time that it takes.
            self.started = true;
            if unit(rng) * (self.on + self.off).secs_f64() < self.on.secs_f64() {
                self.until = self.at + exponential(rng, self.on);
            }
        }
        loop {
            if self.at > self.horizon {
                return Instant::NEVER;
            }
            let at = self.at + exponential(rng, self.gap);
            if at < self.until {
                self.at = at;
                self.left = self.others(rng);
                return at;
            }
            // The stretch ended first; its end and a quiet time later the next begins.
            // The last batch may have outlasted its stretch, and time never goes back.
            self.at = self.at.max(self.until) + exponential(rng, self.off);
            self.until = self.at + exponential(rng, self.on);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use swell_core::rng::split;

    #[test]
    fn bursts_keep_the_mean_rate() {
        let mut rng = split(1, "t");
        let (on, off) = (Span::from_secs(30), Span::from_secs(300));
        let mut pattern = Bursty::new(Span::from_secs(2), on, off, 4.0, Instant::NEVER);
        let times: Vec<f64> = (0..100_000).map(|_| pattern.next(&mut rng).secs_f64()).collect();
        assert!(times.is_sorted());
        let mean = times[times.len() - 1] / times.len() as f64;
        assert!((mean / 2.0 - 1.0).abs() < 0.1, "{mean}");
        // Far more seconds are empty, and far more hold many calls, than at a steady rate.
        let mut seconds = vec![0u32; times[times.len() - 1] as usize + 1];
        times.iter().for_each(|&at| seconds[at as usize] += 1);
        let empty = seconds.iter().filter(|&&calls| calls == 0).count();
        assert!(empty as f64 / seconds.len() as f64 > 0.85, "{empty} of {}", seconds.len());
        assert!(seconds.iter().max().unwrap() > &20);
    }
}
