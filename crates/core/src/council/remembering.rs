//! What is remembered of a move, to know it again.

use crate::council::proposal::{Cause, Filing, Outcome, Trouble};
use crate::council::repeat::TakenBack;
use crate::council::state::{Ended, State};
use crate::council::words::{Metric, WorkloadId};

/// Whether a move that ended with this trouble is remembered only for as long as a step may take:
/// nothing can stay at its source, so it is better tried again than never.
pub fn is_tried_again(state: &State, filing: &Filing, trouble: Trouble) -> bool {
    let has_to_leave = matches!(filing.cause, Cause::SourceLost | Cause::Maintenance { .. });
    has_to_leave && trouble != Trouble::DidNotHelp && state.rules.tries_again()
}

/// Whether such a move of this workload, to the same destination, came to nothing a moment ago.
pub fn failed_lately(state: &State, filing: &Filing, workload: WorkloadId) -> bool {
    let is_the_same = |ended: &Ended| {
        let old = &ended.proposal.filing;
        let failed = match ended.outcome {
            Outcome::RolledBack(trouble) => is_tried_again(state, old, trouble),
            _ => false,
        };
        failed
            && (old.source, old.destination) == (filing.source, filing.destination)
            && old.workloads.contains_key(&workload)
            && ended.at + state.rules.step > state.now
    };
    let has_to_leave = matches!(filing.cause, Cause::SourceLost | Cause::Maintenance { .. });
    has_to_leave && state.ended.values().any(is_the_same)
}

/// What would be remembered of a move if it were taken back now.
pub fn as_taken_back(
    state: &State,
    filing: &Filing,
    workload: WorkloadId,
    predicted_ppm: u32,
) -> TakenBack {
    let metric: Option<Metric> = match filing.cause {
        Cause::Overload { metric, .. } => Some(metric),
        _ => None,
    };
    let destination = state.members.get(&filing.destination);
    TakenBack {
        workload,
        source: filing.source,
        destination: filing.destination,
        metric,
        is_takeover: match filing.cause {
            Cause::SourceLost => state.rules.takes_over(),
            Cause::Maintenance { .. } => true,
            _ => false,
        },
        predicted_ppm,
        capacity: destination.map(|member| member.capacity).unwrap_or_default(),
        at: state.now,
    }
}
