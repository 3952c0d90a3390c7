//! Works the queue off: a bounded number of calls at a time, each tried, judged and
//! written down, until the node stops.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use bytes::Bytes;
use http::Response;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use swell_api::invocation::InvocationState;

use crate::clock::wall_ms;
use crate::invoker::Invoker;
use crate::later::Followers;
use crate::observe::chance;
use crate::observe::function_metrics::TriggerKind;
use crate::queue::attempt::{begin, letter, posted, settle};
use crate::queue::callback::{Callbacks, Post};
use crate::queue::calls::Queue;
use crate::queue::entry::Entry;
use crate::queue::ledger::{Change, Step};
use crate::queue::state::lane;
use crate::queue::turns::Lane;
use crate::refusal::{Reason, Refusal};
use crate::store::error::StoreError;

/// How long the runner sleeps at most. The clock of the wall may be set meanwhile.
const NAP_MAX: Duration = Duration::from_secs(20);
/// How often ended calls are looked through.
const EXPIRE_PAUSE: Duration = Duration::from_secs(10);
/// The first and the longest pause after the disk failed.
const DISK_PAUSES: (Duration, Duration) = (Duration::from_millis(500), Duration::from_secs(30));

/// Works a queue off.
pub struct Runner {
    /// The queue.
    pub queue: Arc<Queue>,
    /// Who calls functions.
    pub invoker: Arc<dyn Invoker>,
    /// Who knows which calls follow.
    pub followers: Arc<dyn Followers>,
    /// Who posts answers.
    pub callbacks: Callbacks,
    /// Told of changes of functions.
    pub changes: watch::Receiver<u64>,
    /// Told to begin no further call.
    pub stop: CancellationToken,
    /// How long calls under way may take after that.
    pub drain: Duration,
}

impl Runner {
    /// Works until told to stop; calls that are then cut off are made again after the next
    /// start.
    pub async fn run(self) {
        let mut changes = self.changes.clone();
        changes.mark_unchanged();
        let runner = Arc::new(self);
        let cut = CancellationToken::new();
        let mut tasks = JoinSet::new();
        let mut expired = Instant::now();
        while !runner.stop.is_cancelled() {
            while let Some((lane, id)) = runner.take() {
                tasks.spawn(runner.clone().work(lane, id, cut.clone()));
            }
            if expired.elapsed() >= EXPIRE_PAUSE {
                expired = Instant::now();
                runner.expire().await;
            }
            tokio::select! {
                () = runner.stop.cancelled() => {}
                () = runner.queue.stirred.notified() => {}
                Ok(()) = changes.changed() => runner.queue.state.lock().turns.open_all(),
                () = sleep(runner.nap()) => {}
                Some(_) = tasks.join_next() => {}
            }
        }
        let drained = async { while tasks.join_next().await.is_some() {} };
        if timeout(runner.drain, drained).await.is_err() {
            cut.cancel();
            while tasks.join_next().await.is_some() {}
        }
    }

    fn take(&self) -> Option<(Lane, Uuid)> {
        self.queue.state.lock().turns.next(wall_ms())
    }

    fn nap(&self) -> Duration {
        let due = self.queue.state.lock().turns.next_due_ms();
        let left = due.map(|due| Duration::from_millis(due.saturating_sub(wall_ms())));
        left.map_or(NAP_MAX, |left| left.min(NAP_MAX)).min(EXPIRE_PAUSE)
    }

    async fn expire(self: &Arc<Self>) {
        let queue = self.queue.clone();
        match tokio::task::spawn_blocking(move || queue.expire()).await {
            Ok(Ok(_)) => {}
            Ok(Err(error)) => tracing::warn!(%error, "cannot forget ended calls"),
            Err(error) => tracing::error!(%error, "forgetting ended calls failed"),
        }
    }

    async fn work(self: Arc<Self>, lane: Lane, id: Uuid, cut: CancellationToken) {
        if let Err(error) = self.turn(&lane, id, &cut).await {
            tracing::warn!(call = %id, %error, "a call waits because the disk failed");
        }
        self.queue.state.lock().turns.done(&lane);
        self.queue.stirred.notify_one();
    }

    /// One turn of a call. After a failure of the disk it waits for another.
    async fn turn(&self, lane: &Lane, id: Uuid, cut: &CancellationToken) -> Result<(), StoreError> {
        let queue = self.queue.clone();
        let answered = matches!(lane, Lane::Callback(_));
        let read = tokio::task::spawn_blocking(move || match answered {
            true => queue.ledger.answer(id),
            false => queue.ledger.request(id),
        });
        let read = read.await.expect("reading does not panic");
        let found = match read {
            Ok(found) => found,
            Err(error) => {
                let due = wall_ms() + DISK_PAUSES.1.as_millis() as u64;
                self.queue.state.lock().turns.wait(lane.clone(), due, id);
                return Err(error);
            }
        };
        // A call that was forgotten meanwhile is nobody's turn.
        let Some((entry, body)) = found else { return Ok(()) };
        if answered {
            return self.call_back(entry, body).await;
        }
        self.attempt(entry, body, cut).await
    }

    async fn attempt(
        &self,
        entry: Entry,
        body: Bytes,
        cut: &CancellationToken,
    ) -> Result<(), StoreError> {
        let former = entry.clone();
        let (entry, request) = match begin(entry, body) {
            Ok(begun) => begun,
            Err(error) => {
                let refusal = Refusal::new(Reason::BadRequest, error.to_string());
                return self.settle(former, Err(refusal), cut).await;
            }
        };
        let change = Change { entry: entry.clone(), answer: None, drop_request: false };
        if let Err(error) = self.write(change, Vec::new()).await {
            let mut waiting = former.clone();
            waiting.due_ms = wall_ms() + DISK_PAUSES.1.as_millis() as u64;
            self.stand(&former, &waiting);
            return Err(error);
        }
        self.stand(&former, &entry);
        let trigger = TriggerKind::from_word(&entry.trigger).unwrap_or_default();
        let result = tokio::select! {
            result = self.invoker.call(&entry.function, trigger, request) => result,
            () = cut.cancelled() => {
                Err(Refusal::new(Reason::Stopping, "the node went down during the call"))
            }
        };
        self.settle(entry, result, cut).await
    }

    /// Writes down what a try means. The disk may fail meanwhile: what happened is then
    /// kept in memory until it can be written or the node stops.
    async fn settle(
        &self,
        entry: Entry,
        result: Result<Response<Bytes>, Refusal>,
        cut: &CancellationToken,
    ) -> Result<(), StoreError> {
        let former = entry.clone();
        let mut pause = DISK_PAUSES.0;
        loop {
            let settled = settle(entry.clone(), result.clone(), wall_ms(), chance::bits());
            let after = settled.end().map_or(Vec::new(), |ended| self.followers.after(&ended));
            let add: Vec<_> = after
                .into_iter()
                .filter_map(|call| {
                    let entry = self.queue.entry(call);
                    entry.inspect_err(|why| tracing::warn!(?why, "a call does not follow")).ok()
                })
                .collect();
            let (next, followers) = (settled.change.entry.clone(), add.clone());
            let unreached = settled.unreached;
            match self.write(settled.change, add).await {
                Ok(()) => {
                    self.count(&next);
                    self.stand(&former, &next);
                    let mut state = self.queue.state.lock();
                    match unreached {
                        Some(closed) => state.turns.shut(&lane(&former), wall_ms(), closed),
                        None => state.turns.open(&lane(&former)),
                    }
                    followers.iter().for_each(|(entry, _)| state.enter(entry));
                    return Ok(());
                }
                Err(error) if cut.is_cancelled() => {
                    self.stand(&former, &former);
                    return Err(error);
                }
                Err(error) => {
                    tracing::warn!(call = %entry.id, %error, "what came of a call waits for the disk");
                    tokio::select! {
                        () = sleep(pause) => {}
                        () = cut.cancelled() => {}
                    }
                    pause = (pause * 2).min(DISK_PAUSES.1);
                }
            }
        }
    }

    async fn call_back(&self, entry: Entry, body: Bytes) -> Result<(), StoreError> {
        let Some(callback) = entry.callback.as_ref().filter(|callback| callback.pending) else {
            return Ok(());
        };
        let answer = match &entry.answer {
            Some(head) => head.with(body),
            None => {
                let why = entry.error.clone().unwrap_or_default();
                letter(&Refusal::new(Reason::FunctionFailed, why))
            }
        };
        let id = entry.id.to_string();
        let post = Post {
            url: &callback.url,
            id: &id,
            function: &entry.function,
            status: answer.status().as_u16(),
            headers: answer.headers(),
            body: answer.body().clone(),
        };
        let result = self.callbacks.post(post).await;
        let tallies = &self.queue.tallies;
        let tally = if result.is_ok() { &tallies.called_back } else { &tallies.callbacks_failed };
        tally.fetch_add(1, Ordering::Relaxed);
        let former = entry.clone();
        let change = posted(entry, result, wall_ms(), chance::bits());
        let mut next = change.entry.clone();
        let written = self.write(change, Vec::new()).await;
        if written.is_err() {
            next.due_ms = wall_ms() + DISK_PAUSES.1.as_millis() as u64;
        }
        self.stand(&former, &next);
        written
    }

    async fn write(&self, change: Change, add: Vec<(Entry, Bytes)>) -> Result<(), StoreError> {
        let step = Step { add, change: vec![change], ..Step::default() };
        self.queue.ledger.write(step).await.map(drop)
    }

    /// In memory, a call that stood as `former` has it stands as `next` has it.
    fn stand(&self, former: &Entry, next: &Entry) {
        let mut state = self.queue.state.lock();
        state.uncount(former);
        state.enter(next);
    }

    fn count(&self, entry: &Entry) {
        let tallies = &self.queue.tallies;
        let tally = match entry.state {
            InvocationState::Done => &tallies.done,
            InvocationState::Dead => &tallies.dead,
            InvocationState::Queued | InvocationState::Running => &tallies.again,
        };
        tally.fetch_add(1, Ordering::Relaxed);
    }
}
