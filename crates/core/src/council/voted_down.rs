//! What was voted down of late, so that it is not proposed again in every slot.
//!
//! Read off the proposals that have ended, as everybody remembers them. Each further rejection of
//! the same source doubles the pause; a prediction that has changed is another cause, and waits
//! for nothing.

use std::collections::BTreeMap;

use crate::council::entry::Reason;
use crate::council::proposal::{Cause, Outcome};
use crate::council::state::{Ended, Proposal, State};
use crate::council::words::{Metric, Slot, WorkloadId};
use crate::ids::SiteId;

/// The longest pause, in slots.
const PAUSE_MAX: u64 = 16;
/// Rejections before these many slots count no more.
const REACH: u64 = 48;

/// Moves that others said no to a short while ago.
#[derive(Debug, Clone, Default)]
pub struct VotedDown {
    /// No move from the source is needed, they said.
    is_calm: bool,
    workloads: Vec<WorkloadId>,
    moves: Vec<(WorkloadId, SiteId)>,
}

impl VotedDown {
    /// What a site must not propose again yet of the moves that would relieve a source of so much of a
    /// metric.
    pub fn of(
        (state, me): (&State, SiteId),
        source: SiteId,
        metric: Metric,
        predicted_ppm: u32,
    ) -> Self {
        let now = state.slot();
        let slot_of = |ended: &Ended| Slot::of(ended.at, state.rules.slot);
        let is_same = |ended: &&Ended| {
            let Cause::Overload { metric: of, .. } = ended.proposal.filing.cause else {
                return false;
            };
            let differs = ended.proposal.predicted_ppm.abs_diff(predicted_ppm);
            ended.outcome == Outcome::Rejected
                && has_agreed(me, &ended.proposal)
                && ended.proposal.filing.source == source
                && of == metric
                && differs < state.rules.cause_ppm
                && slot_of(ended).plus(REACH) >= now
        };
        let mut found = Self::default();
        let mut times = 0u32;
        for ended in state.ended.values().filter(is_same) {
            times += 1;
            let pause = 1u64.checked_shl(times - 1).unwrap_or(PAUSE_MAX).min(PAUSE_MAX);
            if slot_of(ended).plus(pause) < now {
                continue;
            }
            let filing = &ended.proposal.filing;
            let moved = filing.workloads.keys().copied();
            match why(ended) {
                Some(Reason::NotNeeded) => found.is_calm = true,
                Some(Reason::NoRelief) => found.workloads.extend(moved),
                _ => found.moves.extend(moved.map(|id| (id, filing.destination))),
            }
        }
        found
    }

    /// Whether a move has to wait.
    pub fn holds_back(&self, workload: WorkloadId, destination: SiteId) -> bool {
        self.is_calm
            || self.workloads.contains(&workload)
            || self.moves.contains(&(workload, destination))
    }
}

/// Whether a site held with a proposal: it filed it, or voted for it. Who said no then and sees a cause
/// now has not been voted down; else one that cries in vain could have all others hold back.
fn has_agreed(me: SiteId, proposal: &Proposal) -> bool {
    proposal.proposer == me || proposal.ballot.votes.get(&me).is_some_and(|vote| vote.yes)
}

/// What most weight said no for.
fn why(ended: &Ended) -> Option<Reason> {
    let ballot = &ended.proposal.ballot;
    let mut weights: BTreeMap<Reason, u64> = BTreeMap::new();
    for (site, vote) in ballot.votes.iter().filter(|(_, vote)| !vote.yes) {
        let weight = ballot.weights.get(site).copied().unwrap_or(0);
        *weights.entry(vote.reason).or_default() += u64::from(weight);
    }
    weights.into_iter().max_by_key(|(_, weight)| *weight).map(|(reason, _)| reason)
}
