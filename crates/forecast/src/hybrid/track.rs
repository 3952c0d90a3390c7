//! What the members of a hybrid said of a function at earlier origins, and what then came.

use crate::bands::Forecast;

/// One earlier origin of one function.
#[derive(Debug, Clone)]
pub struct Tracked {
    /// The origin.
    pub origin: usize,
    /// What each member forecast, in the order of members.
    pub forecasts: Vec<Forecast>,
}

/// How many steps lie between tracked origins.
pub const STRIDE: usize = 6;
/// How many are looked at, the newest one stride before the present.
pub const LENGTH: usize = 8;

/// The origins that are tracked as of `origin`, the newest first; an origin has known steps
/// before it.
pub fn origins(origin: usize) -> Vec<usize> {
    let back = |turn: usize| origin.checked_sub(turn * STRIDE).filter(|&origin| origin > 0);
    (1..=LENGTH).map_while(back).collect()
}
