//! How much may be on its way to one site, by urgency: so many under way, so many waiting for
//! their turn until their deadline, and no more.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use swell_core::ids::SiteId;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

use crate::raft::carrier::{CarryError, Urgency};

/// How much of one urgency may be on its way to a site.
#[derive(Debug, Clone, Copy)]
struct Width {
    under_way: usize,
    waiting: usize,
}

const fn width(urgency: Urgency) -> Width {
    match urgency {
        Urgency::Urgent => Width { under_way: 16, waiting: 48 },
        Urgency::Usual => Width { under_way: 8, waiting: 120 },
    }
}

/// The lanes to all sites.
#[derive(Debug, Default)]
pub(crate) struct Lanes {
    lanes: Mutex<BTreeMap<(SiteId, Urgency), Lane>>,
}

#[derive(Debug, Clone)]
struct Lane {
    room: Arc<Semaphore>,
    turn: Arc<Semaphore>,
}

/// A message's turn; the next has it when this one is dropped.
#[derive(Debug)]
pub(crate) struct Turn {
    _room: OwnedSemaphorePermit,
    _turn: OwnedSemaphorePermit,
}

impl Lanes {
    /// Waits for a message's turn.
    pub(crate) async fn take(
        &self,
        to: SiteId,
        urgency: Urgency,
        within: Duration,
    ) -> Result<Turn, CarryError> {
        let lane = self.lanes.lock().entry((to, urgency)).or_insert_with(|| new(urgency)).clone();
        let room = lane.room.try_acquire_owned().map_err(|_| CarryError::Full)?;
        let turn = timeout(within, lane.turn.acquire_owned()).await;
        match turn {
            Ok(Ok(turn)) => Ok(Turn { _room: room, _turn: turn }),
            Ok(Err(_)) | Err(_) => Err(CarryError::TimedOut),
        }
    }
}

fn new(urgency: Urgency) -> Lane {
    let Width { under_way, waiting } = width(urgency);
    let room = Arc::new(Semaphore::new(under_way + waiting));
    Lane { room, turn: Arc::new(Semaphore::new(under_way)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOON: Duration = Duration::from_millis(10);

    #[tokio::test(start_paused = true)]
    async fn one_lane_that_is_full_leaves_the_others_be() {
        let lanes = Arc::new(Lanes::default());
        let Width { under_way, waiting } = width(Urgency::Usual);
        let mut turns = Vec::new();
        for _ in 0..under_way {
            turns.push(lanes.take(SiteId(1), Urgency::Usual, SOON).await.expect("it is free"));
        }
        let wait = |lanes: &Arc<Lanes>| {
            let lanes = Arc::clone(lanes);
            tokio::spawn(async move { lanes.take(SiteId(1), Urgency::Usual, SOON).await })
        };
        let waits: Vec<_> = (0..waiting).map(|_| wait(&lanes)).collect();
        tokio::task::yield_now().await;
        let full = lanes.take(SiteId(1), Urgency::Usual, SOON).await;
        assert_eq!(full.err(), Some(CarryError::Full));
        assert!(lanes.take(SiteId(1), Urgency::Urgent, SOON).await.is_ok(), "urgent goes on");
        assert!(lanes.take(SiteId(2), Urgency::Usual, SOON).await.is_ok(), "others go on");
        for wait in waits {
            let late = wait.await.expect("it ends");
            assert_eq!(late.err(), Some(CarryError::TimedOut));
        }
    }
}
