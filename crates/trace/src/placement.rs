//! Where inside its minute does a counted call fall?
//!
//! The Azure 2019 trace says how many calls each minute had, not when. Published results
//! differ by a factor of sixteen with the answer, so the answer is an explicit choice
//! and belongs beside every number computed from such a trace.

use std::fmt;
use std::str::FromStr;

use rand::Rng as _;
use serde::{Deserialize, Serialize};
use swell_core::rng::Rng;

/// One minute in nanoseconds.
pub const MINUTE_NANOS: u64 = 60_000_000_000;

/// Width of a burst in nanoseconds: one second.
const BURST_NANOS: u64 = 1_000_000_000;

/// Where the calls of one function fall inside one minute.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Placement {
    /// `n` calls at 0, 1/n, 2/n, ... of the minute, so a single call falls on :00. This
    /// is FaasCache's rule, the most regular reading and the kindest to caches.
    #[default]
    Even,
    /// Each call at an independent uniform instant of the minute.
    Uniform,
    /// All calls at :00 together, the harshest reading.
    Start,
    /// All calls at uniform instants of one second, which lies anywhere in the minute.
    Burst,
}

impl Placement {
    /// All placements, in the order in which they are explained.
    pub const ALL: [Placement; 4] =
        [Placement::Even, Placement::Uniform, Placement::Start, Placement::Burst];

    /// Calls `place` with `count` offsets from the start of the minute in nanoseconds, in
    /// no promised order, each below [`MINUTE_NANOS`].
    pub fn offsets(self, count: u32, rng: &mut Rng, mut place: impl FnMut(u64)) {
        match self {
            Placement::Even => {
                for index in 0..u64::from(count) {
                    place(index * MINUTE_NANOS / u64::from(count));
                }
            }
            Placement::Uniform => (0..count).for_each(|_| place(uniform(rng, MINUTE_NANOS))),
            Placement::Start => (0..count).for_each(|_| place(0)),
            Placement::Burst => {
                let start = uniform(rng, MINUTE_NANOS - BURST_NANOS);
                (0..count).for_each(|_| place(start + uniform(rng, BURST_NANOS)));
            }
        }
    }
}

/// A uniform integer below `bound`. Simpler and faster than `swell_core::rng::below`:
/// for bounds this small the bias is one part in a hundred million.
fn uniform(rng: &mut Rng, bound: u64) -> u64 {
    ((u128::from(rng.next_u64()) * u128::from(bound)) >> 64) as u64
}

impl FromStr for Placement {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL.into_iter().find(|placement| placement.to_string() == text).ok_or_else(|| {
            format!("`{text}` is not a placement; choose `even`, `uniform`, `start` or `burst`")
        })
    }
}

impl fmt::Display for Placement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Placement::Even => "even",
            Placement::Uniform => "uniform",
            Placement::Start => "start",
            Placement::Burst => "burst",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn offsets(placement: Placement, count: u32, seed: u64) -> Vec<u64> {
        let mut rng = swell_core::rng::split(seed, "test");
        let mut out = Vec::new();
        placement.offsets(count, &mut rng, |offset| out.push(offset));
        out
    }

    #[test]
    fn names_read_back() {
        for placement in Placement::ALL {
            assert_eq!(placement.to_string().parse(), Ok(placement));
        }
        assert!("middle".parse::<Placement>().unwrap_err().contains("`burst`"));
    }

    #[test]
    fn every_call_falls_in_its_minute() {
        for placement in Placement::ALL {
            for count in [0, 1, 3, 1000] {
                let out = offsets(placement, count, 1);
                assert_eq!(out.len(), count as usize);
                assert!(out.iter().all(|&offset| offset < MINUTE_NANOS));
            }
        }
        assert_eq!(offsets(Placement::Even, 1, 1), [0]);
        assert_eq!(
            offsets(Placement::Even, 4, 1),
            [0, 15_000_000_000, 30_000_000_000, 45_000_000_000]
        );
        assert_eq!(offsets(Placement::Start, 2, 1), [0, 0]);
        let burst = offsets(Placement::Burst, 500, 1);
        assert!(burst.iter().max().unwrap() - burst.iter().min().unwrap() < BURST_NANOS);
    }

    #[test]
    fn chance_follows_the_seed() {
        assert_eq!(offsets(Placement::Uniform, 9, 5), offsets(Placement::Uniform, 9, 5));
        assert_ne!(offsets(Placement::Uniform, 9, 5), offsets(Placement::Uniform, 9, 6));
    }
}
