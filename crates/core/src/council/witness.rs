//! What a site tells that it used, held against what others saw of it.
//!
//! Gateways pass calls on, and know how many were answered and how long they took. A site whose
//! counters hide calls that others had answered, or claim more time for a call than callers
//! waited, or far less than the workload took at the site before, is not believed: what others
//! saw takes the place of what it tells. Who is caught again and again is taken to have told as
//! much less, or more, of what nobody else saw.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use serde::{Deserialize, Serialize};

use crate::council::words::WorkloadId;
use crate::ids::SiteId;

/// From so few calls nothing is concluded.
const CALLS_MIN: u64 = 20;
/// Readings are not of the same moment: so much of what others saw may be missing.
const MISSING_MAX: f32 = 0.25;
/// More than callers waited, by this factor, is not believed.
const LONGER_MAX: f32 = 1.5;
/// Less than at another site, by this factor, is not believed.
const CHEAPER_MAX: f32 = 3.0;
/// Who was contradicted in so many of so many slots is doubted altogether.
const CAUGHT: (usize, u64) = (3, 30);
/// What is taken to be hidden, or made up, of the rest, at most.
const FACTOR_MAX: f32 = 10.0;

/// Calls that were passed on and answered, as sums that only grow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Passed {
    /// How many.
    pub calls: u64,
    /// How long it took until they were answered, in microseconds.
    pub wait_us: u64,
}

impl Passed {
    /// What came since an earlier reading. Sums that fell are those of a node that came up anew.
    pub fn since(self, earlier: Self) -> Self {
        match self.calls.checked_sub(earlier.calls) {
            Some(calls) => Self { calls, wait_us: self.wait_us.saturating_sub(earlier.wait_us) },
            None => self,
        }
    }

    /// Both together.
    pub fn plus(self, other: Self) -> Self {
        Self { calls: self.calls + other.calls, wait_us: self.wait_us + other.wait_us }
    }
}

/// What a site claims of a workload in a slot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Claim {
    /// Calls.
    pub calls: u64,
    /// How long they worked, in microseconds.
    pub run_us: u64,
}

/// Calls to a workload at a site, by who saw them.
pub type Seen = BTreeMap<(SiteId, WorkloadId), Passed>;

/// What others saw.
#[derive(Debug, Clone, Default)]
pub struct Witness {
    /// What each gateway had passed on when it was last heard.
    last: BTreeMap<SiteId, Seen>,
    /// What was passed on in the slot, by all.
    slot: Seen,
    /// What a call of a workload took, in microseconds, and at which site that was told.
    costs: BTreeMap<WorkloadId, (SiteId, f32)>,
    /// How many slots there were, and in which sites were contradicted.
    slots: u64,
    caught: BTreeMap<SiteId, VecDeque<u64>>,
}

impl Witness {
    /// What each gateway that was heard has passed on by the end of a slot.
    pub fn on_slot(&mut self, heard: BTreeMap<SiteId, Seen>) {
        self.slots += 1;
        self.slot.clear();
        for (by, now) in heard {
            // What was passed on before it was first looked is of no slot.
            if let Some(before) = self.last.insert(by, now.clone()) {
                for (place, passed) in now.into_iter().filter(|((site, _), _)| *site != by) {
                    let earlier = before.get(&place).copied().unwrap_or_default();
                    let sum = self.slot.entry(place).or_default();
                    *sum = sum.plus(passed.since(earlier));
                }
            }
        }
        let oldest = self.slots.saturating_sub(CAUGHT.1);
        for slots in self.caught.values_mut() {
            slots.retain(|slot| *slot > oldest);
        }
        self.caught.retain(|_, slots| !slots.is_empty());
    }

    /// Holds what a site claims of all its workloads in the slot against what others saw: how long
    /// those worked of which it is not believed, in microseconds.
    pub fn corrected(
        &mut self,
        site: SiteId,
        claims: &BTreeMap<WorkloadId, Claim>,
    ) -> BTreeMap<WorkloadId, u64> {
        let mut believed = BTreeMap::new();
        let mut sums = (0u64, 0u64);
        for (id, claim) in claims {
            if let Some(run_us) = self.contradicts(site, *id, *claim) {
                believed.insert(*id, run_us);
                sums = (sums.0 + run_us, sums.1 + claim.run_us);
            }
        }
        if believed.is_empty() {
            return believed;
        }
        self.caught.entry(site).or_default().push_back(self.slots);
        if self.doubted().contains(&site) {
            let factor = sums.0 as f32 / (sums.1 as f32).max(1.0);
            let factor = factor.clamp(1.0 / FACTOR_MAX, FACTOR_MAX);
            for (id, claim) in claims {
                believed.entry(*id).or_insert((claim.run_us as f32 * factor) as u64);
            }
        }
        believed
    }

    /// Sites that were contradicted again and again of late.
    pub fn doubted(&self) -> BTreeSet<SiteId> {
        let often = self.caught.iter().filter(|(_, slots)| slots.len() >= CAUGHT.0);
        often.map(|(site, _)| *site).collect()
    }

    /// How long the calls of a workload worked by what others saw, where a site's claim cannot
    /// be believed; in microseconds.
    fn contradicts(&mut self, site: SiteId, id: WorkloadId, claim: Claim) -> Option<u64> {
        let seen = self.slot.get(&(site, id)).copied().unwrap_or_default();
        let cost = |run_us: u64, calls: u64| (calls > 0).then(|| run_us as f32 / calls as f32);
        let claimed = cost(claim.run_us, claim.calls);
        let elsewhere = self.costs.get(&id).filter(|(at, _)| *at != site).map(|(_, cost)| *cost);
        let waited = cost(seen.wait_us, seen.calls).filter(|_| seen.calls >= CALLS_MIN);
        let hides = seen.calls >= CALLS_MIN
            && (claim.calls as f32) < seen.calls as f32 * (1.0 - MISSING_MAX);
        let calls = claim.calls.max(seen.calls);
        let is_cheap = |cost: f32| elsewhere.is_some_and(|usual| cost * CHEAPER_MAX < usual);
        let is_dear = |cost: f32| waited.is_some_and(|waited| cost > waited * LONGER_MAX);
        let believed = match claimed {
            Some(cost) if claim.calls >= CALLS_MIN && is_cheap(cost) => elsewhere,
            Some(cost) if claim.calls >= CALLS_MIN && is_dear(cost) => waited,
            claimed => claimed.or(elsewhere).or(waited),
        };
        if !hides && believed == claimed {
            if let Some(cost) = claimed.filter(|_| claim.calls >= CALLS_MIN) {
                self.costs.insert(id, (site, cost));
            }
            return None;
        }
        if calls < CALLS_MIN {
            return None;
        }
        believed.map(|cost| (cost * calls as f32) as u64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMA: SiteId = SiteId(9);
    const SHOP: WorkloadId = WorkloadId(1);

    /// Two gateways that passed so many calls on to lima, of ten milliseconds each.
    fn heard(calls: u64) -> BTreeMap<SiteId, Seen> {
        let passed = Passed { calls, wait_us: calls * 10_000 };
        let seen = Seen::from([((LIMA, SHOP), passed)]);
        BTreeMap::from([(SiteId(1), seen.clone()), (SiteId(2), seen)])
    }

    #[test]
    fn claims_are_held_against_what_others_saw() {
        let mut witness = Witness::default();
        witness.on_slot(heard(1_000));
        witness.on_slot(heard(1_050));
        for (calls, run_us, believed) in [
            // A hundred calls were passed on.
            (150, 150 * 6_000, None),
            (95, 95 * 6_000, None),
            (30, 30 * 6_000, Some(100 * 6_000)),
            (0, 0, Some(100 * 10_000)),
            (150, 150 * 40_000, Some(150 * 10_000)),
        ] {
            let found = witness.contradicts(LIMA, SHOP, Claim { calls, run_us });
            let near = |found: u64, wanted: u64| found.abs_diff(wanted) < 1_000;
            let is_so = match (found, believed) {
                (Some(found), Some(wanted)) => near(found, wanted),
                (found, believed) => found == believed,
            };
            assert!(is_so, "{calls} {run_us}: {found:?}");
        }
        let cheap = witness.contradicts(SiteId(1), SHOP, Claim { calls: 100, run_us: 100 * 1_000 });
        assert_eq!(cheap, Some(600_000), "it took six milliseconds at lima");
        witness.on_slot(heard(1_050));
        let quiet = witness.contradicts(LIMA, SHOP, Claim { calls: 3, run_us: 3 });
        assert_eq!(quiet, None, "nobody saw anything");
    }

    #[test]
    fn who_is_caught_again_and_again_is_not_believed_of_the_rest() {
        let mail = WorkloadId(2);
        let claims = BTreeMap::from([
            (SHOP, Claim { calls: 20, run_us: 20 * 5_000 }),
            (mail, Claim { calls: 40, run_us: 40 * 5_000 }),
        ]);
        let mut witness = Witness::default();
        for slot in 0..6u64 {
            witness.on_slot(heard(slot * 50));
            let believed = witness.corrected(LIMA, &claims);
            let mail = believed.get(&mail).copied();
            // It tells a fifth of what was passed on to it.
            match slot {
                0 => assert!(believed.is_empty(), "nothing was seen yet: {believed:?}"),
                1 | 2 => assert_eq!(mail, None, "once or twice may be by mistake"),
                _ => assert!(mail.is_some_and(|it| it.abs_diff(5 * 200_000) < 1_000), "{mail:?}"),
            }
        }
        assert_eq!(witness.doubted(), BTreeSet::from([LIMA]));
        for _ in 0..CAUGHT.1 {
            witness.on_slot(heard(300));
        }
        assert!(witness.doubted().is_empty(), "it is forgiven");
    }
}
