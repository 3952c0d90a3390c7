//! Calls that another node of the site passes on to this one: it serves them, and passes none on.

use std::sync::Arc;

use axum::Router;
use axum::extract::{Path, Request, State};
use axum::response::Response;
use axum::routing::any;
use http_body_util::BodyExt;

use crate::gateway::call::below;
use crate::grouping::callee::Callee;
use crate::nodes::wire::CALL;

/// Where calls come that other nodes of the site pass on.
pub fn routes(callee: Arc<dyn Callee>) -> Router {
    Router::new()
        .route(&format!("{CALL}/{{function}}"), any(call))
        .route(&format!("{CALL}/{{function}}/"), any(call))
        .route(&format!("{CALL}/{{function}}/{{*rest}}"), any(call_below))
        .with_state(callee)
}

async fn call_below(
    state: State<Arc<dyn Callee>>,
    Path((function, _)): Path<(String, String)>,
    request: Request,
) -> Response {
    call(state, Path(function), request).await
}

async fn call(
    State(callee): State<Arc<dyn Callee>>,
    Path(function): Path<String>,
    mut request: Request,
) -> Response {
    let prefix = CALL.len() + 1 + function.len();
    *request.uri_mut() = below(request.uri(), prefix);
    let request = request.map(|body| body.map_err(Into::into).boxed_unsync());
    let answer = callee.run(&function, request).await;
    answer.map(axum::body::Body::new)
}
