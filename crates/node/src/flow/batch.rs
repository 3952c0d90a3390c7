//! The request that a function is called with for items: one item as it is, several as
//! `multipart/mixed` (RFC 2046), each part with its media type, its length and its name.

use bytes::{Bytes, BytesMut};
use http::header::{CONTENT_TYPE, HeaderValue};
use http::{Method, Request};

use swell_fifo::envelope::Envelope;

use crate::later::{ATTEMPT, DEPTH, FLOW, ITEM};

/// An item that was taken out.
#[derive(Debug, Clone)]
pub(crate) struct Taken {
    /// Its lane.
    pub(crate) lane: usize,
    /// Its number among the items of its lane.
    pub(crate) sequence: u64,
    /// The position of its lane behind it.
    pub(crate) end: u64,
    /// When it was put in, in microseconds since 1970.
    pub(crate) put_us: u64,
    /// Flows that led to it, this one included.
    pub(crate) hops: u16,
    /// The media type of its payload.
    pub(crate) media_type: String,
    /// Its payload.
    pub(crate) payload: Bytes,
}

impl Taken {
    /// Takes an item apart. One without an envelope is all payload.
    pub(crate) fn of(lane: usize, sequence: u64, end: u64, item: Vec<u8>) -> Self {
        let bytes = Bytes::from(item);
        match Envelope::open(&bytes) {
            Some((Envelope { put_us, hops, media_type }, payload)) => Self {
                lane,
                sequence,
                end,
                put_us,
                hops,
                media_type: media_type.to_string(),
                payload: bytes.slice_ref(payload),
            },
            None => Self {
                lane,
                sequence,
                end,
                put_us: 0,
                hops: 1,
                media_type: String::new(),
                payload: bytes,
            },
        }
    }

    fn name(&self, lanes: &[&str]) -> String {
        format!("{}/{}", lanes[self.lane], self.sequence)
    }
}

/// The request for items, of which there is at least one; `lanes` are the producers' names.
/// Where a flow states batches, each call is one, of however many items.
pub(crate) fn request(
    flow: &str,
    lanes: &[&str],
    items: &[Taken],
    is_batch: bool,
    attempt: u32,
) -> Request<Bytes> {
    let first = &items[0];
    let (body, media_type) = if is_batch {
        multipart(lanes, items)
    } else {
        (first.payload.clone(), first.media_type.clone())
    };
    let mut request = Request::new(body);
    *request.method_mut() = Method::POST;
    let headers = request.headers_mut();
    let text = |text: &str| HeaderValue::from_str(text).ok();
    if let Some(value) = text(&media_type).filter(|_| !media_type.is_empty()) {
        headers.insert(CONTENT_TYPE, value);
    }
    let names = [(FLOW, flow.to_string()), (ITEM, first.name(lanes))];
    for (header, value) in names {
        headers.extend(text(&value).map(|value| (header, value)));
    }
    let hops = items.iter().map(|item| item.hops).max().unwrap_or(0);
    headers.insert(DEPTH, HeaderValue::from(hops));
    headers.insert(ATTEMPT, HeaderValue::from(attempt));
    request
}

fn multipart(lanes: &[&str], items: &[Taken]) -> (Bytes, String) {
    let boundary = boundary(items);
    let length: usize = items.iter().map(|item| item.payload.len() + 200).sum();
    let mut body = BytesMut::with_capacity(length);
    for item in items {
        let Taken { media_type, payload, .. } = item;
        let kind = if media_type.is_empty() { "application/octet-stream" } else { media_type };
        let head = format!(
            "--{boundary}\r\ncontent-type: {kind}\r\ncontent-length: {}\r\n{ITEM}: {}\r\n\r\n",
            payload.len(),
            item.name(lanes)
        );
        body.extend_from_slice(head.as_bytes());
        body.extend_from_slice(payload);
        body.extend_from_slice(b"\r\n");
    }
    body.extend_from_slice(format!("--{boundary}--\r\n").as_bytes());
    (body.freeze(), format!("multipart/mixed; boundary={boundary}"))
}

/// A boundary that is in none of the items.
fn boundary(items: &[Taken]) -> String {
    (0u32..)
        .map(|number| format!("swell-item-{number}"))
        .find(|boundary| {
            let is_in = |item: &Taken| {
                item.payload.windows(boundary.len()).any(|part| part == boundary.as_bytes())
            };
            !items.iter().any(is_in)
        })
        .expect("items end, and numbers do not before them")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn taken(lane: usize, sequence: u64, media_type: &str, payload: &[u8]) -> Taken {
        let envelope = Envelope { put_us: 9, hops: 2, media_type };
        Taken::of(lane, sequence, 0, envelope.wrap(payload))
    }

    #[test]
    fn an_item_is_sent_as_it_is() {
        let item = taken(1, 7, "image/png", b"\x89PNG");
        let request = request("frames", &["a", "b"], &[item], false, 3);
        assert_eq!(&request.body()[..], b"\x89PNG");
        for (name, expected) in [
            ("content-type", "image/png"),
            ("x-swell-flow", "frames"),
            ("x-swell-item", "b/7"),
            ("x-swell-depth", "2"),
            ("x-swell-attempt", "3"),
        ] {
            assert_eq!(request.headers()[name], expected);
        }
    }

    #[test]
    fn batches_are_parts_of_one_body() {
        let items = [taken(0, 1, "", b"one"), taken(0, 2, "text/plain", b"--swell-item-0")];
        let request = request("frames", &["a"], &items, true, 1);
        let expected = "multipart/mixed; boundary=swell-item-1";
        assert_eq!(request.headers()["content-type"], expected);
        let body = "--swell-item-1\r\ncontent-type: application/octet-stream\r\n\
                    content-length: 3\r\nx-swell-item: a/1\r\n\r\none\r\n\
                    --swell-item-1\r\ncontent-type: text/plain\r\n\
                    content-length: 14\r\nx-swell-item: a/2\r\n\r\n--swell-item-0\r\n\
                    --swell-item-1--\r\n";
        assert_eq!(std::str::from_utf8(request.body()).expect("it is text"), body);
    }

    #[test]
    fn what_has_no_envelope_is_all_payload() {
        assert_eq!(&Taken::of(0, 0, 0, b"plain".to_vec()).payload[..], b"plain");
    }
}
