//! Tries of items: how often their call was made, and what a result means for them.

use std::time::Duration;

use bytes::Bytes;
use http::Response;

use crate::clock::wall_ms;
use crate::flow::batch::Taken;
use crate::queue::verdict::{Closed, Verdict, judge};
use crate::refusal::{Reason, Refusal};

/// The pauses after a function was found to be gone.
const GONE: Closed = Closed { least: Duration::from_secs(1), most: Duration::from_secs(1) };

/// Items that were taken out and are not done with, and their tries so far.
pub(crate) struct Work {
    /// What its call is made with.
    pub(crate) items: Vec<Taken>,
    /// What the call that runs took besides.
    pub(crate) more: Vec<Taken>,
    /// Whether that call has said of some that they are done with; they are no longer here.
    pub(crate) is_partly_done: bool,
    /// Calls that were made for them.
    pub(crate) attempts: u32,
    /// Of these, calls that were cut short: they use up no try.
    pub(crate) cuts: u32,
    pub(crate) since_ms: u64,
}

impl Work {
    /// Calls that were made and not cut short.
    pub(crate) fn tries(&self) -> u32 {
        self.attempts - self.cuts
    }
}

/// Tries of the items being worked on, kept over changes of hands.
#[derive(Default)]
pub(crate) struct Tries {
    of: Option<(usize, u64)>,
    attempts: u32,
    cuts: u32,
    since_ms: u64,
}

impl Tries {
    /// Tries so far of items that begin with these.
    pub(crate) fn begin(&mut self, items: Vec<Taken>) -> Work {
        let first = items.first().map(|item| (item.lane, item.sequence));
        if self.of != first {
            *self = Self { of: first, attempts: 0, cuts: 0, since_ms: wall_ms() };
        }
        Work {
            items,
            more: Vec::new(),
            is_partly_done: false,
            attempts: self.attempts,
            cuts: self.cuts,
            since_ms: self.since_ms,
        }
    }

    /// Keeps what became of them.
    pub(crate) fn keep(&mut self, work: &Work) {
        (self.attempts, self.cuts) = (work.attempts, work.cuts);
    }
}

/// What a call came to. A function that is gone comes back or is replaced by another owner:
/// nobody's tries are used up meanwhile.
pub(crate) fn verdict(
    result: &Result<Response<Bytes>, Refusal>,
    attempt: u32,
    most: u32,
    age: Duration,
) -> Verdict {
    match result {
        Err(refusal) if refusal.reason == Reason::NotFound => {
            Verdict::Unreached(GONE, refusal.title.clone())
        }
        result => judge(result, attempt, most, age),
    }
}
