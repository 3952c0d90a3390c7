//! How requests of the API are read and how it answers: JSON both ways, and one shape for
//! every failure (RFC 9457), whoever found it.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::{FromRequest, FromRequestParts, Path, Query, Request};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::header::{ALLOW, CONTENT_TYPE, HOST, RETRY_AFTER};
use http::request::Parts;
use http::{HeaderValue, StatusCode};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use serde::de::DeserializeOwned;

use crate::api::context::ApiContext;
use crate::refusal::{Reason, Refusal};

/// The longest request that is read into memory: a plan of ten thousand functions fits.
pub const BODY_BYTES_MAX: usize = 16 << 20;

/// The type of every failure.
pub const PROBLEM: &str = "application/problem+json";

/// The header with the name of a request.
const REQUEST_ID: &str = "x-request-id";

/// What a handler answers.
pub type Answer<T> = Result<T, Failure>;

/// A refusal on its way out.
#[derive(Debug)]
pub struct Failure(pub Refusal);

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        Self(refusal)
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let mut response = letter(&self.0, None);
        response.extensions_mut().insert(self.0);
        response
    }
}

/// A refusal as a response.
pub fn letter(refusal: &Refusal, request_id: Option<&str>) -> Response {
    let status = StatusCode::from_u16(refusal.reason.status());
    let status = status.expect("the table of reasons holds statuses");
    let body = serde_json::to_vec(&refusal.problem(request_id)).expect("a problem is plain data");
    let mut response = (status, [(CONTENT_TYPE, PROBLEM)], body).into_response();
    if let Some(pause) = refusal.retry_after {
        let seconds = pause.max(Duration::from_secs(1)).as_millis().div_ceil(1_000) as u64;
        response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
    }
    response
}

/// Names the request in the letter of a failed one, as its header does.
pub async fn name_request(request: Request, next: axum::middleware::Next) -> Response {
    let id = request.headers().get(REQUEST_ID).and_then(|id| id.to_str().ok()).map(str::to_string);
    let response = next.run(request).await;
    let (Some(id), Some(refusal)) = (id, response.extensions().get::<Refusal>()) else {
        return response;
    };
    let mut named = letter(refusal, Some(&id));
    if let Some(allow) = response.headers().get(ALLOW) {
        named.headers_mut().insert(ALLOW, allow.clone());
    }
    named
}

/// The JSON of a request's body. Unknown keys are refused with the nearest known one.
pub struct Told<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Told<T> {
    type Rejection = Failure;

    async fn from_request(request: Request, _state: &S) -> Result<Self, Failure> {
        let bytes = whole(request.into_body(), BODY_BYTES_MAX).await?;
        serde_json::from_slice(&bytes).map(Self).map_err(|error| senseless(&error))
    }
}

/// A body that makes no sense.
pub fn senseless(error: &serde_json::Error) -> Failure {
    let what =
        if error.is_data() { "the body is not what was expected" } else { "the body is not JSON" };
    Failure(misread(what, &error.to_string()))
}

/// The query of a request. Unknown keys are refused with the nearest known one.
pub struct Asked<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Asked<T> {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Failure> {
        let query = Query::<T>::try_from_uri(&parts.uri);
        query.map(|query| Self(query.0)).map_err(|error| {
            Failure(misread("the query is not what was expected", &error.body_text()))
        })
    }
}

/// The one name in the path of a request.
pub struct At(pub String);

impl<S: Send + Sync> FromRequestParts<S> for At {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Failure> {
        let path = Path::<String>::from_request_parts(parts, state).await;
        path.map(|Path(name)| Self(name)).map_err(|error| {
            let title = "the path is not what was expected";
            Failure(Refusal::new(Reason::BadRequest, title).detail(error.body_text()))
        })
    }
}

/// The whole body of a request, of at most `limit` bytes.
pub async fn whole(body: Body, limit: usize) -> Result<Bytes, Failure> {
    let collected = Limited::new(body, limit).collect().await;
    collected.map(|collected| collected.to_bytes()).map_err(|error| {
        Failure(if error.is::<LengthLimitError>() {
            too_large("the request", limit as u64)
        } else {
            Refusal::new(Reason::BadRequest, "the request broke off").detail(error.to_string())
        })
    })
}

/// That something is longer than allowed.
pub fn too_large(what: &str, limit: u64) -> Refusal {
    Refusal::new(
        Reason::TooLarge,
        format!("{what} is longer than the {limit} bytes that are allowed"),
    )
}

/// Where the functions of this node are called, as the caller sees the node.
pub struct Links {
    base: String,
}

impl Links {
    /// The address of a function.
    pub fn function(&self, name: &str) -> String {
        format!("{}/function/{name}", self.base)
    }
}

impl<S: Send + Sync + AsRef<ApiContext>> FromRequestParts<S> for Links {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Failure> {
        let context = state.as_ref();
        let scheme = if context.tls { "https" } else { "http" };
        let named = parts.headers.get(HOST).and_then(|host| host.to_str().ok());
        let named = named.or_else(|| parts.uri.authority().map(|host| host.as_str()));
        let host = named.map_or_else(|| context.listen.to_string(), str::to_string);
        Ok(Self { base: format!("{scheme}://{host}") })
    }
}

/// What could not be read, with the nearest word that would have been understood.
fn misread(what: &str, error: &str) -> Refusal {
    let refusal = Refusal::new(Reason::BadRequest, what).detail(error);
    let Some((unknown, known)) = words(error) else { return refusal };
    let near = known
        .iter()
        .map(|word| (strsim::damerau_levenshtein(unknown, word), *word))
        .filter(|(distance, word)| distance * 2 <= word.len().max(unknown.len()))
        .min();
    let kind = if error.contains("unknown variant") { "value" } else { "key" };
    let refusal = Refusal { title: format!("{what}: there is no {kind} `{unknown}`"), ..refusal };
    match near {
        Some((_, word)) => refusal.hint(format!("did you mean `{word}`?")),
        None => refusal,
    }
}

/// The unknown key or value, and those that are known, in an error of serde.
fn words(error: &str) -> Option<(&str, Vec<&str>)> {
    let rest = ["unknown field `", "unknown variant `"]
        .iter()
        .find_map(|start| error.split_once(start).map(|(_, rest)| rest))?;
    let (unknown, rest) = rest.split_once('`')?;
    let known = rest.split('`').skip(1).step_by(2).collect();
    Some((unknown, known))
}

/// Does what may wait where waiting hurts nobody.
pub(crate) async fn aside<T: Send + 'static>(
    context: &Arc<ApiContext>,
    work: impl FnOnce(&ApiContext) -> Result<T, Refusal> + Send + 'static,
) -> Answer<T> {
    let context = context.clone();
    let done = tokio::task::spawn_blocking(move || work(&context)).await;
    let broke = |_| Refusal::new(Reason::Internal, "showing the sites broke");
    done.map_err(broke).and_then(|done| done).map_err(Failure)
}

#[cfg(test)]
mod tests {
    use swell_api::spec::FunctionSpec;

    use super::*;

    #[test]
    fn the_nearest_word_is_named() {
        for (body, title, hint) in [
            (r#"{"name":"a","memry_bytes":1}"#, "no key `memry_bytes`", Some("`memory_bytes`")),
            (
                r#"{"name":"a","triggers":[{"type":"cron","schedul":""}]}"#,
                "no key `schedul`",
                Some("`schedule`"),
            ),
            (r#"{"name":"a","triggers":[{"type":"crom"}]}"#, "no value `crom`", Some("`cron`")),
            (r#"{"name":"a","isolation":"requests"}"#, "no value `requests`", Some("`request`")),
            (r#"{"name":"a","colour":"red"}"#, "no key `colour`", None),
            (r#"{"name":"a","concurrency":"7"}"#, "not what was expected", None),
            (r#"{"name":"a""#, "not JSON", None),
        ] {
            let error = serde_json::from_str::<FunctionSpec>(body).unwrap_err();
            let Failure(refusal) = senseless(&error);
            assert!(refusal.title.contains(title), "{body}: {refusal:?}");
            match hint {
                Some(hint) => {
                    assert!(refusal.hint.as_ref().is_some_and(|h| h.contains(hint)), "{refusal:?}")
                }
                None => assert_eq!(refusal.hint, None, "{body}"),
            }
        }
    }
}
