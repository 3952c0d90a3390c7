//! Did a move help? Decided by what observers agreed on, not by what a party says: whether the
//! destination has room for it, and whether the source was relieved. A source that is overloaded
//! still was relieved if it would be clearly more so with what left it.

use crate::council::book::Subject;
use crate::council::ending::end;
use crate::council::load::demand;
use crate::council::movement::Phase;
use crate::council::moving::{back, back_from_unrelieved};
use crate::council::proposal::{Condition, Outcome, Trouble};
use crate::council::relief::Relief;
use crate::council::state::{Proposal, State};
use crate::council::words::{ProposalId, Slot};

/// Checks every move whose window is over.
pub fn check(state: &mut State) {
    let due = state.open.iter().filter_map(|(id, proposal)| {
        let Phase::Watching { from, until } = proposal.movement?.phase else { return None };
        (state.closed >= until).then(|| (*id, verdict(state, proposal, from, until)))
    });
    let due: Vec<(ProposalId, Verdict)> = due.collect();
    for (id, verdict) in due {
        match verdict {
            Verdict::Helped => end(state, id, Outcome::Done),
            Verdict::Not(why) => back(state, id, why),
            Verdict::SourceAsFull => back_from_unrelieved(state, id),
        }
    }
}

/// What the observations say of a move.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verdict {
    Helped,
    Not(Trouble),
    /// The destination bears it, and the source is no better for it.
    SourceAsFull,
}

fn verdict(state: &State, proposal: &Proposal, from: Slot, until: Slot) -> Verdict {
    let criterion = &proposal.filing.criterion;
    let (mut is_shown, mut is_relieved) = (true, true);
    let is_gone = proposal.movement.is_some_and(|movement| !movement.has_source());
    let counts = |of: &&Condition| {
        // Nobody sees how full a source is that is gone, and there is nothing to relieve.
        !(is_gone && state.rules.heeds_sources() && of.site == proposal.filing.source)
    };
    for condition in criterion.conditions.iter().filter(counts) {
        match mean(state, condition, from, until) {
            (samples, _) if samples < u64::from(criterion.samples_min) => is_shown = false,
            (_, mean) if mean <= u64::from(condition.at_most_ppm) => {}
            (_, mean) if condition.site == proposal.filing.source => {
                is_relieved &= state.rules.compares() && is_less(state, proposal, condition, mean);
            }
            _ => return Verdict::Not(Trouble::DidNotHelp),
        }
    }
    match (is_relieved, is_shown) {
        (false, _) => Verdict::SourceAsFull,
        (true, false) => Verdict::Not(Trouble::NotShown),
        (true, true) => Verdict::Helped,
    }
}

/// Whether what left a source, by what it is said to take now, is worth a move where so much is
/// left that it is overloaded still.
fn is_less(state: &State, proposal: &Proposal, condition: &Condition, left_ppm: u64) -> bool {
    let Some(member) = state.members.get(&condition.site) else { return false };
    let moved = demand(state, proposal.filing.workloads.keys().copied());
    let share_ppm = moved.share_ppm(condition.metric, &member.capacity);
    let left_ppm = u32::try_from(left_ppm).unwrap_or(u32::MAX);
    let peak_ppm = left_ppm.saturating_add(share_ppm);
    Relief { peak_ppm, share_ppm, limit_ppm: condition.at_most_ppm }.is_worth_it()
}

fn mean(state: &State, condition: &Condition, from: Slot, until: Slot) -> (u64, u64) {
    let subject = Subject { target: condition.site, metric: condition.metric };
    let values = state.book.truths(subject, from, until);
    let (samples, sum) =
        values.fold((0, 0), |(samples, sum), value| (samples + 1, sum + u64::from(value)));
    (samples, sum.checked_div(samples).unwrap_or(0))
}
