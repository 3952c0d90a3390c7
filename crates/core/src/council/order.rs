//! What has a site to do now? Read off the state, so that who restarts knows it again.
//!
//! Orders are levels, not edges: they stand until a report takes the move on. Each carries
//! the epoch under which it is done; whoever carries it out passes it by its fence first.

use crate::council::movement::{Movement, Phase};
use crate::council::state::{Proposal, State};
use crate::council::words::{Epoch, ProposalId, WorkloadId};
use crate::ids::SiteId;

/// Something that a site has to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Order {
    /// For which proposal.
    pub proposal: ProposalId,
    /// Under which epoch.
    pub epoch: Epoch,
    /// With what.
    pub workloads: Vec<WorkloadId>,
    /// What.
    pub task: Task,
    /// The other party.
    pub other: SiteId,
}

/// What is to be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Task {
    /// Start it here: artifact, settings, backlog, warm cache.
    Start,
    /// Call it, and see that it answers well.
    Prove,
    /// Take so many parts of the traffic, of so many.
    Shift {
        /// The parts.
        parts: u8,
        /// All.
        of: u8,
    },
    /// Finish what is here, and keep it warm.
    Drain,
    /// Take all traffic back.
    TakeBack,
}

/// What a site has to do now, the most urgent first.
pub fn orders(state: &State, site: SiteId) -> Vec<Order> {
    let mut open: Vec<(&ProposalId, &Proposal)> = state.open.iter().collect();
    open.sort_by_key(|(id, proposal)| (std::cmp::Reverse(proposal.priority), **id));
    open.into_iter().filter_map(|(id, proposal)| order(state, site, *id, proposal)).collect()
}

/// Whether a site runs a workload: it has authority over it, or takes part in its move. What
/// runs elsewhere is stopped, under the epoch that the state tells and past the fence; so what
/// was started for a move that was taken back goes, whoever restarts.
pub fn runs(state: &State, site: SiteId, workload: WorkloadId) -> bool {
    let holds = state.workloads.get(&workload).is_some_and(|of| of.authority.holder == site);
    let is_party = |proposal: &Proposal| {
        proposal.movement.is_some()
            && proposal.filing.workloads.contains_key(&workload)
            && (proposal.filing.source == site || proposal.filing.destination == site)
    };
    holds || state.open.values().any(is_party)
}

fn order(state: &State, site: SiteId, proposal: ProposalId, of: &Proposal) -> Option<Order> {
    let Movement { phase, epoch, .. } = of.movement?;
    let (source, destination) = (of.filing.source, of.filing.destination);
    let (who, other, task) = match phase {
        Phase::Starting => (destination, source, Task::Start),
        Phase::Proving => (destination, source, Task::Prove),
        Phase::Shifting(done) => {
            let parts = done.saturating_add(1);
            (destination, source, Task::Shift { parts, of: state.rules.shifts })
        }
        Phase::Draining => (source, destination, Task::Drain),
        Phase::Returning(_) => (source, destination, Task::TakeBack),
        Phase::Watching { .. } => return None,
    };
    let workloads = of.filing.workloads.keys().copied().collect();
    (who == site).then_some(Order { proposal, epoch, workloads, task, other })
}
