//! How a leader changes who votes: by majorities of both lists while either may be in office.
//!
//! It asks the next voters for their support first. Only when a majority of them, and everybody
//! who is new, gives it is the data store told; and from then until the data store has answered,
//! the lease needs both lists, as nobody knows by which the next leader will be elected. The row
//! of the group is changed at once, in the leader's own reign, so that a candidate finds one list
//! or the other there, and can begin a reign only for the one it asked. A leader that dies on the
//! way leaves nothing behind: either list is in office, and what comes late is of a reign that
//! is over.
//!
//! What waits for the data store waits with the voters in office, of whom every majority has one
//! that keeps it. So nothing changes while anything waits; and what begins to wait while the data
//! store is told is laid at enough of both lists.

use crate::cachegroup::change::{Change, Progress, Unchanged};
use crate::cachegroup::desk::{Desk, Views, learn_row};
use crate::cachegroup::election::{Election, News, Role};
use crate::cachegroup::message::Message;
use crate::cachegroup::names::{NodeId, Ticket};
use crate::cachegroup::rules::Rules;
use crate::cachegroup::store_message::StoreRequest;
use crate::cachegroup::store_table::GroupRow;
use crate::cachegroup::voters::{VOTERS_MAX, Voters};
use crate::time::Instant;

impl Election {
    /// Those who vote: both lists, if either may be in office.
    pub fn lists(&self) -> Vec<Voters> {
        let next = self.change.iter().filter(|change| change.is_told());
        let next = next.map(|change| change.next.clone());
        std::iter::once(self.voters.clone()).chain(next).collect()
    }

    /// The leader is asked to change who votes. `waits` says whether anything waits for the data
    /// store with the voters.
    pub fn on_change<R: Rules>(
        &mut self,
        desk: &mut Desk<'_, R>,
        asker: (NodeId, Ticket),
        (after, names): (u64, &[NodeId]),
        waits: bool,
    ) {
        let Role::Leading { bid, .. } = &self.role else {
            return self.refuse(desk, asker, Unchanged::NoLeader);
        };
        let epoch = bid.epoch;
        if self.voters.number == after + 1 && self.voters.names == names {
            return self.confirm(desk, asker);
        }
        if let Some(change) = &mut self.change {
            if change.next.number == after + 1 && change.next.names == names {
                change.asker = asker;
                return;
            }
            return self.refuse(desk, asker, Unchanged::UnderWay);
        }
        if self.voters.number != after {
            return self.refuse(desk, asker, Unchanged::Another(self.voters.clone()));
        }
        let is_twice = |place: usize| names[..place].contains(&names[place]);
        if names.is_empty() || names.len() > VOTERS_MAX || (0..names.len()).any(is_twice) {
            return self.refuse(desk, asker, Unchanged::NoList);
        }
        if waits && desk.rules.changes_only_what_is_settled() {
            return self.refuse(desk, asker, Unchanged::Waiting);
        }
        let next = self.voters.followed_by(names.to_vec());
        let progress = Progress::Asking { until: desk.now + desk.timing.lease };
        self.change = Some(Change { next, asker, progress });
        self.plead(desk, epoch, true);
        self.advance(desk, || waits);
    }

    /// Tells the data store once those who are to vote support this leader. To be called when one
    /// of them may have begun to.
    pub fn advance<R: Rules>(&mut self, desk: &mut Desk<'_, R>, waits: impl FnOnce() -> bool) {
        let Some(Change { next, asker, progress: Progress::Asking { .. } }) = &self.change else {
            return;
        };
        if !self.silent(desk).is_empty() && desk.rules.asks_the_next_first() {
            return;
        }
        if waits() && desk.rules.changes_only_what_is_settled() {
            let asker = *asker;
            self.change = None;
            return self.refuse(desk, asker, Unchanged::Waiting);
        }
        let (next, asker) = (next.clone(), *asker);
        let due = desk.now + desk.timing.store_timeout;
        self.change = Some(Change { next, asker, progress: Progress::Telling { due } });
        self.tell(desk);
    }

    /// Who of those that are to vote has to support this leader before they do: all that are new,
    /// and a majority.
    fn silent<R: Rules>(&self, desk: &Desk<'_, R>) -> Vec<NodeId> {
        let (Some(change), Role::Leading { bid, .. }) = (&self.change, &self.role) else {
            return Vec::new();
        };
        let lasts = desk.timing.lease - desk.timing.margin;
        let is_silent =
            |voter: &NodeId| bid.supports.get(voter).is_none_or(|&asked| asked + lasts <= desk.now);
        let silent: Vec<NodeId> = change.next.names.iter().copied().filter(is_silent).collect();
        let is_new = |voter: &NodeId| !self.voters.contains(*voter);
        let has_majority = change.next.names.len() - silent.len() >= change.next.majority();
        if has_majority && !silent.iter().any(is_new) { Vec::new() } else { silent }
    }

    fn tell<R: Rules>(&self, desk: &mut Desk<'_, R>) {
        let (Some(change), Role::Leading { bid, .. }) = (&self.change, &self.role) else { return };
        let (group, epoch, leader) = (self.group(), bid.epoch, desk.me);
        desk.store(StoreRequest::Reseat { group, epoch, leader, next: change.next.clone() });
    }

    /// The data store says how the group stands in this leader's reign.
    pub(super) fn on_row_of_reign<R: Rules>(
        &mut self,
        desk: &mut Desk<'_, R>,
        views: &mut Views,
        row: &GroupRow,
    ) -> News {
        let is_done = |change: &Change| change.is_told() && row.voters == change.next;
        let Some(change) = self.change.take_if(|change| is_done(change)) else {
            return News::None;
        };
        learn_row(views, self.group(), row);
        let former = std::mem::replace(&mut self.voters, change.next);
        self.confirm(desk, change.asker);
        if let Role::Leading { bid, .. } = &self.role {
            let epoch = bid.epoch;
            self.plead(desk, epoch, true);
            // Who votes no more learns it by this; its answer is of no use.
            let (incarnation, sent, leads) = (desk.incarnation, desk.now, true);
            let others = former.names.iter().filter(|voter| !self.voters.contains(**voter));
            let me = desk.me;
            for &gone in others.filter(|voter| **voter != me) {
                let voters = self.voters.clone();
                let lease = Message::Lease { epoch, incarnation, sent, leads, voters };
                desk.send(gone, self.group(), lease);
            }
        }
        if self.voters.contains(desk.me) {
            return News::None;
        }
        self.sit_out(desk);
        News::Ended
    }

    /// Gives up what too few support, and tells the data store again what it has not answered.
    pub(super) fn wake_change<R: Rules>(&mut self, desk: &mut Desk<'_, R>) {
        let Some(change) = self.change.as_ref().filter(|change| change.due() <= desk.now) else {
            return;
        };
        match change.progress {
            Progress::Asking { .. } => {
                let (asker, silent) = (change.asker, self.silent(desk));
                self.change = None;
                self.refuse(desk, asker, Unchanged::Silent(silent));
            }
            Progress::Telling { .. } => {
                self.put_off(desk.now + desk.timing.store_timeout);
                self.tell(desk);
            }
        }
    }

    fn put_off(&mut self, due: Instant) {
        if let Some(change) = &mut self.change {
            change.progress = Progress::Telling { due };
        }
    }

    fn confirm<R>(&self, desk: &mut Desk<'_, R>, (asker, ticket): (NodeId, Ticket)) {
        let voters = self.voters.clone();
        desk.send(asker, self.group(), Message::Changed { ticket, voters });
    }

    fn refuse<R>(&self, desk: &mut Desk<'_, R>, (asker, ticket): (NodeId, Ticket), why: Unchanged) {
        desk.send(asker, self.group(), Message::Unchanged { ticket, why });
    }
}
