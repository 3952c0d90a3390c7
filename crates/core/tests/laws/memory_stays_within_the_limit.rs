//! Memory in use never grows beyond the limit; after the limit was lowered below what is
//! in use, it never grows at all.

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
        Ok(())
    }
}
