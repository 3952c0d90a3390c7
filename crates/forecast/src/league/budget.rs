//! What training may use: a share of a core, and so much memory.

use serde::{Deserialize, Serialize};
use swell_core::time::{Instant, Span};

use crate::global::features::WIDTH;

/// Holds work to a share of a core, slice by slice.
///
/// Invariant: within any window, the slices that end in it have used no more than the share of
/// the window and one slice.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pacer {
    share: f64,
    ready: Instant,
}

impl Pacer {
    /// Holds work to a share of a core, above nothing and at most all of it.
    pub fn new(share: f64, now: Instant) -> Self {
        let share = if share.is_finite() { share.clamp(0.001, 1.0) } else { 0.001 };
        Self { share, ready: now }
    }

    /// How long to pause after a slice that used so much of a core and has just ended.
    pub fn pause(&mut self, now: Instant, worked: Span) -> Span {
        let due = (worked.nanos() as f64 / self.share) as u64;
        let began = Instant::from_nanos(now.nanos().saturating_sub(worked.nanos()));
        self.ready = self.ready.max(began) + Span::from_nanos(due);
        Span::from_nanos(self.ready.nanos().saturating_sub(now.nanos()))
    }
}

/// How much memory training may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Memory {
    /// In bytes.
    pub bytes: u64,
}

/// What is there besides examples, in bytes: the model, scratch, and a thread.
const BASE: u64 = 24 << 20;
/// What an example takes, in bytes: its row while the table of rows grows to the double, its
/// row of bins, its target, weight, slope and place at each level.
const EXAMPLE: u64 = (2 * 4 * WIDTH + WIDTH + 128) as u64;

impl Memory {
    /// How many examples may be looked at.
    pub fn examples(&self) -> usize {
        usize::try_from(self.bytes.saturating_sub(BASE) / EXAMPLE).unwrap_or(usize::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn memory_bounds_examples() {
        assert_eq!(Memory { bytes: 0 }.examples(), 0);
        let of = |mib: u64| Memory { bytes: mib << 20 }.examples();
        assert!(of(64) > 30_000 && of(256) > 200_000 && of(256) < 400_000, "{}", of(256));
    }

    proptest! {
        #[test]
        fn no_window_sees_more_than_its_share(
            share in 0.01f64..1.0,
            slices in prop::collection::vec((1u64..50, 0u64..200), 1..60),
        ) {
            let mut now = Instant::ZERO;
            let mut pacer = Pacer::new(share, now);
            let mut worked = Vec::new();
            for (millis, idle) in slices {
                let slice = Span::from_millis(millis);
                now = now + slice;
                worked.push((now, millis));
                now = now + pacer.pause(now, slice) + Span::from_millis(idle);
            }
            for (place, (from, _)) in worked.iter().enumerate() {
                let mut used = 0;
                for (until, millis) in &worked[place + 1..] {
                    used += millis;
                    let window = (until.nanos() - from.nanos()) as f64 / 1e6;
                    let allowed = share * window + *millis as f64;
                    prop_assert!(used as f64 <= allowed + 1e-3, "{used} of {allowed}");
                }
            }
        }
    }
}
