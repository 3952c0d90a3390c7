//! How a flow stands with its owner, for those who ask.

use std::collections::BTreeMap;
use std::sync::atomic::Ordering;
use std::time::Duration;

use swell_core::flow::cost::{Change, Kind};
use swell_core::time::Span;

use crate::flow::hands::Moved;
use crate::flow::line::Line;
use crate::flow::news::Mark;
use crate::invoker::Reached;

/// Bytes of a page of memory.
const PAGE: u64 = 4096;

impl Line {
    /// What a change of hands has to do that leads to this owner. A process has to be handed all and
    /// to map it; functions share one mapping.
    pub(crate) fn change(&self, place: usize) -> Change {
        let kind = if self.is_native(place) { Kind::Cold } else { Kind::Warm };
        let unread = self.meter.depth() as f64 * self.meter.counters().mean_bytes();
        let change = Change::on_node(kind, unread as u64, self.hands.lock().call_now());
        let pages = self.meter.counters().room.load(Ordering::Relaxed).div_ceil(PAGE);
        Change { pages_mapped: if kind == Kind::Cold { pages } else { 0 }, ..change }
    }

    /// How long a change of hands to another function is expected to take, from its order on.
    pub(crate) fn pause_next(&self) -> Span {
        let function = (0..self.owners().count()).find(|place| !self.is_native(*place));
        let change = self.change(function.unwrap_or(0));
        self.costs.lock().pause(&change)
    }

    /// The share of all bytes put in so far that came from this function or process.
    pub(crate) fn came_from(&self, name: &str) -> f64 {
        if !self.from.iter().any(|from| from == name) {
            return 0.0;
        }
        let bytes = |lane: usize| self.lane_state(lane).1.tail as f64;
        let all: f64 = (0..self.lanes.len()).map(bytes).sum();
        let own = (0..self.lanes.len()).filter(|&lane| self.from[lane] == name).map(bytes);
        if all > 0.0 { own.sum::<f64>() / all } else { 0.0 }
    }

    /// Whether a lane was short of room lately.
    pub(crate) fn is_short(&self, lane: usize) -> bool {
        self.lanes[lane].was_short()
    }

    /// Whether a lane could do with less room: what is in it fills less than an eighth.
    pub(crate) fn is_spare(&self, lane: usize) -> bool {
        let (class, state) = self.lane_state(lane);
        !self.is_short(lane) && state.tail.saturating_sub(state.committed) < class.bytes() / 8
    }

    /// The last change of hands.
    pub(crate) fn last_move(&self) -> Option<Moved> {
        self.hands.lock().last.clone()
    }

    /// Who still has it, if that is another one than who is to own it.
    pub(crate) fn holder(&self) -> Option<&str> {
        let holder = self.hands.lock().holder();
        holder.map(|place| self.owner_name(place))
    }

    /// How often it came back soon to an owner that it had left.
    pub(crate) fn ping_pongs(&self) -> u64 {
        self.hands.lock().ping_pongs
    }

    /// Whether it did so in the last minutes.
    pub(crate) fn came_back_lately(&self) -> bool {
        self.hands.lock().came_back_lately()
    }

    /// A pause that was measured since the last question.
    pub(crate) fn pause_news(&self) -> Option<Duration> {
        let news = self.hands.lock().news.take();
        self.meter.counters().mark(Mark::Changed, false);
        news
    }

    /// Changes of hands by reason.
    pub(crate) fn moves(&self) -> BTreeMap<String, u64> {
        self.hands.lock().moves.clone()
    }

    /// A call begins.
    pub(crate) fn call_begins(&self, call: Reached) {
        self.hands.lock().call = Some(call);
    }

    /// No call is under way any more; one that reached its function took so long.
    pub(crate) fn call_ended(&self, took: Option<Duration>) {
        let mut hands = self.hands.lock();
        hands.call = None;
        if let Some(took) = took {
            hands.called(took);
        }
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
