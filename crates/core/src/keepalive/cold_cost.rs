//! Cold processing cost: the longest cold call goes first (founding report, section 5).
//!
//! The order is the report's own: it lets go first what costs most to bring back.

use crate::ids::FunctionId;
use crate::keepalive::by_function::{Formula, Uses};
use crate::pool::ledger::Pool;

/// The formula of the policy `cold-cost`.
#[derive(Debug)]
pub struct ColdCost;

impl Formula for ColdCost {
    const NAME: &'static str = "cold-cost";

    fn priority(&self, function: FunctionId, _uses: Uses, pool: &Pool) -> f64 {
        let known = pool.known(function);
        -(known.start().mean() + known.run().mean()).secs_f64()
    }
}
