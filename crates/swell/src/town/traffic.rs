//! Callers: each function is called at the gateway where it began, whatever moves.

use std::sync::Arc;
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use tokio::task::JoinHandle;

use crate::rig::client::Client;
use crate::rig::tally::Tally;
use crate::town::cast::{PARTS, Part, rate};

/// Calls under way.
pub struct Traffic {
    begun: Instant,
    bursting: Arc<Mutex<Option<&'static str>>>,
    tally: Arc<Mutex<Tally>>,
    callers: Vec<JoinHandle<()>>,
}

impl Traffic {
    /// Begins to call.
    pub fn begin(clients: &[Client]) -> Self {
        let begun = Instant::now();
        let (bursting, tally) = (Arc::default(), Arc::default());
        let caller = |part: Part| {
            let client = clients[part.home].clone();
            tokio::spawn(call(part, client, begun, Arc::clone(&bursting), Arc::clone(&tally)))
        };
        let callers = PARTS.into_iter().map(caller).collect();
        Self { begun, bursting, tally, callers }
    }

    /// How long it has been going on.
    pub fn since(&self) -> Duration {
        self.begun.elapsed()
    }

    /// Lets a function have a burst, or ends it.
    pub fn burst(&self, name: Option<&'static str>) {
        *self.bursting.lock() = name;
    }

    /// Ends it; what came of the calls.
    pub fn end(self) -> Tally {
        self.callers.iter().for_each(JoinHandle::abort);
        std::mem::take(&mut *self.tally.lock())
    }
}

async fn call(
    part: Part,
    client: Client,
    begun: Instant,
    bursting: Arc<Mutex<Option<&'static str>>>,
    tally: Arc<Mutex<Tally>>,
) {
    let path = format!("/function/{}", part.name);
    loop {
        let bursting = *bursting.lock();
        let rate = rate(part.name, begun.elapsed(), bursting);
        tokio::time::sleep(Duration::from_secs_f64(1.0 / rate)).await;
        let (client, path, tally) = (client.clone(), path.clone(), tally.clone());
        tokio::spawn(async move {
            let begun = Instant::now();
            let went = client.call(&path, None).await;
            tally.lock().add(went, begun.elapsed());
        });
    }
}
