//! Flows: list, deploy, remove, and what a person does with one by hand.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use swell_api::flow::{Flow, FlowChange, FlowDeployed, FlowPlan, FlowSpec, Migrate};
use swell_api::plan::PlanStep;

use crate::api::context::ApiContext;
use crate::api::reply::{Answer, Asked, At, Failure, Told};
use crate::flow::launch::warnings;
use crate::flow::letters::broke;
use crate::refusal::{Reason, Refusal};

/// All flows, by name.
#[utoipa::path(get, path = "/v1/flows", tag = "flows", responses(
    (status = 200, description = "All flows, by name.", body = Vec<Flow>),
))]
pub async fn list(State(context): State<Arc<ApiContext>>) -> Json<Vec<Flow>> {
    Json(context.flows.list())
}

/// One flow.
#[utoipa::path(get, path = "/v1/flows/{name}", tag = "flows",
    params(("name" = String, Path, description = "The flow.")),
    responses(
        (status = 200, description = "The flow.", body = Flow),
        (status = 404, description = "There is no such flow."),
    ),
)]
pub async fn show(State(context): State<Arc<ApiContext>>, At(name): At) -> Answer<Json<Flow>> {
    Ok(Json(context.flows.get(&name)?))
}

/// Deploys a flow, in place of the one of that name. Items that are in it stay.
#[utoipa::path(put, path = "/v1/flows/{name}", tag = "flows",
    params(("name" = String, Path, description = "The flow.")),
    request_body = FlowSpec,
    responses(
        (status = 200, description = "It is up.", body = FlowDeployed),
        (status = 400, description = "The flow makes no sense; all problems are listed."),
        (status = 409, description = "Items of a function that it leaves out are in it."),
        (status = 413, description = "The body is too long."),
        (status = 507, description = "The disk is full or broken."),
    ),
)]
pub async fn deploy(
    State(context): State<Arc<ApiContext>>,
    At(name): At,
    Told(spec): Told<FlowSpec>,
) -> Answer<Json<FlowDeployed>> {
    if spec.name != name {
        let title = "the path and the flow have different names";
        return Err(Failure(Refusal::new(Reason::BadRequest, title)));
    }
    let warnings = warnings(&spec);
    let changed = to_the_end(async move { context.flows.flows.deploy(spec).await }).await?;
    Ok(Json(FlowDeployed { name, changed, warnings }))
}

/// How to remove a flow.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct RemoveQuery {
    /// Whether items that are in it are discarded; else one with items stays.
    discard: Option<bool>,
}

/// Removes a flow.
#[utoipa::path(delete, path = "/v1/flows/{name}", tag = "flows",
    params(("name" = String, Path, description = "The flow."), RemoveQuery),
    responses(
        (status = 204, description = "It is gone."),
        (status = 400, description = "The query makes no sense."),
        (status = 404, description = "There is no such flow."),
        (status = 409, description = "There are items in it."),
        (status = 507, description = "The disk is full or broken."),
    ),
)]
pub async fn remove(
    State(context): State<Arc<ApiContext>>,
    At(name): At,
    Asked(query): Asked<RemoveQuery>,
) -> Answer<StatusCode> {
    let discard = query.discard.unwrap_or(false);
    to_the_end(async move { context.flows.flows.remove(&name, discard).await }).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Freezes, unfreezes, pins or unpins a flow.
#[utoipa::path(patch, path = "/v1/flows/{name}", tag = "flows",
    params(("name" = String, Path, description = "The flow.")),
    request_body = FlowChange,
    responses(
        (status = 200, description = "The flow as it is now.", body = Flow),
        (status = 400, description = "The change makes no sense."),
        (status = 404, description = "There is no such flow."),
        (status = 409, description = "The function is not here."),
        (status = 413, description = "The body is too long."),
        (status = 507, description = "The disk is full or broken; nothing was changed."),
    ),
)]
pub async fn patch(
    State(context): State<Arc<ApiContext>>,
    At(name): At,
    Told(change): Told<FlowChange>,
) -> Answer<Json<Flow>> {
    Ok(Json(to_the_end(async move { context.flows.change(&name, change).await }).await?))
}

/// Lets another function own a flow, from the next item on, or another node have it.
#[utoipa::path(post, path = "/v1/flows/{name}/migrate", tag = "flows",
    params(("name" = String, Path, description = "The flow.")),
    request_body = Migrate,
    responses(
        (status = 200, description = "The flow as it is now.", body = Flow),
        (status = 400, description = "The function cannot own it, or the order makes no sense."),
        (status = 404, description = "There is no such flow."),
        (status = 409, description = "The flow is pinned, or the function is not here, or the other node cannot have it."),
        (status = 413, description = "The body is too long."),
        (status = 503, description = "The flow is not up."),
        (status = 507, description = "The disk is full or broken; nothing was changed."),
    ),
)]
pub async fn migrate(
    State(context): State<Arc<ApiContext>>,
    At(name): At,
    Told(order): Told<Migrate>,
) -> Answer<Json<Flow>> {
    Ok(Json(to_the_end(async move { context.flows.migrate(&name, &order).await }).await?))
}

/// Carries a change out to the end, even if whoever asked for it leaves meanwhile: a flow that is
/// down for it has to come up again.
async fn to_the_end<T: Send + 'static>(
    change: impl Future<Output = Result<T, Refusal>> + Send + 'static,
) -> Result<T, Refusal> {
    tokio::spawn(change).await.map_err(broke)?
}

/// Why a flow is where it is.
#[derive(Debug, Serialize, ToSchema)]
pub struct Explanation {
    /// In words.
    explanation: String,
}

/// Why a flow is where it is, in words.
#[utoipa::path(get, path = "/v1/flows/{name}/explain", tag = "flows",
    params(("name" = String, Path, description = "The flow.")),
    responses(
        (status = 200, description = "Why.", body = Explanation),
        (status = 404, description = "There is no such flow."),
    ),
)]
pub async fn explain(
    State(context): State<Arc<ApiContext>>,
    At(name): At,
) -> Answer<Json<Explanation>> {
    let explanation = context.flows.get(&name)?.explanation;
    Ok(Json(Explanation { explanation }))
}

/// How to plan.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct FlowPlanQuery {
    /// Whether flows that are not among these would be removed.
    prune: Option<bool>,
}

/// What would change if these flows were deployed. Nothing does.
#[utoipa::path(post, path = "/v1/flow-plan", tag = "flows", params(FlowPlanQuery),
    request_body = FlowPlan,
    responses(
        (status = 200, description = "A step for each flow, in their order.", body = Vec<PlanStep>),
        (status = 400, description = "The body or the query makes no sense."),
        (status = 413, description = "The body is too long."),
    ),
)]
pub async fn plan(
    State(context): State<Arc<ApiContext>>,
    Asked(query): Asked<FlowPlanQuery>,
    Told(plan): Told<FlowPlan>,
) -> Json<Vec<PlanStep>> {
    Json(context.flows.plan(&plan, query.prune.unwrap_or(false)))
}
