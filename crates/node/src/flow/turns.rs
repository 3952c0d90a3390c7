//! Whose turn it is to change flows: a flow is changed by one at a time, and waits for no other.

use std::collections::BTreeMap;
use std::sync::Arc;

use parking_lot::Mutex;
use tokio::sync::{MutexGuard, OwnedMutexGuard};

/// A turn for each flow, and one for what concerns all: which flows there are, and what they name.
/// Who needs both takes that of its flow first.
#[derive(Default)]
pub(crate) struct Turns {
    all: tokio::sync::Mutex<()>,
    flows: Mutex<BTreeMap<String, Arc<tokio::sync::Mutex<()>>>>,
}

impl Turns {
    /// Waits for the turn to change this flow.
    pub(crate) async fn of(&self, flow: &str) -> OwnedMutexGuard<()> {
        let turn = {
            let mut flows = self.flows.lock();
            // Whoever has or waits for a turn holds it too.
            flows.retain(|_, turn| Arc::strong_count(turn) > 1);
            flows.entry(flow.to_string()).or_default().clone()
        };
        turn.lock_owned().await
    }

    /// Waits for the turn to change which flows there are. Nobody keeps it while calls end.
    pub(crate) async fn of_all(&self) -> MutexGuard<'_, ()> {
        self.all.lock().await
    }
}

#[cfg(test)]
mod tests {
    use std::pin::pin;

    use super::*;

    #[tokio::test]
    async fn flows_wait_for_themselves_and_not_for_each_other() {
        let turns = Turns::default();
        let first = turns.of("frames").await;
        let mut second = pin!(turns.of("frames"));
        tokio::select! {
            biased;
            _ = &mut second => panic!("two change one flow"),
            _ = turns.of("others") => {}
        }
        drop(first);
        let _second = second.await;
        assert_eq!(turns.flows.lock().len(), 2, "who waits keeps its turn");
        let _others = turns.of("others").await;
        assert_eq!(turns.flows.lock().len(), 2);
    }
}
