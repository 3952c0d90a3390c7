//! Where the node is and how to be let in: flags, then environment, then this machine.

use std::path::{Path, PathBuf};
use std::time::Duration;

use ureq::Agent;
use ureq::tls::{PemItem, RootCerts, TlsConfig, parse_pem};

use crate::error::Letter;

/// Where a node listens unless it is told otherwise.
pub const ADDRESS: &str = "http://127.0.0.1:7070";

/// How to reach a node.
#[derive(Clone, PartialEq, Eq)]
pub struct Connection {
    /// Its address, without `/` at the end.
    pub url: String,
    /// What it wants to be shown.
    pub token: Option<String>,
    /// Certificates to trust besides those that everybody trusts.
    pub authorities: Option<PathBuf>,
    /// How long an answer may take; none is as long as it takes.
    pub patience: Option<Duration>,
}

impl Connection {
    /// What was given on the command line, and else what `environment` says.
    pub fn resolve(
        url: Option<&str>,
        token: Option<&str>,
        authorities: Option<&Path>,
        environment: &dyn Fn(&str) -> Option<String>,
    ) -> Result<Self, Letter> {
        let given = |flag: Option<&str>, name: &str| {
            flag.map(str::to_string).or_else(|| environment(name)).filter(|text| !text.is_empty())
        };
        let url = given(url, "SWELL_NODE").unwrap_or_else(|| ADDRESS.to_string());
        let authorities = authorities.and_then(Path::to_str);
        Ok(Self {
            url: address(&url)?,
            token: given(token, "SWELL_TOKEN"),
            authorities: given(authorities, "SWELL_CA").map(PathBuf::from),
            patience: None,
        })
    }

    /// Something to talk with.
    pub fn agent(&self) -> Result<Agent, Letter> {
        let mut tls = TlsConfig::builder();
        if let Some(path) = &self.authorities {
            tls = tls.root_certs(certificates(path)?);
        }
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .allow_non_standard_methods(true)
            .max_redirects(0)
            .proxy(None)
            .timeout_global(self.patience)
            .user_agent(concat!("swell/", env!("CARGO_PKG_VERSION")))
            .tls_config(tls.build());
        Ok(config.build().new_agent())
    }
}

fn address(text: &str) -> Result<String, Letter> {
    let refuse = |why: &str| {
        Letter::usage(format!("`{text}` is no address of a node: {why}"))
            .hint(format!("write one such as `{ADDRESS}`"))
    };
    let (scheme, rest) = text.split_once("://").unwrap_or(("http", text));
    let rest = rest.trim_end_matches('/');
    match (scheme, rest) {
        ("http" | "https", "") => Err(refuse("it has no host")),
        ("http" | "https", rest) if rest.contains(['?', '#', ' ']) => {
            Err(refuse("it has more than a host and a path"))
        }
        ("http" | "https", rest) => Ok(format!("{scheme}://{rest}")),
        _ => Err(refuse("it begins with neither `http://` nor `https://`")),
    }
}

fn certificates(path: &Path) -> Result<RootCerts, Letter> {
    let shown = path.display();
    let pem = std::fs::read(path)
        .map_err(|error| Letter::failed(format!("cannot read `{shown}`: {error}")))?;
    let mut found = Vec::new();
    for item in parse_pem(&pem) {
        match item {
            Ok(PemItem::Certificate(certificate)) => found.push(certificate),
            Ok(_) => {}
            Err(error) => {
                return Err(Letter::failed(format!("`{shown}` is no PEM file: {error}")));
            }
        }
    }
    if found.is_empty() {
        return Err(Letter::failed(format!("`{shown}` holds no certificate")));
    }
    Ok(found.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_come_before_the_environment() {
        let environment = |name: &str| match name {
            "SWELL_NODE" => Some("box:7070/".to_string()),
            "SWELL_TOKEN" => Some("secret".to_string()),
            _ => None,
        };
        let nothing = |_: &str| None;
        for (flag, environment, url, token) in [
            (None, &nothing as &dyn Fn(&str) -> Option<String>, ADDRESS, None),
            (None, &environment, "http://box:7070", Some("secret")),
            (Some("https://other"), &environment, "https://other", Some("secret")),
        ] {
            let found = Connection::resolve(flag, None, None, environment).unwrap();
            assert_eq!((found.url.as_str(), found.token.as_deref()), (url, token));
        }
        for wrong in ["ftp://box", "http://", "http://a b", "box?x"] {
            assert!(Connection::resolve(Some(wrong), None, None, &nothing).is_err(), "{wrong}");
        }
    }
}
