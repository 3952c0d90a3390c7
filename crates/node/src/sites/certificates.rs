//! Certificates of sites: those that an invitation holds, and new ones in the place of old.

use std::path::Path;

use swell_api::site_joining::{Invitation, InviteSite};
use swell_consensus::log::Look;
use swell_link::authority::Authority as Issuer;
use swell_link::client::Client;
use swell_link::purpose::Purpose;
use swell_outlook::naming::site_id;
use swell_site::site::Site;

use crate::nodes::certifying::certify;
use crate::refusal::{Reason, Refusal};
use crate::sites::asking::{issue, uncertified, unkept};
use crate::sites::contact::{certified, told};
use crate::sites::identity::Identity;

/// What another node needs to join as a site; only the one that founded the cluster can make it.
pub fn invitation(
    site: &Site,
    identity: &Identity,
    asked: InviteSite,
) -> Result<Invitation, Refusal> {
    let Some(key) = &identity.authority_key else {
        let title = "only the site that founded the cluster can invite others";
        return Err(Refusal::new(Reason::Conflict, title).hint("ask it there"));
    };
    let who = site_id(&asked.site);
    let (at, is_member) = site.log().look(|state| (state.index, state.members.contains_key(&who)));
    if is_member {
        let title = format!("`{}` is a site already", asked.site);
        return Err(Refusal::new(Reason::Conflict, title)
            .hint("choose another name, or take it out first with `swell site remove`"));
    }
    let issuer = Issuer::of_pem(&identity.authority, key).map_err(|error| uncertified(&error))?;
    let known = site.contacts().into_values().map(|contact| told(&contact));
    let contacts = known.filter(|contact| contact.name != asked.site);
    Ok(Invitation {
        cluster: identity.cluster.clone(),
        resource: issue(&issuer, &asked.site, Purpose::Resource, at)?,
        state: issue(&issuer, &asked.site, Purpose::State, at)?,
        flow: Some(issue(&issuer, &asked.site, Purpose::Flow, at)?),
        site: asked.site.clone(),
        seal_key: identity.seal_key.clone(),
        slot_ms: identity.slot_ms,
        authority: identity.authority.clone(),
        contacts: contacts.chain([identity.contact.clone()]).collect(),
    })
}

/// Has this site certified anew for all that sites speak of, and keeps that. What it speaks by now is
/// good until its channels are opened again, with the next start of the node.
pub async fn renew(
    site: &Site,
    mut identity: Identity,
    client: &Client,
    data: &Path,
) -> Result<(), Refusal> {
    let name = certified(&identity.contact.name);
    let asked = |purpose| certify(site, &identity, client, name.clone(), purpose);
    let resource = asked(Purpose::Resource).await?;
    let state = asked(Purpose::State).await?;
    let flow = asked(Purpose::Flow).await?;
    (identity.resource, identity.state) = (resource, state);
    identity.flow = identity.flow.is_some().then_some(flow);
    identity.save(data).map_err(|error| unkept(&error.to_string()))
}
