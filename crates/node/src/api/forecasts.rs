//! What is expected of functions, what was announced, and what was out of the ordinary.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use http::header::CONTENT_TYPE;
use serde::Deserialize;
use utoipa::IntoParams;

use swell_api::calendar::{Imported, Occasion};
use swell_api::forecast::{Anomaly, Forecasts, FunctionForecast};
use swell_api::receipt::Receipt;
use swell_outlook::heeded::Heeding;

use crate::api::context::{ApiContext, CalendarDefaults};
use crate::api::reply::{Answer, Asked, At, BODY_BYTES_MAX, Failure, Told, whole};
use crate::refusal::{Reason, Refusal};

/// Anomalies told where nobody asks for more or fewer.
const ANOMALIES: usize = 100;
/// How long ago a receipt begins where nobody says.
const SINCE_MS: u64 = 7 * 24 * 3_600_000;

/// What the node expects of its functions, and who forecasts it.
#[utoipa::path(get, path = "/v1/forecasts", tag = "forecasts", responses(
    (status = 200, description = "Functions with what is expected of them.", body = Forecasts),
))]
pub async fn list(State(context): State<Arc<ApiContext>>) -> Json<Forecasts> {
    Json(context.foretold.forecasts())
}

/// What the node expects of one function, step by step.
#[utoipa::path(get, path = "/v1/forecasts/{name}", tag = "forecasts",
    params(("name" = String, Path, description = "Its name.")),
    responses(
        (status = 200, description = "What is expected of it.", body = FunctionForecast),
        (status = 404, description = "There is no such function, or nothing is forecast of it yet."),
    ),
)]
pub async fn show(
    State(context): State<Arc<ApiContext>>,
    At(name): At,
) -> Answer<Json<FunctionForecast>> {
    Ok(Json(context.foretold.forecast(&name).map_err(Failure)?))
}

/// What was announced.
#[utoipa::path(get, path = "/v1/calendar", tag = "forecasts", responses(
    (status = 200, description = "Events, by id.", body = Vec<Occasion>),
))]
pub async fn calendar(State(context): State<Arc<ApiContext>>) -> Json<Vec<Occasion>> {
    Json(context.foretold.occasions())
}

/// Announces an event. One with the id of another takes its place.
#[utoipa::path(post, path = "/v1/calendar", tag = "forecasts", request_body = Occasion,
    responses(
        (status = 200, description = "The event, as it is kept.", body = Occasion),
        (status = 400, description = "The event makes no sense."),
        (status = 507, description = "It cannot be kept."),
    ),
)]
pub async fn announce(
    State(context): State<Arc<ApiContext>>,
    Told(occasion): Told<Occasion>,
) -> Answer<Json<Occasion>> {
    let (foretold, heeding) = (context.foretold.clone(), heeding(&context));
    let kept = aside(move || foretold.announce(occasion, &heeding)).await?;
    Ok(Json(kept))
}

/// Of which sites maintenance may be announced here: it counts where it is announced at the site that it
/// is of, and elsewhere nobody heeds it.
fn heeding(context: &ApiContext) -> Heeding {
    let Ok(cluster) = context.sited().and_then(|sited| sited.cluster()) else {
        return Heeding::default();
    };
    let (own, others): (Vec<_>, Vec<_>) =
        cluster.sites.into_iter().partition(|site| site.name == cluster.site);
    let nodes = own.into_iter().flat_map(|site| site.nodes).map(|node| node.name);
    Heeding {
        own: Some(cluster.site),
        nodes: nodes.collect(),
        others: others.into_iter().map(|site| site.name).collect(),
    }
}

/// How to read a calendar.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ImportQuery {
    /// Patterns of names of functions that its events touch, with commas between them, where
    /// the calendar does not say; left out is all.
    pub functions: Option<String>,
    /// What its events do, where the calendar does not say: `unknown`, `x2` or `unmeasured`.
    pub effect: Option<String>,
    /// The IANA time zone of times that name none; left out is UTC.
    pub zone: Option<String>,
}

/// Takes in a calendar: iCalendar (`text/calendar`), or a table (`text/csv`). What cannot be
/// read, and maintenance of other sites, which nobody would heed here, is told of, and the rest is
/// taken in.
#[utoipa::path(post, path = "/v1/calendar/import", tag = "forecasts", params(ImportQuery),
    request_body(content = String, content_type = "text/calendar"),
    responses(
        (status = 200, description = "What was read.", body = Imported),
        (status = 400, description = "It is no calendar, or the query makes no sense."),
        (status = 413, description = "It is too long."),
        (status = 507, description = "It cannot be kept."),
    ),
)]
pub async fn import(
    State(context): State<Arc<ApiContext>>,
    Asked(query): Asked<ImportQuery>,
    request: Request,
) -> Answer<Json<Imported>> {
    let named = request.headers().get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    let stated = named.and_then(|kind| match kind {
        _ if kind.starts_with("text/csv") => Some(true),
        _ if kind.starts_with("text/calendar") => Some(false),
        _ => None,
    });
    let bytes = whole(request.into_body(), BODY_BYTES_MAX).await?;
    let looks = || !bytes.trim_ascii_start().starts_with(b"BEGIN:VCALENDAR");
    let is_table = stated.unwrap_or_else(looks);
    let ImportQuery { functions, effect, zone } = query;
    let defaults = CalendarDefaults { functions, effect, zone };
    let (foretold, heeding) = (context.foretold.clone(), heeding(&context));
    let read = aside(move || foretold.import(&bytes, is_table, &defaults, &heeding)).await?;
    Ok(Json(read))
}

/// Forgets an event.
#[utoipa::path(delete, path = "/v1/calendar/{id}", tag = "forecasts",
    params(("id" = String, Path, description = "Its id.")),
    responses(
        (status = 204, description = "It is forgotten."),
        (status = 404, description = "There is no such event."),
        (status = 507, description = "It cannot be forgotten."),
    ),
)]
pub async fn withdraw(State(context): State<Arc<ApiContext>>, At(id): At) -> Answer<StatusCode> {
    let foretold = context.foretold.clone();
    let name = id.clone();
    if aside(move || foretold.withdraw(&name)).await? {
        return Ok(StatusCode::NO_CONTENT);
    }
    let title = format!("there is no event `{id}` in the calendar");
    Err(Failure(
        Refusal::new(Reason::NotFound, title)
            .hint("`swell events list`, or `/v1/calendar`, tells what there is"),
    ))
}

/// Which anomalies.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct AnomaliesQuery {
    /// Only those of this function.
    function: Option<String>,
    /// So many at most.
    limit: Option<usize>,
}

/// What was out of the ordinary, newest first.
#[utoipa::path(get, path = "/v1/anomalies", tag = "forecasts", params(AnomaliesQuery), responses(
    (status = 200, description = "Anomalies.", body = Vec<Anomaly>),
    (status = 400, description = "The query makes no sense."),
))]
pub async fn anomalies(
    State(context): State<Arc<ApiContext>>,
    Asked(query): Asked<AnomaliesQuery>,
) -> Json<Vec<Anomaly>> {
    let limit = query.limit.unwrap_or(ANOMALIES);
    Json(context.foretold.anomalies(query.function.as_deref(), limit))
}

/// Forecasts of the last hours and what came, as the node recorded them: `swell journal forecasts`
/// reads it.
#[utoipa::path(get, path = "/v1/forecast-record", tag = "forecasts", responses(
    (status = 200, description = "Segments of the record, oldest first.",
        content_type = "application/octet-stream", body = Vec<u8>),
    (status = 507, description = "It cannot be read."),
))]
pub async fn record(State(context): State<Arc<ApiContext>>) -> Answer<Response> {
    let foretold = context.foretold.clone();
    let bytes = aside(move || foretold.record()).await?;
    Ok(([(CONTENT_TYPE, "application/octet-stream")], bytes).into_response())
}

/// From when on.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ReceiptQuery {
    /// How long ago it begins, such as `7d` or `12h`.
    since: Option<String>,
}

/// What clones saved and cost, or would have.
#[utoipa::path(get, path = "/v1/receipt", tag = "forecasts", params(ReceiptQuery), responses(
    (status = 200, description = "The receipt.", body = Receipt),
    (status = 400, description = "The query makes no sense."),
))]
pub async fn receipt(
    State(context): State<Arc<ApiContext>>,
    Asked(query): Asked<ReceiptQuery>,
) -> Answer<Json<Receipt>> {
    let since_ms = match query.since.as_deref() {
        None => SINCE_MS,
        Some(text) => text
            .parse::<swell_core::time::Span>()
            .map(|span| span.nanos() / 1_000_000)
            .map_err(|error| {
            let title =
                format!("`since` is `{}`, which is no time", crate::deploy::bounds::short(text));
            Failure(
                Refusal::new(Reason::BadRequest, title)
                    .detail(error.to_string())
                    .hint("write `7d` or `12h`"),
            )
        })?,
    };
    Ok(Json(context.foretold.receipt(since_ms)))
}

/// Does what may wait for a disk where waiting hurts nobody.
async fn aside<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Refusal> + Send + 'static,
) -> Answer<T> {
    let done = tokio::task::spawn_blocking(work).await;
    let done = done.map_err(|error| Refusal::new(Reason::Internal, error.to_string()))?;
    done.map_err(Failure)
}
