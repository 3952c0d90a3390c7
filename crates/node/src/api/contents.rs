//! Contents of cache groups: read, written, deleted, listed.

use std::sync::Arc;

use axum::Json;
use axum::extract::{FromRequestParts, Path, Request, State};
use axum::response::{IntoResponse, Response};
use http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use http::request::Parts;
use http::{HeaderMap, StatusCode};
use serde::Deserialize;
use utoipa::IntoParams;

use swell_api::content::{ContentEntry, ContentList};
use swell_content::answer::{Change, ContentError, Precondition};
use swell_content::blob::{Blob, MEDIA_TYPE_BYTES_MAX, MEDIA_TYPE_DEFAULT};
use swell_core::cachegroup::level::Acknowledgement;

use crate::api::context::ApiContext;
use crate::api::reply::{Answer, Asked, Failure, too_large, whole};
use crate::clock::wall_ms;
use crate::content::gate::{Gate, refusal};
use crate::content::headers::{self, ReadTerms};
use crate::refusal::{Reason, Refusal};

/// Contents in a list, unless it asks for fewer or more.
const LIMIT: usize = 100;
/// Contents in a list at most.
const LIMIT_MAX: usize = 1000;

/// The workload and the name in the path of a request.
pub struct Place {
    workload: String,
    name: String,
}

impl<S: Send + Sync> FromRequestParts<S> for Place {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Failure> {
        let path = Path::<(String, String)>::from_request_parts(parts, state).await;
        path.map(|Path((workload, name))| Self { workload, name }).map_err(|error| {
            let title = "the path is not what was expected";
            Failure(Refusal::new(Reason::BadRequest, title).detail(error.body_text()))
        })
    }
}

/// How to read or write.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ContentQuery {
    /// How fresh: `strict`, `causal`, `bounded=5s`, `any`. Also as header `x-swell-read`.
    read: Option<String>,
    /// How safe: `committed`, `pending=2`. Also as header `x-swell-acknowledge`.
    acknowledge: Option<String>,
}

/// A content. Its version is the `ETag`; `Range`, `If-Match` and `If-None-Match` are heeded.
///
/// `x-swell-source` says where it came from (`local`, `group`, `store`), `x-swell-age-ms` how
/// long ago it was surely the newest. `x-swell-content-session` is to be sent with the caller's next
/// requests, wherever: then it never sees less than it has seen. Without a level,
/// `Cache-Control` is heeded: `no-cache` is `strict`, `max-age=5` is `bounded=5s`. A task may say
/// with `x-swell-function` which function it is of: what functions read is fetched ahead for
/// their next tasks.
#[utoipa::path(get, path = "/v1/content/{workload}/{name}", tag = "contents",
    params(
        ("workload" = String, Path, description = "The workload."),
        ("name" = String, Path, description = "The name, which may have parts with `/` between them."),
        ContentQuery,
    ),
    responses(
        (status = 200, description = "The body.", content_type = "application/octet-stream", body = Vec<u8>),
        (status = 206, description = "The part of the body that was asked for.", content_type = "application/octet-stream", body = Vec<u8>),
        (status = 304, description = "It is what the caller has."),
        (status = 400, description = "The name, the level or the session makes no sense."),
        (status = 404, description = "There is no such content, or no such workload."),
        (status = 412, description = "It is not what the caller expects."),
        (status = 416, description = "The body has no such part."),
        (status = 503, description = "Somebody is writing it, or nobody who knows it answered."),
        (status = 507, description = "The data store is full."),
    ),
)]
pub async fn read(
    State(context): State<Arc<ApiContext>>,
    Place { workload, name }: Place,
    Asked(query): Asked<ContentQuery>,
    sent: HeaderMap,
) -> Answer<Response> {
    let gate = context.gate()?;
    let ReadTerms { level, session } = headers::read_terms(&sent, query.read.as_deref())?;
    let name = gate.name(&workload, &name).await?;
    let reading = gate.contents.read(&name, level, session).await.map_err(refusal)?;
    if let Some(function) = headers::function(&sent)? {
        gate.contents.on_input(function, &name, reading.body().len() as u64);
    }
    let told = headers::of_reading(&reading, level);
    let Some(blob) = &reading.blob else {
        let title = format!("`{workload}` has no content `{}`", name.name());
        let mut response = Failure(Refusal::new(Reason::NotFound, title)).into_response();
        response.headers_mut().extend(told);
        return Ok(response);
    };
    if let Some(status) = headers::unwanted(&sent, reading.version)? {
        if status == StatusCode::NOT_MODIFIED {
            return Ok((status, told).into_response());
        }
        let title = format!("the newest version is {}", reading.version);
        return Err(Failure(Refusal::new(Reason::PreconditionFailed, title)));
    }
    let body = blob.body();
    let media_type = [(CONTENT_TYPE, blob.media_type().to_string())];
    match headers::range(&sent, body.len(), reading.version)? {
        None => Ok((told, media_type, body).into_response()),
        Some((part, content_range)) => {
            let status = StatusCode::PARTIAL_CONTENT;
            Ok((status, told, media_type, content_range, body.slice(part)).into_response())
        }
    }
}

/// Writes a content. `If-Match` and `If-None-Match: *` say on which version.
#[utoipa::path(put, path = "/v1/content/{workload}/{name}", tag = "contents",
    params(
        ("workload" = String, Path, description = "The workload."),
        ("name" = String, Path, description = "The name, which may have parts with `/` between them."),
        ContentQuery,
    ),
    request_body(content = Vec<u8>, content_type = "application/octet-stream"),
    responses(
        (status = 201, description = "It is written; there was none. The `ETag` is its version."),
        (status = 202, description = "It is kept by as many nodes as asked for, and gets into the data store later."),
        (status = 204, description = "It is written. The `ETag` is its version."),
        (status = 400, description = "The name, a header or the query makes no sense."),
        (status = 404, description = "There is no such workload."),
        (status = 409, description = "Others wrote at the same time; nothing was written."),
        (status = 412, description = "The newest version is not what was wanted; nothing was written."),
        (status = 413, description = "The body is too long."),
        (status = 503, description = "Somebody is writing it, or nobody answered; nothing was written."),
        (status = 504, description = "The data store did not say whether it is written."),
        (status = 507, description = "The data store is full; nothing was written."),
    ),
)]
pub async fn write(
    State(context): State<Arc<ApiContext>>,
    Place { workload, name }: Place,
    Asked(query): Asked<ContentQuery>,
    request: Request,
) -> Answer<Response> {
    let gate = context.gate()?;
    let (parts, body) = request.into_parts();
    let sent = parts.headers;
    let terms = WriteTerms::of(&sent, query.acknowledge.as_deref())?;
    let name = gate.name(&workload, &name).await?;
    let media_type = match sent.get(CONTENT_TYPE) {
        Some(value) => value.to_str().map_err(|_| headers::senseless("content-type"))?,
        None => MEDIA_TYPE_DEFAULT,
    };
    let limit = gate.contents.body_bytes_max();
    let told = sent.get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
    if told.is_some_and(|length: u64| length > limit) {
        return Err(Failure(too_large("the content", limit)));
    }
    let body = whole(body, usize::try_from(limit).unwrap_or(usize::MAX)).await?;
    let blob = Blob::new(media_type, &body).ok_or_else(|| {
        let title = format!("the media type is longer than {MEDIA_TYPE_BYTES_MAX} bytes");
        Refusal::new(Reason::BadRequest, title)
    })?;
    drop(body);
    let response = put(gate, &name, &Change::Set(blob.made_at(wall_ms())), &terms).await?;
    Ok(response)
}

/// Deletes a content. `If-Match` says which version.
#[utoipa::path(delete, path = "/v1/content/{workload}/{name}", tag = "contents",
    params(
        ("workload" = String, Path, description = "The workload."),
        ("name" = String, Path, description = "The name, which may have parts with `/` between them."),
        ContentQuery,
    ),
    responses(
        (status = 202, description = "It is gone for its caller, and in the data store later."),
        (status = 204, description = "It is gone."),
        (status = 400, description = "The name, a header or the query makes no sense."),
        (status = 404, description = "There is no such content, or no such workload."),
        (status = 409, description = "Others wrote at the same time; nothing was deleted."),
        (status = 412, description = "The newest version is not what was wanted; nothing was deleted."),
        (status = 503, description = "Somebody is writing it, or nobody answered; nothing was deleted."),
        (status = 504, description = "The data store did not say whether it is gone."),
        (status = 507, description = "The data store is full; nothing was deleted."),
    ),
)]
pub async fn remove(
    State(context): State<Arc<ApiContext>>,
    Place { workload, name }: Place,
    Asked(query): Asked<ContentQuery>,
    sent: HeaderMap,
) -> Answer<Response> {
    let gate = context.gate()?;
    let terms = WriteTerms::of(&sent, query.acknowledge.as_deref())?;
    let name = gate.name(&workload, &name).await?;
    put(gate, &name, &Change::Delete, &terms).await
}

struct WriteTerms {
    precondition: Precondition,
    session: swell_core::cachegroup::session::Session,
    acknowledgement: Acknowledgement,
}

impl WriteTerms {
    fn of(sent: &HeaderMap, acknowledge: Option<&str>) -> Result<Self, Refusal> {
        Ok(Self {
            precondition: headers::precondition(sent)?,
            session: headers::session(sent)?,
            acknowledgement: headers::acknowledgement(sent, acknowledge)?,
        })
    }
}

async fn put(
    gate: &Gate,
    name: &swell_content::naming::ContentName,
    change: &Change,
    terms: &WriteTerms,
) -> Answer<Response> {
    let WriteTerms { precondition, session, acknowledgement } = terms;
    let write = gate.contents.write(name, change, *precondition, session, *acknowledgement);
    match write.await {
        Ok(writing) => {
            let status = match (writing.acknowledged, change, writing.is_new) {
                (Acknowledgement::Pending(_), ..) => StatusCode::ACCEPTED,
                (_, Change::Set(_), true) => StatusCode::CREATED,
                _ => StatusCode::NO_CONTENT,
            };
            Ok((status, headers::of_writing(&writing)).into_response())
        }
        Err(ContentError::NotFound) => {
            let title = format!("`{}` has no content `{}`", name.workload(), name.name());
            Err(Failure(Refusal::new(Reason::NotFound, title)))
        }
        Err(error) => Err(Failure(refusal(error))),
    }
}

/// Which contents.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ListQuery {
    /// Only those whose names begin so.
    prefix: Option<String>,
    /// Only those that come after this name: the `next` of a list that was cut.
    after: Option<String>,
    /// So many; 100 if left out, at most 1,000.
    limit: Option<usize>,
}

/// Contents of a workload in order of their names, as the data store has them.
#[utoipa::path(get, path = "/v1/content/{workload}", tag = "contents",
    params(("workload" = String, Path, description = "The workload."), ListQuery),
    responses(
        (status = 200, description = "The contents.", body = ContentList),
        (status = 400, description = "The workload or the query makes no sense."),
        (status = 404, description = "There is no such workload."),
        (status = 503, description = "The data store cannot be reached."),
        (status = 507, description = "The data store is full."),
    ),
)]
pub async fn list(
    State(context): State<Arc<ApiContext>>,
    Path(workload): Path<String>,
    Asked(query): Asked<ListQuery>,
) -> Answer<Json<ContentList>> {
    let gate = context.gate()?;
    swell_content::naming::check_workload(&workload)
        .map_err(|error| Refusal::new(Reason::BadRequest, error.to_string()))?;
    gate.check(&workload).await?;
    let limit = query.limit.unwrap_or(LIMIT).clamp(1, LIMIT_MAX);
    let (prefix, after) = (query.prefix.as_deref().unwrap_or(""), query.after.as_deref());
    let listed = gate.contents.list(&workload, prefix, after, limit).await.map_err(refusal)?;
    let (contents, next) = listed;
    let entry = |one: swell_content::data_store::Listed| {
        let (version, bytes) = (one.version.to_string(), one.size);
        ContentEntry { name: one.name, version, bytes }
    };
    Ok(Json(ContentList { contents: contents.into_iter().map(entry).collect(), next }))
}
