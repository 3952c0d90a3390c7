//! How often the analyzer decided what.

use crate::flow::policy::{Stay, Verdict};

/// How often the analyzer decided what.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// Changes of hands that were ordered.
    pub moves: u64,
    /// FIFOs that would have changed and were too many.
    pub over_budget: u64,
    /// FIFOs that rested.
    pub cooling_down: u64,
    /// FIFOs that had nowhere to go.
    pub no_target: u64,
    /// FIFOs for which it did not pay.
    pub no_benefit: u64,
    /// FIFOs to which more came than one call at a time can do.
    pub overloaded: u64,
}

impl Counts {
    /// One more verdict.
    pub(crate) fn add(&mut self, verdict: Verdict) {
        let counter = match verdict {
            Verdict::Move(_) => &mut self.moves,
            Verdict::Stay(Stay::OverBudget) => &mut self.over_budget,
            Verdict::Stay(Stay::CoolingDown { .. }) => &mut self.cooling_down,
            Verdict::Stay(Stay::NoTarget) => &mut self.no_target,
            Verdict::Stay(Stay::NoBenefit) => &mut self.no_benefit,
            Verdict::Scale => &mut self.overloaded,
            Verdict::Stay(Stay::Content | Stay::Blanked | Stay::UnderWay)
            | Verdict::Shrink
            | Verdict::Grow
            | Verdict::Examine => return,
        };
        *counter += 1;
    }
}
