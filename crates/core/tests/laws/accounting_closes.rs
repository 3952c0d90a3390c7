//! What the pool says it uses is what the live instances hold, by state and in sum.

use swell_core::pool::instance::STATES;
use swell_core::units::Bytes;

use crate::law::{Law, Step};

pub(crate) struct Closes;

impl Law for Closes {
    fn observe(&mut self, step: &Step) -> Result<(), String> {
        let pool = step.site.pool();
        let mut sum = Bytes::ZERO;
        for state in STATES {
            let live = pool.instances().filter(|(_, instance)| instance.state() == state);
            let held = live.fold(Bytes::ZERO, |held, (_, instance)| held + instance.memory());
            if held != pool.account().held(state) {
                return Err(format!(
                    "{state:?} is {} on account, {held} in fact",
                    pool.account().held(state)
                ));
            }
            sum += held;
        }
        if sum != pool.account().used() {
            return Err(format!("used is {} on account, {sum} in fact", pool.account().used()));
        }
        for function in pool.functions() {
            let known = pool.known(function);
            let live = pool.instances().filter(|(_, tenant)| tenant.function() == function).count();
            if live as u32 != known.live() {
                return Err(format!("{function:?} counts {} of {live} instances", known.live()));
            }
        }
        Ok(())
    }
}
