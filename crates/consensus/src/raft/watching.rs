//! Who leads, as everybody at a site may watch it; and why the log stopped, if it did.

use std::time::Duration;

use openraft::async_runtime::watch::WatchReceiver;
use openraft::{Instant as _, ServerState};
use tokio::sync::watch;

use crate::log::{Leadership, Standing};
use crate::raft::seat::Seat;
use crate::types::site;

/// Tells of leadership until the log stops or nobody listens.
pub(crate) fn watch_leadership(seat: &Seat) -> watch::Receiver<Leadership> {
    let mut metrics = seat.raft.metrics();
    let seen = {
        let seat = seat.clone();
        move || leadership(&seat)
    };
    let seat_of_end = seat.clone();
    let (told, leadership) = watch::channel(seen());
    tokio::spawn(async move {
        loop {
            tokio::select! {
                changed = metrics.changed() => if changed.is_err() {
                    seat_of_end.vitals.end("its task has ended; the node's log says why");
                },
                () = told.closed() => return,
            }
            let now = seen();
            told.send_if_modified(|before| {
                let is_new = *before != now;
                *before = now;
                is_new
            });
            if stopped(&seat_of_end).is_some() {
                return;
            }
        }
    });
    leadership
}

/// Who leads now.
pub(crate) fn leadership(seat: &Seat) -> Leadership {
    let metrics = seat.raft.metrics();
    let metrics = metrics.borrow_watched();
    if metrics.running_state.is_err() || told(seat).is_some() {
        return Leadership { term: metrics.current_term, leader: None, is_ours: false };
    }
    Leadership {
        term: metrics.current_term,
        leader: metrics.current_leader.and_then(site),
        is_ours: metrics.state == ServerState::Leader,
    }
}

/// The reason that is not openraft's, which may notice first that nothing goes on.
fn told(seat: &Seat) -> Option<String> {
    seat.replica.halted().or_else(|| seat.vitals.ended())
}

/// Why the log has stopped; `None` while it goes on.
pub(crate) fn stopped(seat: &Seat) -> Option<String> {
    if let Some(why) = told(seat) {
        return Some(why);
    }
    let metrics = seat.raft.metrics();
    let state = metrics.borrow_watched().running_state.clone();
    state.err().map(|fatal| fatal.to_string())
}

/// Whether anything can be decided, if silence for longer than `patience` means that it cannot.
pub(crate) fn standing(seat: &Seat, patience: Duration) -> Standing {
    if let Some(why) = stopped(seat) {
        return Standing::Stopped(why);
    }
    let now = leadership(seat);
    let is_alone = seat.membership().voters.iter().eq([&seat.site()]);
    let silence = match now.leader {
        None => None,
        Some(_) if now.is_ours && is_alone => Some(Duration::ZERO),
        Some(_) if now.is_ours => {
            let metrics = seat.raft.metrics();
            let metrics = metrics.borrow_watched();
            metrics.last_quorum_acked.as_ref().map(|acked| acked.elapsed())
        }
        Some(_) => seat.vitals.heard().map(|heard| heard.elapsed()),
    };
    match silence {
        Some(silence) if silence <= patience => Standing::Deciding,
        _ => Standing::CutOff,
    }
}
