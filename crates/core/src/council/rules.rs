//! The rules of the council: every number that a decision depends on, with a version.
//!
//! They are part of the replicated state and change through the log only, so that no two
//! sites ever decide by different ones. A version that a program does not know is refused
//! by its validation; a program that is older than the rules in force must not go on.

use serde::{Deserialize, Serialize};

use crate::council::words::{Criticality, WHOLE_PPM};
use crate::time::Span;

/// The newest rules that this program can follow.
pub const VERSION: u16 = 7;

/// The first that scores forecasts as they stood before the lead, too.
const SCORES_EARLY: u16 = 2;

/// The first by which a takeover from a lost site is no repetition of another move, and waits for no
/// rest after one.
const TAKES_OVER: u16 = 2;

/// The first by which a workload's own mode can only be stricter than that of all.
const STRICTER_MODE: u16 = 3;
/// The first by which a source that is overloaded still was relieved if it would be clearly more so
/// without the move, and not if it came down from what had been predicted.
const COMPARES: u16 = 3;

/// The first by which room at a destination goes to who has priority, and is looked for until the
/// slot is over that a move is for.
const TAKES_TURNS: u16 = 4;
/// The first by which a move must be worth its way.
const HEEDS_WAYS: u16 = 4;

/// The first by which a site that neither speaks nor is seen loses what its forecasts earned.
const SCORES_SILENCE: u16 = 5;
/// The first by which windows of maintenance count, and by which what cannot be served where it is
/// comes first, and what is critical of it needs no room below the limit.
const SAVES_FIRST: u16 = 5;

/// The first by which only a site itself changes what it bears and is called, even where it left and
/// another one admits it again.
const SAVES_WORDS: u16 = 5;

/// The first by which forecasts of long ago count for what a site weighs.
const REMEMBERS_LONG: u16 = 5;

/// The first by which a source is relieved of an overload by one move at a time, whoever proposes.
const RELIEVES_ONCE: u16 = 5;

/// The first by which what is committed to leave a source counts as gone, so that it is relieved again
/// of what is still too much; and by which what came to a site counts extra only in forecasts that
/// were written without it.
const COUNTS_COMMITTED: u16 = 6;

/// The first by which what a lost site held, or one that will be down, is tried again at a site that
/// could not take it once.
const TRIES_AGAIN: u16 = 7;
/// The first by which the source of a move must renew its leases for anything to go back to it, and by
/// which a jump of the clock makes no step overdue.
const HEEDS_SOURCES: u16 = 7;

/// How far below `1 - theta` the largest share stays.
const MARGIN_PPM: u32 = 10_000;

/// How votes are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Counting {
    /// By weights earned with forecasts that came true.
    Weighted,
    /// One site, one vote, more than half.
    Majority,
    /// By the founding pseudocode, with the defects named. To compare with, and to show
    /// that the laws notice each of them; never for a cluster that moves anything.
    Founding(Defects),
}

/// The defects of the founding pseudocode, one by one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Defects {
    /// A vote counts as much as the voter says.
    pub stated_weight: bool,
    /// The bar is a share of the weight that voted, not of all weight.
    pub received_denominator: bool,
    /// Criticality multiplies every vote alike, so it cancels.
    pub criticality_cancels: bool,
    /// An approval is carried out under the epoch that was, without a look at who holds it.
    pub unfenced: bool,
}

impl Defects {
    /// All of them: the pseudocode to the letter.
    pub const ALL: Defects = Defects {
        stated_weight: true,
        received_denominator: true,
        criticality_cancels: true,
        unfenced: true,
    };
}

/// Every number that a decision depends on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rules {
    /// Which program knows how to follow them.
    pub version: u16,
    /// How votes are counted.
    pub counting: Counting,
    /// Length of the intervals that forecasts and observations speak of.
    pub slot: Span,
    /// A forecast is committed at least so many whole slots before its slot begins.
    pub lead_slots: u64,
    /// The furthest slot ahead that is forecast.
    pub horizon_slots: u64,
    /// Observations are taken for so many slots after the observed one.
    pub grace_slots: u64,
    /// Weights are recomputed after so many slots.
    pub round_slots: u64,
    /// Slots of a season: the baseline looks one season back.
    pub season_slots: u64,
    /// A site above this utilisation is overloaded.
    pub limit_ppm: u32,
    /// Observers further apart than this disagree.
    pub tolerance_ppm: u32,
    /// The share of all weight that yes must exceed, by criticality.
    pub theta_ppm: [u32; 3],
    /// The least share of a site, as a part of an equal share.
    pub floor_ppm: u32,
    /// How much more the source and the destination count, by criticality.
    pub stake_ppm: [u32; 3],
    /// How long authority lasts without being renewed.
    pub lease: Span,
    /// The furthest deadline of a proposal.
    pub deadline: Span,
    /// How long one step of a move may take.
    pub step: Span,
    /// Traffic is shifted in so many equal parts.
    pub shifts: u8,
    /// A moved workload rests for so long.
    pub rest: Span,
    /// A prediction that differs by so much is another cause.
    pub cause_ppm: u32,
    /// A move that arrived is counted into predicted load for so many slots more.
    pub settle_slots: u64,
    /// How long a rolled-back move is remembered.
    pub memory: Span,
    /// The furthest that one tick advances time: a clock that jumps does so in small steps.
    pub tick: Span,
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            version: VERSION,
            counting: Counting::Weighted,
            slot: Span::from_mins(5),
            lead_slots: 2,
            horizon_slots: 48,
            grace_slots: 1,
            round_slots: 3,
            season_slots: 288,
            limit_ppm: 850_000,
            tolerance_ppm: 50_000,
            theta_ppm: [500_000, 550_000, 600_000],
            floor_ppm: 125_000,
            stake_ppm: [0, 100_000, 250_000],
            lease: Span::from_secs(30),
            deadline: Span::from_mins(24 * 60),
            step: Span::from_mins(10),
            shifts: 4,
            rest: Span::from_mins(30),
            cause_ppm: 100_000,
            settle_slots: 3,
            memory: Span::from_mins(7 * 24 * 60),
            tick: Span::from_mins(60),
        }
    }
}

/// A day, which is what loads repeat after.
const DAY: Span = Span::from_mins(24 * 60);

impl Rules {
    /// The usual rules with slots of this length.
    pub fn with_slot(slot: Span) -> Self {
        let season_slots = (DAY.nanos() / slot.nanos().max(1)).clamp(1, 100_000);
        Self { slot, season_slots, ..Self::default() }
    }

    /// Whether forecasts are scored as they stood some slots before the lead as well.
    pub fn scores_early(&self) -> bool {
        self.version >= SCORES_EARLY
    }

    /// Whether moves that were made or taken back stand in the way of no takeover from a lost site.
    pub fn takes_over(&self) -> bool {
        self.version >= TAKES_OVER
    }

    /// Whether of the mode of all and that of a workload the stricter holds, so that either stops it.
    pub fn takes_stricter_mode(&self) -> bool {
        self.version >= STRICTER_MODE
    }

    /// Whether a move is judged by what its source would be without it.
    pub fn compares(&self) -> bool {
        self.version >= COMPARES
    }

    /// Whether room at a destination that is short goes to the proposal of the highest priority.
    pub fn takes_turns(&self) -> bool {
        self.version >= TAKES_TURNS
    }

    /// Whether it counts how far sites are from each other.
    pub fn heeds_ways(&self) -> bool {
        self.version >= HEEDS_WAYS
    }

    /// Whether a site that neither speaks nor is seen loses what its forecasts earned.
    pub fn scores_silence(&self) -> bool {
        self.version >= SCORES_SILENCE
    }

    /// Whether maintenance counts, and what cannot be served where it is comes first.
    pub fn saves_first(&self) -> bool {
        self.version >= SAVES_FIRST
    }

    /// Whether only a site itself changes its words, even where it left and comes back.
    pub fn saves_words(&self) -> bool {
        self.version >= SAVES_WORDS
    }

    /// Whether a site weighs by the worse of what its forecasts were of late and over a long time.
    pub fn remembers_long(&self) -> bool {
        self.version >= REMEMBERS_LONG
    }

    /// Whether a source is relieved of an overload by one move at a time, whoever proposes.
    pub fn relieves_once(&self) -> bool {
        self.version >= RELIEVES_ONCE && !self.counts_committed()
    }

    /// Whether what is committed to leave counts as gone, and what is committed to come as there, as
    /// far as forecasts were written without that.
    pub fn counts_committed(&self) -> bool {
        self.version >= COUNTS_COMMITTED
    }

    /// Whether a move from where nothing can stay, which could not be carried out, is tried again soon.
    pub fn tries_again(&self) -> bool {
        self.version >= TRIES_AGAIN
    }

    /// Whether moves go on without a source that has not renewed its leases.
    pub fn heeds_sources(&self) -> bool {
        self.version >= HEEDS_SOURCES
    }

    /// The bar of a proposal, as a share of all weight.
    pub fn theta(&self, criticality: Criticality) -> u32 {
        match self.counting {
            Counting::Majority => WHOLE_PPM / 2,
            Counting::Founding(Defects { criticality_cancels: true, .. }) => self.theta_ppm[0],
            _ => self.theta_ppm[criticality as usize],
        }
    }

    /// The largest share of one site: below `1 - theta`, so that nobody blocks alone, and
    /// at most `theta`, so that nobody approves alone.
    pub fn cap(&self, criticality: Criticality) -> u32 {
        let theta = self.theta(criticality);
        (WHOLE_PPM - theta - MARGIN_PPM).min(theta)
    }

    /// How many sites must say yes, of so many.
    pub fn sites_min(&self, criticality: Criticality, members: usize) -> usize {
        match (self.counting, criticality) {
            (Counting::Founding(_), _) => 1,
            (_, Criticality::Critical) => (members / 2 + 1).max(2),
            _ => 2,
        }
    }

    /// The defects that are wanted.
    pub fn defects(&self) -> Defects {
        match self.counting {
            Counting::Founding(defects) => defects,
            _ => Defects::default(),
        }
    }

    /// What is wrong with them, if anything.
    pub fn problem(&self) -> Option<&'static str> {
        let [low, normal, critical] = self.theta_ppm;
        let mut checks = [
            (
                (1..=VERSION).contains(&self.version),
                "this program does not know rules of that version",
            ),
            (self.slot >= Span::from_millis(1), "a slot lasts at least a millisecond"),
            (self.lead_slots >= 1, "a forecast comes at least one slot ahead"),
            (self.horizon_slots > self.lead_slots, "the horizon lies beyond the lead"),
            (self.horizon_slots <= 1_000, "the horizon is at most 1,000 slots"),
            (self.grace_slots <= 100, "observations are at most 100 slots late"),
            (self.round_slots >= 1, "a round has a slot"),
            ((1..=100_000).contains(&self.season_slots), "a season has 1 to 100,000 slots"),
            (self.limit_ppm >= 1, "the limit is above zero"),
            (low >= 500_000, "theta is at least a half"),
            (low <= normal && normal <= critical, "theta grows with criticality"),
            (critical <= 650_000, "theta leaves three sites room: at most 0.65"),
            (self.floor_ppm <= 500_000, "the floor is at most half an equal share"),
            (self.stake_ppm.iter().all(|&more| more <= WHOLE_PPM), "a stake at most doubles"),
            (self.lease > Span::ZERO, "authority lasts for a while"),
            (self.step > Span::ZERO, "a step of a move takes time"),
            (self.shifts >= 1, "traffic is shifted in a part or more"),
            (self.tick >= self.slot, "a tick may span a slot"),
            (self.tick.nanos() / self.slot.nanos().max(1) <= 10_000, "a tick spans few slots"),
        ]
        .into_iter();
        checks.find(|(holds, _)| !holds).map(|(_, problem)| problem)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_blocks_or_approves_alone() {
        let rules = Rules::default();
        assert_eq!(rules.problem(), None);
        for criticality in Criticality::ALL {
            let (theta, cap) = (rules.theta(criticality), rules.cap(criticality));
            assert!(cap < WHOLE_PPM - theta && cap <= theta, "{criticality:?}");
            assert!(3 * cap >= WHOLE_PPM, "three sites can hold all weight");
        }
        assert_eq!(Rules::with_slot(rules.slot), rules);
        assert_eq!(Rules::with_slot(Span::from_mins(2)).season_slots, 720);
        assert_eq!(rules.sites_min(Criticality::Normal, 9), 2);
        assert_eq!(rules.sites_min(Criticality::Critical, 9), 5);
    }

    #[test]
    fn bad_rules_are_named() {
        let usual = Rules::default();
        for (rules, expected) in [
            (Rules { version: 9, ..usual }, "version"),
            (Rules { theta_ppm: [600_000, 550_000, 600_000], ..usual }, "grows"),
            (Rules { theta_ppm: [400_000, 550_000, 600_000], ..usual }, "half"),
            (Rules { theta_ppm: [500_000, 550_000, 700_000], ..usual }, "room"),
            (Rules { lead_slots: 0, ..usual }, "ahead"),
            (Rules { slot: Span::ZERO, ..usual }, "millisecond"),
        ] {
            assert!(rules.problem().expect("refused").contains(expected), "{expected}");
        }
    }
}
