//! What each member weighs: what its forecasts earned, by how its votes turned out, and by
//! its stake in what is voted on.

use std::collections::BTreeMap;

use crate::council::early_scoring::earned;
use crate::council::proposal::Filing;
use crate::council::rules::Counting;
use crate::council::shares::shares;
use crate::council::state::State;
use crate::council::words::{Criticality, Metric, WHOLE_PPM};
use crate::ids::SiteId;

/// The weights of all members for a proposal, as they are frozen when it is filed.
pub fn weights(state: &State, filing: &Filing, criticality: Criticality) -> BTreeMap<SiteId, u32> {
    let parties = [filing.source, filing.destination];
    weigh(state, filing.cause.metric(), criticality, &parties)
}

/// The shares of all members in the class of a metric, where nobody has a stake.
pub fn standing(state: &State, metric: Metric) -> BTreeMap<SiteId, u32> {
    weigh(state, metric, Criticality::Normal, &[])
}

fn weigh(
    state: &State,
    metric: Metric,
    criticality: Criticality,
    parties: &[SiteId],
) -> BTreeMap<SiteId, u32> {
    let rules = &state.rules;
    let stake = u64::from(rules.stake_ppm[criticality as usize]);
    let merits = state.members.iter().map(|(site, member)| {
        let stake = if parties.contains(site) { stake } else { 0 };
        let earned = earned(state, *site, metric) * member.votes.factor_milli();
        let merit = match rules.counting {
            Counting::Majority => 1,
            _ => earned * (u64::from(WHOLE_PPM) + stake) / 1_000,
        };
        (*site, merit)
    });
    shares(&merits.collect(), rules.floor_ppm, rules.cap(criticality))
}
