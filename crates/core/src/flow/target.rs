//! Who should own a FIFO instead, of those who can: headroom, dependency and proximity decide.

use crate::flow::view::Party;
use crate::rng::{self, Rng};

/// Weights of the three criteria the founding document names.
const HEADROOM: f64 = 0.4;
const DEPENDENCY: f64 = 0.4;
const PROXIMITY: f64 = 0.2;
/// Worths that differ by less are equal.
const TIE: f64 = 1e-9;

/// What a party is worth as a target.
pub fn worth(party: &Party) -> f64 {
    let headroom = (1.0 - party.usage()).clamp(0.0, 1.0);
    HEADROOM * headroom + DEPENDENCY * party.dependency + PROXIMITY * party.proximity
}

/// The best of them; among equals one that got few FIFOs of late, and then chance decides.
pub fn best<'a>(parties: impl Iterator<Item = &'a Party>, rng: &mut Rng) -> Option<&'a Party> {
    let mut parties: Vec<&Party> = parties.collect();
    parties.sort_by(|a, b| worth(b).total_cmp(&worth(a)).then(a.owner.cmp(&b.owner)));
    let first = worth(parties.first()?);
    parties.retain(|party| first - worth(party) < TIE);
    let fewest = parties.iter().map(|party| party.recent).min()?;
    parties.retain(|party| party.recent == fewest);
    parties.truncate(2);
    let index = if parties.len() > 1 { rng::below(rng, parties.len() as u64) as usize } else { 0 };
    Some(parties[index])
}
