//! What has a site to do now? Read off the state, so that who restarts knows it again.
//!
//! Orders are levels, not edges: they stand until a report takes the move on. Each carries
//! the epoch under which it is done; whoever carries it out passes it by its fence first.

use std::collections::BTreeSet;

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
    /// See that its instances live, call what says how it is to be called, and warm it.
    Prove,
    /// Take so many parts of the traffic, of so many, and see that those calls are answered well.
    Shift {
        /// The parts.
        parts: u8,
        /// All.
        of: u8,
    },
    /// Finish what is here. It is kept warm, see [`held_warm`].
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

/// The workloads that a site keeps an instance of, however little they are called: until a move is
/// over, its source must be able to take all of it back at once, and its destination to serve
/// whatever comes. As orders are, it is read off the state, so who restarts keeps them too.
pub fn held_warm(state: &State, site: SiteId) -> BTreeSet<WorkloadId> {
    let holds = |proposal: &&Proposal| {
        let Some(movement) = proposal.movement else { return false };
        let is_going_back = matches!(movement.phase, Phase::Returning(_));
        let is_source = proposal.filing.source == site && movement.is_handed_over();
        is_source || (proposal.filing.destination == site && !is_going_back)
    };
    let held = state.open.values().filter(holds);
    held.flat_map(|proposal| proposal.filing.workloads.keys().copied()).collect()
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
