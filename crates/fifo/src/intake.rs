//! Which items of a producer were accepted: what makes sending again harmless.
//!
//! A producer numbers its items and sends again whatever it got no answer for. Accepting
//! exactly the next number makes every repetition recognisable, wherever the FIFO is by
//! then, as long as this state travels with it.

/// What to do with an item.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It is the next one: take it, and acknowledge it.
    Accept,
    /// It was accepted before: only acknowledge it.
    Repeated,
    /// Others are missing before it: refuse it, its producer has to go back to `expected`.
    Early {
        /// The number that is due.
        expected: u64,
    },
}

/// The items of one producer that were accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Intake {
    next: u64,
}

impl Intake {
    /// Goes on where another intake stopped: `next` is the first number not accepted yet.
    pub fn from(next: u64) -> Self {
        Self { next }
    }

    /// The first number not accepted yet.
    pub fn next(&self) -> u64 {
        self.next
    }

    /// Judges the item with this number, and counts it if it is accepted.
    pub fn offer(&mut self, sequence: u64) -> Verdict {
        match sequence.cmp(&self.next) {
            std::cmp::Ordering::Equal => {
                self.next += 1;
                Verdict::Accept
            }
            std::cmp::Ordering::Less => Verdict::Repeated,
            std::cmp::Ordering::Greater => Verdict::Early { expected: self.next },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_number_is_accepted_once_and_in_turn() {
        let mut intake = Intake::from(5);
        for (sequence, expected) in [
            (6, Verdict::Early { expected: 5 }),
            (5, Verdict::Accept),
            (5, Verdict::Repeated),
            (0, Verdict::Repeated),
            (7, Verdict::Early { expected: 6 }),
            (6, Verdict::Accept),
        ] {
            assert_eq!(intake.offer(sequence), expected, "{sequence}");
        }
        assert_eq!(intake.next(), 7);
    }
}
