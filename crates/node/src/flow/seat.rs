//! Where a flow's consumer works, and with it the guests it calls: on the threads of the node,
//! or on one of its own that is kept on one core.
//!
//! A guest is polled by whoever waits for its answer, so the thread of the consumer is the one
//! that the function runs on. What tasks and timers it makes belong to the node as ever.

use std::sync::Arc;

use rustix::thread::{CpuSet, sched_setaffinity};
use tokio::runtime::Handle;
use tokio::sync::oneshot;

use swell_core::flow::affinity::{CoreId, Place};

use crate::flow::consumer::{Consumer, Ended};
use crate::flow::tries::Tries;

/// Lets a consumer work where it is to, until it is told to stop.
pub(crate) async fn run(consumer: Consumer) {
    let consumer = Arc::new(consumer);
    let mut tries = Tries::default();
    loop {
        let over = match consumer.line.seat.place() {
            Place::Shared => consumer.work(&mut tries).await,
            Place::On(core) => match on_core(&consumer, core, std::mem::take(&mut tries)).await {
                Some((over, after)) => {
                    tries = after;
                    over
                }
                // It goes on where the others work.
                None => {
                    consumer.line.seat.set(Place::Shared);
                    Ended::Elsewhere
                }
            },
        };
        if matches!(over, Ended::Stopped) {
            return;
        }
    }
}

/// Lets a consumer work on a thread of its own; nothing if there is none to be had.
async fn on_core(consumer: &Arc<Consumer>, core: CoreId, tries: Tries) -> Option<(Ended, Tries)> {
    let (tell, hear) = oneshot::channel();
    let (own, handle) = (consumer.clone(), Handle::current());
    let name = format!("flow on {}", core.0);
    let flow = &consumer.line.spec.name;
    let begun = std::thread::Builder::new().name(name).spawn(move || {
        let mut tries = tries;
        if let Err(error) = pin(core) {
            let flow = &own.line.spec.name;
            tracing::warn!(%flow, core = core.0, %error, "a flow's thread may run on any core");
        }
        let over = handle.block_on(own.work(&mut tries));
        // Whoever waited is gone where the node is.
        let _ = tell.send((over, tries));
    });
    match begun {
        Ok(_) => hear.await.ok(),
        Err(error) => {
            tracing::warn!(%flow, %error, "there is no thread for a flow");
            None
        }
    }
}

fn pin(core: CoreId) -> rustix::io::Result<()> {
    let mut set = CpuSet::new();
    set.set(core.0 as usize);
    sched_setaffinity(None, &set)
}
