//! How long does a call run, when the trace tells only averages and percentiles?
//!
//! The average for every call makes runs comparable with the published simulators. Drawn
//! durations show the tail: piecewise linear through the percentiles that Azure 2019
//! publishes (of 30-second averages, so the true tail is longer still). A trace that
//! tells each call's own length is not affected by this choice.

use std::fmt;
use std::str::FromStr;

use rand::Rng as _;
use serde::{Deserialize, Serialize};
use swell_core::ids::FunctionId;
use swell_core::rng::split;
use swell_core::time::Span;

/// How the length of a call is chosen where the trace does not tell it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Durations {
    /// Every call takes its function's average.
    #[default]
    Average,
    /// Drawn from the function's percentiles; the average where there are none.
    Sampled,
}

impl FromStr for Durations {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "average" => Ok(Durations::Average),
            "sampled" => Ok(Durations::Sampled),
            _ => Err(format!(
                "`{text}` is not a way to choose durations; choose `average` or `sampled`"
            )),
        }
    }
}

impl fmt::Display for Durations {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Durations::Average => "average",
            Durations::Sampled => "sampled",
        })
    }
}

/// The probabilities, in percent, at which [`RunQuantiles`] are known.
pub const PERCENTS: [u8; 7] = [0, 1, 25, 50, 75, 99, 100];

/// Lengths of a function's runs at the probabilities [`PERCENTS`], never decreasing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RunQuantiles([Span; 7]);

impl RunQuantiles {
    /// The quantiles, made non-decreasing (a published table may contradict itself by a
    /// rounded millisecond).
    pub fn new(mut points: [Span; 7]) -> Self {
        for index in 1..points.len() {
            points[index] = points[index].max(points[index - 1]);
        }
        Self(points)
    }

    /// The lengths at [`PERCENTS`].
    pub fn points(&self) -> [Span; 7] {
        self.0
    }

    /// The length below which the share `share` (0 to 1) of the runs stays.
    pub fn at(&self, share: f64) -> Span {
        let share = share.clamp(0.0, 1.0);
        // Counting instead of searching keeps the processor from guessing wrong.
        let below: usize = SHARES[1..6].iter().map(|&bound| usize::from(bound < share)).sum();
        let (from, to) = (self.0[below], self.0[below + 1]);
        let part = (share - SHARES[below]) * STEEPNESS[below];
        Span::from_nanos(from.nanos() + ((to - from).nanos() as f64 * part) as u64)
    }
}

/// [`PERCENTS`] as shares of one.
const SHARES: [f64; 7] = [0.0, 0.01, 0.25, 0.5, 0.75, 0.99, 1.0];

/// One over the distance of two [`SHARES`].
const STEEPNESS: [f64; 6] = [100.0, 1.0 / 0.24, 4.0, 4.0, 1.0 / 0.24, 100.0];

/// Answers how long each call runs, for one reading of a per-minute trace.
///
/// The dice of a call depend on the seed, its function and how many calls the function
/// had before, not on other functions: two placements see the same lengths.
pub struct RunTimes {
    warm: Vec<Span>,
    sampled: Option<Sampled>,
}

struct Sampled {
    quantiles: Vec<Option<RunQuantiles>>,
    calls: Vec<u64>,
    seed: u64,
}

impl RunTimes {
    /// Every call takes its function's `warm`.
    pub fn average(warm: Vec<Span>) -> Self {
        Self { warm, sampled: None }
    }

    /// Calls draw from `quantiles`, as long as `warm`, where there are any.
    pub fn sampled(warm: Vec<Span>, quantiles: Vec<Option<RunQuantiles>>, seed: u64) -> Self {
        assert_eq!(warm.len(), quantiles.len(), "one entry per function");
        let calls = vec![0; warm.len()];
        let seed = split(seed, "trace durations").next_u64();
        Self { warm, sampled: Some(Sampled { quantiles, calls, seed }) }
    }

    /// The length of the function's next call.
    pub fn next(&mut self, function: FunctionId) -> Span {
        let index = function.index();
        let Some(sampled) = &mut self.sampled else {
            return self.warm[index];
        };
        let call = sampled.calls[index];
        sampled.calls[index] += 1;
        match &sampled.quantiles[index] {
            Some(quantiles) => quantiles.at(share(sampled.seed, function.0, call)),
            None => self.warm[index],
        }
    }
}

/// A uniform number in [0, 1) from three integers, by the finalizer of SplitMix64: no
/// generator per function needs to be kept.
fn share(seed: u64, function: u32, call: u64) -> f64 {
    let mut bits = seed ^ mix(u64::from(function).wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ seed);
    bits = mix(bits.wrapping_add(call.wrapping_mul(0x9e37_79b9_7f4a_7c15)));
    (bits >> 11) as f64 / (1u64 << 53) as f64
}

fn mix(mut bits: u64) -> u64 {
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ (bits >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn quantiles() -> RunQuantiles {
        RunQuantiles::new([1, 2, 10, 20, 40, 500, 1000].map(Span::from_millis))
    }

    #[test]
    fn quantiles_are_piecewise_linear() {
        for (share, millis) in [
            (-1.0, 1.0),
            (0.0, 1.0),
            (0.01, 2.0),
            (0.25, 10.0),
            (0.375, 15.0),
            (0.5, 20.0),
            (0.75, 40.0),
            (0.87, 270.0),
            (1.0, 1000.0),
            (2.0, 1000.0),
        ] {
            let at = quantiles().at(share).millis_f64();
            assert!((at - millis).abs() < 0.001, "{share}: {at}");
        }
    }

    #[test]
    fn draws_follow_the_quantiles_and_the_seed() {
        let draw = |seed| {
            let mut runs =
                RunTimes::sampled(vec![Span::ZERO; 2], vec![Some(quantiles()), None], seed);
            assert_eq!(runs.next(FunctionId(1)), Span::ZERO);
            (0..4000).map(|_| runs.next(FunctionId(0))).collect::<Vec<_>>()
        };
        let mut drawn = draw(1);
        assert_eq!(drawn, draw(1));
        assert_ne!(drawn, draw(2));
        drawn.sort_unstable();
        for (share, expected) in [(0.25, 10.0), (0.5, 20.0), (0.7, 36.0)] {
            let found = drawn[(share * 4000.0) as usize].millis_f64();
            assert!((found / expected - 1.0).abs() < 0.15, "{share}: {found}");
        }
    }

    #[test]
    fn names_read_back() {
        for durations in [Durations::Average, Durations::Sampled] {
            assert_eq!(durations.to_string().parse(), Ok(durations));
        }
        assert!("mean".parse::<Durations>().is_err());
    }
}
