//! What is a container worth to FaasCache? Nine rules, each a priority; the least leaves.
//!
//! Formulas as in the published `LambdaScheduler.calc_priority`; `uses` counts the
//! calls served by all present containers of the function and falls to 0 when all are
//! gone. Reproduced faults, by name (more in `node` and `histogram`):
//!
//! - **warm credit**: Landlord's credit is the *warm run*, where the paper means the
//!   cost of a start.
//! - **bare difference**: the cost of a start is `Maximum - Average`, which is 0 for
//!   steady functions, so the rules with a cost give them away first.
//! - **coarse dice**: the random rule draws from ten values, so most victims are
//!   decided by the order of the heap.

use crate::faithful::input::Function;
use crate::faithful::twister::Twister;

/// The policies of FaasCache's simulator.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Policy {
    /// `GD`: greedy dual with frequency and size, the paper's own.
    GreedyDual,
    /// `TTL`: 10 minutes, least recent first under pressure.
    Ttl,
    /// `LONG-TTL`: the same with 2 hours.
    LongTtl,
    /// `LRU`: least recent first.
    Lru,
    /// `LND`: Landlord, rent by size.
    Landlord,
    /// `HIST`: histogram of times between calls.
    Histogram,
    /// `FREQ`: frequency and cost.
    Frequency,
    /// `SIZE`: frequency and size.
    Size,
    /// `RAND`: a number from 0 to 9.
    Random,
}

/// What a priority is made of.
#[derive(Debug, Clone, Copy)]
pub struct Worth<'a> {
    /// The container's function.
    pub function: &'a Function,
    /// Priority of the last victim (`Clock`).
    pub clock: f64,
    /// Calls served by the function's present containers.
    pub uses: u64,
    /// The container's last access, in ms.
    pub last_access_ms: f64,
}

impl Policy {
    /// The priority of a container; the least is evicted first.
    pub fn priority(self, worth: &Worth<'_>, dice: &mut Twister) -> f64 {
        let function = worth.function;
        let uses = worth.uses as f64;
        let warm_ms = f64::from(function.warm_ms);
        let cost_ms = f64::from(function.cold_ms) - warm_ms;
        let size_mb = f64::from(function.mem_mb);
        match self {
            Self::GreedyDual => worth.clock + uses * (cost_ms / size_mb),
            Self::Frequency => worth.clock + uses * cost_ms,
            Self::Size => worth.clock + uses / size_mb,
            Self::Landlord => warm_ms,
            Self::Random => f64::from(dice.numpy_below(10)),
            Self::Ttl | Self::LongTtl | Self::Lru | Self::Histogram => worth.last_access_ms,
        }
    }

    /// Age at which an idle container is purged, in ms, for the rules with one fixed
    /// age.
    pub fn fixed_ttl_ms(self) -> Option<f64> {
        match self {
            Self::Ttl => Some(600_000.0),
            Self::LongTtl => Some(7_200_000.0),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn priorities_follow_the_formulas() {
        let function = Function {
            mem_mb: 50,
            cold_ms: 400,
            warm_ms: 300,
        };
        let worth = Worth {
            function: &function,
            clock: 7.0,
            uses: 3,
            last_access_ms: 1_234.5,
        };
        let table = [
            (Policy::GreedyDual, 7.0 + 3.0 * 2.0),
            (Policy::Frequency, 7.0 + 3.0 * 100.0),
            (Policy::Size, 7.0 + 3.0 / 50.0),
            (Policy::Landlord, 300.0),
            (Policy::Random, 5.0),
            (Policy::Ttl, 1_234.5),
            (Policy::LongTtl, 1_234.5),
            (Policy::Lru, 1_234.5),
            (Policy::Histogram, 1_234.5),
        ];
        for (policy, expected) in table {
            let drawn = policy.priority(&worth, &mut Twister::numpy(1));
            assert_eq!(drawn, expected, "{policy:?}");
        }
    }
}
