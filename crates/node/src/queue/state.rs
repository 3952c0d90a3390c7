//! What of the queue is in memory: whose turn it is, how much there is, what ended when.
//! Everything here is made anew from the ledger when a node comes up.

use std::collections::BTreeSet;
use std::sync::Arc;

use http::Uri;
use uuid::Uuid;

use swell_api::invocation::InvocationState;

use crate::queue::backoff::millis;
use crate::queue::entry::Entry;
use crate::queue::turns::{Lane, Turns};
use crate::settings::QueueSettings;

/// Ended calls that are removed in one step.
const EXPIRE_MAX: usize = 1_000;

/// Counts and turns.
#[derive(Debug)]
pub struct State {
    /// Whose turn it is.
    pub turns: Turns,
    /// Calls that wait to be tried, and those on their way into the queue.
    pub waiting: u64,
    /// Calls being tried.
    pub running: u64,
    /// Bytes of the bodies of all calls.
    pub bytes: u64,
    /// Calls that are done.
    done: Ends,
    /// Calls that were given up.
    dead: Ends,
}

/// Ended calls by when they ended, with their bytes.
type Ends = BTreeSet<(u64, Uuid, u64)>;

impl State {
    /// No calls, with so many workers.
    pub fn new(workers: u32) -> Self {
        let (done, dead) = (Ends::new(), Ends::new());
        Self { turns: Turns::new(workers), waiting: 0, running: 0, bytes: 0, done, dead }
    }

    /// Calls that wait or are being tried.
    pub fn open(&self) -> u64 {
        self.waiting + self.running
    }

    /// Calls that were given up.
    pub fn dead(&self) -> u64 {
        self.dead.len() as u64
    }

    /// Counts a call that stands as `entry` has it, and lets it wait if it is to.
    pub fn enter(&mut self, entry: &Entry) {
        self.bytes += entry.bytes;
        match entry.state {
            InvocationState::Queued => self.waiting += 1,
            InvocationState::Running => self.running += 1,
            InvocationState::Done => drop(self.done.insert(end(entry))),
            InvocationState::Dead => drop(self.dead.insert(end(entry))),
        }
        self.line_up(entry);
    }

    /// Takes out what [`State::enter`] counted; whether it was there to be taken out, which
    /// a call that is being worked on is not.
    pub fn leave(&mut self, entry: &Entry) -> bool {
        let here = match entry.state {
            InvocationState::Running => false,
            _ if waits(entry) => self.turns.leave(&lane(entry), entry.due_ms, entry.id),
            InvocationState::Done => self.done.contains(&end(entry)),
            _ => self.dead.contains(&end(entry)),
        };
        if here {
            self.uncount(entry);
        }
        here
    }

    /// Takes a call out that waits in no lane.
    pub fn uncount(&mut self, entry: &Entry) {
        self.bytes -= entry.bytes.min(self.bytes);
        match entry.state {
            InvocationState::Queued => self.waiting -= 1,
            InvocationState::Running => self.running -= 1,
            InvocationState::Done => drop(self.done.remove(&end(entry))),
            InvocationState::Dead => drop(self.dead.remove(&end(entry))),
        }
    }

    /// Lets a call wait for its turn, if it is to have one.
    pub fn line_up(&mut self, entry: &Entry) {
        if waits(entry) {
            self.turns.wait(lane(entry), entry.due_ms, entry.id);
        }
    }

    /// Some calls that ended and are not to be kept any longer, oldest first.
    pub fn expired(&self, now_ms: u64, settings: &QueueSettings) -> Vec<Uuid> {
        let before = now_ms.saturating_sub(millis(settings.keep));
        // As many results as there may be calls: more would let a busy day fill the disk.
        let surplus = self.done.len().saturating_sub(settings.entries_max as usize);
        let old = self
            .done
            .iter()
            .enumerate()
            .take_while(|&(place, &(ended, ..))| place < surplus || ended < before);
        let dead = self.dead.len().saturating_sub(settings.dead_max as usize);
        let old = old.map(|(_, end)| end.1);
        old.chain(self.dead.iter().take(dead).map(|end| end.1)).take(EXPIRE_MAX).collect()
    }
}

/// Where a call waits.
pub fn lane(entry: &Entry) -> Lane {
    match &entry.callback {
        Some(callback) if entry.ended() => {
            let uri = callback.url.parse::<Uri>().ok();
            let host = uri.as_ref().and_then(Uri::host).unwrap_or_default();
            Lane::Callback(host.into())
        }
        _ => Lane::Function(Arc::from(entry.function.as_str())),
    }
}

fn waits(entry: &Entry) -> bool {
    let is_due = entry.state == InvocationState::Queued && entry.leaving.is_none();
    is_due || entry.owes_callback()
}

fn end(entry: &Entry) -> (u64, Uuid, u64) {
    (entry.ended_at_ms.unwrap_or(entry.accepted_at_ms), entry.id, entry.bytes)
}
