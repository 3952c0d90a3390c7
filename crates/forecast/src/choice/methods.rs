//! The methods that are tried function by function, beside what forecasts for all.

use crate::catalogue::{Entry, LOCALS};

/// Their names: all that look at one function and cost little, as different as can be. What
/// forecasts nothing, or what forecasts for all in any case, is not among them.
pub const TRIED: [&str; 14] = [
    "window-4h",
    "ses",
    "theta",
    "ets",
    "arima",
    "trend-seasons",
    "croston-sba",
    "tsb",
    "adida",
    "imapa",
    "idle-histogram",
    "snaive",
    "day-naive",
    "week-naive",
];

/// A method of the catalogue; none of that name that looks at one function.
pub fn find(name: &str) -> Option<Entry> {
    LOCALS.iter().find(|entry| entry.name == name).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_that_are_tried_are_there() {
        assert!(TRIED.iter().all(|name| find(name).is_some()));
    }
}
