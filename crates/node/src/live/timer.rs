//! Waking the mind when it asked to be woken, and sleeping otherwise.

use std::sync::Arc;

use swell_core::time::Instant;

use crate::live::mind::Chores;
use crate::live::world::Live;

/// Wakes the mind of `live` whenever it is due, for ever. An idle node sleeps here.
pub(crate) async fn run(live: Arc<Live>) {
    loop {
        let mut chores = Chores::default();
        let armed = {
            let mut mind = live.mind.lock();
            mind.wake(&mut chores);
            chores.wake = false;
            mind.armed
        };
        live.see_to(chores);
        if armed == Instant::NEVER {
            live.alarm.notified().await;
            continue;
        }
        let wall = live.clock.wall(armed);
        tokio::select! {
            () = tokio::time::sleep_until(wall.into()) => {}
            () = live.alarm.notified() => {}
        }
    }
}
