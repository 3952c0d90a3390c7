//! How often functions are expected to be called: what a forecast tells the mind.
//!
//! Models work with real numbers, minds decide by integers that lie in a journal: counts
//! are thousandths of a call per step, chances are thousandths. What a schedule makes
//! certain is not a forecast at all and stands beside it as instants.

use serde::{Deserialize, Serialize};

use crate::ids::FunctionId;
use crate::time::{Instant, Span};

/// Steps of one function that a forecast tells at most.
pub const STEPS_MAX: usize = 288;
/// Calls of one function that a schedule makes known, at most.
pub const KNOWN_MAX: usize = 64;
/// A whole, in thousandths.
pub const WHOLE: u16 = 1000;
/// The most that a quantile can be: four million calls in a step.
pub const QUANTILE_MAX: u32 = u32::MAX;

/// What is expected of some functions from one moment on.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct DemandForecast {
    /// Up to when calls were counted; the first step begins here.
    pub origin: Instant,
    /// How long a step is.
    pub step: Span,
    /// What is expected, function by function.
    pub functions: Vec<FunctionDemand>,
}

/// What is expected of one function.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct FunctionDemand {
    /// The function.
    pub function: FunctionId,
    /// How far the forecasts of this function were to be relied upon of late, in thousandths.
    pub confidence: u16,
    /// The steps in their order, the first at the origin.
    pub steps: Vec<StepDemand>,
    /// When it will surely be called, as its schedule says; ascending.
    pub known: Vec<Instant>,
}

/// What is expected of one step. Quantiles of the number of calls, in thousandths of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
pub struct StepDemand {
    /// Chance of any call at all if none came in the steps before, in thousandths.
    pub chance: u16,
    /// So many or fewer in one case of ten.
    pub q10: u32,
    /// So many or fewer in half of all cases.
    pub q50: u32,
    /// So many or fewer in nine cases of ten.
    pub q90: u32,
    /// So many or fewer in nineteen cases of twenty.
    pub q95: u32,
}

impl StepDemand {
    /// Whether its numbers can belong together.
    pub fn is_sound(&self) -> bool {
        let Self { chance, q10, q50, q90, q95 } = *self;
        chance <= WHOLE && q10 <= q50 && q50 <= q90 && q90 <= q95
    }
}

impl DemandForecast {
    /// Where its first step ends up after so many steps.
    pub fn begins(&self, place: usize) -> Instant {
        self.origin + self.step * place as u64
    }
}
