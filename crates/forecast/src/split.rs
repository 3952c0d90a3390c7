//! Where a back-test stands in time: origins, each with a horizon.
//!
//! At an origin everything before it is known and the next `horizon` steps are forecast.
//! Models are fitted once, before the first origin, which is harder than life and leaves no
//! room for looking ahead.

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// The furthest ahead that is forecast: a day of minutes.
pub const HORIZON_MAX: usize = 1440;

/// Origins and a horizon.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Split {
    /// The first step to forecast, each time; in order.
    pub origins: Vec<usize>,
    /// How many steps are forecast from each origin.
    pub horizon: usize,
}

/// Why a split cannot be used on some data.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum SplitError {
    /// There is none.
    #[error("there is no origin: name at least one step to forecast from")]
    NoOrigin,
    /// They do not rise.
    #[error("origin {0} does not come after the one before it: write origins in order, each once")]
    Unordered(usize),
    /// Nothing is known before the first.
    #[error("the first origin is step 0, before which nothing is known")]
    NothingKnown,
    /// Too short or too far.
    #[error("a horizon of {0} steps cannot be forecast: take 1 to {HORIZON_MAX}")]
    Horizon(usize),
    /// The data end before.
    #[error("origin {origin} with horizon {horizon} needs {} steps, the data have {len}", origin.saturating_add(*horizon))]
    Beyond {
        /// The origin.
        origin: usize,
        /// The horizon.
        horizon: usize,
        /// Steps there are.
        len: usize,
    },
}

impl Split {
    /// Whether this split can be used on data of `len` steps.
    pub fn check(&self, len: usize) -> Result<(), SplitError> {
        let horizon = self.horizon;
        if !(1..=HORIZON_MAX).contains(&horizon) {
            return Err(SplitError::Horizon(horizon));
        }
        match self.origins.first() {
            None => return Err(SplitError::NoOrigin),
            Some(0) => return Err(SplitError::NothingKnown),
            Some(_) => {}
        }
        if let Some(pair) = self.origins.windows(2).find(|pair| pair[0] >= pair[1]) {
            return Err(SplitError::Unordered(pair[1]));
        }
        let is_beyond = |&&origin: &&usize| origin.checked_add(horizon).is_none_or(|end| end > len);
        match self.origins.iter().find(is_beyond) {
            Some(&origin) => Err(SplitError::Beyond { origin, horizon, len }),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_split_fits_its_data_or_says_why() {
        for (origins, horizon, error) in [
            (&[10, 20][..], 12, None),
            (&[][..], 12, Some(SplitError::NoOrigin)),
            (&[0], 12, Some(SplitError::NothingKnown)),
            (&[9, 9], 12, Some(SplitError::Unordered(9))),
            (&[10], 0, Some(SplitError::Horizon(0))),
            (&[10], 1441, Some(SplitError::Horizon(1441))),
            (&[21], 12, Some(SplitError::Beyond { origin: 21, horizon: 12, len: 32 })),
            (
                &[usize::MAX],
                2,
                Some(SplitError::Beyond { origin: usize::MAX, horizon: 2, len: 32 }),
            ),
        ] {
            let split = Split { origins: origins.to_vec(), horizon };
            assert_eq!(split.check(32).err(), error, "{origins:?}");
        }
    }
}
