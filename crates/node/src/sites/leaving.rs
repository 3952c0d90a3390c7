//! How a site leaves a cluster: by itself, or taken out by another when it is gone for good.

use std::time::Duration;

use bytes::Bytes;
use swell_api::site::Cluster;
use swell_consensus::log::{Change, LogError, Look, Membership};
use swell_core::council::entry::Command;
use swell_core::ids::SiteId;
use swell_link::client::{Address, Client};
use swell_link::error::LinkError;
use swell_outlook::naming::site_id;
use swell_site::site::Site;
use tokio::time::{Instant, sleep};

use crate::refusal::{Reason, Refusal};
use crate::sites::asking::{declined, unsaid};
use crate::sites::contact::{certified, resource_of};
use crate::sites::surroundings::THERE;

/// How long the log may take to decide what a person wants.
pub const PATIENCE: Duration = Duration::from_secs(15);
/// How long nothing must be heard of a site that is gone, and how often is listened.
const LISTENED: Duration = Duration::from_secs(5);
const EVERY: Duration = Duration::from_millis(50);
/// How long a site may take to say that it is there.
const ANSWER_MAX: Duration = Duration::from_secs(10);
const ANSWER_BYTES_MAX: usize = 1 << 10;

/// Makes sure that a site is a member, that nothing is heard of it, and that it does not answer:
/// one that has just joined may not have been heard of yet, and neither may others where this one
/// came up just now. `cluster` tells how all stand, `client` asks over the resource channel.
pub async fn must_be_gone(
    site: &Site,
    name: &str,
    client: &Client,
    cluster: impl Fn() -> Result<Cluster, Refusal>,
) -> Result<(), Refusal> {
    if site_id(name) == site.me() {
        return Err(Refusal::new(Reason::Conflict, "this site does not remove itself")
            .hint("let it leave with `swell site leave`"));
    }
    let deadline = Instant::now() + LISTENED;
    let silent = must_be_silent(site, name, deadline, cluster);
    tokio::try_join!(silent, must_not_answer(site, name, deadline, client)).map(drop)
}

async fn must_be_silent(
    site: &Site,
    name: &str,
    deadline: Instant,
    cluster: impl Fn() -> Result<Cluster, Refusal>,
) -> Result<(), Refusal> {
    while Instant::now() < deadline {
        let sites = cluster()?.sites;
        match sites.iter().find(|site| site.name == name) {
            None if !site.log().membership().sites.contains_key(&site_id(name)) => {
                let title = format!("there is no site `{name}` in this cluster");
                return Err(Refusal::new(Reason::NotFound, title)
                    .hint("`swell site list` shows those that are"));
            }
            Some(there) if there.is_reached => return Err(is_there(name)),
            _ => sleep(EVERY).await,
        }
    }
    Ok(())
}

/// Asks until the deadline; an answer that is on its way by then is waited for.
async fn must_not_answer(
    site: &Site,
    name: &str,
    deadline: Instant,
    client: &Client,
) -> Result<(), Refusal> {
    let id = site_id(name);
    let known = site.contacts().get(&id).map(resource_of);
    let listed = || {
        let at = site.log().membership().sites.get(&id).cloned()?;
        Some(Address { name: certified(name), at })
    };
    let Some(to) = known.or_else(listed) else { return Ok(()) };
    while Instant::now() < deadline {
        match client.post(&to, THERE, Bytes::new(), ANSWER_BYTES_MAX, ANSWER_MAX).await {
            Ok(_) | Err(LinkError::Refused { .. } | LinkError::TooLong { .. }) => {
                return Err(is_there(name));
            }
            Err(_) => sleep(EVERY).await,
        }
    }
    Ok(())
}

fn is_there(name: &str) -> Refusal {
    Refusal::new(Reason::Conflict, format!("site `{name}` is there"))
        .hint("let it leave itself, with `swell site leave --node` and its address")
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
    let Membership { mut voters, sites } = log.membership();
    if voters.remove(&who) && !voters.is_empty() {
        // One that came when there were voters enough takes its place.
        let is_next = |id: &&SiteId| **id != who && !voters.contains(id) && site.is_reached(**id);
        let next = sites.keys().find(is_next).copied();
        voters.extend(next);
        let changed = log.change(Change::Voters(voters), PATIENCE).await;
        changed.map_err(|error| unsaid(&error))?;
    }
    if let Err(error) = log.change(Change::Leave { site: who }, PATIENCE).await {
        tracing::warn!(%error, "the others still send a site their log that has left");
    }
    Ok(())
}
