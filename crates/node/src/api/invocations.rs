//! Asynchronous calls and events: what waits, what came of it, what is tried again.

use std::sync::Arc;

use axum::Json;
use axum::body::Body;
use axum::extract::{Path, Request, State};
use axum::response::Response;
use http::StatusCode;
use serde::Deserialize;
use utoipa::IntoParams;

use swell_api::function::Reached;
use swell_api::invocation::{Invocation, InvocationState};

use crate::api::context::{ApiContext, Queued};
use crate::api::reply::{Answer, Asked, Failure, whole};
use crate::refusal::{Reason, Refusal};

/// Calls in an answer, unless it asks for fewer or more.
const LIMIT: usize = 100;
/// Calls in an answer at most.
const LIMIT_MAX: usize = 10_000;
/// The longest event or batch of events.
const EVENT_BYTES_MAX: usize = 4 << 20;

/// Which calls.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct InvocationsQuery {
    /// Only those that stand there.
    state: Option<InvocationState>,
    /// Only those of this function.
    function: Option<String>,
    /// So many; 100 if left out, at most 10,000.
    limit: Option<usize>,
}

/// Asynchronous calls, newest first.
#[utoipa::path(get, path = "/v1/invocations", tag = "invocations", params(InvocationsQuery),
    responses(
        (status = 200, description = "The calls, newest first.", body = Vec<Invocation>),
        (status = 400, description = "The query makes no sense."),
        (status = 507, description = "The disk is broken."),
    ),
)]
pub async fn list(
    State(context): State<Arc<ApiContext>>,
    Asked(query): Asked<InvocationsQuery>,
) -> Answer<Json<Vec<Invocation>>> {
    let limit = query.limit.unwrap_or(LIMIT).min(LIMIT_MAX);
    let calls =
        ask(&context, move |queued| queued.list(query.state, query.function.as_deref(), limit));
    Ok(Json(calls.await?))
}

/// An asynchronous call.
#[utoipa::path(get, path = "/v1/invocations/{id}", tag = "invocations",
    params(("id" = String, Path, description = "The call.")),
    responses(
        (status = 200, description = "The call.", body = Invocation),
        (status = 404, description = "There is no such call."),
        (status = 507, description = "The disk is broken."),
    ),
)]
pub async fn show(
    State(context): State<Arc<ApiContext>>,
    Path(id): Path<String>,
) -> Answer<Json<Invocation>> {
    let call = ask(&context, move |queued| queued.get(&id)).await?;
    call.map(Json).ok_or_else(missing)
}

/// The answer that an asynchronous call got, with its status and headers.
#[utoipa::path(get, path = "/v1/invocations/{id}/result", tag = "invocations",
    params(("id" = String, Path, description = "The call.")),
    responses(
        (status = 200, description = "The function's answer; its status may be any.", content_type = "application/octet-stream", body = Vec<u8>),
        (status = 404, description = "There is no such call."),
        (status = 409, description = "It has no answer yet, or got none."),
        (status = 507, description = "The disk is broken."),
    ),
)]
pub async fn result(
    State(context): State<Arc<ApiContext>>,
    Path(id): Path<String>,
) -> Answer<Response> {
    let found = ask(&context, move |queued| match queued.result(&id)? {
        Some(result) => Ok(Ok(result)),
        None => Ok(Err(queued.get(&id)?)),
    });
    match found.await? {
        Ok(result) => Ok(result.map(Body::from)),
        Err(None) => Err(missing()),
        Err(Some(call)) => {
            let title = match call.state {
                InvocationState::Dead => "the call was given up without an answer",
                InvocationState::Done => "the answer of the call is not kept any longer",
                InvocationState::Queued | InvocationState::Running => "the call is not done yet",
            };
            let refusal = Refusal::new(Reason::Conflict, title);
            Err(Failure(match call.error {
                Some(error) => refusal.detail(error),
                None => refusal,
            }))
        }
    }
}

/// Tries a call that was given up again.
#[utoipa::path(post, path = "/v1/invocations/{id}/replay", tag = "invocations",
    params(("id" = String, Path, description = "The call.")),
    responses(
        (status = 202, description = "It waits for its turn.", body = Invocation),
        (status = 404, description = "There is no such call."),
        (status = 409, description = "It was not given up."),
        (status = 429, description = "As many calls wait as may."),
        (status = 507, description = "The disk is full or broken."),
    ),
)]
pub async fn replay(
    State(context): State<Arc<ApiContext>>,
    Path(id): Path<String>,
) -> Answer<(StatusCode, Json<Invocation>)> {
    let call = ask(&context, move |queued| queued.replay(&id)).await?;
    call.map(|call| (StatusCode::ACCEPTED, Json(call))).ok_or_else(missing)
}

/// Forgets a call.
#[utoipa::path(delete, path = "/v1/invocations/{id}", tag = "invocations",
    params(("id" = String, Path, description = "The call.")),
    responses(
        (status = 204, description = "It is gone."),
        (status = 404, description = "There is no such call."),
        (status = 409, description = "It is being tried."),
        (status = 507, description = "The disk is full or broken."),
    ),
)]
pub async fn discard(
    State(context): State<Arc<ApiContext>>,
    Path(id): Path<String>,
) -> Answer<StatusCode> {
    let known = ask(&context, move |queued| queued.discard(&id)).await?;
    if known { Ok(StatusCode::NO_CONTENT) } else { Err(missing()) }
}

/// Gives a CloudEvent, or a batch of them, to the functions that want it.
#[utoipa::path(post, path = "/v1/events", tag = "invocations",
    request_body(content = Object, content_type = "application/cloudevents+json",
        description = "The event, in the structured, binary or batched form of its HTTP binding."),
    responses(
        (status = 202, description = "How many calls came of it.", body = Reached),
        (status = 400, description = "It is no CloudEvent."),
        (status = 413, description = "It is too long."),
        (status = 429, description = "As many calls wait as may."),
        (status = 507, description = "The disk is full or broken."),
    ),
)]
pub async fn publish(
    State(context): State<Arc<ApiContext>>,
    request: Request,
) -> Answer<(StatusCode, Json<Reached>)> {
    let (parts, body) = request.into_parts();
    let body = whole(body, EVENT_BYTES_MAX).await?;
    let count = context.events.publish(http::Request::from_parts(parts, body)).await?;
    Ok((StatusCode::ACCEPTED, Json(Reached { count: count as u64 })))
}

/// Asks the queue where waiting for its disk hurts nobody.
async fn ask<T: Send + 'static>(
    context: &ApiContext,
    question: impl FnOnce(&dyn Queued) -> Result<T, Refusal> + Send + 'static,
) -> Result<T, Failure> {
    let queued = context.queued.clone();
    let answer = tokio::task::spawn_blocking(move || question(&*queued)).await;
    match answer {
        Ok(answer) => Ok(answer?),
        Err(error) => Err(Failure(Refusal::new(Reason::Internal, error.to_string()))),
    }
}

fn missing() -> Failure {
    let title = "there is no such call";
    let hint = "results are kept for a while, and dead calls up to a number";
    Failure(Refusal::new(Reason::NotFound, title).hint(hint))
}
