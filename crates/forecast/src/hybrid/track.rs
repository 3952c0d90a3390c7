//! What the members of a hybrid said of a function at earlier origins, and what then came.

use crate::bands::Forecast;

/// One earlier origin of one function.
#[derive(Debug, Clone)]
pub struct Tracked<'n> {
    /// The origin.
    pub origin: usize,
    /// What each member forecast, in the order of members.
    pub forecasts: Vec<&'n Forecast>,
}

/// How many steps lie between tracked origins, which are multiples of it: so each is asked
/// once, however often forecasts are made.
pub const STRIDE: usize = 6;
/// How many are looked at.
pub const LENGTH: usize = 8;

/// The origins that are tracked as of `origin`, the newest first; each lies before it and has
/// known steps before itself.
pub fn origins(origin: usize) -> Vec<usize> {
    let newest = origin.saturating_sub(1) / STRIDE;
    (1..=newest).rev().take(LENGTH).map(|turn| turn * STRIDE).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_origins_are_tracked_until_the_next_is_passed() {
        for (origin, expected) in [
            (0, vec![]),
            (6, vec![]),
            (7, vec![6]),
            (12, vec![6]),
            (13, vec![12, 6]),
            (60, (1..=9).rev().map(|turn| turn * 6).take(8).collect()),
        ] {
            assert_eq!(origins(origin), expected, "at {origin}");
        }
    }
}
