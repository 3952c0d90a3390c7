//! From what sites earned to shares of all weight: none too small, none too large.
//!
//! Shares are whole parts per million that sum to a million. What a share loses to its cap or
//! gains from its floor is spread over the others in proportion (water-filling). What whole
//! parts leave over goes to the largest remainders, the lowest site first where they tie.

use std::collections::{BTreeMap, BTreeSet};

use crate::council::words::WHOLE_PPM;
use crate::ids::SiteId;

/// The shares of sites with these merits. The floor is a part of an equal share; the cap is
/// raised to an equal share where there are too few sites for it.
pub fn shares(
    merits: &BTreeMap<SiteId, u64>,
    floor_ppm: u32,
    cap_ppm: u32,
) -> BTreeMap<SiteId, u32> {
    let Ok(sites) = u32::try_from(merits.len()) else { return BTreeMap::new() };
    if sites == 0 {
        return BTreeMap::new();
    }
    let equal = WHOLE_PPM.div_ceil(sites);
    let cap = u64::from(cap_ppm.max(equal));
    let floor =
        u64::from(floor_ppm.min(WHOLE_PPM)) * u64::from(WHOLE_PPM / sites) / u64::from(WHOLE_PPM);
    let mut settled: BTreeMap<SiteId, u64> = BTreeMap::new();
    loop {
        let left = u64::from(WHOLE_PPM).saturating_sub(settled.values().sum());
        let free: BTreeMap<SiteId, u64> =
            merits.iter().filter(|(site, _)| !settled.contains_key(site)).map(merit).collect();
        let raw = spread(left, &free);
        let above: BTreeSet<_> = raw.iter().filter(|(_, share)| **share > cap).map(name).collect();
        let below: BTreeSet<_> =
            raw.iter().filter(|(_, share)| **share < floor).map(name).collect();
        if !above.is_empty() {
            settled.extend(above.into_iter().map(|site| (site, cap)));
        } else if !below.is_empty() {
            settled.extend(below.into_iter().map(|site| (site, floor)));
        } else {
            settled.extend(raw);
            break;
        }
    }
    trim(&mut settled, cap);
    settled.into_iter().map(|(site, share)| (site, share as u32)).collect()
}

/// Caps and floors together may be more than there is: then the largest give it back.
fn trim(settled: &mut BTreeMap<SiteId, u64>, cap: u64) {
    let sum: u64 = settled.values().sum();
    if sum <= u64::from(WHOLE_PPM) {
        return;
    }
    let largest = settled.iter().filter(|(_, share)| **share == cap);
    let largest: BTreeMap<SiteId, u64> = largest.map(|(site, _)| (*site, 1)).collect();
    let others = sum - cap * largest.len() as u64;
    settled.extend(spread(u64::from(WHOLE_PPM).saturating_sub(others), &largest));
}

fn merit((site, merit): (&SiteId, &u64)) -> (SiteId, u64) {
    // At least one, so that a site without merit still has a part of what nobody earned.
    (*site, (*merit).max(1))
}

fn name((site, _): (&SiteId, &u64)) -> SiteId {
    *site
}

/// `whole` in proportion to the merits, exactly.
fn spread(whole: u64, merits: &BTreeMap<SiteId, u64>) -> BTreeMap<SiteId, u64> {
    let sum: u128 = merits.values().map(|merit| u128::from(*merit)).sum();
    let exact = |merit: u64| u128::from(whole) * u128::from(merit);
    let mut shares: BTreeMap<SiteId, u64> =
        merits.iter().map(|(site, merit)| (*site, (exact(*merit) / sum) as u64)).collect();
    let mut remainders: Vec<(u128, SiteId)> =
        merits.iter().map(|(site, merit)| (exact(*merit) % sum, *site)).collect();
    remainders.sort_by_key(|(remainder, site)| (std::cmp::Reverse(*remainder), *site));
    let over = whole.saturating_sub(shares.values().sum()) as usize;
    for (_, site) in remainders.into_iter().take(over) {
        *shares.entry(site).or_default() += 1;
    }
    shares
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn of(merits: &[u64], floor_ppm: u32, cap_ppm: u32) -> Vec<u32> {
        let merits = (0..).map(SiteId).zip(merits.iter().copied()).collect();
        shares(&merits, floor_ppm, cap_ppm).into_values().collect()
    }

    #[test]
    fn shares_are_proportional_between_floor_and_cap() {
        for (merits, expected) in [
            (&[1, 1, 1, 1][..], &[250_000, 250_000, 250_000, 250_000][..]),
            (&[1, 1, 1], &[333_334, 333_333, 333_333]),
            (&[100, 1, 1, 1], &[440_000, 186_667, 186_667, 186_666]),
            (&[100, 100, 100, 0], &[322_917, 322_917, 322_916, 31_250]),
            (&[7, 0], &[500_000, 500_000]),
            (&[7], &[1_000_000]),
            (&[], &[]),
        ] {
            assert_eq!(of(merits, 125_000, 440_000), expected, "{merits:?}");
        }
    }

    proptest! {
        #[test]
        fn floor_cap_and_sum_hold(
            merits in prop::collection::vec(prop_oneof![Just(0), 1..100_000u64], 3..64),
            cap in 340_000..490_000u32,
        ) {
            let shares = of(&merits, 125_000, cap);
            let floor = 125_000 / merits.len() as u32;
            prop_assert_eq!(shares.iter().sum::<u32>(), WHOLE_PPM);
            prop_assert!(shares.iter().all(|share| *share <= cap), "{:?}", shares);
            prop_assert!(shares.iter().all(|share| *share + 1 >= floor), "{:?}", shares);
            for (a, more) in merits.iter().zip(&shares) {
                for (b, less) in merits.iter().zip(&shares) {
                    prop_assert!(a < b || *more + 1 >= *less, "{:?} {:?}", merits, shares);
                }
            }
        }
    }
}
