//! How a site is admitted: asked by it at any site that is one.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use swell_api::site_joining::{Capacity, SiteContact};
use swell_consensus::log::{Change, Log, LogError, Look};
use swell_core::council::entry::Command;
use swell_core::council::invitation::is_void;
use swell_core::council::refusal::Refusal;
use swell_core::council::words::Loads;
use swell_core::ids::SiteId;
use swell_link::client::Client;
use swell_link::error::LinkError;
use swell_link::identity::Identity as Link;
use swell_outlook::naming::site_id;
use swell_site::site::Site;

use crate::refusal::{Reason, Refusal as Declined};
use crate::sites::asking::uncertified;
use crate::sites::contact::{loads, resource_of, taken, told};
use crate::sites::identity::Identity;

/// Where it is asked whether an invitation was used before, by another machine.
pub const FREE: &str = "/v1/join/free";

/// How long the answer to that may take, and be.
const ANSWER_MAX: Duration = Duration::from_secs(3);
const ANSWER_BYTES_MAX: usize = 4 << 10;

/// The most sites whose majority decides what is committed; more would only make it slower.
const VOTERS_MAX: usize = 5;

/// How long a change of members may take.
const CHANGE_MAX: Duration = Duration::from_secs(20);

/// A site that asks to be admitted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Joining {
    /// Where it is found.
    pub contact: SiteContact,
    /// What it can bear.
    pub capacity: Capacity,
    /// The number that it drew when it was made a site.
    pub lot: u64,
}

/// Admits a site that was certified at an entry of the log: it gets the log, then a voice in what is
/// committed, then its seat in the council. Each step may have been done before.
pub async fn admit(
    site: &Arc<Site>,
    joining: &Joining,
    certified_at: u64,
) -> Result<Vec<SiteContact>, (StatusCode, String)> {
    let later = |why: String| (StatusCode::SERVICE_UNAVAILABLE, why);
    let words = |error: LogError| later(error.to_string());
    let contact = taken(&joining.contact);
    let (id, log) = (site_id(&contact.name), site.log().clone());
    // Before anything is done for it: another one that has its name must go on undisturbed.
    is_free(site, joining, certified_at).await?;
    site.meet(&contact, true);
    let address = contact.resource.clone();
    if log.membership().sites.get(&id) != Some(&address) {
        log.change(Change::Join { site: id, address }, CHANGE_MAX).await.map_err(words)?;
    }
    let mut voters = log.membership().voters;
    if voters.len() < VOTERS_MAX && voters.insert(id) {
        log.change(Change::Voters(voters), CHANGE_MAX).await.map_err(words)?;
    }
    let capacity = loads(&joining.capacity);
    let who = Who { name: contact.name.clone(), lot: joining.lot };
    seat(&*log, id, capacity, who).await.map_err(later)?;
    let known = site.contacts().into_values().filter(|known| known.name != contact.name);
    let own = site.board().contact;
    Ok(known.chain([own]).map(|known| told(&known)).collect())
}

/// Whether nobody else has joined in that name, and the invitation is not from before its site left.
pub async fn is_free(
    site: &Site,
    joining: &Joining,
    certified_at: u64,
) -> Result<(), (StatusCode, String)> {
    let later = |error: LogError| (StatusCode::SERVICE_UNAVAILABLE, error.to_string());
    let (id, log) = (site_id(&joining.contact.name), site.log());
    log.barrier(CHANGE_MAX).await.map_err(later)?;
    let (known, is_void) = log.look(|state| {
        let lot = state.members.get(&id).and_then(|member| member.lot);
        (lot, is_void(state, id, certified_at))
    });
    if is_void {
        let name = &joining.contact.name;
        let why = format!(
            "this invitation of `{name}` is from before it left or was removed, and void: have a \
             new one made with `swell site invite {name}`"
        );
        return Err((StatusCode::CONFLICT, why));
    }
    if known.is_some_and(|known| known != joining.lot) {
        let why = site.names().in_words(&Refusal::AnotherJoined(id).to_string());
        return Err((StatusCode::CONFLICT, why));
    }
    Ok(())
}

/// Asks the sites of an invitation whether it was used before, by another machine: one that comes up
/// in the name of a member would be taken for it. Where nobody answers, whoever admits it asks again.
pub async fn must_be_free(identity: &Identity) -> Result<(), Declined> {
    let Identity { contact, capacity, lot, authority, resource, .. } = identity;
    let link = Link::of_pem(authority, &resource.certificate, &resource.key);
    let client = Client::new(link.map_err(|error| uncertified(&error))?);
    let joining = Joining { contact: contact.clone(), capacity: *capacity, lot: *lot };
    let body = Bytes::from(serde_json::to_vec(&joining).unwrap_or_default());
    for known in &identity.contacts {
        let to = resource_of(&taken(known));
        match client.post(&to, FREE, body.clone(), ANSWER_BYTES_MAX, ANSWER_MAX).await {
            Ok(_) => return Ok(()),
            Err(LinkError::Refused { status: 409, reason, .. }) => {
                return Err(Declined::new(Reason::Conflict, reason));
            }
            Err(_) => {}
        }
    }
    Ok(())
}

/// Who a site is, besides its number in the council.
pub struct Who {
    /// Its name.
    pub name: String,
    /// The number that it drew when it was made a site.
    pub lot: u64,
}

/// Gives a site its seat in the council, and has it introduced there.
pub async fn seat(
    log: &dyn Log,
    site: SiteId,
    capacity: Loads,
    Who { name, lot }: Who,
) -> Result<(), String> {
    // Whoever founds a cluster says by which rules, so that all go by the same, whatever their
    // programs have for usual.
    let new = || log.look(|state| (state.index == 0).then_some(state.rules));
    if new().is_some() {
        // It may only not have been read back yet.
        log.barrier(CHANGE_MAX).await.map_err(|error| error.to_string())?;
    }
    if let Some(rules) = new() {
        let said = log.propose(Command::AdoptRules(rules), CHANGE_MAX).await;
        let decided = said.map_err(|error| error.to_string())?;
        decided.outcome.map_err(|refusal| refusal.to_string())?;
    }
    for command in [Command::Admit { site, capacity }, Command::Introduce { site, name, lot }] {
        let said = log.propose(command, CHANGE_MAX).await;
        let decided = said.map_err(|error| error.to_string())?;
        decided.outcome.map_err(|refusal| refusal.to_string())?;
    }
    Ok(())
}
