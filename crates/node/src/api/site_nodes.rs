//! The nodes of this node's site.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::{Method, StatusCode};
use serde::Deserialize;
use utoipa::IntoParams;

use swell_api::site_nodes::{InviteNode, JoinNode, NodeInvitation, SiteNodes};

use crate::api::context::ApiContext;
use crate::api::reply::{Answer, Asked, At, Failure, Told, aside};

/// Below which functions and flows are changed.
const CHANGED: [&str; 2] = ["/v1/functions/", "/v1/flows/"];

/// Lets nothing be changed at a node that has what the seat of its site has.
pub async fn guard(
    State(context): State<Arc<ApiContext>>,
    request: Request,
    next: Next,
) -> Response {
    let path = request.uri().path();
    let changes = request.method() != Method::GET && request.method() != Method::HEAD;
    let is_change = changes && CHANGED.iter().any(|below| path.starts_with(below));
    match context.must_decide() {
        Err(refusal) if is_change => Failure(refusal).into_response(),
        _ => next.run(request).await,
    }
}

/// The nodes of the site: all of them where its seat is; elsewhere those that were told of.
#[utoipa::path(get, path = "/v1/site/nodes", tag = "sites", responses(
    (status = 200, description = "The nodes.", body = SiteNodes),
    (status = 404, description = "This node is no site, nor one of a site."),
))]
pub async fn list(State(context): State<Arc<ApiContext>>) -> Answer<Json<SiteNodes>> {
    Ok(Json(aside(&context, |context| context.crew()?.nodes()).await?))
}

/// Makes what another node needs to join this site: it holds a key, and is made once for one node.
#[utoipa::path(post, path = "/v1/site/nodes/invitations", tag = "sites",
    request_body = InviteNode,
    responses(
        (status = 200, description = "The invitation.", body = NodeInvitation),
        (status = 400, description = "That cannot be the name of a node."),
        (status = 404, description = "This node is no site."),
        (status = 409, description = "It is a node of this site already, or the seat is elsewhere."),
        (status = 503, description = "The site that founded the cluster is not reached."),
        (status = 507, description = "It cannot be kept."),
    ),
)]
pub async fn invite(
    State(context): State<Arc<ApiContext>>,
    Told(asked): Told<InviteNode>,
) -> Answer<Json<NodeInvitation>> {
    Ok(Json(context.crew().map_err(Failure)?.invite(asked).await.map_err(Failure)?))
}

/// Joins a site with an invitation. Answers when the seat was heard, or after ten seconds; it goes
/// on reporting.
#[utoipa::path(post, path = "/v1/site/nodes/join", tag = "sites", request_body = JoinNode,
    responses(
        (status = 200, description = "The nodes of the site.", body = SiteNodes),
        (status = 400, description = "It makes no sense."),
        (status = 409, description = "This node is a site, or one of a site, or has functions."),
        (status = 507, description = "It cannot be kept."),
    ),
)]
pub async fn join(
    State(context): State<Arc<ApiContext>>,
    Told(asked): Told<JoinNode>,
) -> Answer<Json<SiteNodes>> {
    Ok(Json(context.crew().map_err(Failure)?.join(asked).await.map_err(Failure)?))
}

/// How to leave.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct LeaveNodeQuery {
    /// Even if the seat does not hear: where it is gone for good.
    #[serde(default)]
    forget: bool,
}

/// Lets this node leave its site. What it had of the site's is removed from it.
#[utoipa::path(delete, path = "/v1/site/nodes", tag = "sites", params(LeaveNodeQuery), responses(
    (status = 204, description = "It has left."),
    (status = 400, description = "The query makes no sense."),
    (status = 404, description = "This node is none of a site."),
    (status = 409, description = "It has the seat."),
    (status = 503, description = "The seat is not reached."),
))]
pub async fn leave(
    State(context): State<Arc<ApiContext>>,
    Asked(query): Asked<LeaveNodeQuery>,
) -> Answer<StatusCode> {
    context.crew().map_err(Failure)?.leave(query.forget).await.map_err(Failure)?;
    Ok(StatusCode::NO_CONTENT)
}

/// Removes another node from this site. It serves on what it has until it is told to leave.
#[utoipa::path(delete, path = "/v1/site/nodes/{name}", tag = "sites",
    params(("name" = String, Path, description = "The node.")),
    responses(
        (status = 204, description = "It is none of this site any more."),
        (status = 404, description = "This node is no site, or has no such node."),
        (status = 507, description = "It cannot be kept."),
    ),
)]
pub async fn remove(State(context): State<Arc<ApiContext>>, At(name): At) -> Answer<StatusCode> {
    context.crew().map_err(Failure)?.remove(name).await.map_err(Failure)?;
    Ok(StatusCode::NO_CONTENT)
}
