//! What the live world asks of a deployer.

use std::collections::BTreeMap;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Weak};

use swell_core::ids::FunctionId;
use swell_sandbox::backend::Doing;

use crate::deploy::deployer::Deployer;
use crate::deploy::hands::Deploying;
use crate::registry::Version;

/// A deployer, as the world knows it: whoever has it keeps nothing of it alive.
struct Asked(Weak<Deployer>);

impl Deployer {
    /// Makes itself known to the world.
    pub(crate) fn meet_world(self: &Arc<Self>) {
        self.parts.hands.meet(Box::new(Asked(Arc::downgrade(self))));
    }
}

impl Deploying for Asked {
    fn make_ready(&self, version: Arc<Version>) -> Doing<'static, Result<(), String>> {
        let prepare = self.0.upgrade().map(|deployer| deployer.prepare.clone());
        Box::pin(async move {
            let Some(prepare) = prepare else { return Err("the node goes down".to_string()) };
            let ready = prepare.ready(&version).await;
            ready.map(drop).map_err(|refusal| refusal.detail.unwrap_or(refusal.title))
        })
    }

    fn hold_at_least(&self, floors: &BTreeMap<FunctionId, u32>) {
        let Some(deployer) = self.0.upgrade() else { return };
        // No version goes meanwhile.
        let _heads = deployer.heads.lock();
        for function in deployer.parts.registry.all() {
            for version in &function.versions {
                let floor = floors.get(&version.id).copied().unwrap_or(0);
                if version.floor.swap(floor, Ordering::Relaxed) != floor {
                    deployer.parts.hands.deploy(version);
                }
            }
        }
    }
}
