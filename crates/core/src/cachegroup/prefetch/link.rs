//! How much may be fetched ahead: so many bytes a second, saved up for a while.

use crate::time::{Instant, Span};
use crate::units::Bytes;

/// How long what is not used is saved up.
const SAVED: Span = Span::from_secs(2);

/// The part of a link that prefetching may use (a token bucket).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    per_second: u64,
    left: u64,
    at: Instant,
}

impl Link {
    /// Of so many bytes a second.
    pub fn new(now: Instant, per_second: Bytes) -> Self {
        let mut link = Self { per_second: per_second.get(), left: 0, at: now };
        link.left = link.most();
        link
    }

    fn most(&self) -> u64 {
        self.per_second.saturating_mul(SAVED.nanos() / 1_000_000_000).max(1)
    }

    /// Takes so many bytes, if they are left.
    pub fn take(&mut self, now: Instant, bytes: Bytes) -> bool {
        let nanos = u128::from(now.since(self.at).nanos());
        let more = nanos * u128::from(self.per_second) / 1_000_000_000;
        // Moments that bring no whole byte are kept for later.
        if more > 0 {
            self.at = now;
            let more = u64::try_from(more).unwrap_or(u64::MAX);
            self.left = self.left.saturating_add(more).min(self.most());
        }
        let fits = bytes.get() <= self.left;
        if fits {
            self.left -= bytes.get();
        }
        fits
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_more_goes_through_than_fits() {
        let at = Instant::from_millis;
        let mut link = Link::new(at(0), Bytes::new(100));
        for (now, bytes, goes) in [
            (0, 150, true),
            (0, 51, false),
            (0, 50, true),
            (9, 1, false),
            (10, 1, true),
            (15, 1, false),
            (20, 1, true),
            (1_000_000, 200, true),
            (1_000_000, 1, false),
            (2_000_000, 201, false),
        ] {
            assert_eq!(link.take(at(now), Bytes::new(bytes)), goes, "{bytes} at {now}");
        }
    }
}
