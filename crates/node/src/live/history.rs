//! What the policy learned, carried over a restart.
//!
//! The mind numbers functions anew in each run, so what it learned is kept with the names
//! behind the numbers. It is written when the node stops and now and then in between, and
//! only if requests came since: an idle node leaves the disk alone.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use swell_core::event::Event;
use swell_core::history::History;
use swell_core::ids::FunctionId;

use crate::clock::wall_ms;
use crate::live::world::Live;
use crate::registry::Registry;
use crate::store::error::StoreError;
use crate::store::functions::Store;

/// Time between two writings of a busy node.
const EVERY: Duration = Duration::from_secs(600);

/// What is kept.
#[derive(Serialize, Deserialize)]
struct Kept {
    at_ms: u64,
    /// Name and version behind each number.
    functions: Vec<Option<(String, u32)>>,
    bytes: Vec<u8>,
}

/// Hands the mind what an earlier run learned, once its functions are deployed again.
/// What cannot be read is forgotten: it only costs learning it again.
pub(crate) fn recall(
    live: &Arc<Live>,
    registry: &Registry,
    store: &Store,
) -> Result<(), StoreError> {
    let Some(bytes) = store.learned()? else { return Ok(()) };
    let Ok(kept) = serde_json::from_slice::<Kept>(&bytes) else {
        tracing::warn!("what an earlier run learned cannot be read, and is forgotten");
        return Ok(());
    };
    let mut now = HashMap::new();
    for function in registry.all() {
        for version in &function.versions {
            now.insert((version.name.to_string(), version.version), version.id);
        }
    }
    let find = |known: Option<(String, u32)>| -> Option<FunctionId> { now.get(&known?).copied() };
    let functions = kept.functions.into_iter().map(find).collect();
    let away = Duration::from_millis(wall_ms().saturating_sub(kept.at_ms));
    let history = History { bytes: kept.bytes, functions, away: live.clock.span(away) };
    live.tell(Event::HistoryRecalled { history: Box::new(history) });
    Ok(())
}

/// Keeps what the mind has learned so far.
pub(crate) fn keep(live: &Live, store: &Store) -> Result<(), StoreError> {
    let kept = {
        let mind = live.mind.lock();
        let name =
            |version: &Arc<crate::registry::Version>| (version.name.to_string(), version.version);
        Kept {
            at_ms: wall_ms(),
            functions: mind.versions.iter().map(|version| version.as_ref().map(name)).collect(),
            bytes: mind.site.remembered(live.clock.now().max(mind.now())),
        }
    };
    let bytes = serde_json::to_vec(&kept).expect("it is JSON");
    store.save_learned(&bytes)
}

/// Keeps it now and then, for ever.
pub(crate) async fn run(live: Arc<Live>, store: Arc<Store>) {
    let mut seen = live.mind.lock().requests();
    loop {
        tokio::time::sleep(EVERY).await;
        let requests = live.mind.lock().requests();
        if requests == seen {
            continue;
        }
        seen = requests;
        let (live, store) = (live.clone(), store.clone());
        let kept = tokio::task::spawn_blocking(move || keep(&live, &store)).await;
        if let Ok(Err(error)) = kept {
            tracing::warn!(%error, "cannot keep what was learned");
        }
    }
}
