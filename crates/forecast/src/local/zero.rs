//! Nothing comes: the floor that any method must beat.

use crate::bands::{Forecast, LEVELS};
use crate::local::rule::{Known, Rule};

/// Forecasts nothing.
#[derive(Debug, Clone, Copy)]
pub struct Zero;

impl Rule for Zero {
    fn forecast(&self, _: Known<'_>, horizon: usize) -> Forecast {
        Forecast::flat([0.0; LEVELS.len()], horizon)
    }
}
