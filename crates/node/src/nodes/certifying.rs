//! Certificates that a site asks for: of its nodes, and new ones of its own. The cluster's authority
//! is at the site that founded it: it certifies whoever another site names as one of its own.

use std::time::Duration;

use http::StatusCode;
use serde::{Deserialize, Serialize};
use swell_api::site_joining::Pem;
use swell_consensus::log::Look;
use swell_link::authority::Authority;
use swell_link::client::Client;
use swell_link::purpose::Purpose;
use swell_site::site::Site;

use crate::refusal::{Reason, Refusal};
use crate::sites::asking::issue_as;
use crate::sites::contact::resource_of;
use crate::sites::identity::Identity;

/// Where a site asks for certificates, on the resource channel.
pub const CERTIFY: &str = "/v1/certify";
/// How long a site may take to certify, and how long a certificate is.
const ANSWER_MAX: Duration = Duration::from_secs(10);
const ANSWER_BYTES_MAX: usize = 64 << 10;

/// Who is to be certified.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wanted {
    /// What it is called in the certificate.
    pub name: String,
    /// For which purpose, by its word.
    pub purpose: String,
}

/// Certifies a site or a node of it by that name.
pub async fn certify(
    site: &Site,
    identity: &Identity,
    client: &Client,
    name: String,
    purpose: Purpose,
) -> Result<Pem, Refusal> {
    let own = |key: &String| {
        let at = site.log().look(|state| state.index);
        certified(&(identity.authority.clone(), key.clone()), &name, purpose, at)
    };
    if let Some(key) = &identity.authority_key {
        return own(key);
    }
    let wanted = Wanted { name: name.clone(), purpose: purpose.word().to_string() };
    let wanted = serde_json::to_vec(&wanted).unwrap_or_default();
    let mut missed = Vec::new();
    for other in site.contacts().into_values() {
        let (to, body) = (resource_of(&other), wanted.clone().into());
        let asked = client.post(&to, CERTIFY, body, ANSWER_BYTES_MAX, ANSWER_MAX).await;
        match asked.map(|answer| serde_json::from_slice::<Pem>(&answer)) {
            Ok(Ok(pem)) => return Ok(pem),
            Ok(Err(error)) => missed.push(format!("{}: {error}", other.name)),
            Err(error) => missed.push(error.to_string()),
        }
    }
    let title = "the site that founded the cluster is not reached, and only it can certify";
    Err(Refusal::new(Reason::NotReady, title).detail(missed.join("; ")))
}

fn certified(
    (certificate, key): &(String, String),
    name: &str,
    purpose: Purpose,
    at: u64,
) -> Result<Pem, Refusal> {
    let issuer = Authority::of_pem(certificate, key);
    let issuer = issuer.map_err(|error| Refusal::new(Reason::Internal, error.to_string()))?;
    issue_as(&issuer, name, purpose, at)
}

/// Certifies what another site asks for at an entry of the log: itself, or a node of its own.
pub fn certified_for(
    authority: Option<&(String, String)>,
    peer: &str,
    wanted: &Wanted,
    at: u64,
) -> Result<Pem, (StatusCode, String)> {
    let Wanted { name, purpose } = wanted;
    let Some(purpose) = Purpose::ALL.into_iter().find(|known| known.word() == purpose) else {
        return Err((StatusCode::BAD_REQUEST, format!("nobody is certified for `{purpose}`")));
    };
    let rest = name.strip_prefix(peer);
    // A node speaks of nothing but what nodes of its site do.
    let is_of_node = rest.is_some_and(|rest| !rest.is_empty());
    if is_of_node && purpose != Purpose::Node {
        let why = format!("`{name}` is a node, which is not certified for `{}`", purpose.word());
        return Err((StatusCode::FORBIDDEN, why));
    }
    if !rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('-')) {
        let why = format!("`{peer}` has no say about `{name}`");
        return Err((StatusCode::FORBIDDEN, why));
    }
    let Some(authority) = authority else {
        let why = "another site founded the cluster".to_string();
        return Err((StatusCode::NOT_FOUND, why));
    };
    let refused = |refusal: Refusal| (StatusCode::BAD_REQUEST, refusal.title);
    certified(authority, name, purpose, at).map_err(refused)
}

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

    use super::*;

    #[test]
    fn a_site_has_only_its_own_nodes_certified() {
        let founded = Authority::found("town", SystemTime::now()).expect("it has a name");
        let authority = (founded.certificate().to_string(), founded.key());
        let ask_for = |authority: Option<&(String, String)>, name: &str, purpose: &str| {
            let wanted = Wanted { name: name.to_string(), purpose: purpose.to_string() };
            let asked = certified_for(authority, "site-17", &wanted, 1);
            asked.map(drop).map_err(|(status, _)| status.as_u16())
        };
        let ask = |authority, name: &str| ask_for(authority, name, "node");
        for (name, purpose, expected) in [
            ("site-17", "resource", Ok(())),
            ("site-17", "state", Ok(())),
            ("site-17", "flow", Ok(())),
            ("site-17", "everything", Err(400)),
            ("site-17-attic", "resource", Err(403)),
            ("site-18", "resource", Err(403)),
        ] {
            assert_eq!(ask_for(Some(&authority), name, purpose), expected, "{name} {purpose}");
        }
        for (name, expected) in [
            ("site-17", Ok(())),
            ("site-17-attic", Ok(())),
            ("site-170", Err(403)),
            ("site-1", Err(403)),
            ("site-18-attic", Err(403)),
            ("site-17-Attic", Err(400)),
        ] {
            assert_eq!(ask(Some(&authority), name), expected, "{name}");
        }
        assert_eq!(ask(None, "site-17-attic"), Err(404));
    }
}
