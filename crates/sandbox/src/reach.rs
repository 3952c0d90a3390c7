//! Which hosts may be reached: what guests may send requests to, and what else asks to be
//! kept within bounds.

use std::sync::Arc;

use http::Uri;

/// The hosts that may be reached.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reach(Arc<[Pattern]>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct Pattern {
    /// Lower case; `*` is anywhere, `*.` stands for any labels.
    host: String,
    port: Option<u16>,
}

impl Reach {
    /// Reads patterns: `host`, `host:port`, `*.host` or `*`.
    pub fn new(patterns: &[String]) -> Self {
        Self(patterns.iter().map(|pattern| Pattern::read(pattern)).collect())
    }

    /// Whether a request to `uri` may leave.
    pub fn allows(&self, uri: &Uri) -> bool {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_listed_is_reached() {
        let allowed = Reach::new(&[
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
        assert!(Reach::new(&["*".to_string()]).allows(&"http://any/".parse().unwrap()));
        assert!(!Reach::default().allows(&"http://any/".parse().unwrap()));
    }
}
