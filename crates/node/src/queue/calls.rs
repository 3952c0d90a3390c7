//! The queue of asynchronous calls: takes calls, shows them, forgets them.
//!
//! A call is made at least once: it is on disk before its id is given out, and is taken
//! out of the queue only when what came of it is on disk too. Its id is the same over all
//! tries, so that a function can tell a repetition.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::{Response, Uri};
use parking_lot::{Mutex, RwLock};
use tokio::sync::Notify;
use tokio::task::JoinError;
use uuid::Uuid;

use swell_api::invocation::{Invocation, InvocationState};
use swell_sandbox::reach::Reach;

use crate::api::context::Queued;
use crate::clock::wall_ms;
use crate::later::{Accepting, Deferred, Later};
use crate::observe::function_metrics::TriggerKind;
use crate::observe::gauges::Gauges;
use crate::observe::request_id::RequestId;
use crate::outflow::{Doing, Grave, Graves};
use crate::queue::afar::Afar;
use crate::queue::entry::{Callback, Entry, RequestHead};
use crate::queue::ledger::{Change, Ledger, Step};
use crate::queue::state::State;
use crate::queue::verdict::ASKED_MAX;
use crate::refusal::{Reason, Refusal};
use crate::settings::QueueSettings;
use crate::store::error::StoreError;

/// The queue of a node.
pub struct Queue {
    pub(crate) ledger: Arc<Ledger>,
    pub(crate) state: Arc<Mutex<State>>,
    pub(crate) settings: QueueSettings,
    pub(crate) tallies: Tallies,
    /// Tells the runner that it may be somebody's turn.
    pub(crate) stirred: Arc<Notify>,
    reach: Reach,
    /// Where calls are asked for that are not known here.
    pub(crate) afar: RwLock<Option<Arc<dyn Afar>>>,
}

/// What the queue's work came to, since the node came up.
#[derive(Debug, Default)]
pub struct Tallies {
    /// Tries that ended a call.
    pub done: AtomicU64,
    /// Tries after which another follows.
    pub again: AtomicU64,
    /// Calls that were given up.
    pub dead: AtomicU64,
    /// Answers posted to those who wait for them.
    pub called_back: AtomicU64,
    /// Posts that failed.
    pub callbacks_failed: AtomicU64,
}

impl Queue {
    /// Opens the queue in a data folder. Calls that were being tried when the node went
    /// down wait for another try.
    pub fn open(folder: &Path, settings: QueueSettings) -> Result<Self, StoreError> {
        let ledger = Ledger::open(folder)?;
        let mut state = State::new(settings.workers);
        let now = wall_ms();
        let mut change = Vec::new();
        ledger.load(|mut entry| {
            // A clock that was set back must not let a call wait for years.
            let pause = entry.retry.backoff_ms_max.max(ASKED_MAX.as_millis() as u64);
            let latest = now.saturating_add(pause);
            if entry.state == InvocationState::Running || entry.due_ms > latest {
                if entry.state == InvocationState::Running {
                    entry.state = InvocationState::Queued;
                }
                entry.due_ms = now;
                change.push(Change { entry: entry.clone(), answer: None, drop_request: false });
            }
            state.enter(&entry);
        })?;
        if !change.is_empty() {
            ledger.write_blocking(&Step { change, ..Step::default() })?;
        }
        let reach = Reach::new(&settings.callbacks);
        let (ledger, state) = (Arc::new(ledger), Arc::new(Mutex::new(state)));
        let (tallies, stirred) = (Tallies::default(), Arc::new(Notify::new()));
        let afar = RwLock::default();
        Ok(Self { ledger, state, settings, tallies, stirred, reach, afar })
    }

    /// Takes calls together with a time to be remembered: all of it or nothing. The ids of
    /// the calls; that of a repetition is the id of the first.
    pub async fn accept_all(
        &self,
        calls: Vec<Deferred>,
        mark: Option<(String, u64)>,
    ) -> Result<Vec<Uuid>, Refusal> {
        let add = calls.into_iter().map(|call| self.entry(call)).collect::<Result<Vec<_>, _>>()?;
        let entries: Vec<Entry> = add.iter().map(|(entry, _)| entry.clone()).collect();
        self.reserve(&entries)?;
        let (ledger, state) = (self.ledger.clone(), self.state.clone());
        let stirred = self.stirred.clone();
        // Who asked may leave meanwhile; the calls are then on their way all the same.
        let taken = tokio::spawn(async move {
            let written = ledger.write(Step { add, mark, ..Step::default() }).await;
            let mut state = state.lock();
            let added = written.map_err(|error| {
                entries.iter().for_each(|entry| state.uncount(entry));
                unkept(&error)
            })?;
            let mut ids = Vec::with_capacity(entries.len());
            for (entry, added) in entries.iter().zip(added) {
                match added {
                    Ok(()) => state.line_up(entry),
                    Err(_) => state.uncount(entry),
                }
                ids.push(added.err().unwrap_or(entry.id));
            }
            stirred.notify_one();
            Ok(ids)
        });
        let broke = |error: JoinError| Refusal::new(Reason::Internal, error.to_string());
        taken.await.map_err(broke)?
    }

    /// A call as it enters the queue.
    pub(crate) fn entry(&self, call: Deferred) -> Result<(Entry, Bytes), Refusal> {
        let Deferred { function, trigger, request, callback, retry, key } = call;
        let callback = callback.map(|url| self.callback(url)).transpose()?;
        let id = RequestId::fresh(Instant::now());
        let id = Uuid::parse_str(id.as_str()).expect("fresh names are UUIDs");
        let (head, body) = (RequestHead::of(&request), request.into_body());
        let now = wall_ms();
        let entry = Entry {
            id,
            function,
            trigger: trigger.word().to_string(),
            state: InvocationState::Queued,
            attempts: 0,
            accepted_at_ms: now,
            due_ms: now,
            ended_at_ms: None,
            retry,
            request: head,
            answer: None,
            error: None,
            callback,
            key,
            bytes: body.len() as u64,
            handed: 0,
            leaving: None,
        };
        Ok((entry, body))
    }

    fn callback(&self, url: String) -> Result<Callback, Refusal> {
        let bad = |why: &str| {
            let title = format!("the callback `{url}` {why}");
            Refusal::new(Reason::BadRequest, title).hint("write a URL such as http://host/path")
        };
        let uri: Uri = url.parse().map_err(|_| bad("is not a URL"))?;
        if !matches!(uri.scheme_str(), Some("http" | "https")) || uri.host().is_none() {
            return Err(bad("is no http or https URL with a host"));
        }
        if !self.reach.allows(&uri) {
            let title = format!("this node posts no answers to `{url}`");
            return Err(Refusal::new(Reason::BadRequest, title)
                .hint("its setting `queue.callbacks` lists the hosts it posts to"));
        }
        Ok(Callback { url, attempts: 0, pending: true })
    }

    /// Makes room for calls, or tells why there is none.
    pub(crate) fn reserve(&self, entries: &[Entry]) -> Result<(), Refusal> {
        let QueueSettings { entries_max, bytes_max, .. } = self.settings;
        let bytes: u64 = entries.iter().map(|entry| entry.bytes).sum();
        let mut state = self.state.lock();
        let open = state.open();
        if open + entries.len() as u64 > entries_max {
            let title = format!("{open} calls are open already, as many as may");
            return Err(Refusal::new(Reason::QueueFull, title)
                .hint("try again later, or raise `queue.entries-max`")
                .retry_after(Duration::from_secs(5)));
        }
        if state.bytes + bytes > bytes_max.get() {
            let title = format!("the calls that are kept have {} bytes", state.bytes);
            return Err(Refusal::new(Reason::Storage, title)
                .detail(format!("together they may have {bytes_max}"))
                .hint("discard some with `swell queue discard`, or raise `queue.bytes-max`")
                .retry_after(Duration::from_secs(30)));
        }
        for entry in entries {
            state.waiting += 1;
            state.bytes += entry.bytes;
        }
        Ok(())
    }

    /// Fills in what stands in the queue.
    pub fn fill(&self, gauges: &mut Gauges) {
        let state = self.state.lock();
        gauges.queue_waiting = state.waiting;
        gauges.queue_running = state.running;
        gauges.queue_dead = state.dead();
        gauges.queue_bytes = state.bytes;
        drop(state);
        let Tallies { done, again, dead, called_back, callbacks_failed } = &self.tallies;
        gauges.queue_tries = [done, again, dead].map(|count| count.load(Ordering::Relaxed));
        gauges.callbacks =
            [called_back, callbacks_failed].map(|count| count.load(Ordering::Relaxed));
    }

    /// The time that is remembered under a name.
    pub fn mark(&self, name: &str) -> Result<Option<u64>, StoreError> {
        self.ledger.mark(name)
    }

    /// Forgets ended calls that are not to be kept any longer; how many.
    pub(crate) fn expire(&self) -> Result<usize, StoreError> {
        let expired = self.state.lock().expired(wall_ms(), &self.settings);
        let mut entries = Vec::with_capacity(expired.len());
        for id in expired {
            entries.extend(self.ledger.get(id)?);
        }
        entries.retain(|entry| self.state.lock().leave(entry));
        if entries.is_empty() {
            return Ok(0);
        }
        let remove = entries.iter().map(|entry| entry.id).collect();
        let written = self.ledger.write_blocking(&Step { remove, ..Step::default() });
        written.inspect_err(|_| {
            let mut state = self.state.lock();
            entries.iter().for_each(|entry| state.enter(entry));
        })?;
        Ok(entries.len())
    }

    /// Removes a call that is not being worked on; whether it could.
    fn forget(&self, entry: &Entry) -> Result<bool, StoreError> {
        if !self.state.lock().leave(entry) {
            return Ok(false);
        }
        let step = Step { remove: vec![entry.id], ..Step::default() };
        self.ledger.write_blocking(&step).inspect_err(|_| self.state.lock().enter(entry))?;
        Ok(true)
    }
}

impl Later for Queue {
    fn accept(&self, call: Deferred) -> Accepting<'_> {
        Box::pin(async move {
            let ids = self.accept_all(vec![call], None).await?;
            Ok(ids[0].to_string())
        })
    }
}

impl Graves for Queue {
    fn bury(&self, grave: Grave) -> Doing<'_> {
        Box::pin(async move {
            let Grave { function, request, retry, attempts, why } = grave;
            let (trigger, now) = (TriggerKind::Flow, wall_ms());
            let call = Deferred { function, trigger, request, callback: None, retry, key: None };
            let (mut entry, body) = self.entry(call)?;
            (entry.state, entry.attempts) = (InvocationState::Dead, attempts);
            (entry.ended_at_ms, entry.error) = (Some(now), Some(why));
            let step = Step { add: vec![(entry.clone(), body)], ..Step::default() };
            self.ledger.write(step).await.map_err(|error| unkept(&error))?;
            self.state.lock().enter(&entry);
            self.tallies.dead.fetch_add(1, Ordering::Relaxed);
            Ok(())
        })
    }
}

impl Queued for Queue {
    fn list(
        &self,
        state: Option<InvocationState>,
        function: Option<&str>,
        limit: usize,
    ) -> Result<Vec<Invocation>, Refusal> {
        let wanted = |entry: &Entry| {
            state.is_none_or(|state| state == entry.state)
                && function.is_none_or(|function| function == entry.function)
        };
        let found = self.ledger.newest(limit, wanted).map_err(|error| unkept(&error))?;
        Ok(found.iter().map(Entry::shown).collect())
    }

    fn get(&self, id: &str) -> Result<Option<Invocation>, Refusal> {
        let Ok(id) = Uuid::parse_str(id) else { return Ok(None) };
        if let Some(call) = self.call_here(id)? {
            return Ok(Some(call));
        }
        let found = self.afar().and_then(|afar| afar.call(id));
        if found.is_none() {
            self.is_here(id)?;
        }
        Ok(found)
    }

    fn result(&self, id: &str) -> Result<Option<Response<Bytes>>, Refusal> {
        let Ok(id) = Uuid::parse_str(id) else { return Ok(None) };
        if let Some(answer) = self.answer_here(id)? {
            return Ok(Some(answer));
        }
        if self.call_here(id)?.is_some() {
            return Ok(None);
        }
        let found = self.afar().and_then(|afar| afar.answer(id));
        if found.is_none() {
            self.is_here(id)?;
        }
        Ok(found)
    }

    fn replay(&self, id: &str) -> Result<Option<Invocation>, Refusal> {
        let Some(former) = self.find(id)? else { return Ok(None) };
        if former.state != InvocationState::Dead {
            return Err(Refusal::new(Reason::Conflict, "the call was not given up")
                .hint("only dead calls are replayed; `swell queue dead` lists them"));
        }
        let mut entry = former.clone();
        entry.state = InvocationState::Queued;
        (entry.attempts, entry.due_ms, entry.ended_at_ms) = (0, wall_ms(), None);
        if let Some(callback) = &mut entry.callback {
            (callback.attempts, callback.pending) = (0, true);
        }
        {
            let mut state = self.state.lock();
            let open = state.open();
            if open >= self.settings.entries_max {
                let title = format!("{open} calls are open already, as many as may");
                return Err(Refusal::new(Reason::QueueFull, title).hint("try again later"));
            }
            if !state.leave(&former) {
                return Err(busy());
            }
        }
        let change = vec![Change { entry: entry.clone(), answer: None, drop_request: false }];
        let written = self.ledger.write_blocking(&Step { change, ..Step::default() });
        let stands = if written.is_ok() { &entry } else { &former };
        self.state.lock().enter(stands);
        written.map_err(|error| unkept(&error))?;
        self.stirred.notify_one();
        Ok(Some(entry.shown()))
    }

    fn discard(&self, id: &str) -> Result<bool, Refusal> {
        let Some(entry) = self.find(id)? else { return Ok(false) };
        if entry.state == InvocationState::Running {
            return Err(busy());
        }
        match self.forget(&entry) {
            Ok(true) => Ok(true),
            Ok(false) => Err(busy()),
            Err(error) => Err(unkept(&error)),
        }
    }
}

impl Queue {
    fn find(&self, id: &str) -> Result<Option<Entry>, Refusal> {
        let Ok(id) = Uuid::parse_str(id) else { return Ok(None) };
        self.ledger.get(id).map_err(|error| unkept(&error))
    }

    /// Refuses a call that went to another site with its function.
    fn is_here(&self, id: Uuid) -> Result<(), Refusal> {
        let moved = self.ledger.moved(id).map_err(|error| unkept(&error))?;
        let Some(site) = moved else { return Ok(()) };
        let title = format!("the call went to site `{site}` with its function");
        Err(Refusal::new(Reason::NotFound, title).hint("ask there, under the same id"))
    }
}

fn busy() -> Refusal {
    Refusal::new(Reason::Conflict, "the call is being worked on").hint("try again in a moment")
}

/// What a failure of the disk means for a caller.
pub(crate) fn unkept(error: &StoreError) -> Refusal {
    Refusal::new(Reason::Storage, "the queue cannot be read or written").detail(error.to_string())
}
