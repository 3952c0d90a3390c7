//! Clears bytes that are of no use and that whoever should have cleared them could not: a node
//! that dies after it committed a version leaves the bytes of the one before.

use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use swell_core::cachegroup::names::GroupId;

use crate::shared::Shared;

/// How often a node looks through the groups that are its to look through.
const PAUSE: Duration = Duration::from_secs(24 * 3600);

/// Looks through groups a while after the node came up, and once a day: those in which it is the
/// first of the voters, so that each is looked through by one node.
pub(crate) async fn sweep(shared: Arc<Shared>, stop: CancellationToken) {
    let mut pause = shared.settings.superseded_keep;
    loop {
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            () = stop.cancelled() => return,
        }
        let groups: Vec<GroupId> = {
            let mind = shared.mind.lock();
            let first = |group: &GroupId| mind.node.view(*group)?.voters.names.first().copied();
            let mine = |group: &GroupId| first(group) == Some(shared.circle.me());
            mind.groups().keys().copied().filter(mine).collect()
        };
        for group in groups {
            tokio::select! {
                cleared = shared.store.sweep(group) => match cleared {
                    Ok(0) => {}
                    Ok(count) => tracing::info!(count, "bytes of old versions were cleared"),
                    Err(error) => tracing::debug!(%error, "bytes of old versions stay"),
                },
                () = stop.cancelled() => return,
            }
        }
        pause = PAUSE;
    }
}
