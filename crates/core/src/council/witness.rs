//! What a site tells that it used, held against what others saw of it.
//!
//! Gateways pass calls on, and know how many were answered, how long they took and how many bytes
//! they carried. A site is not believed whose counters hide calls that others had answered or bytes
//! that others carried, or claim more processor time for a call than callers waited, or far less of
//! processors, disks or memory than the workload took at the site before: what others saw takes the
//! place of what it tells. Who is caught again and again is taken to have told as much less, or
//! more, of what nobody else saw, for as long as it is doubted.
//!
//! Nobody but the site sees what its machine does besides its workloads, nor what a workload that
//! was never elsewhere takes for a call that came in at its own gateway.

use std::collections::{BTreeMap, BTreeSet};

use crate::council::claim::{Claim, Passed, Seen};
use crate::council::suspicion::{Suspicion, WHOLE};
use crate::council::words::{Metric, WorkloadId};
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

/// What a workload took in a slot at a site that was believed.
#[derive(Debug, Clone, Copy)]
struct Known {
    at: SiteId,
    claim: Claim,
}

impl Known {
    /// Of a call.
    fn of_call(&self, metric: Metric) -> f32 {
        self.claim.of(metric) as f32 / self.claim.calls.max(1) as f32
    }
}

/// What others saw.
#[derive(Debug, Clone, Default)]
pub struct Witness {
    /// What each gateway had passed on when it was last heard, and in which slot that was.
    last: BTreeMap<SiteId, (u64, Seen)>,
    /// What was passed on in the slot, by all.
    slot: Seen,
    /// What a workload took of late, where that was believed.
    known: BTreeMap<WorkloadId, Known>,
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

    /// Holds what a site claims of all its workloads in the slot against what others saw: what is
    /// believed of those of which it is not.
    pub fn corrected(
        &mut self,
        site: SiteId,
        claims: &BTreeMap<WorkloadId, Claim>,
    ) -> BTreeMap<WorkloadId, Claim> {
        let mut believed = BTreeMap::new();
        let (mut used, mut told) = (0u64, 0u64);
        for (id, claim) in claims {
            if let Some(instead) = self.contradicts(site, *id, *claim) {
                believed.insert(*id, instead);
                used = used.saturating_add(instead.cpu_us);
                told = told.saturating_add(claim.cpu_us);
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
                let scaled = |of: u64| of.saturating_mul(factor.into()) / u64::from(WHOLE);
                let part = believed.entry(*id).or_insert_with(|| Claim {
                    cpu_us: scaled(claim.cpu_us),
                    network_bytes: scaled(claim.network_bytes),
                    io: scaled(claim.io),
                    ..*claim
                });
                if factor > WHOLE {
                    // What others saw may be a part of it, and calls that came in at its own
                    // gateway nobody else saw at all.
                    let more = |of: u64, claimed: u64| {
                        let most = scaled(claimed).max(of);
                        most.saturating_mul(u64::from(WHOLE + UNSEEN)) / u64::from(WHOLE)
                    };
                    part.cpu_us = more(part.cpu_us, claim.cpu_us);
                    part.network_bytes = more(part.network_bytes, claim.network_bytes);
                    part.io = more(part.io, claim.io);
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

    /// What is believed of a workload by what others saw, where a site's claim cannot be.
    fn contradicts(&mut self, site: SiteId, id: WorkloadId, claim: Claim) -> Option<Claim> {
        let seen = self.slot.get(&(site, id)).copied().unwrap_or_default();
        let elsewhere = self.known.get(&id).copied().filter(|known| known.at != site);
        let is_shown = |told: u64, seen: u64| (told as f32) >= seen as f32 * (1.0 - MISSING_MAX);
        let is_seen = seen.calls >= CALLS_MIN;
        let hides = is_seen && !is_shown(claim.calls, seen.calls);
        let calls = claim.calls.max(seen.calls);
        let mut instead = Claim { calls, ..claim };
        let mut is_contradicted = hides;
        if let Some(cpu) = cpu_of_call(&claim, &seen, elsewhere.as_ref(), hides) {
            instead.cpu_us = (cpu * calls as f32) as u64;
            is_contradicted = true;
        }
        if is_seen && !is_shown(claim.network_bytes, seen.bytes) {
            let of_call = seen.bytes as f32 / seen.calls as f32;
            instead.network_bytes = (of_call * calls as f32) as u64;
            is_contradicted = true;
        }
        if let Some(known) = elsewhere {
            let io = known.of_call(Metric::Io) * calls as f32;
            if calls >= CALLS_MIN && (claim.io as f32) * CHEAPER_MAX < io && io >= 1.0 {
                instead.io = io as u64;
                is_contradicted = true;
            }
            // Memory is held for calls, and for as many of them it is about as much.
            let held = known.claim.memory_bytes;
            let is_as_busy = is_seen && seen.calls >= known.claim.calls;
            if is_as_busy && claim.memory_bytes as f32 * CHEAPER_MAX < held as f32 {
                instead.memory_bytes = held;
                is_contradicted = true;
            }
        }
        if !is_contradicted {
            if claim.calls >= CALLS_MIN {
                self.known.insert(id, Known { at: site, claim });
            }
            return None;
        }
        (calls >= CALLS_MIN).then_some(instead)
    }
}

/// Processor time of a call that is believed instead of what is claimed, in microseconds; nothing
/// where the claim is believed, or nobody knows better.
fn cpu_of_call(
    claim: &Claim,
    seen: &Passed,
    elsewhere: Option<&Known>,
    hides: bool,
) -> Option<f32> {
    let cost = |us: u64, calls: u64| (calls > 0).then(|| us as f32 / calls as f32);
    let claimed = cost(claim.cpu_us, claim.calls);
    let usual = elsewhere.map(|known| known.of_call(Metric::Cpu));
    let waited = cost(seen.wait_us, seen.calls).filter(|_| seen.calls >= CALLS_MIN);
    let is_cheap = |cost: f32| usual.is_some_and(|usual| cost * CHEAPER_MAX < usual);
    let is_dear = |cost: f32| waited.is_some_and(|waited| cost > waited * LONGER_MAX);
    let believed = match claimed {
        Some(cost) if claim.calls >= CALLS_MIN && is_cheap(cost) => usual,
        Some(cost) if claim.calls >= CALLS_MIN && is_dear(cost) => waited,
        claimed => claimed.or(usual).or(waited),
    };
    believed.filter(|_| hides || believed != claimed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::council::suspicion::{DOUBLED_MAX, PROBATION, SEEN};
    use crate::rng::{split, unit};

    const LIMA: SiteId = SiteId(9);
    const SHOP: WorkloadId = WorkloadId(1);

    /// Calls that carried two hundred bytes each and did two operations.
    fn claim(calls: u64, cpu_us: u64) -> Claim {
        let memory_bytes = 64 << 20;
        Claim { calls, cpu_us, memory_bytes, network_bytes: calls * 200, io: calls * 2 }
    }

    /// Two gateways that passed so many calls on to lima, of ten milliseconds and two hundred bytes
    /// each.
    fn heard(calls: u64) -> BTreeMap<SiteId, Seen> {
        let passed = Passed { calls, wait_us: calls * 10_000, bytes: calls * 200 };
        let seen = Seen::from([((LIMA, SHOP), passed)]);
        BTreeMap::from([(SiteId(1), seen.clone()), (SiteId(2), seen)])
    }

    #[test]
    fn claims_are_held_against_what_others_saw() {
        let mut witness = Witness::default();
        witness.on_slot(heard(1_000));
        witness.on_slot(heard(1_050));
        for (calls, cpu_us, believed) in [
            // A hundred calls were passed on.
            (150, 150 * 6_000, None),
            (95, 95 * 6_000, None),
            (30, 30 * 6_000, Some(100 * 6_000)),
            (0, 0, Some(100 * 10_000)),
            (150, 150 * 40_000, Some(150 * 10_000)),
        ] {
            let found = witness.contradicts(LIMA, SHOP, claim(calls, cpu_us));
            let found = found.map(|instead| instead.cpu_us);
            let near = |found: u64, wanted: u64| found.abs_diff(wanted) < 1_000;
            let is_so = match (found, believed) {
                (Some(found), Some(wanted)) => near(found, wanted),
                (found, believed) => found == believed,
            };
            assert!(is_so, "{calls} {cpu_us}: {found:?}");
        }
        let cheap = witness.contradicts(SiteId(1), SHOP, claim(100, 100 * 1_000));
        let cheap = cheap.map(|instead| instead.cpu_us);
        assert_eq!(cheap, Some(600_000), "it took six milliseconds at lima");
        witness.on_slot(heard(1_050));
        let quiet = witness.contradicts(LIMA, SHOP, claim(3, 3));
        assert_eq!(quiet, None, "nobody saw anything");
    }

    #[test]
    fn each_resource_is_held_against_what_can_be_seen_of_it() {
        let mut witness = Witness::default();
        let oslo = SiteId(1);
        // A hundred calls an elsewhere believed slot, of 3 ms each.
        witness.on_slot(heard(1_000));
        assert_eq!(witness.contradicts(oslo, SHOP, claim(100, 300_000)), None);
        witness.on_slot(heard(1_050));
        let honest = claim(100, 300_000);
        for (told, believed) in [
            (honest, None),
            (Claim { network_bytes: 16_000, ..honest }, None),
            (Claim { network_bytes: 10_000, ..honest }, Some(honest)),
            (Claim { io: 70, ..honest }, None),
            (Claim { io: 0, ..honest }, Some(honest)),
            (Claim { memory_bytes: 22 << 20, ..honest }, None),
            (Claim { memory_bytes: 0, ..honest }, Some(honest)),
            // What it says more of than others can see is its own affair.
            (Claim { network_bytes: 90_000, io: 900, memory_bytes: 1 << 40, ..honest }, None),
            (
                Claim { network_bytes: 1, cpu_us: 9_000, ..honest },
                Some(Claim { cpu_us: 300_000, ..honest }),
            ),
        ] {
            let mut asked = witness.clone();
            assert_eq!(asked.contradicts(LIMA, SHOP, told), believed, "{told:?}");
        }
        witness.known.clear();
        let small = Claim { io: 0, memory_bytes: 0, ..honest };
        assert_eq!(witness.contradicts(LIMA, SHOP, small), None, "it never ran elsewhere");
    }

    #[test]
    fn who_is_caught_again_and_again_is_not_believed_of_the_rest() {
        let mail = WorkloadId(2);
        let claims = BTreeMap::from([(SHOP, claim(20, 20 * 5_000)), (mail, claim(40, 40 * 5_000))]);
        let mut witness = Witness::default();
        for slot in 0..6u64 {
            witness.on_slot(heard(slot * 50));
            let believed = witness.corrected(LIMA, &claims);
            let mail = believed.get(&mail).map(|it| it.cpu_us);
            // It tells a fifth of what was passed on to it.
            match slot {
                0 => assert!(believed.is_empty(), "nothing was seen yet: {believed:?}"),
                1 | 2 => assert_eq!(mail, None, "once or twice may be by mistake"),
                _ => assert!(mail.is_some_and(|it| it.abs_diff(5 * 216_000) < 1_000), "{mail:?}"),
            }
        }
        assert_eq!(witness.doubted(), BTreeSet::from([LIMA]));
        // It tells the truth, or so it seems, and nothing is to be seen of mail.
        let honest = |calls| {
            BTreeMap::from([(SHOP, claim(calls, calls * 5_000)), (mail, claim(40, 40 * 5_000))])
        };
        witness.on_slot(heard(300));
        let believed = witness.corrected(LIMA, &honest(120));
        let mail = believed.get(&mail).map(|it| it.cpu_us);
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
                let calls = sum(slot, early * unit(&mut rng)) / 2;
                let passed = Passed { calls, ..Passed::default() };
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
                let claim = claim(since, since * 6_000);
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
