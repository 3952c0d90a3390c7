//! How calls of workloads fare, slot by slot: whether a move made them worse.
//!
//! Of calls it is known how many there were, how many failed or were refused, and how long
//! instances worked on them. A site that is too full makes calls take longer and refuses some, so
//! this is where a move that suits the processors and not the callers shows.

use std::collections::{BTreeMap, VecDeque};
use std::ops::Range;

use swell_core::council::proposal::Trouble;
use swell_core::council::words::{Slot, WorkloadId};

use crate::fares::Fares;
use crate::sums::Sums;

/// Slots that are remembered.
const SLOTS_MAX: usize = 64;
/// Of so many slots it is told how many calls come in one.
const USUAL_SLOTS: usize = 8;
/// From fewer calls nothing is concluded about how long they take.
const CALLS_MIN: u64 = 20;
/// A call is slower that takes so many times as long, and this many microseconds longer.
const SLOWER_TIMES: f64 = 3.0;
const SLOWER_US: f64 = 20_000.0;

/// How calls fared, of each workload and wherever it ran.
#[derive(Debug, Clone, Default)]
pub struct Quality(BTreeMap<WorkloadId, VecDeque<(Slot, Calls)>>);

/// Calls, those of them that failed or were refused, and how long all were worked on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Calls {
    calls: u64,
    failed: u64,
    run_us: u64,
}

impl Quality {
    /// What a site told of a workload at the end of a slot, and what it had told before.
    pub fn on_slot(&mut self, workload: WorkloadId, slot: Slot, earlier: &Sums, now: &Sums) {
        // Sums that fell are those of a node that came up anew.
        let since = |now: u64, before: u64| now.checked_sub(before).unwrap_or(now);
        let calls = Calls {
            calls: since(now.calls, earlier.calls),
            failed: since(now.failed, earlier.failed),
            run_us: since(now.run_us, earlier.run_us),
        };
        let row = self.0.entry(workload).or_default();
        match row.back_mut().filter(|(of, _)| *of == slot) {
            Some((_, known)) => *known = known.plus(calls),
            None => row.push_back((slot, calls)),
        }
        while row.len() > SLOTS_MAX {
            row.pop_front();
        }
    }

    /// How many calls of a workload come in a slot: the middle of the latest slots of which it was told.
    /// In the first one after a site was lost it tells of all that came meanwhile.
    pub fn usual_calls(&self, workload: WorkloadId) -> u64 {
        let row = self.0.get(&workload).into_iter().flatten().rev();
        let mut calls: Vec<u64> = row.take(USUAL_SLOTS).map(|(_, calls)| calls.calls).collect();
        calls.sort_unstable();
        calls.get(calls.len() / 2).copied().unwrap_or(0)
    }

    /// Forgets workloads of which nothing was told since a slot.
    pub fn forget(&mut self, before: Slot) {
        self.0.retain(|_, row| row.back().is_some_and(|(slot, _)| *slot >= before));
    }

    /// What is worse about the calls of a workload in some slots than it was in others, as far as
    /// there were enough to tell.
    pub fn worse(
        &self,
        workload: WorkloadId,
        before: Range<Slot>,
        now: Range<Slot>,
    ) -> Option<Trouble> {
        let row = self.0.get(&workload)?;
        let sum = |of: Range<Slot>| {
            let within = row.iter().filter(|(slot, _)| of.contains(slot));
            within.fold(Calls::default(), |sum, (_, calls)| sum.plus(*calls))
        };
        let (before, now) = (sum(before), sum(now));
        if now.fares().fails_more(before.fares()) {
            return Some(Trouble::FailsMore);
        }
        if before.calls.min(now.calls) < CALLS_MIN {
            return None;
        }
        let bar = (before.mean_us() * SLOWER_TIMES).max(before.mean_us() + SLOWER_US);
        (now.mean_us() > bar).then_some(Trouble::Slower)
    }
}

impl Calls {
    fn plus(self, other: Self) -> Self {
        Self {
            calls: self.calls + other.calls,
            failed: self.failed + other.failed,
            run_us: self.run_us + other.run_us,
        }
    }

    fn fares(self) -> Fares {
        Fares { calls: self.calls, failed: self.failed }
    }

    fn mean_us(self) -> f64 {
        self.run_us as f64 / self.calls.max(1) as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_move_after_which_calls_fail_or_linger_made_them_worse() {
        const SHOP: WorkloadId = WorkloadId(1);
        for (calls, failed, run_us, expected) in [
            (100, 2, 1_000_000, None),
            (100, 30, 1_000_000, Some(Trouble::FailsMore)),
            (100, 2, 3_100_000, Some(Trouble::Slower)),
            (100, 2, 2_900_000, None),
            (12, 12, 1_000_000, Some(Trouble::FailsMore)),
            (12, 0, 3_000_000, None),
        ] {
            let mut quality = Quality::default();
            let mut sums = Sums { calls: 7, ..Sums::default() };
            for slot in 1..=8 {
                let (calls, failed, run_us) =
                    if slot <= 4 { (100, 2, 1_000_000) } else { (calls, failed, run_us) };
                let now = Sums {
                    calls: sums.calls + calls / 4,
                    failed: sums.failed + failed / 4,
                    run_us: sums.run_us + run_us / 4,
                    ..sums
                };
                quality.on_slot(SHOP, Slot(slot), &sums, &now);
                sums = now;
            }
            let found = quality.worse(SHOP, Slot(1)..Slot(5), Slot(5)..Slot(9));
            assert_eq!(found, expected, "{calls} {failed} {run_us}");
            assert_eq!(quality.worse(WorkloadId(2), Slot(1)..Slot(5), Slot(5)..Slot(9)), None);
            assert_eq!(quality.usual_calls(SHOP), 25, "of eight slots, four had so many");
            quality.forget(Slot(9));
            assert_eq!(quality.usual_calls(SHOP), 0);
            assert_eq!(quality.worse(SHOP, Slot(1)..Slot(5), Slot(5)..Slot(9)), None);
        }
    }
}
