//! The methods by which it is forecast what sources take: those of the crate of forecasts, by their
//! names there.
//!
//! Some are asked about every source in every slot (*common*), as they are different from each other
//! and cost little. The others are tried source by source, and asked where one proved better.

use std::str::FromStr;

use swell_forecast::choice::methods::{TRIED, find};
use swell_forecast::local::exponential::Exponential;
use swell_forecast::local::rule::{Conformal, Rule};
use swell_forecast::local::seasonal_naive::SeasonalNaive;
use swell_forecast::local::smoothing::Smoothing;
use swell_forecast::local::theta::Theta;

/// Common methods that look at one source; among equals the first is believed.
pub const RULES: [(&str, &dyn Rule); 4] = [
    ("exponential", &Conformal(Exponential)),
    ("theta", &Conformal(Theta)),
    ("smoothing", &Conformal(Smoothing)),
    ("seasonal-naive", &SeasonalNaive),
];

/// Where among the common ones stands what nobody may be worse than for long.
pub const NAIVE: usize = 3;

/// Common methods that learn across all sources.
pub const TAUGHT: [&str; 2] = ["gbm", "lstm"];

/// What the choices among methods are called.
const BEST: &str = "best";
const USUAL: &str = "usual";

/// How many are asked about every source.
pub const COMMON: usize = RULES.len() + TAUGHT.len();

/// The name of a common method.
pub fn common(place: usize) -> &'static str {
    RULES.get(place).map_or_else(|| TAUGHT[place - RULES.len()], |(name, _)| name)
}

/// Who is believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Method {
    /// Whoever is best of all.
    #[default]
    Best,
    /// Whoever missed least of the common methods that look at one source.
    Usual,
    /// A common one, by its place.
    Common(usize),
    /// Another one, by its name.
    Other(&'static str),
}

impl Method {
    /// All names: those of choices among methods, those of the common ones, those of others.
    pub fn names() -> impl Iterator<Item = &'static str> {
        [BEST, USUAL].into_iter().chain((0..COMMON).map(common)).chain(TRIED)
    }

    /// Whether models across sources have a part in it.
    pub fn is_taught(self) -> bool {
        match self {
            Method::Best => true,
            Method::Common(place) => place >= RULES.len(),
            Method::Usual | Method::Other(_) => false,
        }
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Method::Best => BEST,
            Method::Usual => USUAL,
            Method::Common(place) => common(place),
            Method::Other(name) => name,
        }
    }
}

impl FromStr for Method {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        match name {
            BEST => return Ok(Method::Best),
            USUAL => return Ok(Method::Usual),
            _ => {}
        }
        if let Some(place) = (0..COMMON).find(|place| common(*place) == name) {
            return Ok(Method::Common(place));
        }
        let other = find(name).map(|entry| Method::Other(entry.name));
        other.ok_or_else(|| {
            let known = Method::names().collect::<Vec<_>>().join("`, `");
            format!("there is no method `{name}` of forecasting, only `{known}`")
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn methods_are_known_by_name() {
        assert_eq!(common(NAIVE), "seasonal-naive");
        for name in Method::names() {
            assert_eq!(name.parse::<Method>().map(Method::name), Ok(name));
        }
        let why = "thetta".parse::<Method>().expect_err("it is none");
        assert!(why.contains("`theta`") && why.contains("`arima`"), "{why}");
    }
}
