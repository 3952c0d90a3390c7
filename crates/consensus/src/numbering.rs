//! Numbers for what a site says, so that each message is decided at most once however often it
//! is sent.
//!
//! The state machine remembers a window of numbers per site, and takes what is further back for
//! a repetition. So a number is given out only while the oldest message under way is near enough
//! for the window to hold both, whichever comes first.

use std::collections::BTreeSet;
use std::sync::Arc;

use parking_lot::Mutex;
use tokio::sync::Notify;

/// How many numbers may lie between the oldest message under way and a new one, the new one
/// included. Less than the window of the state machine.
const AHEAD_MAX: u64 = 48;

/// Gives out numbers for one life of a site.
#[derive(Debug)]
pub struct Numbering {
    incarnation: u64,
    under_way: Mutex<UnderWay>,
    freed: Notify,
}

#[derive(Debug)]
struct UnderWay {
    next: u64,
    open: BTreeSet<u64>,
}

/// A number while its message is under way.
#[derive(Debug)]
pub struct Number {
    numbering: Arc<Numbering>,
    sequence: u64,
}

impl Numbering {
    /// The numbers of that life, from 1.
    pub fn new(incarnation: u64) -> Arc<Self> {
        let under_way = Mutex::new(UnderWay { next: 1, open: BTreeSet::new() });
        Arc::new(Self { incarnation, under_way, freed: Notify::new() })
    }

    /// Counts the starts of the site.
    pub fn incarnation(&self) -> u64 {
        self.incarnation
    }

    /// Whether a message of that name can have been said in this life, or in an earlier one.
    pub fn may_have_said(&self, incarnation: u64, sequence: u64) -> bool {
        let is_of_now = incarnation == self.incarnation && sequence < self.under_way.lock().next;
        incarnation < self.incarnation || is_of_now
    }

    /// The next number, as soon as the oldest message under way is near enough.
    pub async fn take(self: &Arc<Self>) -> Number {
        loop {
            let freed = self.freed.notified();
            tokio::pin!(freed);
            freed.as_mut().enable();
            if let Some(number) = self.try_take() {
                return number;
            }
            freed.await;
        }
    }

    /// The next number, if the oldest message under way is near enough.
    pub fn try_take(self: &Arc<Self>) -> Option<Number> {
        let mut under_way = self.under_way.lock();
        let next = under_way.next;
        let oldest = under_way.open.first().copied().unwrap_or(next);
        if next - oldest >= AHEAD_MAX {
            return None;
        }
        under_way.next += 1;
        under_way.open.insert(next);
        Some(Number { numbering: Arc::clone(self), sequence: next })
    }
}

impl Number {
    /// The number.
    pub fn sequence(&self) -> u64 {
        self.sequence
    }
}

impl Drop for Number {
    fn drop(&mut self) {
        self.numbering.under_way.lock().open.remove(&self.sequence);
        self.numbering.freed.notify_waiters();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_number_waits_for_the_oldest_and_for_no_other() {
        let numbering = Numbering::new(7);
        let oldest = numbering.take().await;
        for expected in 2..=AHEAD_MAX {
            let number = numbering.take().await;
            assert_eq!(number.sequence(), expected);
        }
        assert!(numbering.try_take().is_none(), "all others are done, the oldest is not");
        let waiting = tokio::spawn({
            let numbering = Arc::clone(&numbering);
            async move { numbering.take().await.sequence() }
        });
        drop(oldest);
        assert_eq!(waiting.await.expect("it ends"), AHEAD_MAX + 1);
    }
}
