//! Where guests may send requests, and the hook that holds them to it.

use std::sync::Arc;

use http::Uri;
use http_body_util::BodyExt;
use wasmtime_wasi_http::{Error, RequestOptions, WasiBody, WasiHttpHooks};

/// Chunks of an answer that a guest may have written and nobody read: so many that a
/// usual guest never has to wait for its reader.
const CHUNKS: usize = 16;

/// The longest such chunk.
const CHUNK_BYTES: usize = 64 << 10;

/// The hosts a function may reach.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Allowed(Arc<[Pattern]>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct Pattern {
    /// Lower case; `*` is anywhere, `*.` stands for any labels.
    host: String,
    port: Option<u16>,
}

impl Allowed {
    /// Reads patterns: `host`, `host:port`, `*.host` or `*`.
    pub(crate) fn new(patterns: &[String]) -> Self {
        Self(patterns.iter().map(|pattern| Pattern::read(pattern)).collect())
    }

    /// Whether a request to `uri` may leave.
    pub(crate) fn allows(&self, uri: &Uri) -> bool {
        let Some(host) = uri.host() else { return false };
        let usual = if uri.scheme_str() == Some("http") { 80 } else { 443 };
        let port = uri.port_u16().unwrap_or(usual);
        self.0.iter().any(|pattern| pattern.fits(&host.to_ascii_lowercase(), port))
    }
}

impl Pattern {
    fn read(text: &str) -> Self {
        let text = text.to_ascii_lowercase();
        let with_port = text.rsplit_once(':').filter(|(host, _)| !host.ends_with(':'));
        match with_port.and_then(|(host, port)| Some((host, port.parse().ok()?))) {
            Some((host, port)) => Self { host: host.to_string(), port: Some(port) },
            None => Self { host: text, port: None },
        }
    }

    fn fits(&self, host: &str, port: u16) -> bool {
        let host_fits = match self.host.strip_prefix('*') {
            Some("") => true,
            Some(ending) => host.len() > ending.len() && host.ends_with(ending),
            None => host == self.host,
        };
        host_fits && self.port.is_none_or(|only| only == port)
    }
}

/// What the engine asks about a guest's requests.
pub(crate) struct Hooks {
    pub(crate) allowed: Allowed,
}

impl WasiHttpHooks for Hooks {
    fn send_request(
        &mut self,
        request: http::Request<WasiBody>,
        options: Option<RequestOptions>,
        _written: Box<dyn Future<Output = Result<(), Error>> + Send>,
    ) -> Box<
        dyn Future<
                Output = Result<
                    (http::Response<WasiBody>, Box<dyn Future<Output = Result<(), Error>> + Send>),
                    Error,
                >,
            > + Send,
    > {
        let allowed = self.allowed.allows(request.uri());
        Box::new(async move {
            if !allowed {
                return Err(Error::HttpRequestDenied);
            }
            let sent = wasmtime_wasi_http::default_send_request(request, options).await;
            let (response, io) = sent?;
            let io: Box<dyn Future<Output = Result<(), Error>> + Send> = Box::new(io);
            Ok((response.map(BodyExt::boxed_unsync), io))
        })
    }

    fn p2_outgoing_body_buffer_chunks(&mut self) -> usize {
        CHUNKS
    }

    fn p2_outgoing_body_chunk_size(&mut self) -> usize {
        CHUNK_BYTES
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_listed_is_reached() {
        let allowed = Allowed::new(&[
            "api.example.com".to_string(),
            "*.store.example".to_string(),
            "127.0.0.1:9000".to_string(),
        ]);
        for (uri, expected) in [
            ("https://api.example.com/x", true),
            ("https://API.example.com/x", true),
            ("http://api.example.com:8080/", true),
            ("https://evil-api.example.com/", false),
            ("https://a.store.example/", true),
            ("https://store.example/", false),
            ("http://127.0.0.1:9000/", true),
            ("http://127.0.0.1/", false),
            ("/relative", false),
        ] {
            assert_eq!(allowed.allows(&uri.parse().unwrap()), expected, "{uri}");
        }
        assert!(Allowed::new(&["*".to_string()]).allows(&"http://any/".parse().unwrap()));
        assert!(!Allowed::default().allows(&"http://any/".parse().unwrap()));
    }
}
