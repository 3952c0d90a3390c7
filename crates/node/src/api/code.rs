//! Code: uploaded as a stream, named by its digest, downloaded as a stream.

use std::sync::Arc;

use axum::Json;
use axum::body::Body;
use axum::extract::{Path, Request, State};
use axum::response::Response;
use http::StatusCode;
use http::header::{CONTENT_LENGTH, CONTENT_TYPE, ETAG};
use http_body::Body as _;
use tokio_util::io::ReaderStream;

use swell_api::function::Code;

use crate::api::context::ApiContext;
use crate::api::reply::{Answer, Failure, too_large};
use crate::refusal::{Reason, Refusal};
use crate::store::code::ReceiveError;

/// Takes code and answers the digest to name it by. The same code twice is kept once.
#[utoipa::path(post, path = "/v1/code", tag = "code",
    request_body(content_type = "application/wasm", description = "The code."),
    responses(
        (status = 201, description = "It is here.", body = Code),
        (status = 400, description = "It is empty, or the upload broke off."),
        (status = 413, description = "It is too long."),
        (status = 507, description = "The disk is full or broken."),
    ),
)]
pub async fn upload(
    State(context): State<Arc<ApiContext>>,
    request: Request,
) -> Answer<(StatusCode, Json<Code>)> {
    let (limit, body) = (context.code_bytes_max, request.into_body());
    if body.size_hint().lower() > limit {
        return Err(Failure(too_large("the code", limit)));
    }
    let received = context.code.receive(body, limit).await.map_err(|error| match error {
        ReceiveError::TooLarge { limit } => too_large("the code", limit),
        ReceiveError::Store(error) => {
            Refusal::new(Reason::Storage, "the code could not be kept").detail(error.to_string())
        }
        error => Refusal::new(Reason::BadRequest, error.to_string()),
    })?;
    Ok((StatusCode::CREATED, Json(received)))
}

/// Gives code back; `HEAD` tells whether it is here.
#[utoipa::path(method(get, head), path = "/v1/code/{digest}", tag = "code",
    params(("digest" = String, Path, description = "`sha256:` and 64 hexadecimal digits.")),
    responses(
        (status = 200, description = "The code.", content_type = "application/wasm", body = Vec<u8>),
        (status = 404, description = "It is not here."),
    ),
)]
pub async fn download(
    State(context): State<Arc<ApiContext>>,
    Path(digest): Path<String>,
) -> Answer<Response> {
    let missing = || {
        let title = "there is no code of that digest";
        Refusal::new(Reason::NotFound, title).hint("upload it with `POST /v1/code`")
    };
    let path = context.code.path(&digest).ok_or_else(missing)?;
    let bytes = context.code.bytes(&digest).ok_or_else(missing)?;
    let file = tokio::fs::File::open(&path).await.map_err(|_| missing())?;
    let response = Response::builder()
        .header(CONTENT_TYPE, "application/wasm")
        .header(CONTENT_LENGTH, bytes)
        .header(ETAG, format!("\"{digest}\""))
        .body(Body::from_stream(ReaderStream::with_capacity(file, 64 << 10)));
    Ok(response.expect("a digest is a fine header"))
}
