//! A function's own rules outrank the policy: pinned instances are never evicted nor
//! expire, the floor is not evicted below, the ceiling is not exceeded, run-and-exit
//! instances never idle after work, and nothing idles beyond its function's limit.

use std::collections::BTreeMap;

use swell_core::action::{Action, StopCause};
use swell_core::ids::FunctionId;
use swell_core::pool::instance::State;

use crate::law::{Law, Step};

#[derive(Default)]
pub(crate) struct Overrides {
    live: BTreeMap<FunctionId, u32>,
}

impl Law for Overrides {
    fn observe(&mut self, step: &Step) -> Result<(), String> {
        self.live.clear();
        for tenant in step.instances.values() {
            *self.live.entry(tenant.function).or_default() += 1;
        }
        for action in step.actions {
            match action {
                Action::Start { function, .. } => {
                    let live = self.live.entry(*function).or_default();
                    *live += 1;
                    if *live > step.functions[function.index()].max_instances {
                        return Err(format!("{function:?} exceeds its ceiling with {live}"));
                    }
                }
                Action::Stop { function, cause, .. } => {
                    let settings = &step.functions[function.index()];
                    let live = self.live.entry(*function).or_default();
                    *live -= 1;
                    let chosen = matches!(cause, StopCause::Evicted | StopCause::Expired);
                    if chosen && settings.pinned {
                        return Err(format!("pinned {function:?} was stopped: {cause:?}"));
                    }
                    if chosen && *live < settings.min_warm {
                        return Err(format!("{function:?} fell below its floor: {cause:?}"));
                    }
                }
                _ => {}
            }
        }
        for (slot, tenant) in step.site.pool().instances() {
            let settings = step.site.pool().known(tenant.function()).settings();
            if tenant.state() == State::Idle && settings.run_and_exit {
                return Err(format!("slot {slot} idles though its function runs and exits"));
            }
            let known = step.site.pool().known(tenant.function());
            let floor = known.live() <= settings.min_warm;
            if let Some(longest) = settings.max_idle
                && tenant.is_idle()
                && tenant.state() != State::Paused
                && !settings.pinned
                && !floor
                && settings.min_warm == 0
                && step.now.since(tenant.since()) > longest
            {
                return Err(format!("slot {slot} idles for longer than {longest}"));
            }
        }
        Ok(())
    }
}
