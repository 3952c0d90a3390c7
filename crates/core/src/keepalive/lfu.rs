//! Least frequently used: the function called least often, ever, goes first.
//!
//! The count is never aged (founding report, section 3): yesterday's favourite stays.

use crate::ids::FunctionId;
use crate::keepalive::by_function::{Formula, Uses};
use crate::pool::ledger::Pool;

/// The formula of the policy `lfu`.
#[derive(Debug)]
pub struct Lfu;

impl Formula for Lfu {
    const NAME: &'static str = "lfu";

    fn priority(&self, _function: FunctionId, uses: Uses, _pool: &Pool) -> f64 {
        uses.lifetime as f64
    }
}
