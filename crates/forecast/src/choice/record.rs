//! The losses of somebody's forecasts of the last steps of one function, in few bytes.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use crate::league::form::Beside;

/// Losses of the last steps, up to a newest one; not a number where none is known.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Record {
    newest: u64,
    losses: VecDeque<f32>,
}

impl Record {
    /// Adds the loss of a step, of which at most `most` are kept. A step that is not after the
    /// newest one is left out.
    pub fn push(&mut self, step: u64, loss: Option<f64>, most: usize) {
        let missed = match self.losses.is_empty() {
            true => 0,
            false if step <= self.newest => return,
            false => usize::try_from(step - self.newest - 1).unwrap_or(usize::MAX),
        };
        if missed >= most {
            self.losses.clear();
        } else {
            self.losses.extend(std::iter::repeat_n(f32::NAN, missed));
        }
        self.newest = step;
        let loss = loss.filter(|loss| loss.is_finite() && *loss >= 0.0);
        self.losses.push_back(loss.map_or(f32::NAN, |loss| loss as f32));
        self.losses.drain(..self.losses.len().saturating_sub(most));
    }

    /// The loss of a step.
    pub fn at(&self, step: u64) -> Option<f64> {
        let back = usize::try_from(self.newest.checked_sub(step)?).ok()?;
        let place = self.losses.len().checked_sub(back + 1)?;
        Some(self.losses[place]).filter(|loss| !loss.is_nan()).map(f64::from)
    }

    /// How many steps are known.
    pub fn known(&self) -> usize {
        self.losses.iter().filter(|loss| !loss.is_nan()).count()
    }

    /// How many of the newest have no loss, in a row.
    pub fn missing(&self) -> usize {
        self.losses.iter().rev().take_while(|loss| loss.is_nan()).count()
    }

    /// The newest step.
    pub fn newest(&self) -> u64 {
        self.newest
    }

    /// This one beside another over the newest steps for which both are known, at most so many.
    pub fn beside(&self, other: &Record, most: usize) -> Beside {
        let mut beside = Beside::default();
        for (loss, step) in self.losses.iter().rev().zip((0..=self.newest).rev()) {
            if beside.len >= most {
                break;
            }
            if let (false, Some(other)) = (loss.is_nan(), other.at(step)) {
                beside.add(f64::from(*loss), other);
            }
        }
        beside
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_that_are_missing_are_known_to_be() {
        let mut record = Record::default();
        for (step, loss) in [(5, Some(1.0)), (6, None), (9, Some(3.0)), (9, Some(9.0)), (2, None)] {
            record.push(step, loss, 4);
        }
        assert_eq!(
            [5, 6, 8, 9, 10].map(|step| record.at(step)),
            [None, None, None, Some(3.0), None]
        );
        assert_eq!((record.known(), record.missing(), record.newest()), (1, 0, 9));
        let mut other = Record::default();
        (8..=10).for_each(|step| other.push(step, Some(2.0), 4));
        let beside = record.beside(&other, 9);
        assert_eq!((beside.own, beside.others, beside.len), (3.0, 2.0, 1));
        record.push(50, Some(f64::NAN), 4);
        assert_eq!((record.known(), record.missing()), (0, 1));
    }
}
