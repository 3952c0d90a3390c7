//! Frequency: priority = clock + frequency x cost (FaasCache's FREQ): memory does not
//! count.

use crate::ids::FunctionId;
use crate::keepalive::by_function::{Formula, Uses};
use crate::pool::ledger::Pool;

/// The formula of the policy `freq`.
#[derive(Debug)]
pub struct Freq;

impl Formula for Freq {
    const NAME: &'static str = "freq";

    fn priority(&self, function: FunctionId, uses: Uses, pool: &Pool) -> f64 {
        let known = pool.known(function);
        let cost = known.start().mean().secs_f64();
        uses.clock + known.uses() as f64 * cost
    }
}
