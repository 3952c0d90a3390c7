//! Did a move help? Decided by what observers agreed on, not by what a party says.

use crate::council::book::Subject;
use crate::council::ending::end;
use crate::council::movement::Phase;
use crate::council::moving::back;
use crate::council::proposal::{Condition, Outcome, Trouble};
use crate::council::state::{Proposal, State};
use crate::council::words::{ProposalId, Slot};

/// Checks every move whose window is over.
pub fn check(state: &mut State) {
    let due = state.open.iter().filter_map(|(id, proposal)| {
        let Phase::Watching { from, until } = proposal.movement?.phase else { return None };
        (state.closed >= until).then(|| (*id, verdict(state, proposal, from, until)))
    });
    let due: Vec<(ProposalId, Result<(), Trouble>)> = due.collect();
    for (id, verdict) in due {
        match verdict {
            Ok(()) => end(state, id, Outcome::Done),
            Err(why) => back(state, id, why),
        }
    }
}

fn verdict(state: &State, proposal: &Proposal, from: Slot, until: Slot) -> Result<(), Trouble> {
    let criterion = &proposal.filing.criterion;
    let mut is_shown = true;
    for condition in &criterion.conditions {
        match mean(state, condition, from, until) {
            (samples, _) if samples < u64::from(criterion.samples_min) => is_shown = false,
            (_, mean) if mean > u64::from(condition.at_most_ppm) => {
                return Err(Trouble::DidNotHelp);
            }
            _ => {}
        }
    }
    if is_shown { Ok(()) } else { Err(Trouble::NotShown) }
}

fn mean(state: &State, condition: &Condition, from: Slot, until: Slot) -> (u64, u64) {
    let subject = Subject { target: condition.site, metric: condition.metric };
    let values = state.book.truths(subject, from, until);
    let (samples, sum) =
        values.fold((0, 0), |(samples, sum), value| (samples + 1, sum + u64::from(value)));
    (samples, sum.checked_div(samples).unwrap_or(0))
}
