//! What is remembered of a move, to know it again.

use crate::council::proposal::{Cause, Filing};
use crate::council::repeat::TakenBack;
use crate::council::state::State;
use crate::council::words::{Metric, WorkloadId};

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
