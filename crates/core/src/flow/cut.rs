//! How long an owner that is to let go may go on with the call under way.
//!
//! Twice what nearly all of its calls take, and never less than a moment: a call that takes longer
//! than that after the order is one that hangs, as far as anybody can tell, and what waits behind
//! it would wait for its timeout. What calls take is known only of some: until then the call has as
//! long as the flow may stall as well.

use crate::time::Span;

/// Calls that are looked back at: of so many, one in a hundred is one.
const CALLS: usize = 100;
/// Fewer say nothing about the slowest.
const CALLS_LEAST: usize = 20;
/// What every call may take.
const LEAST: Span = Span::from_millis(50);
/// So many times what 99 of a hundred calls take at most.
const TIMES: u64 = 2;

/// How long the latest calls of an owner took.
#[derive(Debug, Clone, Default)]
pub struct CallTimes {
    micros: Vec<u32>,
    next: usize,
}

impl CallTimes {
    /// A call took so long; at least, if it was cut short.
    pub fn push(&mut self, took: Span) {
        let micros = u32::try_from(took.nanos() / 1_000).unwrap_or(u32::MAX);
        match self.micros.get_mut(self.next) {
            Some(place) => *place = micros,
            None => self.micros.push(micros),
        }
        self.next = (self.next + 1) % CALLS;
    }

    /// What 99 of a hundred of the latest calls took at most (the nearest rank); nothing of none.
    pub fn p99(&self) -> Span {
        let mut sorted = self.micros.clone();
        sorted.sort_unstable();
        let rank = (sorted.len() * 99).div_ceil(100);
        let micros = rank.checked_sub(1).map_or(0, |place| sorted[place]);
        Span::from_nanos(u64::from(micros) * 1_000)
    }

    /// How long a call may go on after another is to own the flow, whose items may wait for `stall`.
    pub fn patience(&self, stall: Span) -> Span {
        let usual = LEAST.max(self.p99() * TIMES);
        if self.micros.len() < CALLS_LEAST { usual.max(stall) } else { usual }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_has_twice_what_nearly_all_take() {
        let ms = Span::from_millis;
        let patience = |calls: &[u64]| {
            let mut times = CallTimes::default();
            calls.iter().for_each(|&call| times.push(ms(call)));
            times.patience(ms(1_000))
        };
        let mut mixed = vec![3; 99];
        mixed.push(9_000);
        let mut slow = mixed.clone();
        slow.push(9_000);
        for (calls, expected) in [
            (vec![], 1_000),
            (vec![3; 19], 1_000),
            (vec![700; 19], 1_400),
            (vec![3; 20], 50),
            (vec![200; 20], 400),
            (mixed, 50),
            (slow, 18_000),
            ([vec![9_000; 50], vec![30; 100]].concat(), 60),
        ] {
            assert_eq!(patience(&calls), ms(expected), "{calls:?}");
        }
    }
}
