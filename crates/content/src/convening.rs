//! Has the voters of groups come together that somebody else has to do with.

use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use swell_core::cachegroup::message::{Envelope, Message};

use crate::parcel::Parcel;
use crate::shared::Shared;

/// How often voters are called together.
const CALLED: Duration = Duration::from_secs(1);

/// Calls the voters of groups together that this node has to do with, where it is no voter itself
/// and knows of no leader: else nobody might ever stand for election.
pub(crate) async fn convene(shared: Arc<Shared>, stop: CancellationToken) {
    let mut again = tokio::time::interval(CALLED);
    again.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            _ = again.tick() => {}
            () = stop.cancelled() => return,
        }
        let me = shared.circle.me();
        let mind = shared.mind.lock();
        for (&group, charter) in mind.groups() {
            let view = mind.node.view(group);
            let is_led = view.is_some_and(|view| view.leader.is_some());
            let voters = view.map_or(&charter.voters, |view| &view.voters.names);
            if is_led || voters.contains(&me) {
                continue;
            }
            for &to in voters {
                let envelope = Envelope { from: me, to, group, message: Message::Convene };
                shared.carrier.send(Parcel { envelope, name: None, bytes: None });
            }
        }
    }
}
