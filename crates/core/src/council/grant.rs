//! Who gets authority, under which epoch, and for how long.

use crate::council::acting::TICKS_MIN;
use crate::council::state::State;
use crate::council::words::{Epoch, WorkloadId};
use crate::council::workload::{Authority, Former};
use crate::ids::SiteId;
use crate::time::{Instant, Span};

/// Grants authority over workloads to a site, under an epoch that was never there before.
pub fn grant(state: &mut State, workloads: &[WorkloadId], holder: SiteId) -> Epoch {
    let (now, lease_until) = (state.now, state.now + state.rules.lease);
    if !state.rules.defects().unfenced {
        state.epoch = Epoch(state.epoch.0.saturating_add(1));
    }
    let mut under = state.epoch;
    for id in workloads {
        let Some(workload) = state.workloads.get_mut(id) else { continue };
        let authority = &mut workload.authority;
        let renewed = state.members.get(&authority.holder).is_some_and(|of| of.has_renewed);
        authority.former = former(authority, holder, renewed, now);
        authority.holder = holder;
        authority.lease_until = lease_until;
        if state.rules.defects().unfenced {
            under = authority.epoch;
        }
        authority.epoch = under;
    }
    under
}

/// Who may still act once another site has authority.
fn former(
    authority: &Authority,
    holder: SiteId,
    has_renewed: bool,
    now: Instant,
) -> Option<Former> {
    let earlier = authority.former.filter(|of| of.site != holder || !of.can_cede);
    let earlier = earlier.filter(|of| of.until > now || of.has_renewed);
    if authority.holder == holder {
        return earlier;
    }
    let (site, until) = (authority.holder, authority.lease_until);
    let last = Former { site, until, can_cede: true, has_renewed };
    Some(earlier.map_or(last, |earlier| Former {
        until: until.max(earlier.until),
        can_cede: false,
        has_renewed: has_renewed || earlier.has_renewed,
        ..last
    }))
}

/// The holder is alive and keeps what it holds: from the next tick on, for that one certainly
/// came after it said so.
pub fn renew(state: &mut State, holder: SiteId) {
    let lease_until = state.now + state.rules.lease;
    for workload in state.workloads.values_mut() {
        if workload.authority.holder == holder {
            workload.authority.lease_until = lease_until;
        }
    }
    if let Some(member) = state.members.get_mut(&holder) {
        member.has_renewed = true;
    }
}

/// A site knows all grants up to an epoch, and acts for nothing any more that they took from it.
pub fn cede(state: &mut State, by: SiteId, upto: Epoch) {
    for workload in state.workloads.values_mut() {
        let Authority { epoch, former, .. } = &mut workload.authority;
        if *epoch <= upto && former.is_some_and(|of| of.site == by && of.can_cede) {
            *former = None;
        }
    }
}

/// Time went on from `before`. A jump is no proof that a holder had its time: leases go on by no
/// more than a part of one.
pub fn pass(state: &mut State, before: Instant) {
    let (now, lease) = (state.now, state.rules.lease);
    let counted = Span::from_nanos(lease.nanos() / TICKS_MIN);
    let skipped = now.since(before) - counted;
    for workload in state.workloads.values_mut() {
        let authority = &mut workload.authority;
        if authority.lease_until > before {
            authority.lease_until = authority.lease_until + skipped;
        }
        if state.members.get(&authority.holder).is_some_and(|of| of.has_renewed) {
            authority.lease_until = authority.lease_until.max(now + lease);
        }
        let Some(former) = &mut authority.former else { continue };
        if former.until > before {
            former.until = former.until + skipped;
        }
        if std::mem::take(&mut former.has_renewed) {
            former.until = former.until.max(now + lease);
        }
        if former.until <= now {
            authority.former = None;
        }
    }
    for member in state.members.values_mut() {
        member.has_renewed = false;
    }
}
