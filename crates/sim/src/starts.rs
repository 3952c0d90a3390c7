//! How long starts take in a virtual world.

use swell_core::rng::Rng;
use swell_core::time::Span;
use swell_trace::cold::ColdModel;

/// How long starts take, and with what dice.
pub struct Starts {
    /// The model.
    pub model: ColdModel,
    /// Chance for models that draw.
    pub rng: Rng,
    /// How long a thaw takes.
    pub resume: Span,
}
