//! How a site votes: by what it expects itself of source and destination.

use crate::council::entry::Reason;
use crate::council::filing::through;
use crate::council::load::{demand, predicted_ppm, promised};
use crate::council::proposal::Cause;
use crate::council::state::{Proposal, State};
use crate::council::words::{Metric, Slot};
use crate::ids::SiteId;

/// What a site expects, whoever asks: its own models, not those of others.
pub trait Outlook {
    /// The highest utilisation it expects of a site, from now through a slot, in parts per
    /// million; nothing where it has no opinion.
    fn peak_ppm(&self, site: SiteId, metric: Metric, through: Slot) -> Option<u32>;
}

/// The vote on a proposal, with its reason. Where the voter has no opinion of its own, what
/// the site in question committed to holds.
pub fn judge(state: &State, proposal: &Proposal, outlook: &dyn Outlook) -> (bool, Reason) {
    let filing = &proposal.filing;
    let limit = state.rules.limit_ppm;
    if let Cause::Overload { metric, slot } = filing.cause {
        let own = outlook.peak_ppm(filing.source, metric, slot);
        let said = || predicted_ppm(state, filing.source, metric, slot);
        if own.or_else(said).unwrap_or(0) <= limit {
            return (false, Reason::NotNeeded);
        }
    }
    let through = through(state, filing);
    let Some(member) = state.members.get(&filing.destination) else {
        return (false, Reason::DestinationFull);
    };
    let wanted = demand(state, filing.workloads.keys().copied());
    let coming = wanted.plus(promised(state, filing.destination));
    for metric in Metric::ALL {
        let share = coming.share_ppm(metric, &member.capacity);
        let own = outlook.peak_ppm(filing.destination, metric, through);
        let Some(own) = own.filter(|_| share > 0) else { continue };
        if own.saturating_add(share) > limit {
            return (false, Reason::DestinationFull);
        }
    }
    let is_forecast = matches!(filing.cause, Cause::Overload { .. });
    (true, if is_forecast { Reason::Helps } else { Reason::Ordered })
}
