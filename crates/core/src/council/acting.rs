//! Whether a site acts for a workload by itself: by the clock, or on the word of a broker.
//!
//! What is called has its effect at once, past every fence, so here epochs are not enough: a site
//! that is cut off does not hear that its own is over. It goes by its own renewals instead, and
//! by a clock of its own that only goes forwards, as in Gray and Cheriton, "Leases" (SOSP 1989):
//! it counts from when it sent the last renewal that was decided, and stops before anybody else
//! can begin. Whoever gets authority begins once the one before it has said that it stopped, or
//! its lease is over.
//!
//! Nobody compares clocks. Leases run from the first tick after they were renewed, and no tick
//! takes more than a [`TICKS_MIN`]th of one; the leader ticks at most once per beat. So where a
//! beat is a `TICKS_MIN`th of a lease or longer, a lease lasts as long as it says whatever the
//! leaders' clocks do. With shorter beats it does as long as they do not jump.

use crate::council::state::State;
use crate::council::words::{Epoch, WorkloadId};
use crate::council::workload::{Authority, Former};
use crate::ids::SiteId;
use crate::time::{Instant, Span};

/// Leases outlast so many ticks.
pub const TICKS_MIN: u64 = 6;

/// The part of a lease that a site counts on by its own clock, of [`OF`] parts. The rest is room
/// for clocks of different speed.
const COUNTED: u64 = 3;
const OF: u64 = 4;

/// Who acts, as a site knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Acting {
    /// This site.
    Ours,
    /// Another one, or nobody: in any case not this site.
    Others,
    /// This cannot be known now, so this site does not; later it may.
    Unsure,
}

/// What a site may count on since its last renewal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tenure {
    /// Until then, by the site's own clock.
    until: Instant,
    /// For what was granted up to here.
    upto: Epoch,
}

impl Tenure {
    /// What a renewal will be good for that is sent now, once it is decided. `sent` is by the
    /// site's own clock, which nobody sets.
    pub fn asked(state: &State, sent: Instant) -> Self {
        let counted = Span::from_nanos(state.rules.lease.nanos() / OF * COUNTED);
        Self { until: sent + counted, upto: state.epoch }
    }

    fn covers(&self, epoch: Epoch, now: Instant) -> bool {
        epoch <= self.upto && now < self.until
    }
}

/// Whether a site acts for a workload, by the state as it has it and by its own clock.
pub fn acting(
    state: &State,
    me: SiteId,
    workload: WorkloadId,
    tenure: Option<Tenure>,
    now: Instant,
) -> Acting {
    let Some(known) = state.workloads.get(&workload) else {
        // What nobody has registered is whoever's it is deployed at. A site that has not heard of
        // the others of late may have missed who registered it.
        let hears = tenure.is_some_and(|tenure| now < tenure.until);
        return if hears { Acting::Ours } else { Acting::Unsure };
    };
    let Authority { holder, epoch, former, .. } = known.authority;
    if holder != me {
        return Acting::Others;
    }
    let is_alone = former.is_none_or(|former| former.until <= state.now);
    let is_covered = tenure.is_some_and(|tenure| tenure.covers(epoch, now));
    if is_alone && is_covered { Acting::Ours } else { Acting::Unsure }
}

/// Whether a site has to renew its leases by now: a third of one is over, or there is something
/// that it cannot act for yet. One that holds nothing shows itself that it hears the others.
pub fn is_renewal_due(state: &State, me: SiteId, tenure: Option<Tenure>, now: Instant) -> bool {
    let third = Span::from_nanos(state.rules.lease.nanos() / 3);
    let Some(tenure) = tenure.filter(|tenure| now + third < tenure.until) else { return true };
    let mut held = state.workloads.values().map(|of| of.authority).filter(|of| of.holder == me);
    held.any(|of| {
        let is_short = of.lease_until.since(state.now) < third * 2;
        is_short || !tenure.covers(of.epoch, now + third)
    })
}

/// Whether another site waits to hear that this one does not act any more.
pub fn is_waited_for(state: &State, me: SiteId) -> bool {
    let of = |former: Former| former.site == me && former.can_cede && former.until > state.now;
    state.workloads.values().any(|known| known.authority.former.is_some_and(of))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::council::rules::Rules;

    #[test]
    fn what_nobody_registered_is_acted_for_as_long_as_renewals_are_decided() {
        let state = State::new(Rules::default());
        let (me, sent) = (SiteId(1), Instant::from_millis(1_000));
        let tenure = Some(Tenure::asked(&state, sent));
        let at = |seconds| sent + Span::from_secs(seconds);
        let of = |tenure, seconds| acting(&state, me, WorkloadId(7), tenure, at(seconds));
        assert_eq!(of(None, 0), Acting::Unsure);
        assert_eq!([0, 22].map(|seconds| of(tenure, seconds)), [Acting::Ours; 2]);
        assert_eq!(of(tenure, 23), Acting::Unsure, "it may be cut off");
        let is_due = |seconds| is_renewal_due(&state, me, tenure, at(seconds));
        assert_eq!([0, 12, 13].map(is_due), [false, false, true], "though it holds nothing");
    }
}
