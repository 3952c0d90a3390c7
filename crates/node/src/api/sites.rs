//! Sites: the cluster, proposals, authority, the ledger.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use swell_api::site::{Cluster, FileProposal, Filed, Proposal, SetMode};
use swell_api::site_joining::{InitSite, Invitation, InviteSite, JoinSite};
use swell_api::site_reading::{Authorities, Ledger, Proposals, Read, Standing};

use crate::api::context::ApiContext;
use crate::api::reply::{Answer, Asked, At, Failure, Told, aside};
use crate::refusal::{Reason, Refusal};

/// How true what is shown must be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Consistency {
    /// Linearizable if a majority of the sites answers, else local.
    #[default]
    Best,
    /// As it is known at this site, which may be behind.
    Local,
    /// With all that was decided anywhere before it was asked for, or not at all.
    Linearizable,
}

/// How to read what was decided.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ReadQuery {
    /// How true it must be; left out is `best`. `consistency` in the answer, and its header
    /// `swell-consistency`, say which it is: `linearizable`, or `local`, which may be behind.
    #[serde(default)]
    #[param(inline)]
    consistency: Consistency,
}

/// What was read, on its way out: how true it is stands in the body and in a header.
pub struct Shown<T>(Read<T>);

impl<T: Serialize> IntoResponse for Shown<T> {
    fn into_response(self) -> Response {
        let which = match self.0.consistency {
            Standing::Linearizable => "linearizable",
            Standing::Local => "local",
        };
        ([("swell-consistency", which)], Json(self.0)).into_response()
    }
}

/// Reads what was decided, as true as it must be.
async fn read<T: Send + 'static>(
    context: &Arc<ApiContext>,
    consistency: Consistency,
    look: impl FnOnce(&ApiContext) -> Result<T, Refusal> + Send + 'static,
) -> Answer<Shown<T>> {
    let is_linearizable = match consistency {
        Consistency::Local => false,
        Consistency::Best => context.sited()?.tries_to_catch_up().await?,
        Consistency::Linearizable => context.sited()?.catch_up().await.map(|()| true)?,
    };
    let consistency = if is_linearizable { Standing::Linearizable } else { Standing::Local };
    Ok(Shown(Read { consistency, told: aside(context, look).await? }))
}

/// The sites of the cluster, as this one sees them.
#[utoipa::path(get, path = "/v1/site", tag = "sites", params(ReadQuery), responses(
    (status = 200, description = "The sites.", body = Read<Cluster>),
    (status = 400, description = "The query makes no sense."),
    (status = 404, description = "This node is no site."),
    (status = 503, description = "It should be linearizable, and no majority of the sites is reached."),
))]
pub async fn cluster(
    State(context): State<Arc<ApiContext>>,
    Asked(query): Asked<ReadQuery>,
) -> Answer<Shown<Cluster>> {
    read(&context, query.consistency, |context| context.sited()?.cluster()).await
}

/// Founds a cluster with this node as its first site.
#[utoipa::path(post, path = "/v1/site/init", tag = "sites", request_body = InitSite, responses(
    (status = 200, description = "The cluster.", body = Cluster),
    (status = 400, description = "It makes no sense."),
    (status = 409, description = "This node is a site already."),
    (status = 507, description = "It cannot be kept."),
))]
pub async fn init(
    State(context): State<Arc<ApiContext>>,
    Told(asked): Told<InitSite>,
) -> Answer<Json<Cluster>> {
    context.crew().and_then(|crew| crew.may_join()).map_err(Failure)?;
    Ok(Json(context.sited().map_err(Failure)?.init(asked).await.map_err(Failure)?))
}

/// Joins a cluster with an invitation. Answers when this site is a member, or after half a
/// minute; it goes on asking to be admitted.
#[utoipa::path(post, path = "/v1/site/join", tag = "sites", request_body = JoinSite, responses(
    (status = 200, description = "The cluster.", body = Cluster),
    (status = 400, description = "It makes no sense."),
    (status = 409, description = "This node is a site already."),
    (status = 507, description = "It cannot be kept."),
))]
pub async fn join(
    State(context): State<Arc<ApiContext>>,
    Told(asked): Told<JoinSite>,
) -> Answer<Json<Cluster>> {
    context.crew().and_then(|crew| crew.may_join()).map_err(Failure)?;
    Ok(Json(context.sited().map_err(Failure)?.join(asked).await.map_err(Failure)?))
}

/// How to leave.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct LeaveQuery {
    /// Without asking the others: where these are no more.
    #[serde(default)]
    forget: bool,
}

/// Lets this site leave its cluster. It must hold no workloads.
#[utoipa::path(delete, path = "/v1/site", tag = "sites", params(LeaveQuery), responses(
    (status = 204, description = "It has left."),
    (status = 400, description = "The query makes no sense."),
    (status = 404, description = "This node is no site."),
    (status = 409, description = "It holds workloads, takes part in a move, or is the last site."),
    (status = 503, description = "No majority of the sites is reached."),
))]
pub async fn leave(
    State(context): State<Arc<ApiContext>>,
    Asked(query): Asked<LeaveQuery>,
) -> Answer<StatusCode> {
    context.crew().map_err(Failure)?.may_leave().await.map_err(Failure)?;
    context.sited().map_err(Failure)?.leave(query.forget).await.map_err(Failure)?;
    Ok(StatusCode::NO_CONTENT)
}

/// Removes another site that is gone for good. It must hold no workloads any more.
#[utoipa::path(delete, path = "/v1/site/members/{name}", tag = "sites",
    params(("name" = String, Path, description = "The site.")),
    responses(
        (status = 204, description = "It is no member any more."),
        (status = 404, description = "This node is no site, or there is no such site."),
        (status = 409, description = "It is there, holds workloads, or takes part in a move."),
        (status = 503, description = "No majority of the sites is reached."),
    ),
)]
pub async fn remove(State(context): State<Arc<ApiContext>>, At(name): At) -> Answer<StatusCode> {
    context.sited().map_err(Failure)?.remove(name).await.map_err(Failure)?;
    Ok(StatusCode::NO_CONTENT)
}

/// Makes what another node needs to join: it holds keys, and is made once for one site.
#[utoipa::path(post, path = "/v1/site/invitations", tag = "sites", request_body = InviteSite,
    responses(
        (status = 200, description = "The invitation.", body = Invitation),
        (status = 400, description = "That cannot be the name of a site."),
        (status = 404, description = "This node is no site."),
        (status = 409, description = "It is a site already, or another site founded the cluster."),
    ),
)]
pub async fn invite(
    State(context): State<Arc<ApiContext>>,
    Told(asked): Told<InviteSite>,
) -> Answer<Json<Invitation>> {
    Ok(Json(aside(&context, move |context| context.sited()?.invite(asked)).await?))
}

/// Has this site certified anew, with new keys, by the site that founded the cluster. They are used
/// from the next start of the node; the old certificates stay good until they expire.
#[utoipa::path(post, path = "/v1/site/certificates", tag = "sites", responses(
    (status = 204, description = "The new ones are kept."),
    (status = 404, description = "This node is no site."),
    (status = 503, description = "The site that founded the cluster is not reached."),
    (status = 507, description = "They cannot be kept."),
))]
pub async fn renew(State(context): State<Arc<ApiContext>>) -> Answer<StatusCode> {
    context.sited().map_err(Failure)?.renew().await.map_err(Failure)?;
    Ok(StatusCode::NO_CONTENT)
}

/// Sets whether anything moves.
#[utoipa::path(put, path = "/v1/site/mode", tag = "sites", request_body = SetMode, responses(
    (status = 204, description = "It is set, at all sites."),
    (status = 404, description = "This node is no site, or there is no such workload."),
    (status = 503, description = "No majority of the sites is reached."),
))]
pub async fn set_mode(
    State(context): State<Arc<ApiContext>>,
    Told(asked): Told<SetMode>,
) -> Answer<StatusCode> {
    context.sited().map_err(Failure)?.set_mode(asked).await.map_err(Failure)?;
    Ok(StatusCode::NO_CONTENT)
}

/// Proposals that are remembered, newest first.
#[utoipa::path(get, path = "/v1/proposals", tag = "sites", params(ReadQuery), responses(
    (status = 200, description = "Proposals.", body = Read<Proposals>),
    (status = 400, description = "The query makes no sense."),
    (status = 404, description = "This node is no site."),
    (status = 503, description = "It should be linearizable, and no majority of the sites is reached."),
))]
pub async fn proposals(
    State(context): State<Arc<ApiContext>>,
    Asked(query): Asked<ReadQuery>,
) -> Answer<Shown<Proposals>> {
    let told = |context: &ApiContext| {
        let proposals = context.sited()?.proposals()?;
        Ok(Proposals { proposals })
    };
    read(&context, query.consistency, told).await
}

/// Files a proposal for a person. It is voted on as any other.
#[utoipa::path(post, path = "/v1/proposals", tag = "sites", request_body = FileProposal, responses(
    (status = 200, description = "It is filed.", body = Filed),
    (status = 400, description = "It makes no sense."),
    (status = 404, description = "There is no such workload or site."),
    (status = 409, description = "The council refuses it, and says why."),
    (status = 503, description = "No majority of the sites is reached."),
))]
pub async fn file(
    State(context): State<Arc<ApiContext>>,
    Told(asked): Told<FileProposal>,
) -> Answer<Json<Filed>> {
    Ok(Json(context.sited().map_err(Failure)?.file(asked).await.map_err(Failure)?))
}

/// One proposal, with its votes and its story.
#[utoipa::path(get, path = "/v1/proposals/{id}", tag = "sites",
    params(("id" = u64, Path, description = "Its id."), ReadQuery),
    responses(
        (status = 200, description = "The proposal.", body = Read<Proposal>),
        (status = 400, description = "That is no id, or the query makes no sense."),
        (status = 404, description = "It is not remembered."),
        (status = 503, description = "It should be linearizable, and no majority of the sites is reached."),
    ),
)]
pub async fn proposal(
    State(context): State<Arc<ApiContext>>,
    At(id): At,
    Asked(query): Asked<ReadQuery>,
) -> Answer<Shown<Proposal>> {
    let id = number(&id)?;
    read(&context, query.consistency, move |context| context.sited()?.proposal(id)).await
}

/// Takes a proposal back that this site filed; or stops its move, which goes back: at the site
/// that filed it, its source or its destination.
#[utoipa::path(delete, path = "/v1/proposals/{id}", tag = "sites",
    params(("id" = u64, Path, description = "Its id.")),
    responses(
        (status = 204, description = "It is withdrawn."),
        (status = 400, description = "That is no id."),
        (status = 404, description = "It is not remembered."),
        (status = 409, description = "It has ended or goes back already, or is another site's."),
        (status = 503, description = "No majority of the sites is reached."),
    ),
)]
pub async fn withdraw(State(context): State<Arc<ApiContext>>, At(id): At) -> Answer<StatusCode> {
    context.sited().map_err(Failure)?.withdraw(number(&id)?).await.map_err(Failure)?;
    Ok(StatusCode::NO_CONTENT)
}

/// Who has authority over which workload.
#[utoipa::path(get, path = "/v1/authorities", tag = "sites", params(ReadQuery), responses(
    (status = 200, description = "Workloads with their authority.", body = Read<Authorities>),
    (status = 400, description = "The query makes no sense."),
    (status = 404, description = "This node is no site."),
    (status = 503, description = "It should be linearizable, and no majority of the sites is reached."),
))]
pub async fn authorities(
    State(context): State<Arc<ApiContext>>,
    Asked(query): Asked<ReadQuery>,
) -> Answer<Shown<Authorities>> {
    let told = |context: &ApiContext| {
        let authorities = context.sited()?.authorities()?;
        Ok(Authorities { authorities })
    };
    read(&context, query.consistency, told).await
}

/// Forgets a workload whose site is lost with all that was kept of it elsewhere: its name is free.
#[utoipa::path(delete, path = "/v1/authorities/{workload}", tag = "sites",
    params(("workload" = String, Path, description = "Its name.")),
    responses(
        (status = 204, description = "It is forgotten."),
        (status = 404, description = "There is none of that name, or this node is no site."),
        (status = 409, description = "Its site serves it, or it is on its way to another one."),
        (status = 503, description = "No majority of the sites is reached."),
    ),
)]
pub async fn forget(State(context): State<Arc<ApiContext>>, At(name): At) -> Answer<StatusCode> {
    context.sited().map_err(Failure)?.forget(name).await.map_err(Failure)?;
    Ok(StatusCode::NO_CONTENT)
}

/// Of which site.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct LedgerQuery {
    /// Only that of this site.
    site: Option<String>,
    /// How true it must be; left out is `best`.
    #[serde(default)]
    #[param(inline)]
    consistency: Consistency,
}

/// What sites forecast, what then happened, and what they weigh for it.
#[utoipa::path(get, path = "/v1/ledger", tag = "sites", params(LedgerQuery), responses(
    (status = 200, description = "The ledger.", body = Read<Ledger>),
    (status = 400, description = "The query makes no sense."),
    (status = 404, description = "This node is no site, or there is no such site."),
    (status = 503, description = "It should be linearizable, and no majority of the sites is reached."),
))]
pub async fn ledger(
    State(context): State<Arc<ApiContext>>,
    Asked(query): Asked<LedgerQuery>,
) -> Answer<Shown<Ledger>> {
    let LedgerQuery { site, consistency } = query;
    let told = move |context: &ApiContext| {
        let ledger = context.sited()?.ledger(site.as_deref())?;
        Ok(Ledger { ledger })
    };
    read(&context, consistency, told).await
}

fn number(text: &str) -> Answer<u64> {
    text.parse().map_err(|_| {
        let title = format!("`{text}` is no id of a proposal");
        Failure(Refusal::new(Reason::BadRequest, title).hint("ids are whole numbers"))
    })
}
