//! Whether clones pay: how calls fared with them, held against how they would have fared without.
//!
//! That a clone is used says little. Where calls come by chance alone, the instance that made room
//! for it would have been called as soon, and all that clones bring is more starts. So a second
//! mind with the same memory and the same calls goes by habit alone (see `shadow`), and what it did
//! is compared: cold starts and refusals spared, and starts spent on that.
//!
//! Starts are spent from an account. A few are lent to begin with, a few in a thousand of those
//! that habit takes are always allowed, so that what was useless is tried again; and many more where
//! forecasts know more than habit does (see `skill`), as long as what follows does not speak against
//! it. Each cold start that was surely spared pays for some. What clones spend beyond half of that
//! makes them dearer, little by little, until only what is certain is made. All of it fades alike, so
//! in the long run no more is spent than was allowed, however calls come.
//!
//! "Surely" is beyond what may be chance, by the differences from one look to the next, and beyond
//! what the second mind's world differs from the real one. A clone spares a call at once, and whoever
//! made room for it is missed later: what was spared counts when there was time for that.

use crate::action::{Action, RefuseReason};
use crate::time::{Instant, Span};

/// After so long, what was spent and spared counts half.
const HALF: Span = Span::from_mins(180);
/// From one look to the next at least.
const APART: Span = Span::from_secs(30);
/// After so long, two of three that were spared have counted.
const SETTLES: Span = Span::from_mins(60);
/// Starts that are lent to begin with.
const LENT: f64 = 4.0;
/// One clone may always be tried once most of the one before has faded.
const LEAST: f64 = 1.25;
/// Of the starts that habit takes, the share that may be spent on trials.
const TRIALS: f64 = 0.004;
/// The same share while forecasts know more than habit, and the skill at which that begins and is
/// lent in full. Where calls come by chance alone skill is about nothing.
const SKILLED: f64 = 1.5;
const SKILL_LEAST: f64 = 0.03;
const SKILL_ENOUGH: f64 = 0.12;
/// Starts that one cold start surely spared is worth.
const WORTH: f64 = 10.0;
/// Standard deviations beyond which what was spared, or lost, is no chance.
const DOUBT: f64 = 1.5;
/// The share of cold starts by which a modelled world may differ from the real one.
const UNLIKE: f64 = 0.001;

/// How calls fared, and what it took.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Fared {
    /// Calls that waited for a start, or were refused for want of room.
    pub bad: u64,
    /// Instances started, for whatever cause.
    pub starts: u64,
}

impl Fared {
    /// Takes in what was ordered.
    pub(crate) fn count(&mut self, actions: &[Action]) {
        use RefuseReason::{NoMemory, QueueFull, TooManyInstances, WaitedTooLong};
        for action in actions {
            match action {
                Action::Start { .. } => self.starts += 1,
                Action::Invoke { start: crate::action::StartKind::Cold, .. } => self.bad += 1,
                Action::Refuse {
                    reason: NoMemory | QueueFull | TooManyInstances | WaitedTooLong,
                    ..
                } => self.bad += 1,
                _ => {}
            }
        }
    }
}

/// The account of what clones spent and spared.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Balance {
    /// Whether anything is held against what would have been.
    is_kept: bool,
    told: (Fared, Fared),
    seen: (Fared, Fared),
    looked: Instant,
    /// Clones made by the last look.
    made: u64,
    lent: f64,
    spared: f64,
    /// Of that, what is too new to count.
    unsettled: f64,
    /// The squares of what was spared from one look to the next: its variance, at most.
    doubt: f64,
    spent: f64,
    /// What went badly without clones, and what was started.
    bad: f64,
    starts: f64,
    /// How much more forecasts know than habit.
    skill: f64,
}

impl Balance {
    /// Begins to keep account, from what happened so far with clones and without.
    pub(crate) fn begin(now: Instant, with: Fared, without: Fared, made: u64) -> Self {
        let told = (with, without);
        Self { is_kept: true, told, seen: told, looked: now, made, lent: LENT, ..Self::default() }
    }

    /// So far calls fared thus with clones, and thus without.
    pub(crate) fn tell(&mut self, with: Fared, without: Fared) {
        self.told = (with, without);
    }

    /// Takes in what was told, how many clones were made so far, and the skill of forecasts.
    pub(crate) fn look(&mut self, now: Instant, made: u64, skill: f64) {
        let passed = now.since(self.looked);
        if !self.is_kept || passed < APART {
            return;
        }
        let kept = (-passed.secs_f64() / HALF.secs_f64() * std::f64::consts::LN_2).exp();
        let unsettled = self.unsettled * kept * (-passed.secs_f64() / SETTLES.secs_f64()).exp();
        let (with, without) = self.told;
        let (seen_with, seen_without) = self.seen;
        let new = |now: u64, seen: u64| now.saturating_sub(seen) as f64;
        let (bad, starts) =
            (new(without.bad, seen_without.bad), new(without.starts, seen_without.starts));
        let spared = bad - new(with.bad, seen_with.bad);
        self.lent *= kept;
        self.spared = self.spared * kept + spared;
        // What is lost is taken from what has not counted yet.
        self.unsettled = (unsettled + spared).max(0.0);
        self.doubt = self.doubt * kept + spared * spared;
        self.spent = self.spent * kept + new(with.starts, seen_with.starts) - starts;
        self.bad = self.bad * kept + bad;
        self.starts = self.starts * kept + starts;
        self.skill = skill;
        (self.seen, self.looked, self.made) = (self.told, now, made);
    }

    /// What may be spent in all.
    fn allowed(&self) -> f64 {
        let doubt = DOUBT * self.doubt.sqrt() + UNLIKE * self.bad;
        let settled = self.spared - self.unsettled;
        let surely = settled.signum() * (settled.abs() - doubt).max(0.0);
        let skilled = (self.skill - SKILL_LEAST) / (SKILL_ENOUGH - SKILL_LEAST);
        // At best clones spared so many: what that pays for is lent, if not even it is enough.
        let at_best = WORTH * (self.spared + doubt) / self.spent.max(1.0);
        let share = SKILLED * skilled.clamp(0.0, 1.0) * at_best.clamp(0.0, 1.0);
        self.lent + LEAST.max(share.max(TRIALS) * self.starts) + WORTH * surely
    }

    /// How far clones have shown that they pay, or may still: 1 while they spend at most half of
    /// what they may, 0 once they spend all of it.
    pub fn standing(&self) -> f64 {
        if !self.is_kept {
            return 1.0;
        }
        let allowed = self.allowed();
        if allowed <= 0.0 { 0.0 } else { (2.0 - 2.0 * self.spent / allowed).clamp(0.0, 1.0) }
    }

    /// Whether one more clone may be made that is not certain to be used, if so many were made so
    /// far: until the next look each that was made since the last is taken to have cost a start.
    pub(crate) fn may_spend(&self, made: u64) -> bool {
        let since = made.saturating_sub(self.made) as f64;
        !self.is_kept || self.spent + since + 1.0 <= self.allowed()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: Span = Span::from_mins(1);

    /// A balance that is told each minute how many more calls went badly and how many instances
    /// were started with clones, and without; as many clones are made as may be, up to a number.
    struct Book {
        balance: Balance,
        now: Instant,
        with: Fared,
        without: Fared,
        made: u64,
        skill: f64,
    }

    impl Book {
        fn new(skill: f64) -> Self {
            let (with, without) = (Fared::default(), Fared::default());
            let balance = Balance::begin(Instant::ZERO, with, without, 0);
            Self { balance, now: Instant::ZERO, with, without, made: 0, skill }
        }

        /// In a minute habit starts so many; of the clones made, up to `most`, so many in a
        /// hundred spare a cold start.
        fn minute(&mut self, starts: u64, most: u64, good_pct: u64) -> u64 {
            self.now = self.now + MINUTE;
            self.balance.look(self.now, self.made, self.skill);
            let mut made = 0;
            while made < most && self.balance.may_spend(self.made + made) {
                made += 1;
            }
            let before = self.made;
            self.made += made;
            let spared = self.made * good_pct / 100 - before * good_pct / 100;
            self.without.bad += starts;
            self.without.starts += starts;
            self.with.bad += starts.saturating_sub(spared);
            self.with.starts += starts.saturating_sub(spared) + made;
            self.balance.tell(self.with, self.without);
            made
        }

        fn more_starts(&self) -> u64 {
            self.with.starts - self.without.starts
        }
    }

    #[test]
    fn clones_that_spare_nothing_cost_less_than_a_hundredth_of_starts() {
        for (starts, most) in [(20, 100), (2, 100), (20, 1)] {
            let mut book = Book::new(0.0);
            (0..24 * 60).for_each(|_| {
                book.minute(starts, most, 0);
            });
            let (more, of) = (book.more_starts(), book.without.starts);
            assert!(more > 0, "they are tried");
            assert!((more as f64) < 12.0 + 0.0065 * of as f64, "{more} more than {of}");
            assert!(starts < 20 || book.balance.standing() < 0.5, "{:?}", book.balance);
        }
    }

    #[test]
    fn clones_that_pay_soon_have_no_bound_and_sooner_where_forecasts_know_more_than_habit() {
        for (skill, minutes) in [(0.5, 5), (0.0, 600)] {
            let mut book = Book::new(skill);
            let made: Vec<u64> = (0..660).map(|_| book.minute(50, 40, 50)).collect();
            assert!(made[0] <= 8, "{made:?}");
            assert!(made[minutes..].iter().all(|&made| made == 40), "{skill}: {made:?}");
            assert_eq!(book.balance.standing(), 1.0);
        }
    }

    #[test]
    fn what_no_longer_pays_ends_and_what_pays_again_comes_back_and_neither_by_turns() {
        let mut book = Book::new(0.0);
        let mut phase = |hours: u64, good_pct: u64| {
            (0..hours * 60).map(|_| book.minute(50, 40, good_pct)).collect::<Vec<_>>()
        };
        phase(24, 50);
        let useless = phase(24, 0);
        let rest: u64 = useless[12 * 60..].iter().sum();
        assert!(rest <= 12 * 60, "{rest} in twelve hours that no longer pay");
        let again = phase(36, 50);
        assert!(again[24 * 60..].iter().all(|&made| made == 40), "{again:?}");
        let hours: Vec<u64> = again.chunks(60).map(|hour| hour.iter().sum()).collect();
        assert!(hours.windows(2).all(|pair| pair[0] <= pair[1] + 5), "no ups and downs: {hours:?}");
    }

    #[test]
    fn what_makes_more_calls_cold_ends_at_once() {
        let mut balance = Balance::begin(Instant::ZERO, Fared::default(), Fared::default(), 0);
        let mut standing = Vec::new();
        for minute in 1..=30u64 {
            let without = Fared { bad: 10 * minute, starts: 10 * minute };
            let with = Fared { bad: 12 * minute, starts: 12 * minute };
            balance.tell(with, without);
            balance.look(Instant::ZERO + MINUTE * minute, 5 * minute, 0.9);
            standing.push(balance.standing());
        }
        assert_eq!(standing[29], 0.0, "{standing:?}");
        assert!(!balance.may_spend(150));
        assert!(standing.windows(2).all(|pair| pair[1] <= pair[0]), "{standing:?}");
    }

    #[test]
    fn forecasts_that_know_more_are_not_believed_for_ever() {
        let mut book = Book::new(0.5);
        (0..24 * 60).for_each(|_| {
            book.minute(20, 40, 0);
        });
        let (more, of) = (book.more_starts(), book.without.starts);
        assert!(more * 8 < of, "{more} more than {of}");
    }

    #[test]
    fn without_another_to_be_held_against_there_is_no_bound() {
        let mut balance = Balance::default();
        balance.tell(Fared { bad: 99, starts: 99 }, Fared::default());
        balance.look(Instant::ZERO + HALF, 10, 0.0);
        assert!(balance.may_spend(1_000) && balance.standing() == 1.0);
    }
}
