//! Evictions are followed by what they were for, and free the shortfall only: without
//! any one victim, what follows would not fit. A limit that was lowered below what is in
//! use is the one thing that evicts without starting anything, and then too only the
//! excess goes.

use swell_core::action::{Action, StopCause};
use swell_core::units::Bytes;

use crate::law::{Law, Step};

pub(crate) struct NotInVain;

impl Law for NotInVain {
    fn observe(&mut self, step: &Step) -> Result<(), String> {
        let mut victims: Vec<Bytes> = Vec::new();
        let mut used: Bytes = step.instances.values().fold(Bytes::ZERO, |sum, t| sum + t.memory);
        for action in step.actions {
            match action {
                Action::Stop { instance, cause, .. } => {
                    let memory = step.instances.get(instance).map_or(Bytes::ZERO, |t| t.memory);
                    used = used.saturating_sub(memory);
                    if *cause == StopCause::Evicted {
                        victims.push(memory);
                    }
                }
                Action::Start { function, .. } => {
                    used += step.functions[function.index()].memory;
                    let spare = step.limit.saturating_sub(used);
                    if victims.last().is_some_and(|&last| last <= spare) {
                        return Err(format!("{spare} stay free after evicting {victims:?}"));
                    }
                    victims.clear();
                }
                Action::Pause { instance } | Action::Resume { instance } => {
                    let Some(tenant) = step.instances.get(instance) else { continue };
                    let settings = &step.functions[tenant.function.index()];
                    used = used.saturating_sub(tenant.memory);
                    let paused = matches!(action, Action::Pause { .. });
                    used += if paused { settings.paused_memory } else { settings.memory };
                }
                _ => {}
            }
        }
        if victims.last().is_some_and(|&last| used + last <= step.limit) {
            return Err(format!("{victims:?} were evicted for nothing"));
        }
        Ok(())
    }
}
