//! What sites expect, and what moves in shadow mode would have come to.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use serde::Deserialize;
use swell_core::time::Span;
use utoipa::IntoParams;

use swell_api::site_outlook::{ShadowReceipt, SiteOutlook};

use crate::api::context::{ApiContext, Only};
use crate::api::reply::{Answer, Asked, Failure, aside};
use crate::deploy::bounds::short;
use crate::refusal::{Reason, Refusal};

/// Whose curves.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct OutlookQuery {
    /// Only of this site and its workloads.
    site: Option<String>,
    /// Only of this workload.
    workload: Option<String>,
    /// Only of this node of the site.
    node: Option<String>,
}

/// What this site expects of all sites and workloads: curves with quantiles, slot by slot.
#[utoipa::path(get, path = "/v1/site/forecast", tag = "sites", params(OutlookQuery), responses(
    (status = 200, description = "The curves.", body = SiteOutlook),
    (status = 400, description = "The query makes no sense."),
    (status = 404, description = "This node is no site, or there is no such site, workload or node."),
))]
pub async fn outlook(
    State(context): State<Arc<ApiContext>>,
    Asked(query): Asked<OutlookQuery>,
) -> Answer<Json<SiteOutlook>> {
    let told = aside(&context, move |context| {
        let OutlookQuery { site, workload, node } = &query;
        let (site, workload) = (site.as_deref(), workload.as_deref());
        context.sited()?.outlook(Only { site, workload, node: node.as_deref() })
    });
    Ok(Json(told.await?))
}

/// Since when.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct SinceQuery {
    /// How long ago it begins, such as `12h`; left out is a day. More than 1,500 slots are not
    /// remembered.
    since: Option<String>,
}

/// What moves that were approved in shadow mode would have saved and cost, judged by what then
/// really happened.
#[utoipa::path(get, path = "/v1/site/receipt", tag = "sites", params(SinceQuery), responses(
    (status = 200, description = "The receipt.", body = ShadowReceipt),
    (status = 400, description = "The query makes no sense."),
    (status = 404, description = "This node is no site."),
))]
pub async fn receipt(
    State(context): State<Arc<ApiContext>>,
    Asked(query): Asked<SinceQuery>,
) -> Answer<Json<ShadowReceipt>> {
    let since = match query.since.as_deref() {
        None => Span::from_mins(24 * 60),
        Some(text) => text.parse::<Span>().map_err(|error| {
            let title = format!("`since` is `{}`, which is no time", short(text));
            let refusal = Refusal::new(Reason::BadRequest, title).detail(error.to_string());
            Failure(refusal.hint("write `7d` or `12h`"))
        })?,
    };
    Ok(Json(aside(&context, move |context| context.sited()?.shadow(since)).await?))
}
