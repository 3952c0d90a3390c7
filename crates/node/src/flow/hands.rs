//! In whose hands a flow is: who owns it, how often that changed, and what it cost.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use swell_core::flow::cost::{Change, Costs};
use swell_core::time::Span;

use crate::invoker::Reached;

/// What is known about changes of hands.
#[derive(Default)]
pub(crate) struct Hands {
    owner: usize,
    /// The native process that owns it, by its number.
    native: Option<u64>,
    released: Option<Instant>,
    pub(crate) moves: BTreeMap<&'static str, u64>,
    pub(crate) costs: Costs,
    pub(crate) pause: Option<Duration>,
    /// A pause that nobody heard of yet.
    pub(crate) news: Option<Duration>,
    pub(crate) trouble: Option<String>,
    /// The call under way.
    pub(crate) call: Option<Reached>,
}

impl Hands {
    /// In the hands of this one at first.
    pub(crate) fn of(owner: usize) -> Self {
        Self { owner, ..Self::default() }
    }

    /// The place of the present owner.
    pub(crate) fn owner(&self) -> usize {
        self.owner
    }

    /// The native process that owns it, by its number.
    pub(crate) fn native(&self) -> Option<u64> {
        self.native
    }

    /// Another is to own it: a function, or the native process of this number.
    pub(crate) fn asked(&mut self, place: usize, native: Option<u64>, why: &'static str) {
        (self.owner, self.native, self.released) = (place, native, None);
        *self.moves.entry(why).or_default() += 1;
    }

    /// It is taken back from a native process.
    pub(crate) fn reclaimed(&mut self) {
        self.native = None;
    }

    /// The owner of before let go.
    pub(crate) fn released(&mut self) {
        self.released = Some(Instant::now());
    }

    /// The owner begins, after such a change; the pause to expect of the next one.
    pub(crate) fn begun(&mut self, change: &Change) -> Span {
        if let Some(pause) = self.released.take().map(|released| released.elapsed()) {
            self.costs.on_pause(change, Span::from_nanos(pause.as_nanos() as u64));
            (self.pause, self.news) = (Some(pause), Some(pause));
        }
        self.costs.pause(change)
    }
}
