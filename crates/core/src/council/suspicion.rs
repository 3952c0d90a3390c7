//! What is held against a site whose counters others contradicted, and for how long.
//!
//! Doubt does not end because nobody looks: it is worked off in slots in which the site was not
//! contradicted, four times as fast where others had calls answered there, and who is caught again
//! has twice as much to work off. What it was found to hide is remembered meanwhile, as it goes on
//! being hidden where nobody sees it. All of it ends: a site that is wronged, by messages that got
//! lost or a clock that jumped, is believed again after a number of slots that is bounded.

use std::collections::VecDeque;

/// Who was contradicted in so many of so many slots is doubted.
pub const CAUGHT: (usize, u64) = (3, 30);
/// What a doubted site has to work off, in slots in which nobody sees anything of it.
pub const PROBATION: u32 = 120;
/// What a slot counts for that in which others had calls answered there.
pub const SEEN: u32 = 4;
/// It doubles up to so many times.
pub const DOUBLED_MAX: u32 = 4;
/// What is taken to be hidden, or made up, at most: by this factor, in thousandths.
const FACTOR_MAX: u32 = 10_000;
/// As much was used as was told, in thousandths.
pub const WHOLE: u32 = 1_000;

/// What is held against a site.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Suspicion {
    /// In which slots of late it was contradicted, and how much was used there for each thousand
    /// that it told.
    caught: VecDeque<(u64, u32)>,
    /// Of what is remembered while it is doubted, the middle.
    factor: u32,
    /// What it has to work off until it is believed again; nothing if it is.
    owed: u32,
    /// How often it was doubted and not yet forgiven for, as far as that counts.
    times: u32,
    /// What it has worked off since it was believed again.
    earned: u32,
}

impl Suspicion {
    /// It was contradicted in a slot: so much was used by what others saw, where it told of so
    /// much, in the same unit.
    pub fn catch(&mut self, slot: u64, used: u64, told: u64) {
        let factor = used.saturating_mul(u64::from(WHOLE)) / told.max(1);
        let least = WHOLE * WHOLE / FACTOR_MAX;
        let factor = u32::try_from(factor).unwrap_or(u32::MAX).clamp(least, FACTOR_MAX);
        self.forget(slot);
        self.caught.push_back((slot, factor));
        if self.caught.len() < CAUGHT.0 && !self.is_doubted() {
            return;
        }
        if !self.is_doubted() {
            self.times = (self.times + 1).min(DOUBLED_MAX + 1);
        }
        self.owed = self.probation();
        self.earned = 0;
        let mut factors: Vec<u32> = self.caught.iter().map(|(_, factor)| *factor).collect();
        factors.sort_unstable();
        self.factor = factors[factors.len() / 2];
    }

    /// It was heard in a slot and not contradicted; whether others had enough calls answered there
    /// that it could have been.
    pub fn pass(&mut self, slot: u64, is_seen: bool) {
        self.forget(slot);
        let earned = if is_seen { SEEN } else { 1 };
        if self.is_doubted() {
            self.owed = self.owed.saturating_sub(earned);
            if self.owed == 0 {
                self.caught.clear();
            }
        } else if self.times > 0 {
            self.earned += earned;
            if self.earned >= self.probation() {
                (self.times, self.earned) = (self.times - 1, 0);
            }
        }
    }

    /// Whether nothing is held against it any more.
    pub fn is_over(&self) -> bool {
        self.caught.is_empty() && !self.is_doubted() && self.times == 0
    }

    /// Whether what it tells is not believed.
    pub fn is_doubted(&self) -> bool {
        self.owed > 0
    }

    /// How much is taken to be used for each thousand that it tells, while it is doubted.
    pub fn factor(&self) -> u32 {
        if self.is_doubted() { self.factor } else { WHOLE }
    }

    fn probation(&self) -> u32 {
        PROBATION << self.times.saturating_sub(1)
    }

    /// Of a doubted site the latest are remembered, however long ago they were.
    fn forget(&mut self, slot: u64) {
        if !self.is_doubted() {
            self.caught.retain(|(at, _)| at + CAUGHT.1 > slot);
        }
        while self.caught.len() as u64 >= CAUGHT.1 {
            self.caught.pop_front();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Slots until it is believed again, if it is not contradicted any more.
    fn term(suspicion: &mut Suspicion, from: u64, is_seen: bool) -> u32 {
        (0..)
            .find(|slot| {
                suspicion.pass(from + u64::from(*slot), is_seen);
                !suspicion.is_doubted()
            })
            .expect("it ends")
            + 1
    }

    #[test]
    fn who_is_caught_again_is_doubted_for_longer_and_never_for_good() {
        let (mut suspicion, mut slot) = (Suspicion::default(), 0u64);
        let catch = |suspicion: &mut Suspicion, slot: &mut u64| {
            for _ in 0..CAUGHT.0 {
                *slot += 1;
                suspicion.catch(*slot, 5_000, 1_000);
            }
            assert_eq!(suspicion.factor(), 5 * WHOLE);
        };
        for times in 0..8u32 {
            catch(&mut suspicion, &mut slot);
            let slots = term(&mut suspicion, slot + 1, true);
            assert_eq!(slots, (PROBATION << times.min(DOUBLED_MAX)) / SEEN, "{times}");
            slot += u64::from(slots);
            assert_eq!(suspicion.factor(), WHOLE, "it is believed");
        }
        let longest = PROBATION << DOUBLED_MAX;
        catch(&mut suspicion, &mut slot);
        assert_eq!(term(&mut suspicion, slot + 1, false), longest, "nobody sees anything");
        let quiet = (0..20 * longest).find(|of| {
            suspicion.pass(slot + u64::from(longest + of), false);
            suspicion.is_over()
        });
        assert!(quiet.is_some(), "all of it is forgiven");
    }

    #[test]
    fn once_or_twice_may_be_by_mistake() {
        let mut suspicion = Suspicion::default();
        for slot in 1..200 {
            match slot % 16 {
                1 => suspicion.catch(slot, 3_000, 1_000),
                _ => suspicion.pass(slot, true),
            }
            assert!(!suspicion.is_doubted(), "two of {} slots, by slot {slot}", CAUGHT.1);
        }
    }

    #[test]
    fn the_middle_of_what_was_found_counts() {
        let mut suspicion = Suspicion::default();
        for (slot, used) in [(1, 1_200), (2, 90_000), (3, 1_400)] {
            suspicion.catch(slot, used, 1_000);
        }
        assert_eq!(suspicion.factor(), 1_400);
        suspicion.catch(4, 0, 1_000);
        assert_eq!(suspicion.factor(), 1_400, "of four the upper of the two in the middle");
    }
}
