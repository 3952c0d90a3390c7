//! The node's own pages beside the API: whether it lives, whether it can serve, and its
//! figures.

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::http::header::{ACCEPT, CONTENT_TYPE};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use http_body_util::BodyExt;
use tower::ServiceExt;

use swell_sandbox::body::{Body, BodyError};

use crate::gateway::context::{Doing, Pages};

/// What the pages tell from.
pub trait Health: Send + Sync {
    /// Why the node cannot serve now, if it cannot.
    fn unready(&self) -> Option<String>;
    /// Its figures in a form that the client accepts, and the name of that form.
    fn metrics(&self, accept: Option<&str>) -> (&'static str, String);
}

/// All pages of a node, behind one router.
pub struct OwnPages {
    router: Router,
}

impl OwnPages {
    /// The pages of the API, and those about `health`.
    pub fn new(api: Router, health: Arc<dyn Health>) -> Self {
        let own = Router::new()
            .route("/healthz", get(async || "ok\n"))
            .route("/readyz", get(ready))
            .route("/metrics", get(metrics))
            .with_state(health);
        Self { router: own.merge(api) }
    }
}

async fn ready(State(health): State<Arc<dyn Health>>) -> Response {
    match health.unready() {
        None => "ready\n".into_response(),
        Some(why) => (StatusCode::SERVICE_UNAVAILABLE, format!("{why}\n")).into_response(),
    }
}

async fn metrics(State(health): State<Arc<dyn Health>>, headers: HeaderMap) -> Response {
    let accept = headers.get(ACCEPT).and_then(|accept| accept.to_str().ok());
    let (form, text) = health.metrics(accept);
    ([(CONTENT_TYPE, form)], text).into_response()
}

impl Pages for OwnPages {
    fn answer<'a>(&'a self, request: http::Request<Body>) -> Doing<'a, http::Response<Body>> {
        Box::pin(async move {
            let request = request.map(axum::body::Body::new);
            let answered = self.router.clone().oneshot(request).await;
            let response = answered.unwrap_or_else(|never| match never {});
            response.map(|body| body.map_err(BodyError::from).boxed_unsync())
        })
    }
}
