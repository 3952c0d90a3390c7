//! How long a FIFO rests after a change: longer each time it comes back to where it was.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::flow::view::OwnerId;
use crate::time::{Instant, Span};

/// How long FIFOs rest.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rest {
    /// The usual rest.
    pub usual: Span,
    /// What it grows to at most, as it doubles.
    pub most: Span,
}

impl Default for Rest {
    fn default() -> Self {
        Self { usual: Span::from_secs(5), most: Span::from_secs(300) }
    }
}

/// Coming back to an owner within this time is a ping-pong.
const RETURN: Span = Span::from_secs(60);

/// The rest of one FIFO, which goes from one `K` to another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cooldown<K: Ord = OwnerId> {
    moved: Option<Instant>,
    doublings: u32,
    /// When it left which owner.
    left: BTreeMap<K, Instant>,
}

impl<K: Ord> Default for Cooldown<K> {
    fn default() -> Self {
        Self { moved: None, doublings: 0, left: BTreeMap::new() }
    }
}

impl<K: Ord> Cooldown<K> {
    /// The FIFO changed hands.
    pub fn on_moved(&mut self, now: Instant, from: K, to: K) {
        // A time of quiet takes back a doubling.
        if let Some(moved) = self.moved {
            let quiet = now.since(moved).nanos() / (RETURN.nanos() * 2);
            self.doublings =
                self.doublings.saturating_sub(u32::try_from(quiet).unwrap_or(u32::MAX));
        }
        if self.left.get(&to).is_some_and(|&left| now.since(left) <= RETURN) {
            self.doublings += 1;
        }
        self.left.retain(|_, left| now.since(*left) <= RETURN);
        self.left.insert(from, now);
        self.moved = Some(now);
    }

    /// It came from where its rests were counted, and went back so often within a while.
    pub fn on_came(&mut self, now: Instant, returns: u32) {
        (self.moved, self.doublings) = (Some(now), returns);
    }

    /// How often it went back, less what was taken back since.
    pub fn returns(&self) -> u32 {
        self.doublings
    }

    /// Until when it rests; nothing if it never changed hands.
    pub fn until(&self, rest: Rest) -> Option<Instant> {
        let factor = 1u64.checked_shl(self.doublings).unwrap_or(u64::MAX);
        Some(self.moved? + (rest.usual * factor).min(rest.most))
    }

    /// When it changed hands last.
    pub fn moved(&self) -> Option<Instant> {
        self.moved
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn coming_back_doubles_the_rest_and_quiet_halves_it() {
        let mut cooldown = Cooldown::default();
        let usual = Rest::default();
        assert_eq!(cooldown.until(usual), None);
        let at = |seconds| Instant::ZERO + Span::from_secs(seconds);
        let (a, b) = (OwnerId(0), OwnerId(1));
        for (seconds, from, to, rest) in [
            (0, a, b, 5),
            (10, b, a, 10),
            (20, a, b, 20),
            (40, b, a, 40),
            (90, a, b, 80),
            (400, b, a, 20),
            (9_000, a, b, 5),
        ] {
            cooldown.on_moved(at(seconds), from, to);
            assert_eq!(cooldown.until(usual), Some(at(seconds + rest)), "at {seconds}");
        }
    }
}
