//! Only idle instances are stopped or paused, and only ready ones with room are invoked.

use std::collections::BTreeMap;

use swell_core::action::Action;
use swell_core::ids::InstanceId;

use crate::law::{Law, Step};

#[derive(Default)]
pub(crate) struct Idle {
    given: BTreeMap<InstanceId, u32>,
}

impl Law for Idle {
    fn observe(&mut self, step: &Step) -> Result<(), String> {
        self.given.clear();
        for action in step.actions {
            match action {
                Action::Stop { instance, cause, .. } => {
                    let Some(tenant) = step.instances.get(instance) else {
                        return Err(format!("{instance:?} was stopped, but is not alive"));
                    };
                    if tenant.busy > 0 || tenant.starting {
                        return Err(format!("{instance:?} was stopped ({cause:?}) at work"));
                    }
                }
                Action::Pause { instance }
                    if step.instances.get(instance).is_none_or(|tenant| tenant.busy > 0) =>
                {
                    return Err(format!("{instance:?} was paused at work"));
                }
                Action::Invoke { instance, .. } => {
                    let Some(tenant) = step.instances.get(instance) else {
                        return Err(format!("{instance:?} was invoked, but is not alive"));
                    };
                    let given = self.given.entry(*instance).or_insert(tenant.busy);
                    *given += 1;
                    let room = step.functions[tenant.function.index()].concurrency;
                    if tenant.starting || *given > room {
                        return Err(format!("{instance:?} was given {given} requests of {room}"));
                    }
                }
                _ => {}
            }
        }
        Ok(())
    }
}
