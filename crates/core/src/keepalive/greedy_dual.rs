//! GreedyDual-Size-Frequency, as FaasCache uses it for keep-alive: priority = clock +
//! frequency x cost / size (Fuerst and Sharma, "FaasCache", ASPLOS 2021, section 4).
//!
//! Frequency is the number of calls that the function's present instances have served, cost
//! the length of a start in seconds, size the memory in MB, clock the priority of the
//! last victim when the function was last called.

use crate::ids::FunctionId;
use crate::keepalive::by_function::{Formula, Uses};
use crate::pool::ledger::Pool;

/// The formula of the policy `greedy-dual`.
#[derive(Debug)]
pub struct GreedyDual;

impl Formula for GreedyDual {
    const NAME: &'static str = "greedy-dual";

    fn priority(&self, function: FunctionId, uses: Uses, pool: &Pool) -> f64 {
        let known = pool.known(function);
        let cost = known.start().mean().secs_f64();
        let size = known.settings().memory.mb_f64().max(f64::MIN_POSITIVE);
        uses.clock + known.uses() as f64 * cost / size
    }
}
