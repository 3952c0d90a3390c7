//! What would be warm if no clones had been made, and so what they gain.
//!
//! A clone that is used spares a cold start, but the memory it waited in would have held an
//! instance that went. Where calls come by chance alone, that one is called as soon, and all that
//! clones bring is more starts. So it is remembered which instances went last, as many as fit
//! into the memory that clones wait in and that lies free: without clones they would be there
//! still. (Lists of what went, to learn from what is asked for too late, are those of adaptive
//! replacement caches: Megiddo and Modha, 2003.) A call that finds no instance ready, or a clone,
//! and whose function has one that went, would have been warm; it takes away what a use of a clone gave.

use std::collections::VecDeque;

use crate::ids::FunctionId;
use crate::units::Bytes;

/// So many instances that went are remembered at most.
const MOST: usize = 4096;

/// How calls fared that no habit kept warm, and what clones had to do with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct LiftTally {
    /// Calls that waited for a start.
    pub cold: u64,
    /// Calls that a clone was ready for.
    pub spared: u64,
    /// Calls that would have found an instance ready if clones had not taken its memory.
    pub regretted: u64,
}

/// What went, and how often it was missed.
#[derive(Debug, Default)]
pub struct Lift {
    /// The first to go at the front.
    gone: VecDeque<(FunctionId, Bytes)>,
    held: Bytes,
    /// By function, how many of it went.
    counts: Vec<u32>,
    tally: LiftTally,
}

impl Lift {
    /// An instance that waited for work, and was no clone, gave way.
    pub(crate) fn went(&mut self, function: FunctionId, memory: Bytes) {
        if self.gone.len() == MOST {
            self.forget_first();
        }
        let index = function.index();
        if index >= self.counts.len() {
            self.counts.resize(index + 1, 0);
        }
        self.counts[index] += 1;
        self.held += memory;
        self.gone.push_back((function, memory));
    }

    /// So much memory is held by clones that wait or lies free: what went before and would not
    /// fit into it is forgotten.
    pub(crate) fn fit(&mut self, room: Bytes) {
        while self.held > room {
            self.forget_first();
        }
    }

    /// A call waited for a start.
    pub(crate) fn cold(&mut self) {
        self.tally.cold += 1;
    }

    /// A clone was ready for a call.
    pub(crate) fn spared(&mut self, function: FunctionId) {
        self.tally.spared += 1;
        self.missed(function);
    }

    /// A call found no instance ready but a clone, or none.
    pub(crate) fn missed(&mut self, function: FunctionId) {
        if self.counts.get(function.index()).is_none_or(|&count| count == 0) {
            return;
        }
        self.tally.regretted += 1;
        let last = self.gone.iter().rposition(|&(gone, _)| gone == function);
        let last = last.expect("functions are counted as often as they stand there");
        let (_, memory) = self.gone.remove(last).expect("it stands there");
        self.held -= memory;
        self.counts[function.index()] -= 1;
    }

    /// All of it so far.
    pub fn tally(&self) -> LiftTally {
        self.tally
    }

    fn forget_first(&mut self) {
        let Some((function, memory)) = self.gone.pop_front() else { return };
        self.held -= memory;
        self.counts[function.index()] -= 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MB: fn(u64) -> Bytes = Bytes::from_mb;

    fn regretted(lift: &mut Lift, function: u32) -> bool {
        let before = lift.tally().regretted;
        lift.missed(FunctionId(function));
        lift.tally().regretted > before
    }

    #[test]
    fn what_would_still_fit_is_missed_once() {
        let mut lift = Lift::default();
        for function in [1, 2, 2, 3] {
            lift.went(FunctionId(function), MB(100));
        }
        lift.fit(MB(399));
        let found = [1, 2, 2, 2, 3, 3, 9].map(|function| regretted(&mut lift, function));
        assert_eq!(found, [false, true, true, false, true, false, false]);
        lift.went(FunctionId(1), MB(100));
        lift.fit(Bytes::ZERO);
        assert!(!regretted(&mut lift, 1), "clones hold nothing");
        lift.went(FunctionId(1), MB(100));
        lift.spared(FunctionId(1));
        lift.cold();
        assert_eq!(lift.tally(), LiftTally { cold: 1, spared: 1, regretted: 4 });
    }

    #[test]
    fn what_is_remembered_has_a_bound() {
        let mut lift = Lift::default();
        (0..=MOST as u32).for_each(|function| lift.went(FunctionId(function), MB(1)));
        lift.fit(MB(MOST as u64 * 2));
        assert_eq!(lift.gone.len(), MOST);
        assert!(!regretted(&mut lift, 0) && regretted(&mut lift, 1));
    }
}
