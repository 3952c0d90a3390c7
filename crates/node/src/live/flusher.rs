//! Hands the journal to the disk a moment after there is news, so that a node that is
//! killed has lost no more than that moment of it. An idle node sleeps here.

use std::sync::Arc;
use std::time::Duration;

use crate::live::recorder::Recorder;
use crate::live::world::Live;

/// How old news may grow before the disk gets it: long enough to gather much of it.
const AFTER: Duration = Duration::from_secs(1);

/// Does so for ever, if there is a journal.
pub(crate) async fn run(live: Arc<Live>) {
    let Some(fresh) = live.mind.lock().journal.as_ref().map(Recorder::fresh) else { return };
    loop {
        fresh.notified().await;
        tokio::time::sleep(AFTER).await;
        if let Some(journal) = &mut live.mind.lock().journal {
            journal.flush();
        }
    }
}
