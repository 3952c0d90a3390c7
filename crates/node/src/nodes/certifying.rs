//! Certificates of the nodes of a site. The cluster's authority is at the site that founded it: it
//! certifies whoever another site names as one of its own.

use std::time::Duration;

use http::StatusCode;
use serde::{Deserialize, Serialize};
use swell_api::site_joining::Pem;
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
}

/// Certifies a node among the nodes of a site, by that name.
pub async fn certify(
    site: &Site,
    identity: &Identity,
    client: &Client,
    name: String,
) -> Result<Pem, Refusal> {
    let own = |key: &String| certified(&(identity.authority.clone(), key.clone()), &name);
    if let Some(key) = &identity.authority_key {
        return own(key);
    }
    let wanted = serde_json::to_vec(&Wanted { name: name.clone() }).unwrap_or_default();
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
    let title = "the site that founded the cluster is not reached, and only it can certify nodes";
    Err(Refusal::new(Reason::NotReady, title).detail(missed.join("; ")))
}

fn certified((certificate, key): &(String, String), name: &str) -> Result<Pem, Refusal> {
    let issuer = Authority::of_pem(certificate, key);
    let issuer = issuer.map_err(|error| Refusal::new(Reason::Internal, error.to_string()))?;
    issue_as(&issuer, name, Purpose::Node)
}

/// Certifies what another site asks for: itself, or a node of its own.
pub fn certified_for(
    authority: Option<&(String, String)>,
    peer: &str,
    wanted: &Wanted,
) -> Result<Pem, (StatusCode, String)> {
    let name = &wanted.name;
    let rest = name.strip_prefix(peer);
    if !rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('-')) {
        let why = format!("`{peer}` has no say about `{name}`");
        return Err((StatusCode::FORBIDDEN, why));
    }
    let Some(authority) = authority else {
        let why = "another site founded the cluster".to_string();
        return Err((StatusCode::NOT_FOUND, why));
    };
    let refused = |refusal: Refusal| (StatusCode::BAD_REQUEST, refusal.title);
    certified(authority, name).map_err(refused)
}

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

    use super::*;

    #[test]
    fn a_site_has_only_its_own_nodes_certified() {
        let founded = Authority::found("town", SystemTime::now()).expect("it has a name");
        let authority = (founded.certificate().to_string(), founded.key());
        let ask = |authority: Option<&(String, String)>, name: &str| {
            let asked = certified_for(authority, "site-17", &Wanted { name: name.to_string() });
            asked.map(drop).map_err(|(status, _)| status.as_u16())
        };
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
