//! A voter's promises: whom it supports as leader of a group, and until when.

use crate::cachegroup::action::{Action, Charter};
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
    /// The latest reign it ever supported. On disk.
    latest: Epoch,
    /// Promises of a former life may last until then.
    quiet_until: Instant,
}

impl Ballot {
    /// A voter that never voted, or one that may have in a former life. The only voter of a
    /// group can have voted for nobody but itself, whose reign ended with that life.
    pub fn new<R: Rules>(desk: &Desk<'_, R>, charter: &Charter, latest: Epoch) -> Self {
        let group = charter.group;
        let is_alone = charter.voters == [desk.me];
        let may_have_voted = desk.incarnation > 1 && desk.rules.waits_after_start() && !is_alone;
        let quiet_until = if may_have_voted { desk.now + desk.timing.lease } else { Instant::ZERO };
        Self { group, promised: None, latest, quiet_until }
    }

    /// The latest reign it ever supported.
    pub fn latest(&self) -> Epoch {
        self.latest
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
        if is_bound || desk.now < self.quiet_until || epoch < self.latest {
            let refusal = Message::Refusal { epoch, latest: self.latest };
            return desk.send(from, self.group, refusal);
        }
        if epoch > self.latest {
            self.latest = epoch;
            desk.actions.push(Action::KeepEpoch { group: self.group, epoch });
        }
        self.promised = Some((epoch, from, desk.now + desk.timing.lease));
        desk.send(from, self.group, Message::Promise { epoch, incarnation, sent, pending });
    }
}
