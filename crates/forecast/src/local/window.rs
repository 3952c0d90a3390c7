//! What came lately comes again, in any order: the quantiles of a window. It costs nothing
//! and is hard to beat, so whatever is dearer is measured against it.

use crate::bands::{Forecast, quantiles_of};
use crate::local::rule::{Known, Rule};

/// Forecasts the quantiles of the last so many steps.
#[derive(Debug, Clone, Copy)]
pub struct Window(pub usize);

impl Rule for Window {
    fn forecast(&self, known: Known<'_>, horizon: usize) -> Forecast {
        let mut recent = known.counts[known.counts.len().saturating_sub(self.0)..].to_vec();
        Forecast::flat(quantiles_of(&mut recent), horizon)
    }
}
