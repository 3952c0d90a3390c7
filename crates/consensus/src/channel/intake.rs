//! Where the resource channel's messages come in: so many of each urgency at a time, and who
//! comes then is told to come again.

use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, to_bytes};
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Extension, Router};
use swell_link::peer::Peer;
use tokio::sync::Semaphore;
use tokio::time::timeout;

use crate::channel::link_carrier::{URGENT, USUAL};
use crate::channel::names::site_of;
use crate::raft::desk::Desk;
use crate::raft::wire::MESSAGE_MAX;

/// How many urgent messages are answered at a time.
const URGENT_MAX: usize = 256;
/// How many usual ones.
const USUAL_MAX: usize = 64;
/// The longest urgent message: as many entries as one carries, and what is around them.
const URGENT_BYTES: usize = 8 << 20;
/// How long a message may take to come in and be answered.
const PATIENCE: Duration = Duration::from_secs(20);

#[derive(Clone)]
struct Intake {
    desk: Desk,
    room: Arc<Semaphore>,
    longest: usize,
}

/// The routes of the log.
pub(crate) fn routes(desk: Desk) -> Router {
    let intake = |room, longest| Intake {
        desk: desk.clone(),
        room: Arc::new(Semaphore::new(room)),
        longest,
    };
    let urgent =
        Router::new().route(URGENT, post(take)).with_state(intake(URGENT_MAX, URGENT_BYTES));
    let usual = Router::new().route(USUAL, post(take)).with_state(intake(USUAL_MAX, MESSAGE_MAX));
    urgent.merge(usual)
}

async fn take(
    State(intake): State<Intake>,
    Extension(peer): Extension<Peer>,
    body: Body,
) -> Response {
    let Some(site) = site_of(&peer.name) else {
        let why = format!("`{}` is the name of no site: certify it as `site-NUMBER`", peer.name);
        return (StatusCode::FORBIDDEN, why).into_response();
    };
    let Ok(_room) = intake.room.try_acquire() else {
        let why = "too many messages are being answered: come again in a moment";
        return (StatusCode::SERVICE_UNAVAILABLE, why).into_response();
    };
    let answered = timeout(PATIENCE, async {
        let message = to_bytes(body, intake.longest).await?;
        Ok::<_, axum::Error>(intake.desk.answer(site, &message).await)
    });
    match answered.await {
        Ok(Ok(answer)) => answer.into_response(),
        Ok(Err(error)) => {
            let why =
                format!("the message cannot be taken (at most {} bytes): {error}", intake.longest);
            (StatusCode::PAYLOAD_TOO_LARGE, why).into_response()
        }
        Err(_) => (StatusCode::GATEWAY_TIMEOUT, "it took too long").into_response(),
    }
}
