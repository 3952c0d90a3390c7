//! While it is looked whether a move helped: do its callers fare worse?
//!
//! The log checks how full sites are. How calls fare is no metric of sites, so both parties look
//! at it, and either one asks for the end of a move whose calls fail or linger.

use swell_core::council::entry::{Command, News};
use swell_core::council::movement::Phase;
use swell_core::council::state::{Proposal, State};
use swell_core::council::words::{ProposalId, Slot};

use crate::monitor::Monitor;

/// Slots before a move by which calls during its check are judged.
const BEFORE_SLOTS: u64 = 12;

/// What a party says of the moves that made calls worse.
pub fn complaints(state: &State, monitor: &Monitor) -> Vec<Command> {
    let open = state.open.iter();
    open.filter_map(|(id, proposal)| complaint(state, monitor, *id, proposal)).collect()
}

fn complaint(
    state: &State,
    monitor: &Monitor,
    id: ProposalId,
    proposal: &Proposal,
) -> Option<Command> {
    let (filing, movement) = (&proposal.filing, proposal.movement?);
    let Phase::Watching { from, .. } = movement.phase else { return None };
    if ![filing.source, filing.destination].contains(&monitor.me()) || !movement.has_source {
        return None;
    }
    let handed_over = proposal.passed.iter().find(|step| step.phase == Phase::Shifting(0))?;
    let handed_over = Slot::of(handed_over.at, state.rules.slot);
    let before = handed_over.minus(BEFORE_SLOTS)..handed_over;
    let worse =
        |workload| monitor.quality().worse(workload, before.clone(), from..monitor.slot().plus(1));
    let trouble = filing.workloads.keys().find_map(|workload| worse(*workload))?;
    let news = News::Trouble(trouble);
    Some(Command::Report { proposal: id, epoch: movement.epoch, news })
}
