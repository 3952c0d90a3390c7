//! What a site tells that it used, held against what others saw of it.
//!
//! Gateways pass calls on, and know how many were answered and how long they took. A site whose
//! counters hide calls that others had answered, or claim more time for a call than callers
//! waited, or far less than the workload took at the site before, is not believed: what others
//! saw takes the place of what it tells. Who is caught again and again is taken to have told as
//! much less, or more, of what nobody else saw, for as long as it is doubted.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::council::suspicion::{Suspicion, WHOLE};
use crate::council::words::WorkloadId;
use crate::ids::SiteId;

/// From so few calls nothing is concluded.
const CALLS_MIN: u64 = 20;
/// Readings are not of the same moment: so much of what others saw may be missing.
const MISSING_MAX: f32 = 0.25;
/// More than callers waited, by this factor, is not believed.
const LONGER_MAX: f32 = 1.5;
/// So much more than what others saw is a site taken to have used that is doubted, in thousandths.
const UNSEEN: u32 = 80;
/// Less than at another site, by this factor, is not believed.
const CHEAPER_MAX: f32 = 3.0;

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
        Self {
            calls: self.calls.saturating_add(other.calls),
            wait_us: self.wait_us.saturating_add(other.wait_us),
        }
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
    /// What each gateway had passed on when it was last heard, and in which slot that was.
    last: BTreeMap<SiteId, (u64, Seen)>,
    /// What was passed on in the slot, by all.
    slot: Seen,
    /// What a call of a workload took, in microseconds, and at which site that was told.
    costs: BTreeMap<WorkloadId, (SiteId, f32)>,
    /// How many slots there were.
    slots: u64,
    /// What is held against sites.
    suspicions: BTreeMap<SiteId, Suspicion>,
}

impl Witness {
    /// What each gateway that was heard has passed on by the end of a slot.
    pub fn on_slot(&mut self, heard: BTreeMap<SiteId, Seen>) {
        self.slots += 1;
        self.slot.clear();
        for (by, now) in heard {
            let before = self.last.insert(by, (self.slots, now.clone()));
            // What was passed on before it was first looked is of no slot, and what was passed on
            // while the gateway was not heard is of several.
            if let Some((_, before)) = before.filter(|(slot, _)| slot + 1 == self.slots) {
                for (place, passed) in now.into_iter().filter(|((site, _), _)| *site != by) {
                    let earlier = before.get(&place).copied().unwrap_or_default();
                    let sum = self.slot.entry(place).or_default();
                    *sum = sum.plus(passed.since(earlier));
                }
            }
        }
    }

    /// Holds what a site claims of all its workloads in the slot against what others saw: how long
    /// those worked of which it is not believed, in microseconds.
    pub fn corrected(
        &mut self,
        site: SiteId,
        claims: &BTreeMap<WorkloadId, Claim>,
    ) -> BTreeMap<WorkloadId, u64> {
        let mut believed = BTreeMap::new();
        let (mut used, mut told) = (0u64, 0u64);
        for (id, claim) in claims {
            if let Some(run_us) = self.contradicts(site, *id, *claim) {
                believed.insert(*id, run_us);
                used = used.saturating_add(run_us);
                told = told.saturating_add(claim.run_us);
            }
        }
        let is_seen = |id| self.slot.get(&(site, id)).is_some_and(|seen| seen.calls >= CALLS_MIN);
        let is_seen = claims.keys().copied().any(is_seen);
        let is_contradicted = !believed.is_empty();
        let suspicion = self.suspicions.entry(site).or_default();
        if is_contradicted {
            suspicion.catch(self.slots, used, told);
        } else {
            suspicion.pass(self.slots, is_seen);
        }
        // Where nothing contradicts it, a site is not taken to use less than it tells.
        let least = if is_contradicted { 0 } else { WHOLE };
        let factor = suspicion.factor().max(least);
        if suspicion.is_over() {
            self.suspicions.remove(&site);
        }
        if factor != WHOLE {
            for (id, claim) in claims {
                let whole = claim.run_us.saturating_mul(factor.into()) / u64::from(WHOLE);
                let part = believed.entry(*id).or_insert(whole);
                if factor > WHOLE {
                    // What others saw may be a part of it, and calls that came in at its own
                    // gateway nobody else saw at all.
                    let more = whole.max(*part).saturating_mul(u64::from(WHOLE + UNSEEN));
                    *part = more / u64::from(WHOLE);
                }
            }
        }
        believed
    }

    /// Sites that were contradicted again and again of late.
    pub fn doubted(&self) -> BTreeSet<SiteId> {
        let doubted = self.suspicions.iter().filter(|(_, of)| of.is_doubted());
        doubted.map(|(site, _)| *site).collect()
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
    use crate::council::suspicion::{DOUBLED_MAX, PROBATION, SEEN};
    use crate::rng::{split, unit};

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
        let mail_of = |calls| (mail, Claim { calls, run_us: calls * 5_000 });
        let mut witness = Witness::default();
        for slot in 0..6u64 {
            witness.on_slot(heard(slot * 50));
            let believed = witness.corrected(LIMA, &claims);
            let mail = believed.get(&mail).copied();
            // It tells a fifth of what was passed on to it.
            match slot {
                0 => assert!(believed.is_empty(), "nothing was seen yet: {believed:?}"),
                1 | 2 => assert_eq!(mail, None, "once or twice may be by mistake"),
                _ => assert!(mail.is_some_and(|it| it.abs_diff(5 * 216_000) < 1_000), "{mail:?}"),
            }
        }
        assert_eq!(witness.doubted(), BTreeSet::from([LIMA]));
        // It tells the truth, or so it seems, and nothing is to be seen of mail.
        let honest =
            |calls| BTreeMap::from([(SHOP, Claim { calls, run_us: calls * 5_000 }), mail_of(40)]);
        witness.on_slot(heard(300));
        let believed = witness.corrected(LIMA, &honest(120));
        let mail = believed.get(&mail).copied();
        assert!(mail.is_some_and(|it| it.abs_diff(5 * 216_000) < 1_000), "{believed:?}");
        for slot in 1..u64::from(PROBATION / SEEN) {
            witness.on_slot(heard(300 + slot * 50));
            witness.corrected(LIMA, &honest(120));
        }
        assert!(witness.doubted().is_empty(), "it is forgiven");
        witness.on_slot(heard(5_000));
        assert!(witness.corrected(LIMA, &honest(12_000)).is_empty());
    }

    /// Two gateways and a site that tells the truth, of which boards get lost or are read early or
    /// late. Slots in which it was doubted, with and after such trouble.
    fn trouble(seed: u64, lost: f64, early: f64) -> (u32, u32) {
        let mut rng = split(seed, "trouble");
        let (mut witness, mut doubted) = (Witness::default(), (0, 0));
        let mut last = None;
        // By the end of a slot, or a part of a slot later.
        let sum = |slot: u64, more: f64| 200 * slot + (200.0 * more) as u64;
        for slot in 1..3_000u64 {
            let (lost, early) = if slot < 600 { (lost, early) } else { (0.0, 0.0) };
            let gateways = [SiteId(1), SiteId(2)].map(|by| {
                let passed = Passed { calls: sum(slot, early * unit(&mut rng)) / 2, wait_us: 0 };
                (
                    by,
                    Seen::from([(
                        (LIMA, SHOP),
                        Passed { wait_us: passed.calls * 10_000, ..passed },
                    )]),
                )
            });
            let heard = gateways.into_iter().filter(|_| unit(&mut rng) >= lost).collect();
            witness.on_slot(heard);
            if unit(&mut rng) >= lost {
                let calls = sum(slot, early * unit(&mut rng));
                let since = calls - last.replace(calls).unwrap_or(calls);
                let claim = Claim { calls: since, run_us: since * 6_000 };
                witness.corrected(LIMA, &BTreeMap::from([(SHOP, claim)]));
            }
            let is_doubted = u32::from(!witness.doubted().is_empty());
            match slot < 600 {
                true => doubted.0 += is_doubted,
                false => doubted.1 += is_doubted,
            }
        }
        assert!(witness.doubted().is_empty(), "seed {seed}: it is believed in the end");
        doubted
    }

    #[test]
    fn an_honest_site_is_not_doubted_for_good() {
        let mut wronged = 0;
        for seed in 0..40 {
            let lost = trouble(seed, 0.3, 0.0);
            assert_eq!(lost, (0, 0), "seed {seed}: what is lost contradicts nothing");
            let (with, after) = trouble(seed, 0.1, 0.4);
            wronged += u32::from(with > 0);
            let longest = (PROBATION << DOUBLED_MAX) / SEEN;
            assert!(after <= longest, "seed {seed}: for {after} slots after the trouble");
        }
        assert!(wronged > 0, "clocks are far off");
    }
}
