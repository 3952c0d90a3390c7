//! Who leads, as everybody at a site may watch it; and why the log stopped, if it did.

use openraft::ServerState;
use openraft::async_runtime::watch::WatchReceiver;
use tokio::sync::watch;

use crate::log::Leadership;
use crate::raft::seat::Seat;
use crate::types::site;

/// Tells of leadership until the log stops or nobody listens.
pub(crate) fn watch_leadership(seat: &Seat) -> watch::Receiver<Leadership> {
    let mut metrics = seat.raft.metrics();
    let seen = {
        let seat = seat.clone();
        move || leadership(&seat)
    };
    let (told, leadership) = watch::channel(seen());
    tokio::spawn(async move {
        loop {
            tokio::select! {
                changed = metrics.changed() => if changed.is_err() { return },
                () = told.closed() => return,
            }
            let now = seen();
            told.send_if_modified(|before| {
                let is_new = *before != now;
                *before = now;
                is_new
            });
        }
    });
    leadership
}

/// Who leads now.
pub(crate) fn leadership(seat: &Seat) -> Leadership {
    let metrics = seat.raft.metrics();
    let metrics = metrics.borrow_watched();
    if metrics.running_state.is_err() {
        return Leadership { term: metrics.current_term, leader: None, is_ours: false };
    }
    Leadership {
        term: metrics.current_term,
        leader: metrics.current_leader.and_then(site),
        is_ours: metrics.state == ServerState::Leader,
    }
}

/// Why the log has stopped; `None` while it goes on.
pub(crate) fn stopped(seat: &Seat) -> Option<String> {
    let metrics = seat.raft.metrics();
    let state = metrics.borrow_watched().running_state.clone();
    state.err().map(|fatal| fatal.to_string())
}
