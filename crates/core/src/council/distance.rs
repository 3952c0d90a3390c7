//! What sites tell of the ways between them, and what a move has to be worth for its way.

use std::collections::BTreeMap;

use crate::council::refusal::Refusal;
use crate::council::relief::Relief;
use crate::council::state::State;
use crate::council::ways::WAY_US_MAX;
use crate::ids::SiteId;

/// A site tells of its ways to other members.
pub fn on_ways(state: &mut State, by: SiteId, to: &BTreeMap<SiteId, u32>) -> Result<(), Refusal> {
    if let Some(stranger) = to.keys().find(|site| !state.members.contains_key(site)) {
        return Err(Refusal::NotMember(*stranger));
    }
    if to.contains_key(&by) {
        return Err(Refusal::OutOfRange("a site is at no distance from itself"));
    }
    if to.values().any(|way| *way > WAY_US_MAX) {
        return Err(Refusal::OutOfRange("a way that takes more than a minute is none"));
    }
    state.ways.tell(by, to.clone());
    Ok(())
}

/// How far a move goes, as far as the rules in force heed it, in parts per million of what a site
/// bears.
pub fn away_ppm(state: &State, source: SiteId, destination: SiteId) -> u32 {
    if state.rules.heeds_ways() { state.ways.worth_ppm(source, destination) } else { 0 }
}

/// Whether what a move takes off an overloaded source is worth so long a way.
pub fn is_worth_the_way(relief: Relief, away_ppm: u32) -> bool {
    let excess = relief.peak_ppm.saturating_sub(relief.limit_ppm);
    away_ppm == 0 || excess.min(relief.share_ppm) >= away_ppm
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_way_has_to_be_worth_it() {
        let relief = |peak_ppm, share_ppm| Relief { peak_ppm, share_ppm, limit_ppm: 850_000 };
        for (peak_ppm, share_ppm, away_ppm, expected) in [
            (900_000, 200_000, 50_000, true),
            (899_999, 200_000, 50_000, false),
            (1_500_000, 49_999, 50_000, false),
            (850_000, 200_000, 0, true),
        ] {
            assert_eq!(is_worth_the_way(relief(peak_ppm, share_ppm), away_ppm), expected);
        }
    }
}
