//! Who votes in a cache group, and the change of it.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;

use swell_api::cache::{CacheVoters, VotersChange};
use swell_content::voting::{Electorate, VotersError};

use crate::api::context::ApiContext;
use crate::api::reply::{Answer, At, Told};
use crate::content::gate::refusal;
use crate::refusal::{Reason, Refusal};

/// Who votes in the group of a workload, as the data store has it.
#[utoipa::path(get, path = "/v1/voters/{workload}", tag = "contents",
    params(("workload" = String, Path, description = "The workload.")),
    responses(
        (status = 200, description = "Who votes.", body = CacheVoters),
        (status = 404, description = "There is no such workload."),
        (status = 503, description = "The data store cannot be reached."),
        (status = 507, description = "The data store is full."),
    ),
)]
pub async fn show(
    State(context): State<Arc<ApiContext>>,
    At(workload): At,
) -> Answer<Json<CacheVoters>> {
    let gate = context.gate()?;
    gate.check(&workload).await?;
    let electorate = gate.contents.voters(&workload).await.map_err(why)?;
    Ok(Json(words(workload, electorate)))
}

/// Makes others vote in the group of a workload.
#[utoipa::path(put, path = "/v1/voters/{workload}", tag = "contents",
    params(("workload" = String, Path, description = "The workload.")),
    request_body = VotersChange,
    responses(
        (status = 200, description = "They vote from now on.", body = CacheVoters),
        (status = 400, description = "The list makes no sense, or names a node that is not known."),
        (status = 404, description = "There is no such workload."),
        (status = 409, description = "Another list is in office, versions wait with its voters for the data store, or the next voters do not answer."),
        (status = 413, description = "The body is too long."),
        (status = 503, description = "No leader answered, or the data store cannot be reached."),
        (status = 507, description = "The data store is full."),
    ),
)]
pub async fn change(
    State(context): State<Arc<ApiContext>>,
    At(workload): At,
    Told(change): Told<VotersChange>,
) -> Answer<Json<CacheVoters>> {
    let gate = context.gate()?;
    gate.check(&workload).await?;
    let VotersChange { voters, after, lost } = change;
    let changed = gate.contents.change_voters(&workload, after, &voters, &lost).await;
    Ok(Json(words(workload, changed.map_err(why)?)))
}

fn words(workload: String, electorate: Electorate) -> CacheVoters {
    let Electorate { number, voters, by_settings, epoch, leader } = electorate;
    CacheVoters { workload, number, voters, by_settings, epoch, leader }
}

fn why(error: VotersError) -> Refusal {
    let title = error.to_string();
    match error {
        VotersError::Senseless(_) => {
            let hint = "`swell cache members` lists the nodes that are known";
            Refusal::new(Reason::BadRequest, title).hint(hint)
        }
        VotersError::Conflict(_) => Refusal::new(Reason::Conflict, title)
            .hint("nothing was changed; see who votes, and try again"),
        VotersError::Unavailable(_) => {
            let hint = "one is elected while a majority of the voters is up; if they are gone for \
                        good, say so with `lost`";
            Refusal::new(Reason::Unavailable, title).hint(hint)
        }
        VotersError::Store(error) => refusal(error),
    }
}
