//! Which sandbox stands in which slot of the pool.

use std::sync::Arc;

use swell_core::ids::InstanceId;
use swell_sandbox::backend::Instance;

/// A slot's tenant.
struct Tenant {
    generation: u32,
    /// Nothing while it is being made.
    sandbox: Option<Arc<dyn Instance>>,
}

/// All sandboxes of a node, by slot.
#[derive(Default)]
pub(crate) struct Instances {
    slots: Vec<Option<Tenant>>,
}

impl Instances {
    /// A start was ordered.
    pub(crate) fn begin(&mut self, id: InstanceId) {
        let index = id.index();
        if index >= self.slots.len() {
            self.slots.resize_with(index + 1, || None);
        }
        self.slots[index] = Some(Tenant { generation: id.generation, sandbox: None });
    }

    /// The instance was made; hands the sandbox back if the slot has gone to another since.
    pub(crate) fn made(
        &mut self,
        id: InstanceId,
        sandbox: Arc<dyn Instance>,
    ) -> Option<Arc<dyn Instance>> {
        match self.tenant(id) {
            Some(tenant) => {
                tenant.sandbox = Some(sandbox);
                None
            }
            None => Some(sandbox),
        }
    }

    /// The sandbox of an instance, if it is made and still there.
    pub(crate) fn get(&mut self, id: InstanceId) -> Option<&Arc<dyn Instance>> {
        self.tenant(id)?.sandbox.as_ref()
    }

    /// The instance is no more; its sandbox goes when its last call is over.
    pub(crate) fn end(&mut self, id: InstanceId) -> Option<Arc<dyn Instance>> {
        self.tenant(id)?;
        self.slots[id.index()].take()?.sandbox
    }

    fn tenant(&mut self, id: InstanceId) -> Option<&mut Tenant> {
        let tenant = self.slots.get_mut(id.index())?.as_mut()?;
        (tenant.generation == id.generation).then_some(tenant)
    }
}
