//! Memory in use never grows beyond the limit. After the limit was lowered below what is
//! in use, it never grows at all, and no instance rests that may go.

use swell_core::units::Bytes;

use crate::law::{Law, Step};

#[derive(Default)]
pub(crate) struct Within {
    former: Bytes,
}

impl Law for Within {
    fn observe(&mut self, step: &Step) -> Result<(), String> {
        let used = step.site.pool().account().used();
        let allowed = step.limit.max(self.former);
        self.former = used;
        if used > allowed {
            return Err(format!("{used} in use, {} allowed", step.limit));
        }
        let pool = step.site.pool();
        let may_go = pool.instances().find(|(_, tenant)| {
            let known = pool.known(tenant.function());
            let kept = known.settings().pinned || known.live() <= known.settings().min_warm;
            tenant.is_idle() && !kept
        });
        if let Some((slot, _)) = may_go.filter(|_| used > step.limit) {
            return Err(format!("{used} in use, {} allowed, and slot {slot} rests", step.limit));
        }
        Ok(())
    }
}
