//! How a site leaves a cluster: by itself, or taken out by another when it is gone for good.

use std::time::Duration;

use swell_api::site::Cluster;
use swell_consensus::log::{Change, LogError, Look};
use swell_core::council::entry::Command;
use swell_core::ids::SiteId;
use swell_site::naming::site_id;
use swell_site::site::Site;
use tokio::time::{Instant, sleep};

use crate::refusal::{Reason, Refusal};
use crate::sites::asking::{declined, unsaid};

/// How long the log may take to decide.
const PATIENCE: Duration = Duration::from_secs(15);
/// How long nothing must be heard of a site that is gone, and how often is listened.
const LISTENED: Duration = Duration::from_secs(5);
const EVERY: Duration = Duration::from_millis(50);

/// Makes sure that a site is a member, and that nothing is heard of it. One that came up just now,
/// or beside which this one did, may not have been heard yet. `cluster` tells how all stand.
pub async fn must_be_gone(
    site: &Site,
    name: &str,
    cluster: impl Fn() -> Result<Cluster, Refusal>,
) -> Result<(), Refusal> {
    let deadline = Instant::now() + LISTENED;
    while Instant::now() < deadline {
        let sites = cluster()?.sites;
        match sites.iter().find(|site| site.name == name) {
            None if !site.log().membership().sites.contains_key(&site_id(name)) => {
                let title = format!("there is no site `{name}` in this cluster");
                return Err(Refusal::new(Reason::NotFound, title)
                    .hint("`swell site list` shows those that are"));
            }
            Some(there) if there.is_reached => {
                let title = format!("site `{name}` is there");
                return Err(Refusal::new(Reason::Conflict, title)
                    .hint("let it leave itself, with `swell site leave --node` and its address"));
            }
            _ => sleep(EVERY).await,
        }
    }
    Ok(())
}

/// Takes a member out of the cluster; it must have no part in anything.
pub async fn dismiss(site: &Site, who: SiteId) -> Result<(), Refusal> {
    let log = site.log().clone();
    // An earlier try may have come so far.
    if log.look(|state| state.members.contains_key(&who)) {
        match site.say(Command::Dismiss { site: who }, PATIENCE).await {
            // Removed while it was away: the others have seen to the rest, and its own log is of
            // another time.
            Err(LogError::NotMember) if who == site.me() => return Ok(()),
            Err(error) => return Err(unsaid(&error)),
            Ok(decided) => decided.outcome.map_err(|refused| declined(site, &refused))?,
        }
    }
    let mut voters = log.membership().voters;
    if voters.remove(&who) && !voters.is_empty() {
        let changed = log.change(Change::Voters(voters), PATIENCE).await;
        changed.map_err(|error| unsaid(&error))?;
    }
    if let Err(error) = log.change(Change::Leave { site: who }, PATIENCE).await {
        tracing::warn!(%error, "the others still send a site their log that has left");
    }
    Ok(())
}
