//! How a site votes: by what it expects itself of source and destination.

use crate::council::committed::{self, AS_DECIDED};
use crate::council::distance::{away_ppm, is_worth_the_way};
use crate::council::entry::Reason;
use crate::council::load::{demand, predicted_ppm, promised};
use crate::council::maintenance::of_left;
use crate::council::proposal::{Cause, Filing};
use crate::council::relief::Relief;
use crate::council::room::{bar_ppm, through};
use crate::council::state::{Proposal, State};
use crate::council::words::{Metric, Slot, WorkloadId};
use crate::ids::SiteId;

/// From this chance on, in parts per million, a site is taken to be about to fail: whoever sees it
/// proposes to empty it. Others agree who give it half of that.
pub const FAILING_PPM: u32 = 250_000;

/// What a site expects, whoever asks: its own models, not those of others.
pub trait Outlook {
    /// The highest utilisation it expects of a site, from now through a slot, in parts per
    /// million of what maintenance leaves of it; nothing where it has no opinion.
    fn peak_ppm(&self, site: SiteId, metric: Metric, through: Slot) -> Option<u32>;

    /// What it expects a workload to take of what a site can bear, at most, from now through a
    /// slot; nothing where it has no opinion.
    fn share_ppm(&self, _: WorkloadId, _: SiteId, _: Metric, _: Slot) -> Option<u32> {
        None
    }

    /// The chance that it gives a site to fail in the next slot, in parts per million; nothing
    /// where it has no opinion.
    fn failure_ppm(&self, _: SiteId) -> Option<u32> {
        None
    }
}

/// The vote on a proposal, with its reason. Where the voter has no opinion of its own, what
/// the site in question committed to holds.
pub fn judge(state: &State, proposal: &Proposal, outlook: &dyn Outlook) -> (bool, Reason) {
    let filing = &proposal.filing;
    let limit = state.rules.limit_ppm;
    if let Cause::Overload { metric, slot } = filing.cause {
        let own = outlook.peak_ppm(filing.source, metric, slot);
        let said = || predicted_ppm(state, filing.source, metric, slot);
        let gone = gone(state, filing.source, metric, slot, outlook);
        let peak_ppm = own.or_else(said).unwrap_or(0).saturating_sub(gone);
        if peak_ppm <= limit {
            return (false, Reason::NotNeeded);
        }
        let share_ppm = leaving(state, filing, metric, slot, outlook);
        let relief = Relief { peak_ppm, share_ppm, limit_ppm: limit };
        if !relief.is_worth_it() {
            return (false, Reason::NoRelief);
        }
        // Ways change while a proposal is voted on; who forecasts a little less agrees as well.
        let away_ppm = away_ppm(state, filing.source, filing.destination);
        if !is_worth_the_way(relief, away_ppm / 2) {
            return (false, Reason::TooFar);
        }
    }
    if matches!(filing.cause, Cause::SourceFailing { .. }) {
        let chance = |site| outlook.failure_ppm(site).unwrap_or(0);
        if chance(filing.source) < FAILING_PPM / 2 {
            return (false, Reason::NotNeeded);
        }
        if chance(filing.destination) >= FAILING_PPM / 2 {
            return (false, Reason::NoRelief);
        }
    }
    let through = through(state, filing);
    let Some(member) = state.members.get(&filing.destination) else {
        return (false, Reason::DestinationFull);
    };
    let promised = promised(state, filing.destination, AS_DECIDED);
    let left = state.maintenance.least_ppm(filing.destination, state.slot(), through);
    for metric in Metric::ALL {
        let coming = arriving(state, filing, metric, through, outlook)
            .saturating_add(promised.share_ppm(metric, &member.capacity));
        let share = of_left(coming, left);
        let own = outlook.peak_ppm(filing.destination, metric, through);
        let Some(own) = own.filter(|_| share > 0) else { continue };
        if own.saturating_add(share) > bar_ppm(state, filing, metric) {
            return (false, Reason::DestinationFull);
        }
    }
    let is_forecast = matches!(
        filing.cause,
        Cause::Overload { .. } | Cause::SourceFailing { .. } | Cause::Maintenance { .. }
    );
    (true, if is_forecast { Reason::Helps } else { Reason::Ordered })
}

/// What leaves the source with a move, by the voter's own forecasts of its workloads, else by
/// what their holder registered.
fn leaving(
    state: &State,
    filing: &Filing,
    metric: Metric,
    through: Slot,
    outlook: &dyn Outlook,
) -> u32 {
    let workloads = filing.workloads.keys().copied();
    taken(state, workloads, filing.source, metric, through, outlook)
}

/// What is committed to leave a source, and still has authority there.
fn gone(
    state: &State,
    source: SiteId,
    metric: Metric,
    through: Slot,
    outlook: &dyn Outlook,
) -> u32 {
    if !state.rules.counts_committed() {
        return 0;
    }
    let workloads = committed::leaving(state, source, AS_DECIDED);
    taken(state, workloads, source, metric, through, outlook)
}

/// What workloads take of what maintenance leaves of a site.
fn taken(
    state: &State,
    workloads: impl Iterator<Item = WorkloadId>,
    site: SiteId,
    metric: Metric,
    through: Slot,
    outlook: &dyn Outlook,
) -> u32 {
    let Some(member) = state.members.get(&site) else { return 0 };
    let shares = workloads.map(|id| {
        let told = || demand(state, [id].into_iter()).share_ppm(metric, &member.capacity);
        outlook.share_ppm(id, site, metric, through).unwrap_or_else(told)
    });
    let left = state.maintenance.left_ppm(site, through);
    of_left(shares.fold(0, u32::saturating_add), left)
}

/// What comes to the destination with a move: what its holder registered, or what the voter expects
/// of it through the check, where that is more, as a workload that rises takes more by then.
fn arriving(
    state: &State,
    filing: &Filing,
    metric: Metric,
    through: Slot,
    outlook: &dyn Outlook,
) -> u32 {
    let destination = filing.destination;
    let Some(member) = state.members.get(&destination) else { return 0 };
    let shares = filing.workloads.keys().map(|id| {
        let told = demand(state, [*id].into_iter()).share_ppm(metric, &member.capacity);
        outlook.share_ppm(*id, destination, metric, through).map_or(told, |own| own.max(told))
    });
    shares.fold(0, u32::saturating_add)
}
