//! How a flow stands with its owner, for those who ask.

use std::collections::BTreeMap;
use std::time::Duration;

use swell_core::flow::cost::{Change, Kind};
use swell_core::time::Span;
use swell_core::units::Bytes;

use crate::flow::line::Line;
use crate::flow::news::Mark;
use crate::invoker::Reached;

impl Line {
    /// What the next change of hands has to do.
    pub(crate) fn change(&self) -> Change {
        let unread = self.meter.depth() as f64 * self.meter.counters().mean_bytes();
        Change {
            kind: Kind::Warm,
            pages_mapped: 0,
            pages_zeroed: 0,
            copied: Bytes::ZERO,
            unread: Bytes::new(unread as u64),
            is_near: true,
            round_trip: Span::ZERO,
            bandwidth: 0.0,
        }
    }

    /// The pause to expect of the next change of hands.
    pub(crate) fn pause_next(&self) -> Span {
        let change = self.change();
        self.hands.lock().costs.pause(&change)
    }

    /// How long the last one took.
    pub(crate) fn pause_last(&self) -> Option<Duration> {
        self.hands.lock().pause
    }

    /// A pause that was measured since the last question.
    pub(crate) fn pause_news(&self) -> Option<Duration> {
        let news = self.hands.lock().news.take();
        self.meter.counters().mark(Mark::Changed, false);
        news
    }

    /// Changes of hands by reason.
    pub(crate) fn moves(&self) -> BTreeMap<&'static str, u64> {
        self.hands.lock().moves.clone()
    }

    /// A call begins, or ended.
    pub(crate) fn set_call(&self, call: Option<Reached>) {
        self.hands.lock().call = call;
    }

    /// Whether its owner works on items.
    pub(crate) fn is_working(&self) -> bool {
        self.hands.lock().call.as_ref().is_some_and(Reached::get)
    }

    /// Something is wrong, or no longer is.
    pub(crate) fn set_trouble(&self, trouble: Option<String>) {
        self.hands.lock().trouble = trouble;
    }

    /// What is wrong, if something is.
    pub(crate) fn trouble(&self) -> Option<String> {
        self.hands.lock().trouble.clone()
    }
}
