//! The rooms of one site's mind, side by side.
//!
//! Only a bundle: the pool (what is), the wishes (what should be), queues, deadlines and
//! the policy. `room`, `dispatch` and `reconcile` act on it, `site` calls them.

use crate::cloning::asking::Nearby;
use crate::cloning::lift::Lift;
use crate::cloning::manager::Manager;
use crate::keepalive::keeper::KeepAlive;
use crate::keepalive::plan::Plan;
use crate::pool::ledger::Pool;
use crate::queues::Queues;
use crate::settings::Dispatch;
use crate::timers::Timers;
use crate::units::Bytes;
use crate::wanted::Wanted;

/// Everything a site knows and wants.
pub(crate) struct Mind {
    pub(crate) pool: Pool,
    pub(crate) keeper: Box<dyn KeepAlive>,
    pub(crate) dispatch: Dispatch,
    pub(crate) wanted: Wanted,
    pub(crate) queues: Queues,
    pub(crate) timers: Timers,
    pub(crate) plan: Plan,
    pub(crate) cloning: Manager,
    pub(crate) lift: Lift,
    pub(crate) nearby: Nearby,
}

impl Mind {
    pub(crate) fn new(memory: Bytes, keeper: Box<dyn KeepAlive>, dispatch: Dispatch) -> Self {
        Self {
            pool: Pool::new(memory),
            keeper,
            dispatch,
            wanted: Wanted::default(),
            queues: Queues::default(),
            timers: Timers::default(),
            plan: Plan::new(Bytes::ZERO),
            cloning: Manager::off(),
            lift: Lift::default(),
            nearby: Nearby::default(),
        }
    }
}
