//! Bodies of requests and answers, whoever they come from: streams of chunks that may
//! fail on the way.

use std::error::Error;

use bytes::Bytes;
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Empty, Full};

/// Why a body broke off.
pub type BodyError = Box<dyn Error + Send + Sync>;

/// A stream of chunks.
pub type Body = UnsyncBoxBody<Bytes, BodyError>;

/// A body that is there already.
pub fn full(bytes: impl Into<Bytes>) -> Body {
    Full::new(bytes.into()).map_err(|never| match never {}).boxed_unsync()
}

/// No body.
pub fn empty() -> Body {
    Empty::new().map_err(|never| match never {}).boxed_unsync()
}
