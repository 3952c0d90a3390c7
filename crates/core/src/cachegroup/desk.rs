//! What the parts of a node have in common while they handle one piece of news.

use std::collections::BTreeMap;

use crate::cachegroup::action::{Action, Outcome};
use crate::cachegroup::conduct::Conduct;
use crate::cachegroup::message::{Envelope, Message};
use crate::cachegroup::names::{ContentId, Epoch, GroupId, NodeId, Ticket, Version};
use crate::cachegroup::store_message::StoreRequest;
use crate::cachegroup::store_table::GroupRow;
use crate::cachegroup::timing::Timing;
use crate::cachegroup::voters::Voters;
use crate::ids::RequestId;
use crate::time::{Instant, Span};

/// What a node knows of a group's leadership.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct View {
    /// The latest reign it heard of.
    pub epoch: Epoch,
    /// Whose it is, if that is known.
    pub leader: Option<NodeId>,
    /// Who votes, by the latest list it heard of.
    pub voters: Voters,
}

/// Leaders by group.
pub type Views = BTreeMap<GroupId, View>;

/// How long a message takes to each node that was measured. Who was not counts as next door.
pub type Distances = BTreeMap<NodeId, Span>;

/// Takes up news of a leader. Older news than what is known is ignored.
pub fn learn(views: &mut Views, group: GroupId, epoch: Epoch, leader: Option<NodeId>) {
    let view = views.entry(group).or_default();
    let is_more = epoch == view.epoch && view.leader.is_none();
    if epoch > view.epoch || is_more {
        view.epoch = epoch;
        view.leader = leader;
    }
}

/// Takes up who votes. Older lists than what is known are ignored.
pub fn learn_voters(views: &mut Views, group: GroupId, voters: &Voters) {
    let view = views.entry(group).or_default();
    if voters.number > view.voters.number {
        view.voters = voters.clone();
    }
}

/// Takes up the row of a group.
pub fn learn_row(views: &mut Views, group: GroupId, row: &GroupRow) {
    learn(views, group, row.epoch, row.leader);
    learn_voters(views, group, &row.voters);
}

/// A node that says it does not lead is not asked again, until it is heard to lead.
pub fn forget(views: &mut Views, group: GroupId, leader: NodeId) {
    if let Some(view) = views.get_mut(&group)
        && view.leader == Some(leader)
    {
        view.leader = None;
    }
}

/// The time, who we are, and where orders go.
pub struct Desk<'a, R> {
    /// When the news came.
    pub now: Instant,
    /// This node.
    pub me: NodeId,
    /// Counts the starts of this node.
    pub incarnation: u64,
    /// How long we wait for others.
    pub timing: &'a Timing,
    /// Which rules are kept.
    pub rules: &'a R,
    /// How far others are, as far as that is known.
    pub distances: &'a Distances,
    /// How this node conducts itself when it leads.
    pub conduct: Conduct,
    /// What is to be done.
    pub actions: &'a mut Vec<Action>,
}

impl<R> Desk<'_, R> {
    /// Sends a message.
    pub fn send(&mut self, to: NodeId, group: GroupId, message: Message) {
        let envelope = Envelope { from: self.me, to, group, message };
        self.actions.push(Action::Send(envelope));
    }

    /// Tells the leader that a member does not have a version, so that nobody is pointed there.
    /// A hint that stays costs others a round trip; nothing waits for this message.
    pub fn report_missing(
        &mut self,
        views: &Views,
        group: GroupId,
        content: ContentId,
        version: Version,
        holder: NodeId,
    ) {
        if let Some(leader) = views.get(&group).and_then(|view| view.leader) {
            self.send(leader, group, Message::Missing { content, version, holder });
        }
    }

    /// Asks the data store.
    pub fn store(&mut self, request: StoreRequest) {
        self.actions.push(Action::Store(request));
    }

    /// Answers a caller.
    pub fn answer(&mut self, request: RequestId, outcome: Outcome) {
        self.actions.push(Action::Answer { request, outcome });
    }

    /// The ticket of a caller's operation.
    pub fn ticket(&self, request: RequestId) -> Ticket {
        Ticket { incarnation: self.incarnation, number: request.0 }
    }

    /// The caller's operation that a ticket belongs to, if it is one of this life.
    pub fn request(&self, ticket: Ticket) -> Option<RequestId> {
        (ticket.incarnation == self.incarnation).then_some(RequestId(ticket.number))
    }
}
