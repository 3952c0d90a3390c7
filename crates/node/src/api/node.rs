//! The node: itself, its instances, its journal, and what a deployment would change.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::header::CONTENT_TYPE;
use serde::Deserialize;
use utoipa::IntoParams;

use swell_api::instance::Instance;
use swell_api::node::Node;
use swell_api::plan::PlanStep;
use swell_api::spec::FunctionSpec;

use crate::api::context::ApiContext;
use crate::api::reply::{Answer, Asked, Failure, Told};
use crate::refusal::{Reason, Refusal};

/// The node.
#[utoipa::path(get, path = "/v1/node", tag = "node", responses(
    (status = 200, description = "The node.", body = Node),
))]
pub async fn show(State(context): State<Arc<ApiContext>>) -> Json<Node> {
    Json(context.hands.node())
}

/// Which instances.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct InstancesQuery {
    /// Only those of this function.
    function: Option<String>,
}

/// Instances of functions.
#[utoipa::path(get, path = "/v1/instances", tag = "node", params(InstancesQuery), responses(
    (status = 200, description = "Instances.", body = Vec<Instance>),
    (status = 400, description = "The query makes no sense."),
))]
pub async fn instances(
    State(context): State<Arc<ApiContext>>,
    Asked(query): Asked<InstancesQuery>,
) -> Json<Vec<Instance>> {
    let mut instances = context.hands.instances();
    if let Some(function) = query.function {
        instances.retain(|instance| instance.function == function);
    }
    Json(instances)
}

/// The journal so far: what the node learned and decided, readable by `swell replay`.
#[utoipa::path(get, path = "/v1/journal", tag = "node", responses(
    (status = 200, description = "The journal.", content_type = "application/octet-stream", body = Vec<u8>),
    (status = 404, description = "The node keeps none."),
    (status = 507, description = "It could not be read."),
))]
pub async fn journal(State(context): State<Arc<ApiContext>>) -> Answer<Response> {
    let hands = context.hands.clone();
    let read = tokio::task::spawn_blocking(move || hands.journal()).await;
    let read = read.map_err(|error| Refusal::new(Reason::Internal, error.to_string()))?;
    let bytes = read
        .ok_or_else(|| {
            let title = "this node keeps no journal";
            Refusal::new(Reason::NotFound, title)
                .hint("give the journal a share of the disk in the node's settings")
        })?
        .map_err(|error| {
            let title = "the journal could not be read";
            Refusal::new(Reason::Storage, title).detail(error.to_string())
        })?;
    Ok(([(CONTENT_TYPE, "application/octet-stream")], bytes).into_response())
}

/// How to plan.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct PlanQuery {
    /// Whether functions that are not among the specifications would be removed.
    prune: Option<bool>,
}

/// What would change if these specifications were deployed. Nothing does.
#[utoipa::path(post, path = "/v1/plan", tag = "functions", params(PlanQuery),
    request_body = Vec<FunctionSpec>,
    responses(
        (status = 200, description = "A step for each specification, in their order.", body = Vec<PlanStep>),
        (status = 400, description = "The body or the query makes no sense."),
        (status = 413, description = "The body is too long."),
    ),
)]
pub async fn plan(
    State(context): State<Arc<ApiContext>>,
    Asked(query): Asked<PlanQuery>,
    Told(specs): Told<Vec<FunctionSpec>>,
) -> Answer<Json<Vec<PlanStep>>> {
    let deployer = context.deployer.clone();
    let prune = query.prune.unwrap_or(false);
    let planned = tokio::task::spawn_blocking(move || deployer.plan(&specs, prune)).await;
    let planned = planned.map_err(|error| Refusal::new(Reason::Internal, error.to_string()));
    Ok(Json(planned.map_err(Failure)?))
}
