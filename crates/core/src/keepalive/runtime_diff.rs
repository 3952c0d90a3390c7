//! Runtime differential: the smallest warm time / cold time goes first (founding report,
//! section 4).
//!
//! The cold time is that of a whole cold call, start and run. The order is the
//! report's own: it lets go first what gains most from being warm.

use crate::ids::FunctionId;
use crate::keepalive::by_function::{Formula, Uses};
use crate::pool::ledger::Pool;

/// The formula of the policy `runtime-diff`.
#[derive(Debug)]
pub struct RuntimeDiff;

impl Formula for RuntimeDiff {
    const NAME: &'static str = "runtime-diff";

    fn priority(&self, function: FunctionId, _uses: Uses, pool: &Pool) -> f64 {
        let known = pool.known(function);
        let warm = known.run().mean().secs_f64();
        let cold = warm + known.start().mean().secs_f64();
        if cold > 0.0 { warm / cold } else { 1.0 }
    }
}
