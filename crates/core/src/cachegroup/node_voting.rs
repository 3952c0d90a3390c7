//! What a node says and hears as one who may have a vote, and of those who have.

use crate::cachegroup::action::{Action, Charter, Outcome, Support};
use crate::cachegroup::change::Unchanged;
use crate::cachegroup::desk::{Desk, forget, learn_voters};
use crate::cachegroup::message::Message;
use crate::cachegroup::names::{GroupId, NodeId};
use crate::cachegroup::node::{Node, desk};
use crate::cachegroup::rules::Rules;
use crate::cachegroup::seat::Seat;
use crate::cachegroup::voters::Voters;
use crate::ids::RequestId;
use crate::time::Instant;

impl<R: Rules> Node<R> {
    /// Joins a group: as a member, and as one that may have a vote if its settings or a former
    /// life say so; else a leader that wants its vote will ask. `latest` is what a former life
    /// supported.
    pub fn join(&mut self, now: Instant, charter: Charter, latest: Support) {
        let view = self.views.entry(charter.group).or_default();
        if !view.voters.are_in_office() {
            view.voters = Voters::by_settings(charter.voters.clone());
        }
        if charter.voters.contains(&self.me) || latest.whom.is_some() {
            self.sit_down(now, charter, latest);
        }
    }

    fn sit_down(&mut self, now: Instant, charter: Charter, latest: Support) {
        let group = charter.group;
        let seat = Seat::new(&desk!(self, now, &mut Vec::new()), charter, latest);
        self.seats.insert(group, seat);
    }

    /// Handles what is said between voters, and what a leader is asked about them.
    pub(super) fn on_vote(
        &mut self,
        now: Instant,
        from: NodeId,
        group: GroupId,
        message: &Message,
        orders: &mut Vec<Action>,
    ) {
        if let Message::Change { ticket, after, ref names } = *message {
            let mut desk = desk!(self, now, orders);
            let keeps = self.pendings.has_any_of(group);
            return match self.seats.get_mut(&group) {
                Some(seat) => seat.change(&mut desk, (from, ticket), (after, names), keeps),
                None => {
                    let why = Unchanged::NoLeader;
                    desk.send(from, group, Message::Unchanged { ticket, why });
                }
            };
        }
        // A vote is asked of who has none by its settings: the data store's row has this node on
        // the list, or is about to.
        if matches!(message, Message::Lease { .. }) && !self.seats.contains_key(&group) {
            let Some(view) = self.views.get(&group) else { return };
            let charter = Charter { group, voters: view.voters.names.clone() };
            self.sit_down(now, charter, Support::default());
        }
        let mut desk = desk!(self, now, orders);
        if let Some(seat) = self.seats.get_mut(&group) {
            let pending = || self.pendings.of(group);
            seat.on_message(&mut desk, &mut self.views, from, message, pending);
        }
    }

    /// A caller wants others to vote: asks the leader.
    pub(super) fn ask_to_change(
        &mut self,
        now: Instant,
        (request, group): (RequestId, GroupId),
        (after, names): (u64, Vec<NodeId>),
        orders: &mut Vec<Action>,
    ) {
        let mut desk = desk!(self, now, orders);
        let ticket = desk.ticket(request);
        match self.views.get(&group).and_then(|view| view.leader) {
            Some(leader) => desk.send(leader, group, Message::Change { ticket, after, names }),
            None => desk.answer(request, Outcome::Unchanged(Unchanged::NoLeader)),
        }
    }

    /// The leader answered to that.
    pub(super) fn on_changed(
        &mut self,
        now: Instant,
        from: NodeId,
        group: GroupId,
        (request, message): (RequestId, &Message),
        orders: &mut Vec<Action>,
    ) {
        let mut desk = desk!(self, now, orders);
        match message {
            Message::Changed { voters, .. } => {
                learn_voters(&mut self.views, group, voters);
                desk.answer(request, Outcome::Changed(voters.clone()));
            }
            Message::Unchanged { why, .. } => {
                if *why == Unchanged::NoLeader {
                    forget(&mut self.views, group, from);
                }
                desk.answer(request, Outcome::Unchanged(why.clone()));
            }
            _ => {}
        }
    }
}
