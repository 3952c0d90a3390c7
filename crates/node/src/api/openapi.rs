//! The OpenAPI document, made from the handlers and the types they speak, so that it
//! cannot say anything else than they do.

use utoipa::openapi::path::Operation;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme};
use utoipa::openapi::{ContentBuilder, OpenApi as Document, Ref, RefOr, ResponseBuilder};
use utoipa::{Modify, OpenApi};

use crate::api::reply::PROBLEM;
use crate::api::{
    caches, code, contents, flows, forecasts, functions, invocations, logs, node, outlooks,
    site_nodes, sites, voters,
};

/// The API of a node.
#[derive(OpenApi)]
#[openapi(
    info(title = "Swell", description = "The API of a node: functions, flows, contents, code, instances, logs, asynchronous calls, forecasts.\n\nA failure is a problem (RFC 9457) with a stable `code`. 429 and 503 say that a later try may work, and when."),
    paths(
        functions::list, functions::show, functions::deploy, functions::patch, functions::remove,
        functions::versions, functions::rollback, functions::traffic,
        flows::list, flows::show, flows::deploy, flows::remove, flows::patch, flows::migrate,
        flows::explain, flows::plan,
        contents::list, contents::read, contents::write, contents::remove,
        caches::show, caches::content, caches::give, caches::placement,
        voters::show, voters::change,
        code::upload, code::download,
        node::show, node::instances, node::journal, node::plan,
        logs::show,
        invocations::list, invocations::show, invocations::result, invocations::replay,
        invocations::discard, invocations::publish,
        forecasts::list, forecasts::show, forecasts::calendar, forecasts::announce,
        forecasts::import, forecasts::withdraw, forecasts::anomalies, forecasts::receipt, forecasts::record,
        sites::cluster, sites::init, sites::join, sites::leave, sites::remove,
        sites::invite, sites::renew, sites::set_mode,
        sites::proposals, sites::file, sites::proposal, sites::withdraw, sites::authorities, sites::forget,
        site_nodes::list, site_nodes::invite, site_nodes::join, site_nodes::leave,
        site_nodes::remove,
        sites::ledger, outlooks::outlook, outlooks::receipt,
        document,
    ),
    components(schemas(swell_api::problem::Problem)),
    modifiers(&Failures, &Token),
)]
struct Api;

/// The OpenAPI document.
pub fn whole() -> Document {
    Api::openapi()
}

/// This document; open to everybody.
#[utoipa::path(get, path = "/v1/openapi.json", tag = "node", security(()), responses(
    (status = 200, description = "This document.", body = Object),
))]
pub async fn document() -> axum::Json<Document> {
    axum::Json(whole())
}

/// Gives every failure its body, and every operation a name of its own and the failures that
/// any may have.
struct Failures;

impl Modify for Failures {
    fn modify(&self, document: &mut Document) {
        for (path, method, operation) in operations(document) {
            operation.operation_id = Some(id(path, method));
            let open = operation.security.as_ref().is_some_and(|needed| {
                needed.is_empty() || needed.contains(&SecurityRequirement::default())
            });
            let common = [("401", "The caller may not."), ("500", "The node failed.")];
            for (status, description) in common.into_iter().filter(|_| !open) {
                let response = ResponseBuilder::new().description(description).build();
                operation.responses.responses.insert(status.to_string(), RefOr::T(response));
            }
            for (status, response) in &mut operation.responses.responses {
                let RefOr::T(response) = response else { continue };
                if status.starts_with(['4', '5']) {
                    let schema = Ref::from_schema_name("Problem");
                    let content = ContentBuilder::new().schema(Some(schema)).build();
                    response.content.insert(PROBLEM.to_string(), content.into());
                }
            }
        }
    }
}

/// Says how callers show who they are.
struct Token;

impl Modify for Token {
    fn modify(&self, document: &mut Document) {
        let description = "The node's token; without one the API answers to its own machine only.";
        let scheme =
            HttpBuilder::new().scheme(HttpAuthScheme::Bearer).description(Some(description));
        let components = document.components.get_or_insert_default();
        components.add_security_scheme("token", SecurityScheme::Http(scheme.build()));
        let none: [&str; 0] = [];
        document.security = Some(vec![SecurityRequirement::new("token", none)]);
    }
}

/// The name of an operation: what is done, and to what.
fn id(path: &str, method: &str) -> String {
    let words = path.split(['/', '.']).filter(|word| !word.is_empty() && *word != "v1");
    words.fold(method.to_string(), |id, word| format!("{id}_{}", word.trim_matches(['{', '}'])))
}

fn operations(
    document: &mut Document,
) -> impl Iterator<Item = (&String, &'static str, &mut Operation)> {
    document.paths.paths.iter_mut().flat_map(|(path, item)| {
        [
            ("get", &mut item.get),
            ("put", &mut item.put),
            ("post", &mut item.post),
            ("delete", &mut item.delete),
            ("head", &mut item.head),
            ("patch", &mut item.patch),
        ]
        .into_iter()
        .filter_map(move |(method, operation)| Some((path, method, operation.as_mut()?)))
    })
}
