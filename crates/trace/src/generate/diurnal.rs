//! Calls that follow the hour of the day.
//!
//! A Poisson pattern whose rate is a cosine of the hour: drawn at the highest rate and
//! thinned (Lewis and Shedler, 1979), which needs no memory and no table.

use std::f64::consts::TAU;

use swell_core::rng::{Rng, unit};
use swell_core::time::{Instant, Span};

use crate::pattern::{Pattern, exponential};

/// A pattern with a daily rhythm.
#[derive(Debug, Clone)]
pub struct Diurnal {
    gap: Span,
    amplitude: f64,
    peak: Span,
    at: Instant,
}

impl Diurnal {
    /// Calls `gap` apart on average over a day, with a rate that swings by `amplitude` (0
    /// to 1) about its mean and is highest at `peak` after midnight.
    pub fn new(gap: Span, amplitude: f64, peak: Span) -> Self {
        Self { gap, amplitude, peak, at: Instant::ZERO }
    }
}

impl Pattern for Diurnal {
    fn next(&mut self, rng: &mut Rng) -> Instant {
        let highest = 1.0 + self.amplitude;
        let gap = Span::from_secs_f64(self.gap.secs_f64() / highest);
        loop {
            self.at = self.at + exponential(rng, gap);
            let days = (self.at.secs_f64() - self.peak.secs_f64()) / 86_400.0;
            let rate = 1.0 + self.amplitude * (TAU * days).cos();
            if unit(rng) * highest < rate || self.at == Instant::NEVER {
                return self.at;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use swell_core::rng::split;

    #[test]
    fn the_peak_hour_is_busiest() {
        let mut rng = split(1, "t");
        let mut pattern = Diurnal::new(Span::from_secs(4), 0.6, Span::from_secs(14 * 3600));
        let mut hours = [0u32; 24];
        loop {
            let hour = pattern.next(&mut rng).secs_f64() / 3600.0;
            if hour >= 240.0 {
                break;
            }
            hours[hour as usize % 24] += 1;
        }
        // Per hour and ten days 9000 on average, 1.6 and 0.4 of it at the ends.
        assert!((f64::from(hours.iter().sum::<u32>()) / 216_000.0 - 1.0).abs() < 0.02);
        assert!((f64::from(hours[13] + hours[14]) / 28_600.0 - 1.0).abs() < 0.05, "{hours:?}");
        assert!((f64::from(hours[1] + hours[2]) / 7_300.0 - 1.0).abs() < 0.05, "{hours:?}");
    }
}
