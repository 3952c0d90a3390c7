//! Who leads a group: a lease from a majority of its voters, and an epoch from the data store.
//!
//! Either alone would not do. The majority sees to it that two leases never last at once, and
//! the compare-and-set in the data store that no two leaders ever have the same epoch, so that
//! their tokens are in order. The data store also says whose majority: who stands looks there
//! first, and its reign begins only if the list it asked is still in office. Who stands is decided
//! by time alone: each voter waits a little longer than the one before it in the list.

use std::collections::BTreeMap;

use crate::cachegroup::action::{Charter, Support};
use crate::cachegroup::change::Change;
use crate::cachegroup::desk::{Desk, Views, learn, learn_row};
use crate::cachegroup::message::{Message, PendingCopy};
use crate::cachegroup::names::{Epoch, GroupId, NodeId};
use crate::cachegroup::rules::Rules;
use crate::cachegroup::store_message::{StoreReply, StoreRequest};
use crate::cachegroup::store_table::GroupRow;
use crate::cachegroup::timing::Timing;
use crate::cachegroup::voters::Voters;
use crate::time::{Instant, Span};

/// After so many leases one who has no vote looks whether that is still so.
const LEASES_OUT: u64 = 10;

/// What came of a piece of news.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum News {
    /// Nothing that others need to know.
    None,
    /// This node leads from now on. These versions wait for the data store with its voters.
    Elected {
        /// The reign.
        epoch: Epoch,
        /// What the voters keep.
        pending: Vec<PendingCopy>,
    },
    /// This node does not lead any more.
    Ended,
}

/// A reign that is wanted or had.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Bid {
    pub(super) epoch: Epoch,
    /// When each voter that answered was last asked, on our clock.
    pub(super) supports: BTreeMap<NodeId, Instant>,
    /// What the voters keep for the data store.
    pending: Vec<PendingCopy>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Role {
    /// Stands for election at this time, unless it hears from a leader.
    Follower { stand_at: Instant },
    /// Asks the data store which reign is the latest.
    Looking { due: Instant },
    /// Gathers promises.
    Canvassing { bid: Bid, ask_at: Instant, until: Instant },
    /// Has the promises and asks the data store for the reign.
    Claiming { bid: Bid, due: Instant },
    /// Leads, as long as the promises last.
    Leading { bid: Bid, renew_at: Instant },
}

/// A voter of one group as one who may lead it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Election {
    pub(super) charter: Charter,
    /// Who votes, as far as is known here; who stands or leads knows it from the data store.
    pub(super) voters: Voters,
    /// What the leader changes about it.
    pub(super) change: Option<Change>,
    pub(super) role: Role,
}

impl Election {
    /// One who stands soon. If there is a leader already, the data store will tell.
    /// Who supported another last looks no sooner than its promise has run out.
    pub fn new<R: Rules>(desk: &Desk<'_, R>, charter: Charter, latest: Support) -> Self {
        let is_bound = latest.whom.is_some_and(|whom| whom != desk.me);
        let wait = if is_bound { desk.timing.lease } else { Span::ZERO };
        let voters = Voters::by_settings(charter.voters.clone());
        let role = Role::Looking { due: Instant::NEVER };
        let mut election = Self { charter, voters, change: None, role };
        election.follow(desk, wait);
        election
    }

    pub(super) fn group(&self) -> GroupId {
        self.charter.group
    }

    /// Waits for a leader, the longer the later one's place in the list is. Who is not on the
    /// list it knows looks last; the data store will tell.
    fn follow<R: Rules>(&mut self, desk: &Desk<'_, R>, wait: Span) {
        let names = &self.voters.names;
        let rank = names.iter().position(|&voter| voter == desk.me).unwrap_or(names.len());
        let stand_at = desk.now + wait + desk.timing.stagger * (rank as u64);
        self.change = None;
        self.role = Role::Follower { stand_at };
    }

    /// Has no vote, and stands for nothing until a leader asks for one; looks again after a long
    /// while, in case none could.
    pub(super) fn sit_out<R: Rules>(&mut self, desk: &Desk<'_, R>) {
        self.follow(desk, desk.timing.lease * LEASES_OUT);
    }

    /// The reign of this node, if it leads or would once its lease is checked.
    pub fn reign(&self) -> Option<Epoch> {
        match &self.role {
            Role::Leading { bid, .. } => Some(bid.epoch),
            _ => None,
        }
    }

    /// R7: until when this node leads: a majority asked so recently supports nobody else. The
    /// margin makes up for clocks that run faster than ours.
    pub fn lease_until(&self, timing: &Timing, rules: &impl Rules) -> Instant {
        let (Role::Leading { bid, .. } | Role::Claiming { bid, .. }) = &self.role else {
            return Instant::ZERO;
        };
        self.backing(bid, rules)
            .map_or(Instant::ZERO, |asked| asked + (timing.lease - timing.margin))
    }

    /// Since when a majority supports the bid: of both lists, if either may be in office.
    fn backing(&self, bid: &Bid, rules: &impl Rules) -> Option<Instant> {
        let backed_by = |voters: &Voters| {
            let wanted = if rules.asks_a_majority() { voters.majority() } else { 1 };
            voters.backing(&bid.supports, wanted)
        };
        let asked = backed_by(&self.voters)?;
        match &self.change {
            Some(change) if change.is_told() && rules.needs_both_lists() => {
                Some(asked.min(backed_by(&change.next)?))
            }
            _ => Some(asked),
        }
    }

    /// Ends a reign whose lease has run out. It does not come back: another may have reigned
    /// in between, so this node has to be elected anew.
    pub fn check_lease<R: Rules>(&mut self, desk: &Desk<'_, R>) -> News {
        let has_run_out = desk.now >= self.lease_until(desk.timing, desk.rules);
        if self.reign().is_some() && has_run_out && desk.rules.falls_silent_after_lease() {
            return self.end(desk);
        }
        News::None
    }

    /// Gives up a reign.
    pub fn end<R: Rules>(&mut self, desk: &Desk<'_, R>) -> News {
        self.follow(desk, desk.timing.stagger);
        News::Ended
    }

    pub(super) fn plead<R: Rules>(&self, desk: &mut Desk<'_, R>, epoch: Epoch, leads: bool) {
        let (incarnation, sent) = (desk.incarnation, desk.now);
        let next = self.change.iter().flat_map(|change| &change.next.names);
        let added = next.filter(|voter| !self.voters.contains(**voter));
        for &voter in self.voters.names.iter().chain(added) {
            let voters = self.voters.clone();
            let lease = Message::Lease { epoch, incarnation, sent, leads, voters };
            desk.send(voter, self.group(), lease);
        }
    }

    /// Hears a leader, or one who may become it, and who votes.
    pub fn on_lease<R: Rules>(&mut self, desk: &Desk<'_, R>, from: NodeId, voters: &Voters) {
        let may_learn = matches!(self.role, Role::Follower { .. } | Role::Looking { .. });
        if may_learn && voters.number > self.voters.number {
            self.voters = voters.clone();
        }
        if from != desk.me && matches!(self.role, Role::Follower { .. } | Role::Looking { .. }) {
            self.follow(desk, desk.timing.lease);
        }
    }

    /// Takes up a voter's promise.
    pub fn on_promise<R: Rules>(
        &mut self,
        desk: &mut Desk<'_, R>,
        from: NodeId,
        epoch: Epoch,
        sent: Instant,
        pending: &[PendingCopy],
    ) {
        let is_next = self.change.as_ref().is_some_and(|change| change.next.contains(from));
        if !(self.voters.contains(from) || is_next) || sent > desk.now {
            return;
        }
        let (Role::Canvassing { bid, .. } | Role::Claiming { bid, .. } | Role::Leading { bid, .. }) =
            &mut self.role
        else {
            return;
        };
        if bid.epoch != epoch {
            return;
        }
        let since = if desk.rules.counts_lease_from_asking() { sent } else { desk.now };
        let asked = bid.supports.entry(from).or_insert(since);
        *asked = since.max(*asked);
        if matches!(self.role, Role::Leading { .. }) {
            return;
        }
        let (Role::Canvassing { bid, .. } | Role::Claiming { bid, .. }) = &mut self.role else {
            return;
        };
        for copy in pending {
            if !bid.pending.contains(copy) {
                bid.pending.push(copy.clone());
            }
        }
        bid.pending.sort_unstable();
        let bid = bid.clone();
        if matches!(self.role, Role::Canvassing { .. }) && self.backing(&bid, desk.rules).is_some()
        {
            self.claim(desk, bid);
        }
    }

    fn claim<R: Rules>(&mut self, desk: &mut Desk<'_, R>, bid: Bid) {
        let (group, epoch, leader) = (self.group(), bid.epoch, desk.me);
        self.role = Role::Claiming { bid, due: desk.now + desk.timing.store_timeout };
        let electors = self.voters.clone();
        desk.store(StoreRequest::Claim { group, epoch, leader, electors });
    }

    /// A voter knows of a later reign, or is bound: one who canvasses has to look again.
    pub fn on_refusal<R: Rules>(&mut self, desk: &Desk<'_, R>, epoch: Epoch, latest: Epoch) {
        let is_late = matches!(&self.role, Role::Canvassing { bid, .. } if bid.epoch == epoch);
        if is_late && latest > epoch {
            self.follow(desk, desk.timing.stagger);
        }
    }

    /// Takes up what the data store says of the group.
    pub fn on_store<R: Rules>(
        &mut self,
        desk: &mut Desk<'_, R>,
        views: &mut Views,
        reply: &StoreReply,
    ) -> News {
        match reply {
            StoreReply::Group { group, row } if *group == self.group() => {
                learn_row(views, *group, row);
                match &self.role {
                    // What was said before a leader told of others.
                    Role::Looking { .. } if row.voters.number < self.voters.number => {}
                    Role::Looking { .. } => self.stand(desk, row),
                    Role::Follower { .. } if row.voters.number > self.voters.number => {
                        self.voters = row.voters.clone();
                        if self.voters.contains(desk.me) {
                            self.follow(desk, desk.timing.lease);
                        }
                    }
                    Role::Claiming { bid, .. } if row.epoch >= bid.epoch => {
                        self.follow(desk, desk.timing.lease);
                    }
                    // Others vote than those who were asked.
                    Role::Claiming { .. } if row.voters.number > self.voters.number => {
                        self.follow(desk, desk.timing.stagger);
                    }
                    Role::Leading { bid, .. } if row.epoch > bid.epoch => return self.end(desk),
                    Role::Leading { bid, .. } if row.epoch == bid.epoch => {
                        return self.on_row_of_reign(desk, views, row);
                    }
                    _ => {}
                }
            }
            StoreReply::Claimed { group, epoch, leader }
                if *group == self.group() && *leader == desk.me =>
            {
                let Role::Claiming { bid, .. } = &self.role else {
                    return News::None;
                };
                if bid.epoch != *epoch {
                    return News::None;
                }
                if desk.now >= self.lease_until(desk.timing, desk.rules) {
                    self.follow(desk, desk.timing.stagger);
                    return News::None;
                }
                learn(views, *group, *epoch, Some(desk.me));
                // Who claims for a list that is not in office yet puts it there.
                self.voters.number = self.voters.number.max(1);
                let mut bid = bid.clone();
                let pending = std::mem::take(&mut bid.pending);
                self.role = Role::Leading { bid, renew_at: desk.now + desk.timing.lease_renewal };
                self.plead(desk, *epoch, true);
                return News::Elected { epoch: *epoch, pending };
            }
            _ => {}
        }
        News::None
    }

    /// Asks those who vote by the group's row for their promises, if this node is one of them.
    fn stand<R: Rules>(&mut self, desk: &mut Desk<'_, R>, row: &GroupRow) {
        let number = row.voters.number;
        self.voters = match row.voters.are_in_office() && desk.rules.follows_the_row() {
            true => row.voters.clone(),
            false => Voters { number, names: self.charter.voters.clone() },
        };
        if !self.voters.contains(desk.me) {
            return self.sit_out(desk);
        }
        let (epoch, until) = (row.epoch.next(), desk.now + desk.timing.lease);
        let bid = Bid { epoch, supports: BTreeMap::new(), pending: Vec::new() };
        let ask_at = desk.now + desk.timing.stagger;
        self.role = Role::Canvassing { bid, ask_at, until };
        self.plead(desk, epoch, false);
    }

    /// Does what is due.
    pub fn wake<R: Rules>(&mut self, desk: &mut Desk<'_, R>) {
        self.wake_change(desk);
        let now = desk.now;
        match &mut self.role {
            Role::Follower { stand_at: due } | Role::Looking { due } if *due <= now => {
                self.role = Role::Looking { due: now + desk.timing.store_timeout };
                desk.store(StoreRequest::Look { group: self.group() });
            }
            Role::Canvassing { until, .. } if *until <= now => {
                self.follow(desk, desk.timing.stagger);
            }
            Role::Canvassing { bid, ask_at, .. } if *ask_at <= now => {
                *ask_at = now + desk.timing.stagger;
                let epoch = bid.epoch;
                self.plead(desk, epoch, false);
            }
            Role::Claiming { due, .. } if *due <= now => {
                self.role = Role::Looking { due: now + desk.timing.store_timeout };
                desk.store(StoreRequest::Look { group: self.group() });
            }
            Role::Leading { bid, renew_at } if *renew_at <= now => {
                *renew_at = now + desk.timing.lease_renewal;
                let epoch = bid.epoch;
                self.plead(desk, epoch, true);
            }
            _ => {}
        }
    }

    /// When [`wake`](Self::wake) or [`check_lease`](Self::check_lease) has something to do.
    pub fn next_wakeup(&self, timing: &Timing, rules: &impl Rules) -> Instant {
        match &self.role {
            Role::Follower { stand_at: due }
            | Role::Looking { due }
            | Role::Claiming { due, .. } => *due,
            Role::Canvassing { ask_at, until, .. } => (*ask_at).min(*until),
            Role::Leading { renew_at, .. } => {
                let change = self.change.as_ref().map_or(Instant::NEVER, Change::due);
                (*renew_at).min(self.lease_until(timing, rules)).min(change)
            }
        }
    }
}
