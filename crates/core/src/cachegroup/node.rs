//! A node of cache groups: member of any number of them, voter and leader of some.
//!
//! Two functions matter: [`handle`](Node::handle), which takes a piece of news and says what is
//! to be done, and [`next_wakeup`](Node::next_wakeup). What it sends to itself it also receives,
//! before it returns.

use std::collections::{BTreeMap, VecDeque};

use crate::cachegroup::action::{Action, Input, Memory, Outcome, Wish};
use crate::cachegroup::conduct::Conduct;
use crate::cachegroup::desk::{
    Desk, Distances, View, Views, forget, learn, learn_row, learn_voters,
};
use crate::cachegroup::level::ReadLevel;
use crate::cachegroup::member_table::MemberTable;
use crate::cachegroup::message::{Envelope, Message};
use crate::cachegroup::names::{GroupId, NodeId};
use crate::cachegroup::pendings::Pendings;
use crate::cachegroup::read::Source;
use crate::cachegroup::reads::Reads;
use crate::cachegroup::rules::{Kept, Rules};
use crate::cachegroup::seat::Seat;
use crate::cachegroup::store_message::{StoreAnswer, StoreReply, StoreRequest};
use crate::cachegroup::timing::Timing;
use crate::cachegroup::writes::Writes;
use crate::ids::RequestId;
use crate::time::Instant;

/// A node of cache groups.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Node<R = Kept> {
    pub(super) me: NodeId,
    pub(super) incarnation: u64,
    pub(super) timing: Timing,
    pub(super) rules: R,
    pub(super) views: Views,
    pub(super) distances: Distances,
    pub(super) conduct: Conduct,
    pub(super) table: MemberTable,
    pub(super) seats: BTreeMap<GroupId, Seat>,
    pub(super) reads: Reads,
    pub(super) writes: Writes,
    pub(super) pendings: Pendings,
}

/// What the parts of a node have in common, of its other fields.
macro_rules! desk {
    ($node:ident, $now:expr, $actions:expr) => {
        Desk {
            now: $now,
            me: $node.me,
            incarnation: $node.incarnation,
            timing: &$node.timing,
            rules: &$node.rules,
            distances: &$node.distances,
            conduct: $node.conduct,
            actions: $actions,
        }
    };
}
pub(super) use desk;

impl<R: Rules> Node<R> {
    /// A node that starts, with what outlived its former life.
    pub fn new(now: Instant, me: NodeId, memory: Memory, timing: Timing, rules: R) -> Self {
        let Memory { incarnation, pending, .. } = memory;
        let mut node = Self {
            me,
            incarnation,
            timing,
            rules,
            views: Views::new(),
            distances: Distances::new(),
            conduct: Conduct::default(),
            table: MemberTable::default(),
            seats: BTreeMap::new(),
            reads: Reads::default(),
            writes: Writes::default(),
            pendings: Pendings::default(),
        };
        node.pendings.recover(&desk!(node, now, &mut Vec::new()), pending);
        node
    }

    /// Handles a piece of news. What is to be done is added to `actions`.
    pub fn handle(&mut self, now: Instant, input: Input, actions: &mut Vec<Action>) {
        for seat in self.seats.values_mut() {
            seat.check_lease(&desk!(self, now, &mut Vec::new()));
        }
        let mut inputs = VecDeque::from([input]);
        while let Some(input) = inputs.pop_front() {
            let mut orders = Vec::new();
            self.on_input(now, input, &mut orders);
            self.sort(orders, actions, &mut inputs);
        }
    }

    /// Does what is due. What is to be done is added to `actions`.
    pub fn wake(&mut self, now: Instant, actions: &mut Vec<Action>) {
        let mut orders = Vec::new();
        for seat in self.seats.values_mut() {
            let mut desk = desk!(self, now, &mut orders);
            seat.check_lease(&desk);
            seat.wake(&mut desk);
        }
        let mut desk = desk!(self, now, &mut orders);
        self.reads.wake(&mut desk, &self.views, &self.table);
        self.writes.wake(&mut desk, &self.views, &mut self.table);
        self.pendings.wake(&mut desk, &self.views);
        let mut inputs = VecDeque::new();
        self.sort(orders, actions, &mut inputs);
        while let Some(input) = inputs.pop_front() {
            let mut orders = Vec::new();
            self.on_input(now, input, &mut orders);
            self.sort(orders, actions, &mut inputs);
        }
    }

    /// When [`wake`](Self::wake) has something to do.
    pub fn next_wakeup(&self) -> Instant {
        let seats = self.seats.values().map(|seat| seat.next_wakeup(&self.timing, &self.rules));
        let own = self.reads.next_wakeup().min(self.writes.next_wakeup());
        seats.min().unwrap_or(Instant::NEVER).min(own).min(self.pendings.next_wakeup())
    }

    fn sort(&self, orders: Vec<Action>, actions: &mut Vec<Action>, inputs: &mut VecDeque<Input>) {
        for order in orders {
            match order {
                Action::Send(envelope) if envelope.to == self.me => {
                    inputs.push_back(Input::Received(envelope));
                }
                order => actions.push(order),
            }
        }
    }

    fn on_input(&mut self, now: Instant, input: Input, orders: &mut Vec<Action>) {
        let mut desk = desk!(self, now, orders);
        match input {
            Input::Read { request, wish } => self.on_read(now, request, wish, orders),
            Input::Lock { request, content, group, within } => {
                let group = self.table.group(content, group);
                self.writes.lock(&mut desk, &self.views, request, content, group, within);
                self.writes.refresh(request);
            }
            Input::Publish { request, payload, session, acknowledgement, within } => {
                let terms = (acknowledgement, within);
                self.writes.publish(&mut desk, &self.views, request, payload, &session, terms);
                self.writes.refresh(request);
            }
            Input::Abandon { request } => {
                self.writes.abandon(&mut desk, &self.views, &mut self.table, request);
                self.writes.refresh(request);
            }
            Input::Move { content, from, to } => {
                let seat = self.seats.get_mut(&from);
                let is_given = seat.is_some_and(|seat| seat.give(&mut desk, content, to));
                let leader = self.views.get(&from).and_then(|view| view.leader);
                if let Some(leader) = leader.filter(|&leader| !is_given && leader != desk.me) {
                    desk.send(leader, from, Message::Give { content, to });
                }
            }
            Input::Change { request, group, after, names } => {
                self.ask_to_change(now, (request, group), (after, names), orders);
            }
            Input::Received(envelope) => self.on_message(now, envelope, orders),
            Input::Stored(reply) => self.on_store(now, &reply, orders),
            Input::Suggest { group, most } => {
                if let Some(leader) = self.views.get(&group).and_then(|view| view.leader) {
                    desk.send(leader, group, Message::Which { most });
                }
            }
            Input::Evicted { content, version } => {
                if let Some(group) = self.table.evict(content, version) {
                    let me = desk.me;
                    desk.report_missing(&self.views, group, content, version, me);
                }
            }
        }
    }

    fn on_read(&mut self, now: Instant, request: RequestId, wish: Wish, orders: &mut Vec<Action>) {
        let mut desk = desk!(self, now, orders);
        // A caller may see what it wrote itself before others do; at once if nothing it has seen
        // can have come after, and else if the leader still waits for it.
        let pin = wish.session.pin(wish.content);
        let pending = self.writes.pending(wish.content, pin);
        if let Some((group, granted, revision)) = pending
            && wish.level == ReadLevel::Causal
            && wish.session.floor(group) <= granted
        {
            return desk.answer(request, Outcome::pending(group, revision));
        }
        self.reads.begin(&mut desk, &self.views, &self.table, request, wish);
        self.reads.refresh(request);
    }

    fn on_message(&mut self, now: Instant, envelope: Envelope, orders: &mut Vec<Action>) {
        let Envelope { from, group, ref message, .. } = envelope;
        let mut desk = desk!(self, now, orders);
        match *message {
            Message::Ask { ticket, content, .. }
            | Message::Lock { ticket, content }
            | Message::Free { ticket, content, .. } => {
                let seat = self.seats.get_mut(&group);
                if !seat.is_some_and(|seat| seat.lead(&mut desk, from, message)) {
                    let View { epoch, leader, .. } =
                        self.views.get(&group).cloned().unwrap_or_default();
                    let leader = leader.filter(|&leader| leader != desk.me);
                    let answer = Message::NotLeader { ticket, content, epoch, leader };
                    desk.send(from, group, answer);
                }
            }
            Message::Renew { .. }
            | Message::Abort { .. }
            | Message::Missing { .. }
            | Message::Give { .. }
            | Message::Which { .. } => {
                if let Some(seat) = self.seats.get_mut(&group) {
                    seat.lead(&mut desk, from, message);
                }
            }
            Message::Pull { ticket, content, version }
            | Message::Forward { ticket, content, version, .. } => {
                let payload = self.table.copy(content).and_then(|copy| {
                    let is_it = copy.revision.version == version || !desk.rules.pulls_by_version();
                    copy.revision.payload.filter(|_| is_it)
                });
                let answer = match payload {
                    Some(payload) => {
                        Message::Data { ticket, content, version, digest: payload.digest }
                    }
                    None => Message::Gone { ticket, content, version },
                };
                let to = if let Message::Forward { to, .. } = *message { to } else { from };
                desk.send(to, group, answer);
            }
            Message::Lease { .. }
            | Message::Promise { .. }
            | Message::Refusal { .. }
            | Message::Change { .. } => self.on_vote(now, from, group, message, orders),
            Message::Copy { ref copy } => {
                let seat = self.seats.get(&group).filter(|seat| seat.may_keep(&desk, copy));
                if let Some(seat) = seat {
                    self.pendings.on_copy(&mut desk, from, copy, seat.guards(copy));
                }
            }
            Message::Popular { ref asked, total } => {
                orders.push(Action::Suggested { group, asked: asked.clone(), total });
            }
            Message::Copied { content, token, ref voters } => {
                let office = voters.first().filter(|_| desk.rules.counts_by_the_list_in_office());
                if let Some(office) = office {
                    learn_voters(&mut self.views, group, office);
                }
                self.writes.on_copied(&mut desk, &self.views, from, content, token, voters);
            }
            _ => self.on_answer(now, from, group, message, orders),
        }
    }

    /// What the leader or a member answered to an operation of ours.
    fn on_answer(
        &mut self,
        now: Instant,
        from: NodeId,
        group: GroupId,
        message: &Message,
        orders: &mut Vec<Action>,
    ) {
        let mut desk = desk!(self, now, orders);
        let Some(ticket) = message.ticket() else { return };
        let Some(request) = desk.request(ticket) else { return };
        match *message {
            Message::Fresh { ref standing, .. } | Message::Store { ref standing, .. } => {
                self.reads.on_standing(&mut desk, &mut self.table, request, standing, None);
            }
            Message::GoTo { ref standing, holder, .. } => {
                let source = Some(Source::Member(holder));
                self.reads.on_standing(&mut desk, &mut self.table, request, standing, source);
            }
            Message::Coming { ref standing, holder, .. } => {
                let source = Some(holder.map_or(Source::Relayed, Source::Forwarded));
                self.reads.on_standing(&mut desk, &mut self.table, request, standing, source);
            }
            Message::Locked { content, token, retry, holder, .. } => {
                let pending = token.and_then(|token| self.writes.pending(content, token));
                let pending = pending.map(|(group, _, revision)| (group, revision));
                let how = (retry, token.is_none() && holder.is_none());
                self.reads.on_locked(&mut desk, &self.table, request, how, pending);
                self.writes.on_locked(&desk, request, retry);
            }
            Message::NotLeader { epoch, leader, .. } => {
                forget(&mut self.views, group, from);
                learn(&mut self.views, group, epoch, leader);
                self.reads.on_not_leader(&desk, request);
                self.writes.on_elsewhere(&desk, request, None);
            }
            Message::Moved { group, .. } => {
                self.reads.on_moved(&mut desk, &self.table, request, group);
                self.writes.on_elsewhere(&desk, request, Some(group));
            }
            Message::Changed { .. } | Message::Unchanged { .. } => {
                self.on_changed(now, from, group, (request, message), orders);
            }
            Message::Data { version, digest, .. } => {
                let views = &self.views;
                self.reads.on_data(&mut desk, views, &mut self.table, request, version, digest);
            }
            Message::Gone { version, .. } => {
                self.reads.on_gone(&mut desk, &self.views, request, version);
            }
            Message::Grant { token, ref base, validated, .. } => {
                let grant = (from, group, token, base, validated);
                self.writes.on_grant(&mut desk, &mut self.table, request, grant);
            }
            Message::Acknowledged { version, committed, is_newest, .. } => {
                let moment = (committed, is_newest);
                self.writes.on_acknowledged(&mut desk, &mut self.table, request, version, moment);
            }
            _ => {}
        }
        self.reads.refresh(request);
        self.writes.refresh(request);
    }

    fn on_store(&mut self, now: Instant, reply: &StoreReply, orders: &mut Vec<Action>) {
        let mut desk = desk!(self, now, orders);
        for seat in self.seats.values_mut() {
            seat.on_store(&mut desk, &mut self.views, reply);
        }
        if let Some(about) = StoreAnswer::of(reply) {
            self.writes.on_store(&mut desk, &self.views, &mut self.table, about);
            return self.pendings.on_store(&mut desk, &self.views, about);
        }
        match *reply {
            StoreReply::Group { group, ref row } => learn_row(&mut self.views, group, row),
            StoreReply::Rows { ticket, of, ref group, .. } => {
                learn_row(&mut self.views, of, group);
                if let Some(request) = desk.request(ticket) {
                    self.writes.on_elsewhere(&desk, request, Some(of));
                    self.writes.refresh(request);
                }
            }
            StoreReply::Newest { ticket, ref row, of, ref group, digest, .. } => {
                learn_row(&mut self.views, of, group);
                if let Some(request) = desk.request(ticket) {
                    self.reads.on_row(&mut desk, &mut self.table, request, row, digest);
                    self.reads.refresh(request);
                }
            }
            StoreReply::Fetched { ticket, version, .. }
            | StoreReply::NotFound { ticket, version, .. } => {
                let digest = if let StoreReply::Fetched { digest, .. } = *reply {
                    Some(digest)
                } else {
                    None
                };
                if let Some(request) = desk.request(ticket) {
                    self.reads.on_fetched(&mut desk, &mut self.table, request, version, digest);
                    self.reads.refresh(request);
                }
            }
            StoreReply::Unavailable { ref request } => match **request {
                StoreRequest::Newest { ticket, .. } | StoreRequest::Fetch { ticket, .. } => {
                    if let Some(request) = desk.request(ticket) {
                        self.reads.on_unavailable(&desk, request);
                        self.reads.refresh(request);
                    }
                }
                // Who asked will ask again.
                _ => {}
            },
            _ => {}
        }
    }
}
