//! Size: priority = clock + frequency / memory (FaasCache's SIZE): big and rarely called
//! goes first, whatever its start costs.

use crate::ids::FunctionId;
use crate::keepalive::by_function::{Formula, Uses};
use crate::pool::ledger::Pool;

/// The formula of the policy `size`.
#[derive(Debug)]
pub struct Size;

impl Formula for Size {
    const NAME: &'static str = "size";

    fn priority(&self, function: FunctionId, uses: Uses, pool: &Pool) -> f64 {
        let known = pool.known(function);
        let size = known.settings().memory.mb_f64().max(f64::MIN_POSITIVE);
        uses.clock + known.uses() as f64 / size
    }
}
