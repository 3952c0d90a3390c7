//! Functions: list, deploy, change, remove, and their versions and shares.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use serde::Deserialize;
use serde_json::Value;
use utoipa::IntoParams;

use swell_api::function::{Change, Deployed, Function, Rollback, Share, Version};
use swell_api::spec::FunctionSpec;

use crate::api::context::ApiContext;
use crate::api::reply::{
    Answer, Asked, At, BODY_BYTES_MAX, Failure, Links, Told, senseless, whole,
};
use crate::deploy::letters::unknown;
use crate::refusal::{Reason, Refusal};

/// All functions, by name.
#[utoipa::path(get, path = "/v1/functions", tag = "functions", responses(
    (status = 200, description = "All functions, by name.", body = Vec<Function>),
))]
pub async fn list(State(context): State<Arc<ApiContext>>, links: Links) -> Answer<Response> {
    // Thousands of functions take a while, in which others want to be served.
    let listed = tokio::task::spawn_blocking(move || {
        Json(context.deployer.list(|name| links.function(name))).into_response()
    });
    let listed = listed.await;
    Ok(listed.map_err(|error| Refusal::new(Reason::Internal, error.to_string()))?)
}

/// One function.
#[utoipa::path(get, path = "/v1/functions/{name}", tag = "functions",
    params(("name" = String, Path, description = "The function.")),
    responses(
        (status = 200, description = "The function.", body = Function),
        (status = 404, description = "There is no such function."),
    ),
)]
pub async fn show(
    State(context): State<Arc<ApiContext>>,
    At(name): At,
    links: Links,
) -> Answer<Json<Function>> {
    described(&context, &name, &links)
}

/// How to deploy.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct DeployQuery {
    /// Whether to answer only when the version serves; it is so if left out. With `false`
    /// the answer comes when the specification was found to be fine.
    wait: Option<bool>,
}

/// Deploys a specification. It becomes a new version that gets all traffic, unless the same
/// serves already.
#[utoipa::path(put, path = "/v1/functions/{name}", tag = "functions",
    params(("name" = String, Path, description = "The function."), DeployQuery),
    request_body(content = FunctionSpec, description = "What to deploy; `name` may be left out."),
    responses(
        (status = 200, description = "It serves.", body = Deployed),
        (status = 202, description = "Its code is being made ready.", body = Deployed),
        (status = 400, description = "The specification or its code makes no sense; all problems are listed."),
        (status = 413, description = "The specification is too long."),
        (status = 507, description = "The disk is full or broken; nothing was changed."),
    ),
)]
pub async fn deploy(
    State(context): State<Arc<ApiContext>>,
    At(name): At,
    Asked(query): Asked<DeployQuery>,
    links: Links,
    request: Request,
) -> Answer<(StatusCode, Json<Deployed>)> {
    let body = whole(request.into_body(), BODY_BYTES_MAX).await?;
    let spec = read(&name, &body)?;
    if let Some(site) = context.elsewhere(&spec.name, spec.workload.as_deref()) {
        let title = format!("`{name}` is served by site `{site}`");
        return Err(Failure(Refusal::new(Reason::Conflict, title).hint(
            "deploy it there, or move its workload here first with `swell authority move`",
        )));
    }
    context.claim(&spec.name, spec.workload.as_deref()).await?;
    let wait = query.wait.unwrap_or(true);
    let outcome = if wait {
        context.deployer.deploy(spec).await?
    } else {
        context.deployer.deploy_later(spec).await?
    };
    let under_way = !wait && outcome.changed;
    let status = if under_way { StatusCode::ACCEPTED } else { StatusCode::OK };
    let url = links.function(&name);
    let (version, changed) = (outcome.version, outcome.changed);
    Ok((status, Json(Deployed { name, version, changed, url })))
}

/// The specification in a body, for the function named in the path.
fn read(name: &str, body: &[u8]) -> Result<FunctionSpec, Failure> {
    let mut value: Value = serde_json::from_slice(body).map_err(|error| senseless(&error))?;
    if let Some(keys) = value.as_object_mut() {
        keys.entry("name").or_insert_with(|| name.into());
    }
    let spec: FunctionSpec = serde_json::from_value(value).map_err(|error| senseless(&error))?;
    if spec.name != name {
        let title = "the path and the specification name different functions";
        return Err(Failure(Refusal::new(Reason::BadRequest, title)));
    }
    Ok(spec)
}

/// Scales or pauses a function, without a new version.
#[utoipa::path(patch, path = "/v1/functions/{name}", tag = "functions",
    params(("name" = String, Path, description = "The function.")),
    request_body = Change,
    responses(
        (status = 200, description = "The function as it is now.", body = Function),
        (status = 400, description = "The change makes no sense."),
        (status = 404, description = "There is no such function."),
        (status = 413, description = "The change is too long."),
        (status = 507, description = "The disk is full or broken; nothing was changed."),
    ),
)]
pub async fn patch(
    State(context): State<Arc<ApiContext>>,
    At(name): At,
    links: Links,
    Told(change): Told<Change>,
) -> Answer<Json<Function>> {
    context.deployer.patch(&name, change).await?;
    described(&context, &name, &links)
}

/// Removes a function with all its versions, unless flows name it. Requests under way finish;
/// those that wait are refused.
#[utoipa::path(delete, path = "/v1/functions/{name}", tag = "functions",
    params(("name" = String, Path, description = "The function.")),
    responses(
        (status = 204, description = "It is gone."),
        (status = 404, description = "There is no such function."),
        (status = 409, description = "Flows name it."),
        (status = 507, description = "The disk is full or broken; nothing was changed."),
    ),
)]
pub async fn remove(State(context): State<Arc<ApiContext>>, At(name): At) -> Answer<StatusCode> {
    let removing = context.deployer.remove(&name);
    context.flows.flows.remove_function(&name, removing).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The versions of a function that are kept, newest first.
#[utoipa::path(get, path = "/v1/functions/{name}/versions", tag = "functions",
    params(("name" = String, Path, description = "The function.")),
    responses(
        (status = 200, description = "Its versions, newest first.", body = Vec<Version>),
        (status = 404, description = "There is no such function."),
    ),
)]
pub async fn versions(
    State(context): State<Arc<ApiContext>>,
    At(name): At,
) -> Answer<Json<Vec<Version>>> {
    let versions = context.deployer.versions(&name);
    versions.map(Json).ok_or_else(|| Failure(unknown(&name)))
}

/// Gives all traffic to a version, at once: to the one named, or to the one that led
/// before. Doing it twice returns to where one was.
#[utoipa::path(post, path = "/v1/functions/{name}/rollback", tag = "functions",
    params(("name" = String, Path, description = "The function.")),
    request_body(content = Option<Rollback>, description = "Where to; may be left out."),
    responses(
        (status = 200, description = "The function as it is now.", body = Function),
        (status = 400, description = "The body makes no sense."),
        (status = 404, description = "There is no such function or version."),
        (status = 409, description = "There is no version to roll back to."),
        (status = 413, description = "The body is too long."),
        (status = 507, description = "The disk is full or broken; nothing was changed."),
    ),
)]
pub async fn rollback(
    State(context): State<Arc<ApiContext>>,
    At(name): At,
    links: Links,
    request: Request,
) -> Answer<Json<Function>> {
    let body = whole(request.into_body(), BODY_BYTES_MAX).await?;
    let Rollback { version } = match body.trim_ascii() {
        [] => Rollback::default(),
        bytes => serde_json::from_slice(bytes).map_err(|error| senseless(&error))?,
    };
    context.deployer.rollback(&name, version).await?;
    described(&context, &name, &links)
}

/// Shares the traffic among versions. What is missing to 100 percent goes to the version
/// that leads now, unless it is named.
#[utoipa::path(put, path = "/v1/functions/{name}/traffic", tag = "functions",
    params(("name" = String, Path, description = "The function.")),
    request_body = Vec<Share>,
    responses(
        (status = 200, description = "The function as it is now.", body = Function),
        (status = 400, description = "The shares make no sense."),
        (status = 404, description = "There is no such function or version."),
        (status = 413, description = "The body is too long."),
        (status = 507, description = "The disk is full or broken; nothing was changed."),
    ),
)]
pub async fn traffic(
    State(context): State<Arc<ApiContext>>,
    At(name): At,
    links: Links,
    Told(shares): Told<Vec<Share>>,
) -> Answer<Json<Function>> {
    context.deployer.traffic(&name, shares).await?;
    described(&context, &name, &links)
}

fn described(context: &ApiContext, name: &str, links: &Links) -> Answer<Json<Function>> {
    let function = context.deployer.describe(name, |name| links.function(name));
    function.map(Json).ok_or_else(|| Failure(unknown(name)))
}
