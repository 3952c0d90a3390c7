//! Who gets authority, and under which epoch.

use crate::council::state::State;
use crate::council::words::{Epoch, WorkloadId};
use crate::ids::SiteId;

/// Grants authority over workloads to a site, under an epoch that was never there before.
pub fn grant(state: &mut State, workloads: &[WorkloadId], holder: SiteId) -> Epoch {
    let lease_until = state.now + state.rules.lease;
    if !state.rules.defects().unfenced {
        state.epoch = Epoch(state.epoch.0.saturating_add(1));
    }
    let mut under = state.epoch;
    for id in workloads {
        let Some(workload) = state.workloads.get_mut(id) else { continue };
        workload.authority.holder = holder;
        workload.authority.lease_until = lease_until;
        if state.rules.defects().unfenced {
            under = workload.authority.epoch;
        }
        workload.authority.epoch = under;
    }
    under
}

/// The holder is alive and keeps what it holds.
pub fn renew(state: &mut State, holder: SiteId) {
    let lease_until = state.now + state.rules.lease;
    for workload in state.workloads.values_mut() {
        if workload.authority.holder == holder {
            workload.authority.lease_until = lease_until;
        }
    }
}
