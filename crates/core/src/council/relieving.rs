//! A source is relieved of an overload by one move at a time: until the traffic of one has left, the
//! source's forecasts were made without it, and another one would relieve it of what has gone
//! already, and fill what has room for one only. Who proposes keeps to that by itself, as far as its
//! copy of the log reaches; two that see the same alarm at once do not know of each other.

use crate::council::movement::Phase;
use crate::council::proposal::{Cause, Filing};
use crate::council::state::{Proposal, State};
use crate::council::words::ProposalId;

/// The move that relieves the source of a proposal already, if that is for an overload.
pub fn relieved_by(state: &State, filing: &Filing) -> Option<ProposalId> {
    if !state.rules.relieves_once() || !matches!(filing.cause, Cause::Overload { .. }) {
        return None;
    }
    let is_leaving = |open: &Proposal| {
        let phase = open.movement.map(|movement| movement.phase);
        open.filing.source == filing.source
            && phase.is_some_and(|of| !matches!(of, Phase::Watching { .. } | Phase::Returning(_)))
    };
    state.open.iter().find(|(_, open)| is_leaving(open)).map(|(id, _)| *id)
}
