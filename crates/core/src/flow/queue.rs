//! Whether a queue stands: not one that takes in a burst and empties again, but one that every item
//! waits in, which costs time and gains nothing.
//!
//! The test is CoDel's (RFC 8289, section 3): the shortest time that any item waited during an
//! interval of 100 ms, which is a tick, is above a target of 5 ms.

use crate::flow::window::Recent;
use crate::time::Span;

/// Waiting for less is no queue.
const TARGET: Span = Span::from_millis(5);
/// A queue stands that did so for so many ticks.
const TICKS: usize = 10;

/// Tells whether the queue of one FIFO stands.
#[derive(Debug, Clone)]
pub struct Queue {
    stood: Recent,
}

impl Default for Queue {
    fn default() -> Self {
        Self { stood: Recent::new(TICKS) }
    }
}

impl Queue {
    /// Takes in a tick: the shortest time of those items that were done, if any was; the work of
    /// one; and items that were in it on average.
    pub fn push(&mut self, soonest: Option<Span>, work: Span, depth: f64) {
        // One item that is being worked on waits for nobody.
        let stood = soonest.map_or(depth >= 2.0, |soonest| soonest - work > TARGET);
        self.stood.push(stood);
    }

    /// Nothing was in it for so many ticks.
    pub fn rested(&mut self, ticks: u32) {
        self.stood.push_many(false, ticks);
    }

    /// Whether it stood for a second.
    pub fn stands(&self) -> bool {
        self.stood.share() >= 1.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_does_not_empty_stands() {
        let ms = |ms| Some(Span::from_millis(ms));
        let work = Span::from_millis(10);
        for (soonest, depth, expected) in [
            (ms(16), 3.0, true),
            (ms(15), 3.0, false),
            (ms(10), 300.0, false),
            (None, 300.0, true),
            (None, 1.0, false),
        ] {
            let mut queue = Queue::default();
            (0..9).for_each(|_| queue.push(soonest, work, depth));
            assert!(!queue.stands(), "not for long enough");
            queue.push(soonest, work, depth);
            assert_eq!(queue.stands(), expected, "{soonest:?} {depth}");
            queue.rested(1);
            assert!(!queue.stands());
        }
    }
}
