//! One call as everybody who watches sees it: its name, its place in a trace, what it
//! waited for, and how it ended.
//!
//! The gateway tells a call's story to one [`CallSpan`]; figures, lines and traces are
//! made from that here, so that the path of a request knows none of them.

use std::sync::Arc;
use std::time::{Duration, Instant};

use http::HeaderMap;
use http::header::{HeaderName, HeaderValue};

use swell_core::action::StartKind;
use swell_sandbox::call::End;
use swell_sandbox::log::{LogSink, Silence};

use crate::refusal::Refusal;
use crate::registry::Version;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Watches calls.
#[derive(Default)]
pub struct Observer {}

/// Where a call comes from and how it is known.
pub struct Source {
    request_id: HeaderValue,
    trigger: &'static str,
}

impl Source {
    /// A call over HTTP; what the client says of its name and its trace is kept.
    pub fn http(headers: &HeaderMap) -> Self {
        Self::internal("http", headers)
    }

    /// A call by the node itself, for `trigger`.
    pub fn internal(trigger: &'static str, headers: &HeaderMap) -> Self {
        let given = headers.get(REQUEST_ID).cloned();
        let request_id = given.unwrap_or_else(|| {
            let id = uuid::Uuid::now_v7().simple().to_string();
            HeaderValue::from_str(&id).expect("hexadecimal digits are fit for headers")
        });
        Self { request_id, trigger }
    }

    /// The request's name.
    pub fn request_id_value(&self) -> HeaderValue {
        self.request_id.clone()
    }
}

/// A call under way.
pub struct CallSpan {
    source: Source,
    version: Arc<Version>,
    begun: Instant,
    start: Option<StartKind>,
    waited: Duration,
}

impl Observer {
    /// A call of `version` begins.
    pub fn begin(&self, version: &Arc<Version>, source: Source) -> CallSpan {
        CallSpan {
            source,
            version: version.clone(),
            begun: Instant::now(),
            start: None,
            waited: Duration::ZERO,
        }
    }
}

impl CallSpan {
    /// It was refused or failed.
    pub fn refused(&mut self, _refusal: &Refusal) {}

    /// It met an instance.
    pub fn admitted(&mut self, start: StartKind, waited: Duration) {
        self.start = Some(start);
        self.waited = waited;
    }

    /// Adds the headers that tell the function how it is known.
    pub fn pass_on(&self, headers: &mut HeaderMap) {
        headers.insert(REQUEST_ID, self.source.request_id.clone());
    }

    /// Where the guest's lines go.
    pub fn log(&self) -> Arc<dyn LogSink> {
        Silence::shared()
    }

    /// What is to hear of its end.
    pub fn ending(&self) -> Ending {
        Ending {}
    }

    /// The request's name.
    pub fn request_id_value(&self) -> HeaderValue {
        self.source.request_id.clone()
    }
}

/// Hears of the end of a call.
pub struct Ending {}

impl Ending {
    /// The guest is done.
    pub fn ended(self, _end: &End, _ran: Duration) {}
}
