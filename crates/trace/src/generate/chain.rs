//! Functions that call each other.
//!
//! The first of a row is called from outside; when its call ends, it calls the next, and
//! so on. Nothing about the later ones' own past tells when they are due, but their
//! callers' does: the reward of looking across functions.

use swell_core::rng::Rng;
use swell_core::time::{Instant, Span};

use crate::pattern::exponential;

/// What a function calls when a call of it ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Link {
    /// The function that is called.
    pub next: u32,
    /// Mean time between the end and the call.
    pub delay: Span,
}

impl Link {
    /// When the next function is called, after a call at `at` that runs for `run`.
    pub fn due(&self, at: Instant, run: Span, rng: &mut Rng) -> Instant {
        at + run + exponential(rng, self.delay)
    }
}

/// The links of functions `first..first + count`, in rows of `length`.
pub fn links(first: u32, count: u32, length: u32, delay: Span) -> Vec<Option<Link>> {
    let last = |index: u32| index + 1 == count || (index + 1).is_multiple_of(length);
    (0..count)
        .map(|index| (!last(index)).then_some(Link { next: first + index + 1, delay }))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use swell_core::rng::split;

    #[test]
    fn rows_end_at_their_length_and_at_the_last_function() {
        let next = |count, length| {
            let links = links(10, count, length, Span::ZERO);
            links.iter().map(|link| link.map(|link| link.next)).collect::<Vec<_>>()
        };
        assert_eq!(next(5, 3), [Some(11), Some(12), None, Some(14), None]);
        assert_eq!(next(2, 1), [None, None]);
        assert_eq!(next(0, 3), []);
    }

    #[test]
    fn the_next_call_waits_for_the_end() {
        let link = Link { next: 1, delay: Span::from_millis(50) };
        let (at, run) = (Instant::from_millis(10), Span::from_secs(2));
        assert!(link.due(at, run, &mut split(1, "t")) >= at + run);
    }
}
