//! What the load is sent to and what is sent, checked before the first request.

use std::fs;

use bytes::Bytes;
use http::header::{HOST, HeaderName};
use http::uri::Authority;
use http::{HeaderMap, HeaderValue, Method, Uri};

use crate::cli::bench::{BenchHttpArguments, HeaderLine};
use crate::cli::node::NodeArguments;
use crate::connect;
use crate::error::Letter;

/// A request that is sent over and over, and where to.
#[derive(Debug, Clone)]
pub struct Target {
    /// The address as a person would write it.
    pub address: Uri,
    /// Host and port to connect to.
    pub connect: String,
    /// The path and query of the request.
    pub path: Uri,
    /// Its method.
    pub method: Method,
    /// Its headers.
    pub headers: HeaderMap,
    /// Its body.
    pub body: Bytes,
}

impl Target {
    /// What the arguments ask for.
    pub fn resolve(arguments: &BenchHttpArguments) -> Result<Self, Letter> {
        let node = NodeArguments { node: arguments.node.clone(), ..NodeArguments::default() };
        let address = address(&arguments.target, &connect::connection(&node)?.url)?;
        let authority = address.authority().expect("the address was checked");
        let connect = host_and_port(authority);
        let body = body(arguments.body.as_deref())?;
        let method = match &arguments.method {
            Some(method) => Method::from_bytes(method.as_bytes())
                .map_err(|_| Letter::usage(format!("`{method}` is no method")))?,
            None if arguments.body.is_some() => Method::POST,
            None => Method::GET,
        };
        let mut headers = headers(&arguments.header)?;
        if !headers.contains_key(HOST) {
            let host = HeaderValue::from_str(authority.as_str());
            headers.insert(HOST, host.expect("an authority is visible ASCII"));
        }
        let path = address.path_and_query().map_or("/", |path| path.as_str());
        let path = path.parse().expect("it was part of an address");
        Ok(Self { connect, path, method, headers, body, address })
    }

    /// The same server's metrics.
    pub fn metrics(&self) -> Self {
        Self {
            path: Uri::from_static("/metrics"),
            method: Method::GET,
            body: Bytes::new(),
            headers: self.headers.get(HOST).map(|host| (HOST, host.clone())).into_iter().collect(),
            ..self.clone()
        }
    }
}

fn address(target: &str, node: &str) -> Result<Uri, Letter> {
    let text = if target.contains("://") {
        target.to_string()
    } else {
        format!("{}/function/{target}", node.trim_end_matches('/'))
    };
    let wrong = || {
        Letter::usage(format!("`{text}` is no address"))
            .hint("write a function's name, or an address such as http://127.0.0.1:7070/")
    };
    let uri: Uri = text.parse().map_err(|_| wrong())?;
    let named = uri.authority().is_some_and(|authority| !authority.host().is_empty());
    match uri.scheme_str() {
        Some("http") if named => Ok(uri),
        Some("https") => {
            Err(Letter::usage("load is sent over plain HTTP only").hint("ask the node without TLS"))
        }
        _ => Err(wrong()),
    }
}

fn host_and_port(authority: &Authority) -> String {
    format!("{}:{}", authority.host(), authority.port_u16().unwrap_or(80))
}

fn body(given: Option<&str>) -> Result<Bytes, Letter> {
    let Some(given) = given else {
        return Ok(Bytes::new());
    };
    match given.strip_prefix('@') {
        Some(path) => match fs::read(path) {
            Ok(bytes) => Ok(bytes.into()),
            Err(error) => Err(Letter::failed(format!("cannot read `{path}`: {error}"))),
        },
        None => Ok(given.to_string().into()),
    }
}

fn headers(lines: &[HeaderLine]) -> Result<HeaderMap, Letter> {
    let mut headers = HeaderMap::new();
    for HeaderLine { name, value } in lines {
        let wrong = |what| Letter::usage(format!("`{name}: {value}` is no header: bad {what}"));
        let key = HeaderName::from_bytes(name.as_bytes()).map_err(|_| wrong("name"))?;
        let value = HeaderValue::from_str(value).map_err(|_| wrong("value"))?;
        headers.append(key, value);
    }
    Ok(headers)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn functions_and_addresses_are_told_apart() {
        for (target, node, expected) in [
            ("hello", "http://box:7070/", Some("http://box:7070/function/hello")),
            ("hello/x?y=1", "http://box", Some("http://box/function/hello/x?y=1")),
            ("http://127.0.0.1:1/a", "http://box", Some("http://127.0.0.1:1/a")),
            ("http://[::1]:8080/", "http://box", Some("http://[::1]:8080/")),
            ("https://box/", "http://box", None),
            ("ftp://box/", "http://box", None),
            ("http://", "http://box", None),
            ("hello", "box", None),
            ("two words", "http://box", None),
        ] {
            let found = address(target, node).ok().map(|uri| uri.to_string());
            assert_eq!(found.as_deref(), expected, "{target} {node}");
        }
    }

    #[test]
    fn connections_know_their_port() {
        for (authority, expected) in
            [("box", "box:80"), ("box:7070", "box:7070"), ("[::1]:1", "[::1]:1")]
        {
            assert_eq!(host_and_port(&Authority::from_static(authority)), expected);
        }
    }

    #[test]
    fn headers_are_checked() {
        let line = |name: &str, value: &str| HeaderLine { name: name.into(), value: value.into() };
        assert!(headers(&[line("accept", "text/html"), line("accept", "*/*")]).is_ok());
        assert!(headers(&[line("two words", "x")]).is_err());
        assert!(headers(&[line("x", "a\nb")]).is_err());
        assert_eq!("a: b:c".parse(), Ok(line("a", "b:c")));
        assert!("nothing".parse::<HeaderLine>().is_err());
    }
}
