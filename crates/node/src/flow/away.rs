//! The way to a flow that is at another node: what functions here put in is sent on.
//!
//! Invariant: items of a lane are numbered where they are sent, and a number is given to
//! another item only once it is known what became of the first. So what is sent again after a
//! connection broke is recognised, and nobody's item passes for another's.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use parking_lot::Mutex;
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;

use swell_api::flow::{FlowItems, Full, is_native};
use swell_link::error::LinkError;

use crate::flow::end::PutError;
use crate::flow::lane::Put;
use crate::flow::link::{Link, Links};
use crate::flow::natives::Natives;
use crate::flow::records::FlowRecord;
use crate::flow::replies::{answer, chunk, is_final, is_untaken, read};
use crate::flow::silence::Silence;
use crate::flow::way::Way;
use crate::flow::wire::{
    Chunk, ChunkHead, ELSEWHERE, Elsewhere, Move, Next, OUT_OF_TURN, abroad, path, text,
};

/// How long the other node waits for room at a time.
const WAIT_MAX: Duration = Duration::from_secs(2);
/// The pause before something is tried again, and before a full flow is asked again.
const PAUSES: (Duration, Duration) = (Duration::from_millis(50), Duration::from_millis(5));

/// What came of sending a flow away.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Left {
    /// Items that went with it.
    pub(crate) items: u64,
    /// Their bytes.
    pub(crate) bytes: u64,
    /// How long nothing was taken out.
    pub(crate) pause: Duration,
}

/// The way to a flow.
pub(crate) struct Away {
    flow: String,
    term: u32,
    full: Full,
    /// What items are called after, by who puts them in.
    called: BTreeMap<String, String>,
    to: Mutex<Elsewhere>,
    links: Arc<Links>,
    left: Mutex<Option<Left>>,
    /// What became of items here until then.
    counts: Mutex<FlowItems>,
    /// Since when the other node was not reached.
    pub(crate) silence: Silence,
    /// Native processes here that feed it.
    pub(crate) natives: Natives,
    /// The lives of its lanes of this node and the numbers that were due when it came here, once it
    /// has.
    home: Mutex<Option<BTreeMap<String, (u64, u64)>>>,
    /// By the functions and processes here that feed it.
    ways: BTreeMap<String, tokio::sync::Mutex<Way>>,
}

/// Until when something is tried, and what ends that before.
type Patience<'a> = (Option<Instant>, &'a CancellationToken);

impl Away {
    pub(crate) fn new(record: &FlowRecord, to: Elsewhere, links: Arc<Links>) -> Self {
        Self {
            flow: record.spec.name.clone(),
            term: record.term,
            full: record.spec.full,
            called: record.called.clone(),
            to: Mutex::new(to),
            links,
            left: Mutex::new(None),
            counts: Mutex::default(),
            silence: Silence::default(),
            natives: Natives::default(),
            home: Mutex::new(None),
            ways: record.spec.from.iter().map(|from| (from.clone(), Default::default())).collect(),
        }
    }

    /// Where it is, as far as is known here.
    pub(crate) fn to(&self) -> Elsewhere {
        self.to.lock().clone()
    }

    /// It is known by now to be there.
    pub(crate) fn redirect(&self, to: Elsewhere) {
        *self.to.lock() = to;
        self.silence.end();
    }

    /// What came of sending it, if this node did so since it came up.
    pub(crate) fn left(&self) -> Option<Left> {
        *self.left.lock()
    }

    /// It has come here; its lanes begin with these numbers, in these lives. So it is known which
    /// items that were sent and not answered are among those that came: in the same life.
    pub(crate) fn come_home(&self, due: BTreeMap<String, (u64, u64)>) {
        *self.home.lock() = Some(due);
    }

    fn is_home(&self, error: &LinkError) -> bool {
        let said = answer::<Elsewhere>(error, ELSEWHERE);
        let own = self.links.get();
        said.zip(own).is_some_and(|(elsewhere, own)| *own.name == *elsewhere.node)
    }

    /// What became of items here before it left, if that was since this node came up.
    pub(crate) fn counts(&self) -> FlowItems {
        *self.counts.lock()
    }

    pub(crate) fn set_left(&self, left: Left, counts: FlowItems) {
        (*self.left.lock(), *self.counts.lock()) = (Some(left), counts);
    }

    /// Lets the other node begin with what it was sent, and tries that until it did.
    pub(crate) async fn let_begin(&self, patience: Patience<'_>) -> Result<(), String> {
        let order = text(&Move { flow: self.flow.clone(), term: self.term });
        loop {
            let to = self.to();
            let Some(link) = self.links.get() else { return Err(UNLINKED.to_string()) };
            let said = link.ask(&to, path::ACTIVATE, order.clone(), Duration::ZERO).await;
            match said {
                Ok(_) => return Ok(()),
                Err(error) => self.rest(patience, PAUSES.0).await.map_err(|_| error.to_string())?,
            }
        }
    }

    /// Sends items of a function on, in this order; as [`Lane::put`](crate::flow::lane::Lane).
    pub(crate) async fn put(
        &self,
        from: &str,
        items: &[Vec<u8>],
        patience: Patience<'_>,
    ) -> (Put, Result<(), PutError>) {
        let mut put = Put::default();
        let Some(way) = self.ways.get(from) else {
            put.count = items.len() as u32;
            return (put, Ok(()));
        };
        let mut way = tokio::select! {
            way = way.lock() => way,
            error = self.over(patience) => return (put, Err(error)),
        };
        let doubtful = way.doubtful.clone();
        let mut cleared = Put::default();
        if let Err(error) = self.send(&mut way, &doubtful, &mut cleared, from, patience).await {
            // Whoever sent what is in doubt was told so; the rest goes to where the flow is.
            if self.home.lock().is_some() {
                way.doubtful.clear();
                return (put, Err(PutError::Closed));
            }
            if way.doubtful.is_empty() && !matches!(error, PutError::Full) {
                // It is known by now that the rest is not in; whoever sent it was told of the doubt.
                tracing::debug!(flow = %self.flow, ?error, "items in doubt were not taken");
            }
            return (put, Err(error));
        }
        let sent = self.send(&mut way, items, &mut put, from, patience).await;
        (
            put,
            sent.map_err(|error| {
                way.doubt(from, self.called.get(from).map_or(from, |it| it), error)
            }),
        )
    }

    /// The number of the item that is due from a process that just connected; an error says
    /// why nobody knows.
    pub(crate) async fn next(&self, from: &str) -> Result<u64, String> {
        match self.ask_next(from).await {
            Ok(next) => Ok(next.next),
            Err(error) => {
                if let Some(elsewhere) = answer::<Elsewhere>(&error, ELSEWHERE) {
                    *self.to.lock() = elsewhere;
                }
                Err(error.to_string())
            }
        }
    }

    /// What happens to items of `from` where there is no room. A process finds its own FIFO
    /// full; until then its items wait there.
    fn rule(&self, from: &str) -> Full {
        let is_told = self.full == Full::Reject && is_native(from);
        if is_told { Full::Block } else { self.full }
    }

    async fn send(
        &self,
        way: &mut Way,
        items: &[Vec<u8>],
        put: &mut Put,
        from: &str,
        patience: Patience<'_>,
    ) -> Result<(), PutError> {
        let (full, mut why) = (self.rule(from), None);
        while let Some(rest) = items.get(put.count as usize..).filter(|rest| !rest.is_empty()) {
            let (born, next) = match way.known {
                Some(known) => known,
                None => match self.ask_next(from).await {
                    Ok(next) => {
                        way.known = Some((next.born, next.next));
                        continue;
                    }
                    Err(error) if self.is_home(&error) && self.home.lock().is_some() => {
                        return Err(PutError::Closed);
                    }
                    Err(error) => {
                        self.retry(&error, patience).await?;
                        continue;
                    }
                },
            };
            let chunk = &rest[..chunk(rest, full)];
            let before = std::mem::replace(&mut way.doubtful, chunk.to_vec());
            match self.send_chunk(from, (born, next), chunk, patience.0).await {
                Ok(said) => {
                    way.doubtful.clear();
                    way.known = Some((said.born, said.next));
                    let taken = said.next.saturating_sub(next).min(chunk.len() as u64) as u32;
                    put.count += taken + said.dropped;
                    put.dropped += said.dropped;
                    if said.is_full && full == Full::Reject {
                        return Err(PutError::Full);
                    }
                    if said.is_full {
                        let rested = self.rest(patience, PAUSES.1).await;
                        rested.map_err(|error| if_late(error, PutError::Full))?;
                    }
                }
                // What feeds it here takes the place of this way, with what is not among the items
                // that came.
                Err(error) if self.is_home(&error) => {
                    let due = self.home.lock().as_ref().map(|due| due.get(from).copied());
                    let Some(due) = due else {
                        // This try was refused, so it leaves nothing in doubt.
                        way.doubtful = before;
                        self.rest(patience, PAUSES.1).await?;
                        continue;
                    };
                    let came = match due {
                        Some((life, due)) if life == born => due.saturating_sub(next),
                        // Numbers of another life say nothing of what an earlier try came to.
                        _ if !before.is_empty() => return Err(told(CAME_HOME)),
                        _ => 0,
                    };
                    put.count += came.min(chunk.len() as u64) as u32;
                    way.doubtful.clear();
                    way.known = None;
                    let is_all = put.count as usize >= items.len();
                    return if is_all { Ok(()) } else { Err(PutError::Closed) };
                }
                Err(error) => match answer::<Next>(&error, OUT_OF_TURN) {
                    // In the same life, numbers that are past are those of these items.
                    Some(said) => {
                        let in_it =
                            if said.born == born { said.next.saturating_sub(next) } else { 0 };
                        put.count += in_it.min(chunk.len() as u64) as u32;
                        way.doubtful.clear();
                        way.known = Some((said.born, said.next));
                        if (put.count as usize) < items.len() {
                            let rested = self.rest(patience, PAUSES.1).await;
                            rested.map_err(|error| if_late(error, told(&error_text(&why))))?;
                        }
                    }
                    None => {
                        // This try changes nothing about what an earlier one left in doubt.
                        if is_untaken(&error) {
                            way.doubtful = before;
                        }
                        self.retry(&error, patience).await?;
                        why = Some(error.to_string());
                    }
                },
            }
        }
        Ok(())
    }

    /// Waits before the next try, or tells why there is none.
    async fn retry(&self, error: &LinkError, patience: Patience<'_>) -> Result<(), PutError> {
        if let Some(elsewhere) = answer::<Elsewhere>(error, ELSEWHERE) {
            if self.is_home(error) {
                return self.rest(patience, PAUSES.1).await;
            }
            tracing::info!(flow = %self.flow, node = %elsewhere.node, "a flow went further");
            *self.to.lock() = elsewhere;
            return Ok(());
        }
        if is_final(error) {
            return Err(told(&error.to_string()));
        }
        // Who waits for an answer hears soon that nobody is there; a process has time.
        if patience.0.is_some() && self.silence.is_long(Instant::now()) {
            return Err(told(&error.to_string()));
        }
        let rested = self.rest(patience, PAUSES.0).await;
        rested.map_err(|over| if_late(over, told(&error.to_string())))
    }

    pub(super) async fn ask_next(&self, from: &str) -> Result<Next, LinkError> {
        let (link, head) = self.head(from, 0, Duration::ZERO)?;
        let to = self.to();
        read(&to, &self.ask(&link, &to, path::NEXT, text(&head), Duration::ZERO).await?)
    }

    async fn ask(
        &self,
        link: &Link,
        to: &Elsewhere,
        path: &str,
        body: Vec<u8>,
        wait: Duration,
    ) -> Result<Bytes, LinkError> {
        let said = link.ask(to, path, body, wait).await;
        self.silence.hear(said.as_ref().err(), Instant::now());
        said
    }

    async fn send_chunk(
        &self,
        from: &str,
        (born, first): (u64, u64),
        items: &[Vec<u8>],
        deadline: Option<Instant>,
    ) -> Result<Next, LinkError> {
        let left = deadline.map_or(WAIT_MAX, |deadline| deadline - Instant::now());
        let wait = if self.rule(from) == Full::Block { left.min(WAIT_MAX) } else { Duration::ZERO };
        let (link, head) = self.head(from, born, wait)?;
        let chunk = Chunk { head, first, items: items.to_vec() };
        let to = self.to();
        read(&to, &self.ask(&link, &to, path::PUT, chunk.encode(), wait).await?)
    }

    fn head(&self, from: &str, born: u64, wait: Duration) -> Result<(Link, ChunkHead), LinkError> {
        let unlinked = || LinkError::Unusable(UNLINKED.to_string());
        let link = self.links.get().ok_or_else(unlinked)?;
        let (flow, lane) = (self.flow.clone(), abroad(from, &link.name));
        let wait_ms = wait.as_millis() as u64;
        Ok((link, ChunkHead { flow, term: 0, lane, born, wait_ms }))
    }

    async fn rest(&self, patience: Patience<'_>, pause: Duration) -> Result<(), PutError> {
        tokio::select! {
            biased;
            error = self.over(patience) => Err(error),
            () = sleep(pause) => Ok(()),
        }
    }

    /// The end of the patience.
    async fn over(&self, (deadline, stop): Patience<'_>) -> PutError {
        let late = async {
            match deadline {
                Some(deadline) => tokio::time::sleep_until(deadline).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = stop.cancelled() => PutError::Closed,
            () = late => told(&format!("`{}` does not answer", self.to().node)),
        }
    }
}

const CAME_HOME: &str = "the flow came here before it was heard whether the item was in it";
const UNLINKED: &str = "this node speaks to no others; give it `flow.listen` and certificates";

fn told(why: &str) -> PutError {
    PutError::Unreached(why.to_string())
}

fn error_text(why: &Option<String>) -> String {
    why.clone().unwrap_or_else(|| "its numbers are out of turn".to_string())
}

/// The better reason, where the time is over.
fn if_late(over: PutError, reason: PutError) -> PutError {
    if matches!(over, PutError::Closed) { over } else { reason }
}
