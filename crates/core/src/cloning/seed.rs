//! The policy `seed`: the founding design's `CloneContainers`, line by line.
//!
//! It takes predicted calls for containers, adds a fifth where the confidence is below 0.8
//! and clones until it has as many, in the order in which functions come, wherever there is
//! room. It knows neither how long calls run nor what memory is worth. It is here to be
//! compared with, so its faults are kept. What the text leaves open is settled thus: a
//! fraction of a clone counts as one; only clones that served nobody are removed, as what
//! has served is keep-alive's; the volume is the median.

use crate::cloning::policy::ClonePolicy;
use crate::cloning::uses::Lately;
use crate::cloning::view::{Candidate, Offer};
use crate::time::{Instant, Span};
use crate::wanted::CloneWish;

/// `if confidenceInterval < 0.8`, in thousandths.
const CONFIDENT: u16 = 800;

/// The policy `seed`.
#[derive(Debug, Default)]
pub struct Seed;

/// `numClonesNeeded` for a predicted volume in thousandths of a call.
pub fn clones_needed(predicted_volume: u32, confidence: u16) -> u32 {
    // numClonesNeeded = predictedVolume
    let mut needed = u64::from(predicted_volume);
    // if confidenceInterval < 0.8: numClonesNeeded = numClonesNeeded * 1.2
    if confidence < CONFIDENT {
        needed = needed * 12 / 10;
    }
    u32::try_from(needed.div_ceil(1000)).expect("a thousandth of four million fits")
}

impl ClonePolicy for Seed {
    // for each programCode in demandPredictions:
    fn weigh(&self, now: Instant, candidate: &Candidate<'_>) -> Option<Offer> {
        let count = clones_needed(candidate.demand.q50, candidate.confidence);
        // if currentClones < numClonesNeeded:
        //   clonesToCreate = numClonesNeeded - currentClones
        //   availableVMs = findAvailableVMs(vmPool, clonesToCreate)
        //   createContainerClone(vm, programCode)
        // if currentClones > numClonesNeeded:
        //   removeExcessClones(programCode, vmPool, currentClones - numClonesNeeded)
        // The text knows no value of memory: a clone displaces nobody, and one function is
        // served before the other as they come.
        let (from, until) = (now, candidate.end);
        let wish = CloneWish { count, from, until, worth: 0.0, bid: 0.0, beyond: 0, sure: count };
        let Candidate { function, memory, live, .. } = *candidate;
        Some(Offer { function, memory, live, wish, rank: 0.0 })
    }

    fn least_chance(&self) -> u16 {
        // It goes by the median: a call has to be as likely as not.
        500
    }

    fn price(&self, _: Lately) -> f64 {
        // It does not learn.
        0.0
    }

    fn patience(&self, _step: Span) -> Span {
        Span::ZERO
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_number_of_clones_is_that_of_the_pseudocode() {
        for (line, volume, confidence, expected) in [
            ("numClonesNeeded = predictedVolume", 5_000, 900, 5),
            ("confidence of 0.8 is not below 0.8", 5_000, 800, 5),
            ("numClonesNeeded * 1.2", 5_000, 799, 6),
            ("a fraction counts as a clone", 5_001, 900, 6),
            ("a fraction of the product too", 1_000, 0, 2),
            ("nothing predicted", 0, 0, 0),
            ("a narrow band of many calls is taken for as many containers", 90_000, 1000, 90),
        ] {
            assert_eq!(clones_needed(volume, confidence), expected, "{line}");
        }
        assert_eq!(clones_needed(u32::MAX, 0), 5_153_961);
    }
}
