//! Which request goes to which handler: the table of the API.

use std::sync::Arc;

use axum::Router;
use axum::extract::Request;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::routing::{MethodRouter, any, delete, get, post, put};

use crate::api::context::ApiContext;
use crate::api::reply::{Failure, name_request};
use crate::api::{
    access, caches, code, contents, flows, forecasts, functions, invocations, logs, node, openapi,
    outlooks, site_nodes, sites, voters,
};
use crate::refusal::{Reason, Refusal};

/// Names of contents may have several parts, which the document cannot say: its paths of them,
/// and the routes that these stand for.
const CONTENTS: [(&str, &str); 2] = [
    ("/v1/content/{workload}/{name}", "/v1/content/{workload}/{*name}"),
    ("/v1/cache/{workload}/{name}", "/v1/cache/{workload}/{*name}"),
];

/// Paths and what answers there.
pub fn table() -> Vec<(&'static str, MethodRouter<Arc<ApiContext>>)> {
    vec![
        ("/v1/functions", get(functions::list)),
        (
            "/v1/functions/{name}",
            get(functions::show)
                .put(functions::deploy)
                .patch(functions::patch)
                .delete(functions::remove),
        ),
        ("/v1/functions/{name}/versions", get(functions::versions)),
        ("/v1/functions/{name}/rollback", post(functions::rollback)),
        ("/v1/functions/{name}/traffic", put(functions::traffic)),
        ("/v1/flows", get(flows::list)),
        (
            "/v1/flows/{name}",
            get(flows::show).put(flows::deploy).patch(flows::patch).delete(flows::remove),
        ),
        ("/v1/flows/{name}/explain", get(flows::explain)),
        ("/v1/flows/{name}/migrate", post(flows::migrate)),
        ("/v1/flow-plan", post(flows::plan)),
        ("/v1/content/{workload}", get(contents::list)),
        (CONTENTS[0].0, get(contents::read).put(contents::write).delete(contents::remove)),
        ("/v1/cache", get(caches::show)),
        (CONTENTS[1].0, get(caches::content).post(caches::give)),
        ("/v1/placement/{function}", get(caches::placement)),
        ("/v1/voters/{workload}", get(voters::show).put(voters::change)),
        ("/v1/code", post(code::upload)),
        ("/v1/code/{digest}", get(code::download)),
        ("/v1/node", get(node::show)),
        ("/v1/instances", get(node::instances)),
        ("/v1/journal", get(node::journal)),
        ("/v1/plan", post(node::plan)),
        ("/v1/logs", get(logs::show)),
        ("/v1/invocations", get(invocations::list)),
        ("/v1/invocations/{id}", get(invocations::show).delete(invocations::discard)),
        ("/v1/invocations/{id}/result", get(invocations::result)),
        ("/v1/invocations/{id}/replay", post(invocations::replay)),
        ("/v1/events", post(invocations::publish)),
        ("/v1/forecasts", get(forecasts::list)),
        ("/v1/forecasts/{name}", get(forecasts::show)),
        ("/v1/calendar", get(forecasts::calendar).post(forecasts::announce)),
        ("/v1/calendar/import", post(forecasts::import)),
        ("/v1/calendar/{id}", delete(forecasts::withdraw)),
        ("/v1/anomalies", get(forecasts::anomalies)),
        ("/v1/receipt", get(forecasts::receipt)),
        ("/v1/forecast-record", get(forecasts::record)),
        ("/v1/site", get(sites::cluster).delete(sites::leave)),
        ("/v1/site/members/{name}", delete(sites::remove)),
        ("/v1/site/init", post(sites::init)),
        ("/v1/site/join", post(sites::join)),
        ("/v1/site/certificates", post(sites::renew)),
        ("/v1/site/invitations", post(sites::invite)),
        ("/v1/site/nodes", get(site_nodes::list).delete(site_nodes::leave)),
        ("/v1/site/nodes/{name}", delete(site_nodes::remove)),
        ("/v1/site/nodes/invitations", post(site_nodes::invite)),
        ("/v1/site/nodes/join", post(site_nodes::join)),
        ("/v1/site/mode", put(sites::set_mode)),
        ("/v1/site/forecast", get(outlooks::outlook)),
        ("/v1/site/receipt", get(outlooks::receipt)),
        ("/v1/proposals", get(sites::proposals).post(sites::file)),
        ("/v1/proposals/{id}", get(sites::proposal).delete(sites::withdraw)),
        ("/v1/authorities", get(sites::authorities)),
        ("/v1/authorities/{workload}", delete(sites::forget)),
        ("/v1/ledger", get(sites::ledger)),
    ]
}

/// The API of a node: everything at and below `/v1`, and nothing else. Requests carry
/// `ConnectInfo<SocketAddr>` of their peer as an extension.
pub fn router(context: Arc<ApiContext>) -> Router {
    let known = table().into_iter().map(|(path, methods)| (path, methods.fallback(not_allowed)));
    let other = ["/v1", "/v1/", "/v1/{*rest}"].map(|path| (path, any(unknown)));
    let guarded = known
        .chain(other)
        .fold(Router::new(), |router, (path, methods)| {
            let route = CONTENTS.iter().find(|(stated, _)| *stated == path);
            let path = route.map_or(path, |(_, route)| *route);
            router.route(path, methods)
        })
        .layer(from_fn_with_state(context.clone(), site_nodes::guard))
        .layer(from_fn_with_state(context.clone(), access::guard));
    let open = get(openapi::document).fallback(not_allowed);
    Router::new()
        .route("/v1/openapi.json", open)
        .merge(guarded)
        .layer(from_fn(name_request))
        .with_state(context)
}

async fn unknown(request: Request) -> Failure {
    let title = format!("there is nothing at `{}`", request.uri().path());
    Failure(Refusal::new(Reason::NotFound, title).hint("`/v1/openapi.json` lists what there is"))
}

async fn not_allowed(request: Request) -> Failure {
    let title = format!("`{}` does not go with `{}`", request.method(), request.uri().path());
    let hint = "`/v1/openapi.json` lists what does";
    Failure(Refusal::new(Reason::MethodNotAllowed, title).hint(hint))
}
