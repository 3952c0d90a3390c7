//! The question: should this FIFO change hands now, and if not, why not?

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::flow::indicator::Shares;
use crate::flow::signs::Signs;
use crate::flow::view::{FifoId, Glance, OwnerId, View};
use crate::time::{Instant, Span};

/// A policy of the flow analyzer.
pub trait FlowPolicy: Send {
    /// What a glance comes to, which depends on nothing but the rule's settings.
    fn signs(&self, glance: &Glance<'_>) -> Signs;

    /// Takes in the signs of a FIFO at a tick, before which it rested for so many, and judges it
    /// unless that takes knowing who else could own it: nothing, then. It is asked once per tick and
    /// FIFO.
    fn glance(
        &mut self,
        now: Instant,
        fifo: FifoId,
        signs: Signs,
        rested: u32,
    ) -> Option<Judgement>;

    /// Judges a FIFO of which the glance at the same tick said nothing.
    fn judge(&mut self, now: Instant, view: &View<'_>) -> Judgement;

    /// Whether it judges FIFOs too in which nothing happens.
    fn judges_rest(&self) -> bool {
        false
    }

    /// A FIFO changed hands; it paused for so long.
    fn on_moved(&mut self, now: Instant, fifo: FifoId, from: OwnerId, to: OwnerId, pause: Span);

    /// What its indicators said when the FIFO was judged last, which it was at this glance.
    fn shares(&self, glance: &Glance<'_>) -> Shares;

    /// A FIFO is no more.
    fn on_removed(&mut self, fifo: FifoId) {
        let _ = fifo;
    }
}

/// What a policy thinks.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Judgement {
    /// How much the FIFO wants to change hands; orders those that do.
    pub score: f64,
    /// What to do.
    pub verdict: Verdict,
}

/// What to do with a FIFO.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub enum Verdict {
    /// Leave it.
    Stay(Stay),
    /// Let somebody else own it.
    Move(OwnerId),
    /// It is hardly used, and memory is short: give it a smaller region.
    Shrink,
    /// It is short of room in bursts: give it a larger region.
    Grow,
    /// Nothing moves although something waits: look whether its owner lives.
    Examine,
    /// More arrives than one call at a time can do, whoever owns it: larger batches are needed, or
    /// fewer items, or several FIFOs.
    Scale,
}

/// Why a FIFO stays where it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Stay {
    /// Nothing speaks for a change.
    Content,
    /// It changed hands a moment ago, and what is measured may be that change.
    Blanked,
    /// It changed hands not long ago.
    CoolingDown {
        /// When it may change again.
        until: Instant,
    },
    /// Nobody else could take it without getting into trouble.
    NoTarget,
    /// What is gained is not worth the pause.
    NoBenefit,
    /// What is known of it is too old.
    Stale,
    /// It is changing hands just now.
    UnderWay,
    /// Others changed hands at this moment, and only so many may.
    OverBudget,
}

impl fmt::Display for Stay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words = match self {
            Stay::Content => "not enough speaks for a change",
            Stay::Blanked => "it changed hands a moment ago; what is measured may be that change",
            Stay::CoolingDown { .. } => "it changed hands not long ago, and rests",
            Stay::NoTarget => "nobody else could take it without getting into trouble",
            Stay::NoBenefit => "what would be gained is not worth the pause",
            Stay::Stale => "what is known of it is too old",
            Stay::UnderWay => "it is changing hands just now",
            Stay::OverBudget => "other FIFOs change hands first, and only so many may at a time",
        };
        f.write_str(words)
    }
}
