//! A voter's promises: whom it supports as leader of a group, and until when.

use crate::cachegroup::action::{Action, Support};
use crate::cachegroup::desk::Desk;
use crate::cachegroup::message::{Message, PendingCopy};
use crate::cachegroup::names::{Epoch, GroupId, NodeId};
use crate::cachegroup::rules::Rules;
use crate::time::Instant;

/// A request for support.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Plea {
    /// The reign it is for.
    pub epoch: Epoch,
    /// Counts the starts of who asks.
    pub incarnation: u64,
    /// When it was asked, on the clock of who asks.
    pub sent: Instant,
}

/// A voter of one group.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Ballot {
    group: GroupId,
    /// Whom it supports, in which reign, until when.
    promised: Option<(Epoch, NodeId, Instant)>,
    /// The latest reign it ever supported, and whose it was. On disk.
    latest: Support,
    /// Promises of a former life may last until then.
    quiet_until: Instant,
}

impl Ballot {
    /// A voter that never voted, or one that may have in a former life. If it voted for itself
    /// last, its former promises had run out, and that reign ended with that life.
    pub fn new<R: Rules>(desk: &Desk<'_, R>, group: GroupId, latest: Support) -> Self {
        let is_bound = latest.whom.is_some_and(|whom| whom != desk.me);
        let waits = is_bound && desk.rules.waits_after_start();
        let quiet_until = if waits { desk.now + desk.timing.lease } else { Instant::ZERO };
        Self { group, promised: None, latest, quiet_until }
    }

    /// The latest reign it ever supported.
    pub fn latest(&self) -> Epoch {
        self.latest.epoch
    }

    /// R7: supports one leader in one reign, and nobody else before its promise has run out.
    /// With the promise goes what waits here for the data store, so that a new leader knows.
    pub fn on_plea<R: Rules>(
        &mut self,
        desk: &mut Desk<'_, R>,
        from: NodeId,
        plea: Plea,
        pending: Vec<PendingCopy>,
    ) {
        let Plea { epoch, incarnation, sent } = plea;
        let is_bound = self.promised.is_some_and(|(to, whom, until)| {
            desk.now < until && (to, whom) != (epoch, from) && desk.rules.keeps_promises()
        });
        if is_bound || desk.now < self.quiet_until || epoch < self.latest.epoch {
            let refusal = Message::Refusal { epoch, latest: self.latest.epoch };
            return desk.send(from, self.group, refusal);
        }
        let support = Support { epoch, whom: Some(from) };
        if support != self.latest {
            self.latest = support;
            desk.actions.push(Action::KeepSupport { group: self.group, support });
        }
        self.promised = Some((epoch, from, desk.now + desk.timing.lease));
        desk.send(from, self.group, Message::Promise { epoch, incarnation, sent, pending });
    }
}
