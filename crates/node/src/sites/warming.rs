//! Contents that a workload used where it comes from: read before its traffic comes, so that they
//! are in this site's copies by then.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use swell_content::naming::ContentName;
use swell_core::cachegroup::level::ReadLevel;
use swell_core::cachegroup::session::Session;
use tokio::task::JoinSet;

use crate::content::gate::Gate;
use crate::deploy::bounds::CONTENTS;
use crate::registry::Registry;

/// Contents that are named at most, those that were asked for last first.
const NAMES_MAX: usize = 512;
/// How many are read at a time, and for how long in all.
const AT_A_TIME: usize = 8;
const WITHIN: Duration = Duration::from_secs(15);

/// Contents of a workload of cache groups.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Used {
    /// Each with its workload.
    pub contents: Vec<ContentName>,
}

/// The contents that functions have copies of here.
pub fn used(gate: &Gate, registry: &Registry, functions: &[String]) -> Used {
    let mut workloads = BTreeSet::new();
    for name in functions {
        let Some(function) = registry.get(name) else { continue };
        let spec = &function.leading().spec;
        workloads.extend(spec.workload.clone());
        let targets = spec.key_value.iter().filter_map(|named| named.split_once('='));
        let of_contents = targets.filter_map(|(_, to)| to.strip_prefix(CONTENTS));
        workloads.extend(of_contents.map(str::to_string));
    }
    let copies = workloads.iter().flat_map(|workload| gate.contents.copied(workload, NAMES_MAX));
    Used { contents: copies.take(NAMES_MAX).collect() }
}

/// Reads them; how many are here now. What cannot be read is read when it is asked for.
pub async fn warm(gate: &Arc<Gate>, used: Used) -> usize {
    let (mut waiting, mut reading) = (used.contents.into_iter(), JoinSet::new());
    let mut warm = 0;
    let read_all = async {
        loop {
            while reading.len() < AT_A_TIME
                && let Some(name) = waiting.next()
            {
                let gate = gate.clone();
                reading.spawn(async move {
                    let read = gate.contents.read(&name, ReadLevel::Causal, Session::default());
                    read.await.is_ok_and(|reading| reading.blob.is_some())
                });
            }
            match reading.join_next().await {
                Some(read) => warm += usize::from(read.unwrap_or(false)),
                None => return,
            }
        }
    };
    // What is late warms up by being used.
    let _ = tokio::time::timeout(WITHIN, read_all).await;
    warm
}
