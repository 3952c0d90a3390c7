//! What forecasts are made from when a step begins.

use std::sync::Arc;

use swell_forecast::calendar::grid::Grid;
use swell_forecast::panel::Panel;

/// What is known when a step begins.
pub struct Known<'a> {
    /// The first step that is not known, in steps since 1970.
    pub origin: u64,
    /// Steps that were measured of those of the panel.
    pub steps: u64,
    /// Functions and their counts, in order of their names.
    pub panel: Panel,
    /// The same names.
    pub names: Vec<Arc<str>>,
    /// When the steps of the panel are, in milliseconds since 1970.
    pub grid: Grid,
    /// How much the count of a function usually changes.
    pub scale: &'a dyn Fn(&str) -> f32,
    /// The share of functions whose demand changed of late.
    pub drifted: f32,
    /// Rests, and tells whether to go on.
    pub go_on: &'a dyn Fn() -> bool,
}
