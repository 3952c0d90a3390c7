//! What a site tells that it used, held against what others saw of it.
//!
//! Gateways pass calls on, and know how many were answered and how long they took. A site whose
//! counters hide calls that others had answered, or claim more time for a call than callers
//! waited, or far less than the workload took at the site before, is not believed: what others
//! saw takes the place of what it tells.

use std::collections::BTreeMap;

use swell_core::council::words::WorkloadId;
use swell_core::ids::SiteId;

use crate::board::{Board, Passed};
use crate::naming::{site_id, workload_id};

/// From so few calls nothing is concluded.
const CALLS_MIN: u64 = 20;
/// Readings are not of the same moment: so much of what others saw may be missing.
const MISSING_MAX: f32 = 0.25;
/// More than callers waited, by this factor, is not believed.
const LONGER_MAX: f32 = 1.5;
/// Less than at another site, by this factor, is not believed.
const CHEAPER_MAX: f32 = 3.0;

/// What a site claims of a workload in a slot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Claim {
    /// Calls.
    pub calls: u64,
    /// How long they worked, in microseconds.
    pub run_us: u64,
}

/// Calls to a workload at a site, by who saw them.
type Seen = BTreeMap<(SiteId, WorkloadId), Passed>;

/// What others saw.
#[derive(Debug, Clone, Default)]
pub struct Witness {
    /// What each gateway had passed on when its board was read last.
    last: BTreeMap<SiteId, Seen>,
    /// What was passed on in the slot, by all.
    slot: Seen,
    /// What a call of a workload took, in microseconds, and at which site that was told.
    costs: BTreeMap<WorkloadId, (SiteId, f32)>,
}

impl Witness {
    /// Boards as they were read at the end of a slot.
    pub fn on_boards(&mut self, boards: &BTreeMap<SiteId, Option<Board>>) {
        self.slot.clear();
        for (by, board) in boards {
            let Some(board) = board else { continue };
            let now = sums(board);
            // What was passed on before it was first looked is of no slot.
            if let Some(before) = self.last.insert(*by, now.clone()) {
                for (place, passed) in now.into_iter().filter(|((site, _), _)| site != by) {
                    let earlier = before.get(&place).copied().unwrap_or_default();
                    let sum = self.slot.entry(place).or_default();
                    *sum = sum.plus(passed.since(earlier));
                }
            }
        }
    }

    /// How long the calls of a workload worked by what others saw, where a site's claim cannot
    /// be believed; in microseconds.
    pub fn contradicts(&mut self, site: SiteId, id: WorkloadId, claim: Claim) -> Option<u64> {
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

fn sums(board: &Board) -> Seen {
    let each = board.passed.iter().flat_map(|(site, workloads)| {
        let to = site_id(site);
        workloads.iter().map(move |(name, passed)| ((to, workload_id(name)), *passed))
    });
    each.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::board::Contact;
    use crate::sums::Reading;

    const SHOP: &str = "shop";

    fn board(name: &str, calls: u64) -> (SiteId, Option<Board>) {
        let passed = Passed { calls, wait_us: calls * 10_000 };
        let to = BTreeMap::from([(SHOP.to_string(), passed)]);
        let contact = Contact {
            name: name.to_string(),
            gateway: String::new(),
            state: String::new(),
            resource: String::new(),
            flow: None,
        };
        let board = Board {
            contact,
            cards: BTreeMap::new(),
            reading: Reading::default(),
            contacts: Vec::new(),
            passed: BTreeMap::from([("lima".to_string(), to)]),
        };
        (site_id(name), Some(board))
    }

    #[test]
    fn claims_are_held_against_what_others_saw() {
        let (lima, shop) = (site_id("lima"), workload_id(SHOP));
        let mut witness = Witness::default();
        let both = |calls| BTreeMap::from([board("oslo", calls), board("kobe", calls)]);
        witness.on_boards(&both(1_000));
        witness.on_boards(&both(1_050));
        for (calls, run_us, believed) in [
            // A hundred calls were passed on, of ten milliseconds each.
            (150, 150 * 6_000, None),
            (95, 95 * 6_000, None),
            (30, 30 * 6_000, Some(100 * 6_000)),
            (0, 0, Some(100 * 10_000)),
            (150, 150 * 40_000, Some(150 * 10_000)),
        ] {
            let found = witness.contradicts(lima, shop, Claim { calls, run_us });
            let near = |found: u64, wanted: u64| found.abs_diff(wanted) < 1_000;
            let is_so = match (found, believed) {
                (Some(found), Some(wanted)) => near(found, wanted),
                (found, believed) => found == believed,
            };
            assert!(is_so, "{calls} {run_us}: {found:?}");
        }
        let oslo = site_id("oslo");
        let cheap = witness.contradicts(oslo, shop, Claim { calls: 100, run_us: 100 * 1_000 });
        assert_eq!(cheap, Some(600_000), "it took six milliseconds at lima");
        witness.on_boards(&both(1_050));
        let quiet = witness.contradicts(lima, shop, Claim { calls: 3, run_us: 3 });
        assert_eq!(quiet, None, "nobody saw anything");
    }
}
