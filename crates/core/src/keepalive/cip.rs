//! Concurrency-informed priority: GreedyDual divided by the number of instances, so
//! that a hot function's surplus instances go before a cool function's only one (after
//! CIDRE, ASPLOS 2025; the paper's code is not public, this is our reading of the idea).

use crate::ids::FunctionId;
use crate::keepalive::by_function::{Formula, Uses};
use crate::pool::ledger::Pool;

/// The formula of the policy `cip`.
#[derive(Debug)]
pub struct Cip;

impl Formula for Cip {
    const NAME: &'static str = "cip";

    fn priority(&self, function: FunctionId, uses: Uses, pool: &Pool) -> f64 {
        let known = pool.known(function);
        let cost = known.start().mean().secs_f64();
        let size = known.settings().memory.mb_f64().max(f64::MIN_POSITIVE);
        let clones = f64::from(known.live().max(1));
        uses.clock + known.uses() as f64 * cost / (size * clones)
    }
}
