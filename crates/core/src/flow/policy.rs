//! The question: should this FIFO change hands now, and if not, why not?

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::flow::cooldown::Rest;
use crate::flow::indicator::{Shares, Thresholds};
use crate::flow::signs::Signs;
use crate::flow::view::{FifoId, Glance, OwnerId, View};
use crate::flow::weighing::Weighed;
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

    /// Weighs those who could own a FIFO of which the glance at the same tick said nothing.
    fn weigh(&self, view: &View<'_>, weighed: &mut Vec<Weighed>);

    /// Judges that FIFO, by what was weighed.
    fn judge(&mut self, now: Instant, view: &View<'_>, weighed: &[Weighed]) -> Judgement;

    /// Whether it judges FIFOs too in which nothing happens.
    fn judges_rest(&self) -> bool {
        false
    }

    /// How long a FIFO rests that was taken from an owner that gets nothing done.
    fn rest(&self) -> Rest {
        Rest::default()
    }

    /// The share of its resources that whoever gets such a FIFO may have in use.
    fn usage_max(&self) -> f64 {
        Thresholds::default().resource_limit
    }

    /// A FIFO changed hands; it paused for so long.
    fn on_moved(&mut self, now: Instant, fifo: FifoId, from: OwnerId, to: OwnerId, pause: Span);

    /// A FIFO came from another node, to which or to others it went back so often within a while.
    fn on_came(&mut self, now: Instant, fifo: FifoId, returns: u32) {
        let _ = (now, fifo, returns);
    }

    /// Whether it lets FIFOs go to other nodes.
    fn knows_nodes(&self) -> bool {
        false
    }

    /// What its indicators said when the FIFO was judged last, which it was by these signs.
    fn shares(&self, fifo: FifoId, signs: Signs) -> Shares;

    /// How much of that speaks for relief; nothing where the rule knows no such intent.
    fn relief(&self, fifo: FifoId) -> Option<Relief> {
        let _ = fifo;
        None
    }

    /// A FIFO is no more.
    fn on_removed(&mut self, fifo: FifoId) {
        let _ = fifo;
    }
}

/// How much a FIFO wants to be relieved of its owner, by what was late and tight alone: that little
/// flows through is no reason to go.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Relief {
    /// How much, from 0 to 1.
    pub share: f64,
    /// Where that begins, or ends if it has begun.
    pub bound: f64,
    /// Whether it has begun.
    pub is_wanted: bool,
}

/// What a policy thinks.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Judgement {
    /// How much the FIFO wants to change hands; orders those that do.
    pub score: f64,
    /// What to do.
    pub verdict: Verdict,
}

impl Judgement {
    /// What becomes of it where a process of its own has the FIFO: that keeps it, in the region it
    /// has, until it stalls.
    pub(crate) fn of_process(self, signs: Signs) -> Self {
        let verdict = match self.verdict {
            verdict @ Verdict::Stay(Stay::UnderWay) => verdict,
            _ if signs.has(Signs::STALLED) => Verdict::Examine,
            Verdict::Shrink => Verdict::Stay(Stay::Content),
            verdict => verdict,
        };
        Self { verdict, ..self }
    }
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

impl Verdict {
    /// Whether those who could own the FIFO were weighed for it.
    pub fn is_weighed(self) -> bool {
        match self {
            Verdict::Move(_) | Verdict::Examine | Verdict::Scale => true,
            Verdict::Stay(stay) => {
                matches!(stay, Stay::NoTarget | Stay::NoBenefit | Stay::OverBudget)
            }
            Verdict::Shrink | Verdict::Grow => false,
        }
    }
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
            Stay::UnderWay => "it is changing hands just now",
            Stay::OverBudget => "other FIFOs change hands first, and only so many may at a time",
        };
        f.write_str(words)
    }
}
