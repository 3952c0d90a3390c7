//! How likely it is that a site, or one of its nodes, fails: by how often it did of late.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// What an old slot still weighs after another one.
const MEMORY: f32 = 0.98;

/// A workload of which more than this share of the calls failed fails, and so does a site in a slot
/// in which more than this share of its workloads did.
const FAILED_SHARE: f32 = 0.5;

/// The chance that is taken where nothing is known. Sites are taken to work: a new one is no
/// reason for alarm.
const USUAL: f32 = 0.02;

/// How sites or nodes fared, the latest slots weighing most.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Odds<K: Ord>(BTreeMap<K, (f32, f32)>);

impl<K: Ord> Default for Odds<K> {
    /// Nothing is known of anybody.
    fn default() -> Self {
        Self(BTreeMap::new())
    }
}

impl<K: Ord> Odds<K> {
    /// A site in a slot: not reached at all, or the share of its workloads that failed.
    pub fn on_slot(&mut self, site: K, failed_share: Option<f32>) {
        let has_failed = failed_share.is_none_or(|share| share > FAILED_SHARE);
        let (failed, slots) = self.0.entry(site).or_default();
        *failed = *failed * MEMORY + f32::from(u8::from(has_failed));
        *slots = *slots * MEMORY + 1.0;
    }

    /// The chance that the next slot is one of failure: the share of those seen, with one slot
    /// beforehand in which as much failed as usually does (a rule of succession).
    pub fn of_failure(&self, site: K) -> f32 {
        let (failed, slots) = self.0.get(&site).copied().unwrap_or_default();
        (failed + USUAL) / (slots + 1.0)
    }
}

/// The share of a site's workloads whose calls fail for the most part, of the shares that failed of
/// each that was called. A workload that fails by itself is no matter of its site, so it takes two.
pub fn failing_share(shares: impl Iterator<Item = f32>) -> f32 {
    let (mut failing, mut called) = (0u32, 0u32);
    for share in shares {
        failing += u32::from(share > FAILED_SHARE);
        called += 1;
    }
    if failing < 2 { 0.0 } else { failing as f32 / called as f32 }
}

#[cfg(test)]
mod tests {
    use swell_core::ids::SiteId;

    use super::*;

    #[test]
    fn one_workload_that_fails_does_not_make_a_failing_site() {
        for (shares, expected) in [
            (&[][..], 0.0),
            (&[1.0], 0.0),
            (&[1.0, 0.1], 0.0),
            (&[1.0, 0.9], 1.0),
            (&[1.0, 0.9, 0.0, 0.5], 0.5),
        ] {
            assert_eq!(failing_share(shares.iter().copied()), expected, "{shares:?}");
        }
    }

    #[test]
    fn who_fails_is_expected_to_fail() {
        let mut odds = Odds::default();
        let (good, bad) = (SiteId(1), SiteId(2));
        assert_eq!(odds.of_failure(good), USUAL, "nothing is known");
        for _ in 0..50 {
            odds.on_slot(good, Some(0.01));
            odds.on_slot(bad, None);
        }
        assert!(odds.of_failure(good) < 0.05 && odds.of_failure(bad) > 0.95, "{odds:?}");
        (0..200).for_each(|_| odds.on_slot(bad, Some(0.0)));
        assert!(odds.of_failure(bad) < 0.05, "it mended its ways");
    }
}
