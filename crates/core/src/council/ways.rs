//! How far sites are from each other, and what a way is worth: calls that came in where a workload
//! was go there and back once it has moved.
//!
//! Each site tells the round trips that it measured; of a pair the longer word counts, so that no
//! site comes nearer by saying so. Who told nothing of another is taken to be beside it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::council::refusal::Refusal;
use crate::council::relief::Relief;
use crate::council::state::State;
use crate::ids::SiteId;

/// What a millisecond of a round trip is worth, in parts per million of what a site bears: a hundred
/// milliseconds are worth a twentieth. Chosen, not measured: of two sites the farther one is taken
/// if it has so much more room.
const MILLISECOND_PPM: u64 = 500;

/// The longest way that is told, in microseconds: nobody waits for longer.
pub const WAY_US_MAX: u32 = 60_000_000;

/// Round trips between sites, by who told them.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Ways {
    told: BTreeMap<SiteId, BTreeMap<SiteId, u32>>,
}

impl Ways {
    /// What a site told of its ways to others, in microseconds.
    pub fn of(&self, by: SiteId) -> Option<&BTreeMap<SiteId, u32>> {
        self.told.get(&by)
    }

    /// The round trip between two sites, in microseconds.
    pub fn round_us(&self, one: SiteId, other: SiteId) -> u32 {
        let by =
            |by: SiteId, to: SiteId| self.told.get(&by).and_then(|ways| ways.get(&to)).copied();
        by(one, other).max(by(other, one)).unwrap_or(0)
    }

    /// What the way between two sites is worth, in parts per million of what a site bears.
    pub fn worth_ppm(&self, one: SiteId, other: SiteId) -> u32 {
        let worth = u64::from(self.round_us(one, other)) * MILLISECOND_PPM / 1_000;
        u32::try_from(worth).unwrap_or(u32::MAX)
    }

    /// Forgets a site.
    pub fn forget(&mut self, site: SiteId) {
        self.told.remove(&site);
        for ways in self.told.values_mut() {
            ways.remove(&site);
        }
    }
}

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
    state.ways.told.insert(by, to.clone());
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
    fn of_a_pair_the_longer_word_counts() {
        let [oslo, lima, kobe] = [1, 2, 3].map(SiteId);
        let mut ways = Ways::default();
        ways.told.insert(oslo, [(lima, 20_000), (kobe, 100_000)].into());
        ways.told.insert(lima, [(oslo, 30_000)].into());
        assert_eq!([ways.round_us(oslo, lima), ways.round_us(lima, oslo)], [30_000; 2]);
        assert_eq!((ways.round_us(kobe, oslo), ways.worth_ppm(kobe, oslo)), (100_000, 50_000));
        assert_eq!(ways.round_us(lima, kobe), 0);
        ways.forget(oslo);
        assert_eq!([ways.round_us(oslo, lima), ways.round_us(oslo, kobe)], [0; 2]);
    }

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
