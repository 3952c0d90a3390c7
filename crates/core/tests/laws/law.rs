//! What a law is shown, and how it objects.

use std::collections::BTreeMap;

use swell_core::action::Action;
use swell_core::event::Event;
use swell_core::ids::{FunctionId, InstanceId};
use swell_core::settings::FunctionSettings;
use swell_core::site::Site;
use swell_core::time::Instant;
use swell_core::units::Bytes;

/// One step of a run: what was, what happened, what was ordered, what is.
pub(crate) struct Step<'a> {
    pub(crate) now: Instant,
    pub(crate) event: &'a Event,
    pub(crate) actions: &'a [Action],
    pub(crate) site: &'a Site,
    /// Instances as the world has them, before the actions are carried out.
    pub(crate) instances: &'a BTreeMap<InstanceId, Tenant>,
    pub(crate) functions: &'a [FunctionSettings],
    /// The limit after the event.
    pub(crate) limit: Bytes,
}

/// An instance as the world has it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Tenant {
    pub(crate) function: FunctionId,
    pub(crate) memory: Bytes,
    pub(crate) busy: u32,
    pub(crate) starting: bool,
}

pub(crate) trait Law {
    /// Looks at one step; an error says how the law was broken.
    fn observe(&mut self, step: &Step) -> Result<(), String>;

    /// Looks at the end, when nothing is under way any more.
    fn finish(&mut self) -> Result<(), String> {
        Ok(())
    }
}
