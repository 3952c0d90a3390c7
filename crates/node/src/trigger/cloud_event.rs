//! CloudEvents 1.0 over HTTP: read in any of the three forms of the binding (structured,
//! binary, batched), handed to functions in the binary form, so that a function reads its
//! data as the body and the rest as headers.

use bytes::Bytes;
use cloudevents::event::{AttributeValue, Data};
use cloudevents::{AttributesReader, Event};
use http::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use http::{Method, Request};

use crate::refusal::{Reason, Refusal};

/// Events in one batch at most.
pub const BATCH_MAX: usize = 1_000;

const STRUCTURED: &str = "application/cloudevents+json";
const BATCHED: &str = "application/cloudevents-batch+json";

/// An event, ready to be handed to functions.
#[derive(Debug, Clone)]
pub struct Incoming {
    /// Its type.
    pub kind: String,
    /// Where it comes from.
    pub source: String,
    /// Its id; together with the source it is known by.
    pub id: String,
    headers: HeaderMap,
    data: Bytes,
}

impl Incoming {
    /// An event of the node's own, about `subject`, with JSON as its data.
    pub fn own(
        kind: &str,
        source: &str,
        id: &str,
        subject: &str,
        at_ms: u64,
        data: &impl serde::Serialize,
    ) -> Self {
        let time = i64::try_from(at_ms).ok().and_then(chrono::DateTime::from_timestamp_millis);
        let time = time.map(|time| time.to_rfc3339_opts(chrono::SecondsFormat::Millis, true));
        let values = [
            ("ce-specversion", "1.0"),
            ("ce-type", kind),
            ("ce-source", source),
            ("ce-id", id),
            ("ce-subject", subject),
            ("ce-time", time.as_deref().unwrap_or_default()),
            (CONTENT_TYPE.as_str(), "application/json"),
        ];
        let values =
            values.into_iter().filter(|(_, value)| !value.is_empty()).map(|(name, value)| {
                let value =
                    HeaderValue::from_str(&percent_encode(value)).expect("all else is encoded");
                (HeaderName::from_static(name), value)
            });
        Self {
            kind: kind.to_string(),
            source: source.to_string(),
            id: id.to_string(),
            headers: values.collect(),
            data: Bytes::from(serde_json::to_vec(data).expect("it is plain data")),
        }
    }

    /// The request that hands it to a function.
    pub fn request(&self) -> Request<Bytes> {
        let mut request = Request::new(self.data.clone());
        *request.method_mut() = Method::POST;
        *request.headers_mut() = self.headers.clone();
        request
    }
}

/// The events of a request.
pub fn read(request: &Request<Bytes>) -> Result<Vec<Incoming>, Refusal> {
    let kind = request.headers().get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    let kind = kind.map(|kind| kind.split(';').next().unwrap_or(kind).trim());
    let body = request.body();
    match kind {
        Some(kind) if kind.eq_ignore_ascii_case(STRUCTURED) => {
            let event: Event = serde_json::from_slice(body).map_err(|error| bad(&error))?;
            Ok(vec![plain(&event)?])
        }
        Some(kind) if kind.eq_ignore_ascii_case(BATCHED) => {
            let events: Vec<Event> = serde_json::from_slice(body).map_err(|error| bad(&error))?;
            if events.len() > BATCH_MAX {
                let title = format!("a batch has at most {BATCH_MAX} events");
                return Err(Refusal::new(Reason::TooLarge, title).hint("send several batches"));
            }
            events.iter().map(plain).collect()
        }
        _ => Ok(vec![binary(request)?]),
    }
}

fn bad(why: &dyn std::fmt::Display) -> Refusal {
    Refusal::new(Reason::BadRequest, format!("this is no CloudEvent: {why}"))
        .hint("see https://cloudevents.io, version 1.0, the HTTP and JSON bindings")
}

/// An event whose attributes are headers already: they are passed on untouched.
fn binary(request: &Request<Bytes>) -> Result<Incoming, Refusal> {
    let read = |name: &str| {
        let value = request.headers().get(format!("ce-{name}"));
        let value = value.and_then(|value| value.to_str().ok()).map(percent_decode);
        value.filter(|value| !value.is_empty()).ok_or_else(|| {
            let why = format!("it has no `ce-{name}` header, and is not `{STRUCTURED}` either");
            bad(&why)
        })
    };
    let version = read("specversion")?;
    if version != "1.0" && version != "0.3" {
        return Err(bad(&format!("its version `{version}` is not known")));
    }
    let (id, source, kind) = (read("id")?, read("source")?, read("type")?);
    let of_event = |name: &HeaderName| name == CONTENT_TYPE || name.as_str().starts_with("ce-");
    let headers = request.headers().iter().filter(|(name, _)| of_event(name));
    let headers = headers.map(|(name, value)| (name.clone(), value.clone())).collect();
    Ok(Incoming { kind, source, id, headers, data: request.body().clone() })
}

fn plain(event: &Event) -> Result<Incoming, Refusal> {
    let mut headers = HeaderMap::new();
    for (name, value) in event.iter() {
        let text = match value {
            // The library writes a time zone in numbers; either is the same time.
            AttributeValue::SpecVersion(version) => version.as_str().to_string(),
            value => value.to_string(),
        };
        if name == "datacontenttype" {
            let value = HeaderValue::from_str(&text).map_err(|error| bad(&error))?;
            headers.insert(CONTENT_TYPE, value);
            continue;
        }
        let name: HeaderName = format!("ce-{name}").parse().map_err(|_| {
            bad(&format!("`{name}` is no name of an attribute: those are a-z and 0-9"))
        })?;
        let value = HeaderValue::from_str(&percent_encode(&text)).expect("all else is encoded");
        headers.insert(name, value);
    }
    let data = match event.data() {
        None => Bytes::new(),
        Some(Data::Binary(bytes)) => Bytes::copy_from_slice(bytes),
        Some(Data::String(text)) => Bytes::copy_from_slice(text.as_bytes()),
        Some(Data::Json(value)) => {
            let json = HeaderValue::from_static("application/json");
            headers.entry(CONTENT_TYPE).or_insert(json);
            Bytes::from(serde_json::to_vec(value).expect("what was JSON is JSON"))
        }
    };
    Ok(Incoming {
        kind: event.ty().to_string(),
        source: event.source().to_string(),
        id: event.id().to_string(),
        headers,
        data,
    })
}

/// A value as a header (HTTP binding, section 3.1.3.2): space, `"`, `%` and what is not
/// visible ASCII become `%` and two digits for each byte.
fn percent_encode(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'"' | b'%' => encoded.push_str(&format!("%{byte:02X}")),
            0x21..=0x7e => encoded.push(byte as char),
            _ => encoded.push_str(&format!("%{byte:02X}")),
        }
    }
    encoded
}

fn percent_decode(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut place = 0;
    while place < bytes.len() {
        let digits = bytes.get(place + 1..place + 3).filter(|_| bytes[place] == b'%');
        let digits = digits.and_then(|digits| std::str::from_utf8(digits).ok());
        match digits.and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            Some(byte) => {
                decoded.push(byte);
                place += 3;
            }
            None => {
                decoded.push(bytes[place]);
                place += 1;
            }
        }
    }
    String::from_utf8_lossy(&decoded).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn posted(kind: &str, headers: &[(&str, &str)], body: &str) -> Request<Bytes> {
        let mut builder = Request::builder().method("POST").uri("/v1/events");
        builder = builder.header(CONTENT_TYPE, kind);
        for (name, value) in headers {
            builder = builder.header(*name, *value);
        }
        builder.body(Bytes::copy_from_slice(body.as_bytes())).expect("it is a request")
    }

    fn shown(incoming: &Incoming) -> Vec<String> {
        let mut lines: Vec<String> = incoming
            .request()
            .headers()
            .iter()
            .map(|(name, value)| format!("{name}: {}", value.to_str().expect("ASCII")))
            .collect();
        lines.sort();
        lines.push(String::from_utf8_lossy(incoming.request().body()).into_owned());
        lines
    }

    const EVENT: &str = r#"{"specversion":"1.0","id":"1","source":"/shop","type":"order.made",
        "subject":"Zürich 100 %","shelf":7,"data":{"total":12}}"#;

    #[test]
    fn structured_events_become_headers_and_a_body() {
        let read = read(&posted("application/cloudevents+json; charset=utf-8", &[], EVENT));
        let events = read.expect("it is one");
        let event = &events[0];
        assert_eq!((&*event.kind, &*event.source, &*event.id), ("order.made", "/shop", "1"));
        assert_eq!(
            shown(event),
            [
                "ce-id: 1",
                "ce-shelf: 7",
                "ce-source: /shop",
                "ce-specversion: 1.0",
                "ce-subject: Z%C3%BCrich%20100%20%25",
                "ce-type: order.made",
                "content-type: application/json",
                r#"{"total":12}"#,
            ]
        );
    }

    #[test]
    fn batches_are_read_in_order_and_base64_is_bytes() {
        let bytes = r#"{"specversion":"1.0","id":"2","source":"/a","type":"t",
            "datacontenttype":"text/plain","data_base64":"aGVsbG8="}"#;
        let body = format!("[{EVENT},{bytes}]");
        let events = read(&posted(BATCHED, &[], &body)).expect("they are");
        assert_eq!(events.iter().map(|event| &*event.id).collect::<Vec<_>>(), ["1", "2"]);
        assert_eq!(events[1].request().body(), "hello");
        assert!(read(&posted(BATCHED, &[], "[]")).expect("it is a batch").is_empty());
    }

    #[test]
    fn binary_events_pass_untouched() {
        let headers = [
            ("ce-specversion", "1.0"),
            ("ce-id", "1"),
            ("ce-source", "/a%20b"),
            ("ce-type", "t"),
            ("authorization", "Bearer secret"),
        ];
        let events = read(&posted("text/plain", &headers, "hi")).expect("it is one");
        assert_eq!(events[0].source, "/a b");
        let lines = shown(&events[0]);
        assert!(lines.contains(&"ce-source: /a%20b".to_string()), "{lines:?}");
        assert!(lines.iter().all(|line| !line.contains("secret")), "{lines:?}");
    }

    #[test]
    fn what_is_no_event_is_refused() {
        for (kind, body) in [
            (STRUCTURED, "{"),
            (STRUCTURED, "{}"),
            (STRUCTURED, r#"{"specversion":"9.9","id":"1","source":"/a","type":"t"}"#),
            (BATCHED, EVENT),
            ("text/plain", "hello"),
        ] {
            let refusal = read(&posted(kind, &[], body)).expect_err("it is none");
            assert_eq!(refusal.reason, Reason::BadRequest, "{kind} {body}");
        }
    }
}
