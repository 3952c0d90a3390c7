//! A voter's place in one group: its ballot, its candidacy, and the reign if it leads.

use crate::cachegroup::action::{Charter, Support};
use crate::cachegroup::ballot::{Ballot, Plea};
use crate::cachegroup::desk::{Desk, Views, learn, learn_voters};
use crate::cachegroup::election::{Election, News};
use crate::cachegroup::leader;
use crate::cachegroup::leader_table::LeaderTag;
use crate::cachegroup::message::{Message, PendingCopy};
use crate::cachegroup::names::{ContentId, GroupId, NodeId, Ticket};
use crate::cachegroup::reign::Reign;
use crate::cachegroup::rules::Rules;
use crate::cachegroup::store_message::StoreReply;
use crate::cachegroup::timing::Timing;
use crate::cachegroup::voters::Voters;
use crate::time::Instant;

/// A voter's place in one group.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Seat {
    group: GroupId,
    ballot: Ballot,
    election: Election,
    reign: Option<Reign>,
}

impl Seat {
    /// Takes the place, with the newest reign that a former life supported.
    pub fn new<R: Rules>(desk: &Desk<'_, R>, charter: Charter, latest: Support) -> Self {
        let group = charter.group;
        let ballot = Ballot::new(desk, group, latest);
        Self { group, ballot, election: Election::new(desk, charter, latest), reign: None }
    }

    /// The books of the reign, if this node leads. Ask [`check_lease`](Self::check_lease) first.
    pub fn reign(&self) -> Option<&Reign> {
        self.reign.as_ref()
    }

    /// Until when this node leads.
    pub fn lease_until(&self, timing: &Timing, rules: &impl Rules) -> Instant {
        self.election.lease_until(timing, rules)
    }

    fn take_up<R: Rules>(&mut self, desk: &Desk<'_, R>, news: News) {
        match news {
            News::None => {}
            News::Elected { epoch, pending } => {
                self.reign = Some(Reign::new(desk, self.group, epoch, &pending));
            }
            News::Ended => self.reign = None,
        }
    }

    /// R7: a lease that has run out ends the reign, before anything else is said.
    pub fn check_lease<R: Rules>(&mut self, desk: &Desk<'_, R>) {
        let news = self.election.check_lease(desk);
        self.take_up(desk, news);
    }

    /// Handles what is said between voters. `pending` is what this one keeps for the group.
    pub fn on_message<R: Rules>(
        &mut self,
        desk: &mut Desk<'_, R>,
        views: &mut Views,
        from: NodeId,
        message: &Message,
        pending: impl FnOnce() -> Vec<PendingCopy>,
    ) {
        match *message {
            Message::Lease { epoch, incarnation, sent, leads, ref voters } => {
                if leads {
                    learn(views, self.group, epoch, Some(from));
                }
                learn_voters(views, self.group, voters);
                self.election.on_lease(desk, from, voters);
                self.ballot.on_plea(desk, from, Plea { epoch, incarnation, sent }, pending());
            }
            Message::Promise { epoch, incarnation, sent, pending: ref theirs }
                if incarnation == desk.incarnation =>
            {
                self.election.on_promise(desk, from, epoch, sent, theirs);
                let reign = &self.reign;
                self.election.advance(desk, || !pending().is_empty() || waits(reign.as_ref()));
            }
            Message::Refusal { epoch, latest } => self.election.on_refusal(desk, epoch, latest),
            _ => {}
        }
    }

    /// Handles what members say to the leader. False if this node does not lead.
    pub fn lead<R: Rules>(
        &mut self,
        desk: &mut Desk<'_, R>,
        from: NodeId,
        message: &Message,
    ) -> bool {
        match &mut self.reign {
            Some(reign) => {
                leader::on_message(reign, desk, from, message);
                reign.send_off(desk);
            }
            None => return false,
        }
        true
    }

    /// Changes who votes, if this node leads. `keeps` says whether it keeps anything for the data
    /// store.
    pub fn change<R: Rules>(
        &mut self,
        desk: &mut Desk<'_, R>,
        asker: (NodeId, Ticket),
        wanted: (u64, &[NodeId]),
        keeps: bool,
    ) {
        let waits = keeps || waits(self.reign.as_ref());
        self.election.on_change(desk, asker, wanted, waits);
    }

    /// Gives a content to another group; false if this node does not lead.
    pub fn give<R: Rules>(
        &mut self,
        desk: &mut Desk<'_, R>,
        content: ContentId,
        to: GroupId,
    ) -> bool {
        let Some(reign) = &mut self.reign else { return false };
        reign.give(desk, content, to);
        true
    }

    /// Whether a voter may keep this copy. One that supports a later reign may not: the leader
    /// of that reign was told what is kept here, and will not hear of more.
    pub fn may_keep<R: Rules>(&self, desk: &Desk<'_, R>, copy: &PendingCopy) -> bool {
        let is_past = copy.revision.version.epoch < self.ballot.latest();
        !(is_past && desk.rules.refuses_copies_of_the_past())
    }

    /// Who votes, if this node leads the reign of the copy's token, and holds its lock for it.
    pub fn guards(&self, copy: &PendingCopy) -> Vec<Voters> {
        let row = self.reign.as_ref().and_then(|reign| reign.table().get(&copy.content));
        match row.map(|row| &row.tag) {
            Some(LeaderTag::Lock { token, .. }) if *token == copy.revision.version => {
                self.election.lists()
            }
            _ => Vec::new(),
        }
    }

    /// Takes up what the data store said.
    pub fn on_store<R: Rules>(
        &mut self,
        desk: &mut Desk<'_, R>,
        views: &mut Views,
        reply: &StoreReply,
    ) {
        let news = self.election.on_store(desk, views, reply);
        self.take_up(desk, news);
        if let Some(reign) = &mut self.reign {
            reign.on_store(desk, reply);
            reign.send_off(desk);
            if reign.is_deposed() {
                let news = self.election.end(desk);
                self.take_up(desk, news);
            }
        }
    }

    /// Does what is due.
    pub fn wake<R: Rules>(&mut self, desk: &mut Desk<'_, R>) {
        self.election.wake(desk);
        if let Some(reign) = &mut self.reign {
            reign.wake(desk);
            reign.send_off(desk);
        }
    }

    /// When something is due.
    pub fn next_wakeup(&self, timing: &Timing, rules: &impl Rules) -> Instant {
        let reign = self.reign.as_ref().map_or(Instant::NEVER, Reign::next_wakeup);
        self.election.next_wakeup(timing, rules).min(reign)
    }
}

/// Whether versions of an earlier reign may be waiting for the data store with voters.
fn waits(reign: Option<&Reign>) -> bool {
    let rows = reign.iter().flat_map(|reign| reign.table().values());
    rows.into_iter().any(|row| matches!(row.tag, LeaderTag::Adopted { .. }))
}
