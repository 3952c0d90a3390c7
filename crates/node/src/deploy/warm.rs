//! Versions that keep instances warm although nobody calls them: their code is made ready
//! unasked, after a restart and when an old version gets traffic again.
//!
//! The mind hears of the instances a version is to keep only once it can be started (see
//! `settings`), so that it never orders starts that must fail. Work that fails for reasons
//! that may pass is tried again, more and more rarely, as long as the version wants it.

use std::collections::BTreeSet;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Weak};
use std::time::Duration;

use crate::deploy::deployer::Deployer;
use crate::deploy::prepare::Prepare;
use crate::registry::Version;

/// The longest pause between two tries.
const PAUSE_MAX: Duration = Duration::from_secs(300);

impl Deployer {
    /// Makes those versions ready, one after the other, that keep instances warm and are
    /// not ready yet.
    pub(crate) fn warm_later(self: &Arc<Self>, versions: impl IntoIterator<Item = Arc<Version>>) {
        let cold: Vec<Arc<Version>> = versions.into_iter().filter(|one| is_cold(one)).collect();
        // Outside of a runtime nobody serves, so nothing needs to be warm.
        let Ok(runtime) = tokio::runtime::Handle::try_current() else { return };
        if !cold.is_empty() {
            runtime.spawn(warm(Arc::downgrade(self), self.prepare.clone(), cold));
        }
    }

    /// Keeps an instance of each version of these functions that has traffic, and of others no more
    /// than they say themselves. Nothing of this is on disk: whoever wants it says so again.
    pub fn hold(self: &Arc<Self>, names: &BTreeSet<String>) {
        let _heads = self.heads.lock();
        let mut begin = Vec::new();
        for function in self.parts.registry.all() {
            let is_held = names.contains(&*function.name);
            for version in &function.versions {
                if version.held.swap(is_held, Ordering::Relaxed) != is_held {
                    self.parts.hands.deploy(version);
                    begin.extend(is_held.then(|| version.clone()));
                }
            }
        }
        self.warm_later(begin);
    }

    /// Tells the mind of a version that became ready, unless it went meanwhile.
    fn tell_ready(&self, version: &Arc<Version>) {
        let _heads = self.heads.lock();
        let function = self.parts.registry.get(&version.name);
        let known = function.as_ref().and_then(|function| function.version(version.version));
        if known.is_some_and(|known| known.id == version.id) {
            self.parts.hands.deploy(version);
        }
    }
}

/// A deployer that is gone needs nothing warm, so the work holds on to none.
async fn warm(deployer: Weak<Deployer>, prepare: Arc<Prepare>, mut cold: Vec<Arc<Version>>) {
    let mut pause = prepare.retry_pause();
    loop {
        let mut failed = Vec::new();
        for version in cold {
            if prepare.ready(&version).await.is_err() {
                failed.push(version);
                continue;
            }
            let Some(deployer) = deployer.upgrade() else { return };
            let told = tokio::task::spawn_blocking(move || deployer.tell_ready(&version));
            if told.await.is_err() {
                return;
            }
        }
        // Code that does not work is remembered by its version, and not tried again.
        failed.retain(|version| is_cold(version));
        if failed.is_empty() || deployer.strong_count() == 0 {
            return;
        }
        cold = failed;
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(PAUSE_MAX);
    }
}

/// Whether a version is to keep instances and cannot be started yet.
fn is_cold(version: &Version) -> bool {
    let scale = *version.scale.read();
    let keeps = scale.min_warm > 0 || version.held.load(Ordering::Relaxed);
    scale.serving && keeps && version.template.get().is_none()
}
