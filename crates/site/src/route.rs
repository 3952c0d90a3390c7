//! Where the traffic of a workload goes, as one site sees it: read off the state, so all gateways
//! agree once they have the same entries, and one that is cut off goes on as it was.

use swell_core::council::movement::{Phase, shifted_per_mille};
use swell_core::council::state::{Proposal, State};
use swell_core::council::words::WorkloadId;
use swell_core::ids::SiteId;

/// Where traffic goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Route {
    /// It is served here.
    Here,
    /// So many thousandths of it go to another site, the rest is served here.
    Share {
        /// Which.
        site: SiteId,
        /// How much.
        per_mille: u16,
    },
    /// All of it goes to another site.
    There(SiteId),
}

/// Where a site sends the traffic of a workload that arrives at it.
///
/// Who sends follows the holder; while a move shifts, the source (and whoever knows no better
/// than to send to the holder) leaves the parts that were not shifted yet with the source.
pub fn route(state: &State, me: SiteId, workload: WorkloadId) -> Route {
    let Some(known) = state.workloads.get(&workload) else { return Route::Here };
    let moving = state
        .open
        .values()
        .find(|open| open.movement.is_some() && open.filing.workloads.contains_key(&workload));
    let to = |site: SiteId| if site == me { Route::Here } else { Route::There(site) };
    match moving {
        None => to(known.authority.holder),
        Some(open) => of_move(state, me, open, to),
    }
}

fn of_move(state: &State, me: SiteId, open: &Proposal, to: impl Fn(SiteId) -> Route) -> Route {
    let (source, destination) = (open.filing.source, open.filing.destination);
    let Some(movement) = open.movement else { return to(source) };
    match movement.phase {
        Phase::Starting | Phase::Proving | Phase::Returning(_) => to(source),
        Phase::Shifting(parts) if movement.has_source() => {
            // The destination is ready for the next part and learns by it whether it serves well.
            match shifted_per_mille(parts.saturating_add(1), state.rules.shifts) {
                _ if me == destination => Route::Here,
                1_000.. => to(destination),
                per_mille if me == source => Route::Share { site: destination, per_mille },
                _ => to(source),
            }
        }
        Phase::Shifting(_) | Phase::Draining | Phase::Watching { .. } => to(destination),
    }
}
