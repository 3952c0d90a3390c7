//! How a flow stands with its owner, for those who ask.

use std::collections::BTreeMap;
use std::sync::atomic::Ordering;
use std::time::Duration;

use swell_api::flow::Ack;
use swell_api::flow_cut::Cut;
use swell_core::flow::cost::{Change, Kind};
use swell_core::flow::topology::Distance;
use swell_core::time::Span;

use crate::clock::wall_ms;
use crate::flow::hands::Moved;
use crate::flow::line::Line;
use crate::flow::news::Mark;
use crate::invoker::Reached;

/// Bytes a second to another node, as far as nobody learned better: a gigabit.
const BANDWIDTH: f64 = 125e6;
/// How long it may take that a call is cut short and the next owner begins.
const CUT_IN: Duration = Duration::from_secs(2);
/// Bytes of a page of memory.
const PAGE: u64 = 4096;

impl Line {
    /// What a change of hands has to do that leads to this owner. A process has to be handed all and
    /// to map it; functions share one mapping.
    pub(crate) fn change(&self, place: usize) -> Change {
        let kind = if self.is_native(place) { Kind::Cold } else { Kind::Warm };
        let unread = self.meter.depth() as f64 * self.meter.counters().mean_bytes();
        let hands = self.hands.lock();
        let (call, distance, holder) = (hands.call_now(), hands.distance(place), hands.caller());
        drop(hands);
        let call = self.patience(holder).map_or(call, |patience| call.min(patience));
        let pages = self.meter.counters().room.load(Ordering::Relaxed).div_ceil(PAGE);
        let pages_mapped = if kind == Kind::Cold { pages } else { 0 };
        Change { pages_mapped, distance, ..Change::on_node(kind, unread as u64, call) }
    }

    /// What has to be done that it goes to another node, so far away.
    pub(crate) fn change_node(&self, round_trip: Span) -> Change {
        let change = self.change(self.owner());
        let (kind, pages_mapped, distance) = (Kind::Away, 0, None);
        Change { kind, pages_mapped, distance, round_trip, bandwidth: BANDWIDTH, ..change }
    }

    /// How long a change of hands to this owner is expected to take, from its order on, if it is so
    /// far from whoever wrote what waits.
    pub(crate) fn expect(&self, place: usize, distance: Option<Distance>) -> Span {
        self.hands.lock().is_at(place, distance);
        let change = self.change(place);
        self.costs.lock().pause(&change)
    }

    /// Writes down what the next change of hands is expected to cost, where all who hold a
    /// descriptor of the flow can read it: that to the function it would cost least to.
    pub(crate) fn show_cost(&self) {
        let owner = self.owner();
        let functions = (0..self.owners().count()).filter(|place| !self.is_native(*place));
        let others = functions.clone().filter(|place| *place != owner);
        let changes: Vec<Change> = others.map(|place| self.change(place)).collect();
        let changes = if changes.is_empty() { vec![self.change(owner)] } else { changes };
        let costs = self.costs.lock();
        let least = changes.iter().map(|change| costs.pause(change)).min();
        drop(costs);
        let nanos = least.map_or(0, Span::nanos);
        self.ring.lock().fifo.set_migration_cost(nanos);
    }

    /// What the next change of hands is expected to cost, as it was written down last.
    pub(crate) fn pause_next(&self) -> Span {
        Span::from_nanos(self.ring.lock().fifo.migration_cost())
    }

    /// When something was last put in by a lane, in milliseconds since 1970; nothing if nothing was
    /// since the node came up.
    pub(crate) fn put_at_ms(&self, lane: usize) -> Option<u64> {
        wall_ms_of(self.lane_state(lane).1.put_at)
    }

    /// The same by any lane.
    pub(crate) fn last_put_ms(&self) -> Option<u64> {
        (0..self.lanes.len()).filter_map(|lane| self.put_at_ms(lane)).max()
    }

    /// When its owner was last done with something.
    pub(crate) fn taken_at_ms(&self) -> Option<u64> {
        wall_ms_of(self.ring.lock().fifo.taken_at())
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

    /// No call of this owner is under way any more; one that reached its function took so long.
    pub(crate) fn call_ended(&self, place: usize, took: Option<Duration>) {
        let mut hands = self.hands.lock();
        hands.call = None;
        if let Some(took) = took {
            hands.called(place, took);
        }
    }

    /// How long a call of this owner may go on once another is to own the flow; nothing where it may
    /// until it ends.
    pub(crate) fn patience(&self, place: usize) -> Option<Span> {
        match (self.spec.cut, self.spec.ack) {
            (Cut::Off, _) | (Cut::Auto, Ack::Append) => None,
            (Cut::AfterMs(ms), _) => Some(Span::from_millis(ms)),
            (Cut::Auto, Ack::Consume) => {
                let stall = Span::from_millis(self.spec.stall_ms);
                Some(self.hands.lock().patience(place, stall))
            }
        }
    }

    /// Whether the call under way, if there is one, holds up the flow for no longer than it has: it
    /// may not be cut short, or took less than it may after that. Where another is to own the flow
    /// already, what counts is how long it took since that was ordered.
    pub(crate) fn is_in_good_time(&self) -> bool {
        let hands = self.hands.lock();
        let Some(took) = hands.call.as_ref().and_then(Reached::elapsed) else { return false };
        let holder = hands.caller();
        let took = hands.waits().map_or(took, |waits| waits.saturating_sub(CUT_IN));
        drop(hands);
        self.patience(holder).is_none_or(|patience| took.as_nanos() < patience.nanos().into())
    }

    /// Whether a call is under way that reached its function.
    pub(crate) fn is_calling(&self) -> bool {
        self.hands.lock().call.as_ref().is_some_and(Reached::get)
    }

    /// Whose call that is, or would be.
    pub(crate) fn whose_call(&self) -> usize {
        self.hands.lock().caller()
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

/// A stamp of the ring by the clock of the wall; one that was never set is none.
fn wall_ms_of(stamp: u64) -> Option<u64> {
    let age = swell_fifo::clock::coarse().saturating_sub(stamp);
    (stamp > 0).then(|| wall_ms().saturating_sub(age / 1_000_000))
}
