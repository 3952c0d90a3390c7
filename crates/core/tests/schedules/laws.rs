//! The laws, looked at after every entry, by reckoning of their own where they can.

use std::collections::{BTreeMap, BTreeSet};

use swell_core::council::ballot::Ballot;
use swell_core::council::entry::{Command, Entry};
use swell_core::council::machine::apply;
use swell_core::council::proposal::Outcome;
use swell_core::council::state::{Proposal, State};
use swell_core::council::voting::filed_by;
use swell_core::council::words::{Criticality, Epoch, ProposalId, WorkloadId};
use swell_core::ids::SiteId;
use swell_core::rng::{Rng, below};

use crate::choice::{chance, shuffle};

/// What the laws remember.
#[derive(Debug, Default)]
pub(crate) struct Laws {
    /// Who held an epoch of a workload, by the log.
    holders: BTreeMap<(WorkloadId, Epoch), SiteId>,
    /// Who acted in it.
    actors: BTreeMap<(WorkloadId, Epoch), SiteId>,
    /// The highest epoch that had an effect at each site.
    effects: BTreeMap<(SiteId, WorkloadId), Epoch>,
    /// Who were members when it was filed.
    electorates: BTreeMap<ProposalId, BTreeSet<SiteId>>,
    /// Approved, and not ended so far.
    approved: BTreeSet<ProposalId>,
}

/// How a proposal stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Standing {
    Open,
    Moving,
    Ended(Outcome),
    Unknown,
}

impl Laws {
    /// After an entry was applied, or refused.
    pub(crate) fn after(&mut self, state: &State, entry: &Entry) -> Result<(), String> {
        self.one_holder(state)?;
        match &entry.command {
            Command::Propose(_) => self.filed(state),
            Command::Vote { proposal, .. } => self.voted(state, *proposal),
            Command::VoteOn { message, .. } => match filed_by(state, *message) {
                Ok(proposal) => self.voted(state, proposal),
                Err(_) => Ok(()),
            },
            _ => Ok(()),
        }?;
        // Who waited for its turn is carried out by a tick, or when another one is decided.
        for (id, _) in state.open.iter().filter(|(_, open)| open.movement.is_some()) {
            if !self.approved.contains(id) {
                self.voted(state, *id)?;
            }
        }
        self.ends(state)
    }

    /// One holder for each epoch of a workload, for ever.
    fn one_holder(&mut self, state: &State) -> Result<(), String> {
        for (id, workload) in &state.workloads {
            let (epoch, holder) = (workload.authority.epoch, workload.authority.holder);
            let known = *self.holders.entry((*id, epoch)).or_insert(holder);
            if known != holder {
                return Err(format!(
                    "sites {} and {} both held workload {} in epoch {}",
                    known.0, holder.0, id.0, epoch.0
                ));
            }
        }
        Ok(())
    }

    fn filed(&mut self, state: &State) -> Result<(), String> {
        let id = ProposalId(state.index);
        let Some(proposal) = state.open.get(&id) else { return Ok(()) };
        self.electorates.insert(id, state.members.keys().copied().collect());
        let Proposal { ballot, criticality, .. } = proposal;
        let sum: u64 = ballot.weights.values().map(|weight| u64::from(*weight)).sum();
        let largest = ballot.weights.values().copied().max().unwrap_or(0);
        let sites = ballot.weights.len();
        if sum != 1_000_000 {
            return Err(format!("the weights on proposal {} sum to {sum}", id.0));
        }
        if sites >= 3 && largest >= 1_000_000 - theta(*criticality) {
            return Err(format!("one of {sites} sites weighs {largest} on proposal {}", id.0));
        }
        Ok(())
    }

    /// What was approved had enough weight of all, by counting anew.
    fn voted(&mut self, state: &State, id: ProposalId) -> Result<(), String> {
        let approved = match standing(state, id) {
            Standing::Moving => state.open.get(&id),
            Standing::Ended(Outcome::Shadow | Outcome::Superseded | Outcome::NoRoom) => {
                state.ended.get(&id).map(|ended| &ended.proposal)
            }
            _ => None,
        };
        let Some(proposal) = approved else { return Ok(()) };
        if proposal.movement.is_some() {
            self.approved.insert(id);
        }
        let Ballot { weights, votes, .. } = &proposal.ballot;
        let known = self.electorates.get(&id).cloned().unwrap_or_default();
        if !weights.keys().eq(known.iter()) {
            return Err(format!("the electorate of proposal {} is not who was there", id.0));
        }
        let yes = votes.iter().filter(|(_, vote)| vote.yes);
        let (mut sites, mut weight) = (0u64, 0u64);
        for (site, _) in yes {
            sites += 1;
            weight += u64::from(weights.get(site).copied().unwrap_or(0));
        }
        let bar = theta(proposal.criticality);
        if weight <= u64::from(bar) || sites < 2 {
            return Err(format!(
                "proposal {} was approved by {sites} sites with weight {weight} of 1000000, \
                 where more than {bar} is needed",
                id.0
            ));
        }
        Ok(())
    }

    /// What was approved ends in done, rolled back or failed, and in nothing else.
    fn ends(&mut self, state: &State) -> Result<(), String> {
        let ended = self.approved.iter().copied().filter(|id| !state.open.contains_key(id));
        for id in ended.collect::<Vec<_>>() {
            self.approved.remove(&id);
            match standing(state, id) {
                Standing::Ended(Outcome::Done | Outcome::RolledBack(_) | Outcome::Failed(_)) => {}
                other => return Err(format!("approved proposal {} ended as {other:?}", id.0)),
            }
        }
        Ok(())
    }

    /// Nothing is left open at the end.
    pub(crate) fn finish(&self, state: &State) -> Result<(), String> {
        match state.open.keys().next() {
            Some(id) => Err(format!("proposal {} never ended", id.0)),
            None => Ok(()),
        }
    }

    /// A site acts on a workload as its authority, and it has an effect.
    pub(crate) fn acted(
        &mut self,
        workload: WorkloadId,
        epoch: Epoch,
        by: SiteId,
    ) -> Result<(), String> {
        let first = *self.actors.entry((workload, epoch)).or_insert(by);
        if first != by {
            return Err(format!(
                "sites {} and {} both acted on workload {} in epoch {}",
                first.0, by.0, workload.0, epoch.0
            ));
        }
        let highest = self.effects.entry((by, workload)).or_insert(epoch);
        if epoch < *highest {
            return Err(format!(
                "site {} acted on workload {} in epoch {}, after epoch {}",
                by.0, workload.0, epoch.0, highest.0
            ));
        }
        *highest = epoch;
        Ok(())
    }
}

/// After the same votes, whatever their order, the decision is the same.
pub(crate) fn order_does_not_matter(
    state: &State,
    id: ProposalId,
    rng: &mut Rng,
) -> Result<(), String> {
    let Some(proposal) = state.open.get(&id) else { return Ok(()) };
    let voters: Vec<SiteId> = proposal.ballot.weights.keys().copied().collect();
    let mut votes: Vec<Entry> = Vec::new();
    for (place, from) in voters.into_iter().enumerate() {
        if chance(rng, 5) {
            continue;
        }
        let command = Command::Vote {
            proposal: id,
            yes: below(rng, 3) > 0,
            reason: swell_core::council::entry::Reason::Helps,
            claim_ppm: below(rng, 1_000_000) as u32,
        };
        let (incarnation, sequence) = (u64::MAX, place as u64 + 1);
        votes.push(Entry { from, incarnation, sequence, command });
    }
    let mut decided: Option<Standing> = None;
    for _ in 0..3 {
        shuffle(rng, &mut votes);
        let mut fork = state.clone();
        for vote in &votes {
            let next = fork.index + 1;
            let _ = apply(&mut fork, next, vote);
        }
        let now = standing(&fork, id);
        match decided {
            Some(before) if before != now => {
                return Err(format!(
                    "the same votes on proposal {} gave {before:?} and {now:?}, by their order",
                    id.0
                ));
            }
            _ => decided = Some(now),
        }
    }
    Ok(())
}

/// The bar, written down once more: it must not come from what is tested.
fn theta(criticality: Criticality) -> u32 {
    match criticality {
        Criticality::Low => 500_000,
        Criticality::Normal => 550_000,
        Criticality::Critical => 600_000,
    }
}

fn standing(state: &State, id: ProposalId) -> Standing {
    match (state.open.get(&id), state.ended.get(&id)) {
        (Some(open), _) if open.movement.is_some() => Standing::Moving,
        (Some(_), _) => Standing::Open,
        (_, Some(ended)) => Standing::Ended(ended.outcome),
        _ => Standing::Unknown,
    }
}
