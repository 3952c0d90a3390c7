//! Who leads a group: a lease from a majority of its voters, and an epoch from the data store.
//!
//! Either alone would not do. The majority sees to it that two leases never last at once, and
//! the compare-and-set in the data store that no two leaders ever have the same epoch, so that
//! their tokens are in order. Who stands is decided by time alone: each voter waits a little
//! longer than the one before it in the list.

use std::collections::BTreeMap;

use crate::cachegroup::action::Charter;
use crate::cachegroup::desk::{Desk, Views, learn};
use crate::cachegroup::message::{Message, PendingCopy};
use crate::cachegroup::names::{Epoch, GroupId, NodeId};
use crate::cachegroup::rules::Rules;
use crate::cachegroup::store_message::{StoreReply, StoreRequest};
use crate::cachegroup::timing::Timing;
use crate::time::{Instant, Span};

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
struct Bid {
    epoch: Epoch,
    /// When each voter that answered was last asked, on our clock.
    supports: BTreeMap<NodeId, Instant>,
    /// What the voters keep for the data store.
    pending: Vec<PendingCopy>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Role {
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
    charter: Charter,
    role: Role,
}

impl Election {
    /// One who stands soon. If there is a leader already, the data store will tell.
    pub fn new<R: Rules>(desk: &Desk<'_, R>, charter: Charter) -> Self {
        let is_alone = charter.voters == [desk.me];
        let may_have_voted = desk.incarnation > 1 && !is_alone;
        let wait = if may_have_voted { desk.timing.lease } else { Span::ZERO };
        let mut election = Self { charter, role: Role::Looking { due: Instant::NEVER } };
        election.follow(desk, wait);
        election
    }

    fn group(&self) -> GroupId {
        self.charter.group
    }

    /// Waits for a leader, the longer the later one's place in the list is.
    fn follow<R: Rules>(&mut self, desk: &Desk<'_, R>, wait: Span) {
        let rank = self.charter.voters.iter().position(|&voter| voter == desk.me);
        let stand_at = match rank {
            Some(rank) => desk.now + wait + desk.timing.stagger * (rank as u64),
            None => Instant::NEVER,
        };
        self.role = Role::Follower { stand_at };
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

    /// Since when a majority supports the bid.
    fn backing(&self, bid: &Bid, rules: &impl Rules) -> Option<Instant> {
        let majority = if rules.asks_a_majority() { self.charter.voters.len() / 2 + 1 } else { 1 };
        let mut asked: Vec<Instant> = bid.supports.values().copied().collect();
        asked.sort_unstable_by(|a, b| b.cmp(a));
        asked.get(majority - 1).copied()
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

    fn plead<R: Rules>(&self, desk: &mut Desk<'_, R>, epoch: Epoch, leads: bool) {
        let (incarnation, sent) = (desk.incarnation, desk.now);
        for &voter in &self.charter.voters {
            desk.send(voter, self.group(), Message::Lease { epoch, incarnation, sent, leads });
        }
    }

    /// Hears a leader, or one who may become it.
    pub fn on_lease<R: Rules>(&mut self, desk: &Desk<'_, R>, from: NodeId) {
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
        if !self.charter.voters.contains(&from) || sent > desk.now {
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
        desk.store(StoreRequest::Claim { group, epoch, leader });
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
                learn(views, *group, row.epoch, row.leader);
                match &self.role {
                    Role::Looking { .. } => {
                        let (epoch, until) = (row.epoch.next(), desk.now + desk.timing.lease);
                        let bid = Bid { epoch, supports: BTreeMap::new(), pending: Vec::new() };
                        let ask_at = desk.now + desk.timing.stagger;
                        self.role = Role::Canvassing { bid, ask_at, until };
                        self.plead(desk, epoch, false);
                    }
                    Role::Claiming { bid, .. } if row.epoch >= bid.epoch => {
                        self.follow(desk, desk.timing.lease);
                    }
                    Role::Leading { bid, .. } if row.epoch > bid.epoch => return self.end(desk),
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

    /// Does what is due.
    pub fn wake<R: Rules>(&mut self, desk: &mut Desk<'_, R>) {
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
            Role::Leading { renew_at, .. } => (*renew_at).min(self.lease_until(timing, rules)),
        }
    }
}
