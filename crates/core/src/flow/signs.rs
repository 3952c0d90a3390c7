//! What a glance at a FIFO comes to, in a few bits: all that rules and the analyzer remember of it,
//! so a journal of them is enough to decide again as it was decided.

use std::ops::BitOr;

use serde::{Deserialize, Serialize};

use crate::flow::indicator::{Indicators, Thresholds};
use crate::flow::size::SATURATED;
use crate::flow::view::Glance;
use crate::time::Span;

/// A process that was done with no item for so long, while some waited, has stalled; but not before
/// ten times what an item usually takes it. A function has its timeout instead.
pub const STALL: Span = Span::from_secs(30);
const STALL_ITEMS: u64 = 10;

/// What holds of a FIFO at a tick. Those that change often are the lowest bits, as numbers of less
/// than 128 take one byte in a journal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Signs(u16);

impl Signs {
    /// Little flows through.
    pub const IDLE: Self = Self(1);
    /// Items wait for long.
    pub const LATE: Self = Self(1 << 1);
    /// Its owner is near its limit.
    pub const TIGHT: Self = Self(1 << 2);
    /// More comes than one call at a time can do.
    pub const OVERLOADED: Self = Self(1 << 3);
    /// Something waits, and nothing moves.
    pub const STILL: Self = Self(1 << 4);
    /// A lane was short of room.
    pub const CRAMPED: Self = Self(1 << 5);
    /// Its owner has next to no time left.
    pub const SATURATED: Self = Self(1 << 6);
    /// Memory is short.
    pub const MEMORY_IS_SHORT: Self = Self(1 << 7);
    /// A process of its own has it, and keeps it unless that stalls.
    pub const NATIVE: Self = Self(1 << 8);
    /// It stays where it is, whatever holds: somebody pinned or froze it.
    pub const HELD: Self = Self(1 << 9);
    /// Nobody but its owner could own it.
    pub const ALONE: Self = Self(1 << 10);
    /// The process that has it has stalled, see [`STALL`].
    pub const STALLED: Self = Self(1 << 11);
    /// Its owner failed with all of the last items.
    pub const FAILING: Self = Self(1 << 12);

    const ALL: u16 = 0b1_1111_1111_1111;

    /// The signs of a glance for a rule with these thresholds, which looks so far ahead.
    pub fn of(glance: &Glance<'_>, thresholds: &Thresholds, horizon: Span) -> Self {
        let Indicators { is_idle, is_late, is_tight } = Indicators::of(glance, thresholds);
        let sample = glance.sample;
        let is_known = sample.work > Span::ZERO;
        let saturation = sample.saturation();
        // Rates fade; less than one item in all that time is none.
        let is_still = sample.depth >= 1.0 && sample.leaving * horizon.secs_f64() < 1.0;
        Self::default()
            .with(Self::IDLE, is_idle)
            .with(Self::LATE, is_late)
            .with(Self::TIGHT, is_tight)
            .with(Self::OVERLOADED, is_known && saturation >= 1.0)
            .with(Self::STILL, is_still)
            .with(Self::CRAMPED, glance.is_cramped)
            .with(Self::SATURATED, saturation >= SATURATED)
            .with(Self::MEMORY_IS_SHORT, glance.memory_is_short)
            .with(Self::HELD, glance.is_held)
            .with(Self::ALONE, glance.is_alone)
            .with(Self::NATIVE, glance.is_native)
            .with(Self::FAILING, glance.is_failing)
            .with(Self::STALLED, glance.is_native && has_stalled(glance))
    }

    /// These, with `other` where it holds.
    pub fn with(self, other: Self, holds: bool) -> Self {
        if holds { self | other } else { self }
    }

    /// Whether `other` is among them.
    pub fn has(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// Whether a world could tell these.
    pub fn is_sound(self) -> bool {
        self.0 & !Self::ALL == 0
    }

    /// The three indicators of the founding document.
    pub fn indicators(self) -> Indicators {
        Indicators {
            is_idle: self.has(Self::IDLE),
            is_late: self.has(Self::LATE),
            is_tight: self.has(Self::TIGHT),
        }
    }
}

fn has_stalled(glance: &Glance<'_>) -> bool {
    let usual = glance.sample.work.secs_f64() * STALL_ITEMS as f64;
    glance.still.secs_f64() >= STALL.secs_f64().max(usual)
}

impl BitOr for Signs {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}
