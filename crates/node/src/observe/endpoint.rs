//! Where a collector of traces takes them, told from what the settings say.

use http::Uri;

/// Why traces cannot be sent where the settings say.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EndpointError {
    /// It is no address.
    #[error("`{0}` is no address of a collector; write one such as http://127.0.0.1:4318")]
    NoAddress(String),
    /// It asks for TLS.
    #[error(
        "traces go to collectors over http only, and `{0}` is not; run a collector on this \
         machine and let it forward them"
    )]
    NotHttp(String),
}

/// The address that spans are posted to.
pub(crate) fn traces_uri(endpoint: &str) -> Result<Uri, EndpointError> {
    let no_address = || EndpointError::NoAddress(endpoint.to_string());
    let uri: Uri = endpoint.parse().map_err(|_| no_address())?;
    if uri.host().is_none() {
        return Err(no_address());
    }
    match uri.scheme_str() {
        Some("http") => {}
        Some(_) => return Err(EndpointError::NotHttp(endpoint.to_string())),
        None => return Err(no_address()),
    }
    let base = endpoint.trim_end_matches('/');
    format!("{base}/v1/traces").parse().map_err(|_| no_address())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_checked() {
        for (endpoint, expected) in [
            ("http://127.0.0.1:4318", Some("http://127.0.0.1:4318/v1/traces")),
            ("http://box/otlp/", Some("http://box/otlp/v1/traces")),
            ("https://box", None),
            ("grpc://box", None),
            ("127.0.0.1:4318", None),
            ("box", None),
            ("/v1/traces", None),
            ("", None),
            ("http://", None),
        ] {
            let found = traces_uri(endpoint).ok().map(|uri| uri.to_string());
            assert_eq!(found.as_deref(), expected, "{endpoint}");
        }
    }
}
