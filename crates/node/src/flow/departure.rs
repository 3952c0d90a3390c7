//! A flow goes to another node, with all that is in it.
//!
//! While it still runs, what it keeps on disk is sent ahead, as far as that gets, unless there are
//! items before it that lie in memory only; then it stops here, the rest follows, and the other node
//! begins with it. In between nothing is taken out anywhere: that is the pause. What functions put
//! in meanwhile waits, and is sent on to the new place from then on. Whatever fails before the other
//! node has it all leaves it here.

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio_util::sync::CancellationToken;

use swell_api::flow::{Ack, is_native};
use swell_core::time::Span;
use swell_link::error::LinkError;

use crate::clock::wall_ms;
use crate::flow::away::{Away, Left};
use crate::flow::errands::Talk;
use crate::flow::flows::Flows;
use crate::flow::keep::Keep;
use crate::flow::letters::{elsewhere, unknown};
use crate::flow::line::Line;
use crate::flow::link::Link;
use crate::flow::records::FlowRecord;
use crate::flow::up::{Up, gone};
use crate::flow::wire::{
    CHUNK_BYTES, Chunk, ChunkHead, Elsewhere, LaneEnds, Move, Offer, Seal, abroad, path, text,
};
use crate::refusal::{Reason, Refusal};

/// Rounds of sending ahead: what came during one is sent in the next.
const ROUNDS: usize = 3;
/// How long the other node may take to begin before that goes on beside.
const BEGIN_IN: Duration = Duration::from_secs(10);
/// How much longer than its function's timeout a call may take.
const CALL_SLACK: Duration = Duration::from_secs(5);

/// Flows that the analyzer let go to other nodes, among the reasons that moves are counted by.
pub(crate) const BY_ANALYZER: &str = "analyzer-node";

/// Who says that a flow goes to another node.
#[derive(Debug, Default)]
pub(crate) struct Ordered {
    /// Why, where it was the analyzer and not a person.
    pub(crate) because: String,
    /// Which function is to own it there, if not the present one.
    pub(crate) owner: Option<String>,
}

/// One way of a flow to another node.
struct Journey {
    link: Link,
    to: Elsewhere,
    flow: String,
    term: u32,
    /// By lane, the number after the last item that was sent.
    sent: BTreeMap<String, u64>,
    left: Left,
    /// Cancelled once it must not go on, as this node goes down.
    over: CancellationToken,
}

impl Flows {
    /// Lets a flow go to another node.
    pub(crate) async fn leave(
        self: &Arc<Self>,
        name: &str,
        to: Elsewhere,
        order: Ordered,
    ) -> Result<(), Refusal> {
        let _turn = self.turns.of(name).await;
        let up = self.get(name).ok_or_else(|| unknown(name))?;
        let mut record = up.record.lock().clone();
        if let Some(Elsewhere { node, .. }) = &record.moved {
            return Err(elsewhere(name, node));
        }
        // Somebody may have said so since that was decided.
        if !order.because.is_empty() && (record.frozen || record.pinned.is_some()) {
            let title = format!("a person froze or pinned the flow `{name}`");
            return Err(Refusal::new(Reason::Conflict, title));
        }
        let line = up.line.as_ref().map_err(|why| {
            let title = format!("the flow `{name}` is not up");
            Refusal::new(Reason::NotReady, title).detail(why.to_string())
        })?;
        let link = self.parts.links.get().ok_or_else(|| {
            Refusal::new(Reason::Conflict, "this node speaks to no others")
                .hint("give it `flow.listen` and certificates, and the other node too")
        })?;
        if to.node == *link.name {
            return Err(Refusal::new(Reason::BadRequest, format!("`{name}` is at `{}`", to.node)));
        }
        // A term is used for one try only, so nothing of another counts for this one.
        record.term += 1;
        record.identify();
        record.nodes.insert(to.node.clone(), to.at.clone());
        // Wherever it begins next, that is another owner.
        record.epoch = up.next_epoch();
        self.save(&record).await?;
        {
            let mut known = up.record.lock();
            (known.term, known.identity) = (record.term, record.identity);
        }
        let mut journey = Journey {
            link,
            to: to.clone(),
            flow: name.to_string(),
            term: record.term,
            sent: BTreeMap::new(),
            left: Left::default(),
            over: self.drained.clone(),
        };
        let lanes = self.lanes_to_go(&record, line);
        let change = line.change_node(journey.round_trip().await);
        let mut offered = record.clone();
        let now = swell_core::time::Instant::from_millis(wall_ms());
        offered.rests.on_moved(now, journey.link.name.to_string(), to.node.clone());
        let owner = || line.owner_name(line.owner()).to_string();
        offered.owner = Some(order.owner.unwrap_or_else(owner));
        let begun = journey.offer(&offered, &lanes).await;
        let ahead = match begun {
            Ok(()) => journey.send_ahead(line, &lanes).await,
            Err(error) => Err(error),
        };
        if let Err(error) = ahead {
            journey.abort().await;
            return Err(stays(name, &to, &error));
        }
        // What a person said meanwhile is not in what was offered.
        let said = |record: &FlowRecord| (record.frozen, record.pinned.clone(), record.core);
        let is_said = said(&up.record.lock()) != said(&record);
        if is_said {
            journey.abort().await;
            let title = format!("a person changed the flow `{name}` while it was to leave");
            return Err(Refusal::new(Reason::Conflict, title).hint("say again that it is to go"));
        }
        record.epoch = up.next_epoch();
        let costs = line.costs.clone();
        // From here on nothing is taken out, until the flow is up there, or here again.
        let fenced = Instant::now();
        self.put_in(Arc::new(Up::changing(record.clone())));
        let is_calling = line.is_calling();
        self.take_down_in(&up, self.call_max(line)).await;
        let waited = if is_calling { fenced.elapsed() } else { Duration::ZERO };
        let counts = line.meter.items();
        gone(up).await;
        let sealed = match self.send_rest(&mut journey, &record, &lanes).await {
            Ok(()) => Ok(()),
            Err(error) => Err(stays(name, &to, &error)),
        };
        let went = record.went + 1;
        let (moved, because, rests) = (Some(to.clone()), order.because, offered.rests);
        let mut gone = FlowRecord { moved, went, because, rests, ..record.clone() };
        if !gone.because.is_empty() {
            *gone.moves.entry(BY_ANALYZER.to_string()).or_default() += 1;
        }
        let decided = match sealed {
            // With this the flow is there and not here, whatever happens next.
            Ok(()) => self.save(&gone).await,
            Err(refusal) => Err(refusal),
        };
        if let Err(refusal) = decided {
            journey.abort().await;
            self.put_in(self.bring_up(record));
            return Err(refusal);
        }
        let away = Arc::new(Away::new(&gone, to.clone(), self.parts.links.clone()));
        let until = Some(tokio::time::Instant::now() + BEGIN_IN);
        if let Err(why) = away.let_begin((until, &self.stop)).await {
            tracing::warn!(flow = %name, node = %to.node, %why, "a flow that went does not begin");
            self.let_begin_later(away.clone());
        }
        journey.left.pause = fenced.elapsed();
        let spans = [waited, journey.left.pause - waited];
        let [waited, paused] = spans.map(|span| Span::from_nanos(span.as_nanos() as u64));
        costs.lock().on_pause(&change, waited, paused);
        away.set_left(journey.left, counts);
        self.put_in(Arc::new(Up::away(gone, &to.node, away)));
        let folder = self.folder(name);
        if let Err(error) = std::fs::remove_dir_all(&folder)
            && error.kind() != io::ErrorKind::NotFound
        {
            tracing::warn!(%error, folder = %folder.display(), "items of a flow stay on disk");
        }
        self.errands.forget(name);
        let Left { items, bytes, pause } = journey.left;
        tracing::info!(flow = %name, node = %to.node, items, bytes, ?pause, "a flow went away");
        Ok(())
    }

    /// How long the call under way may take when its flow leaves: as long as after any change of
    /// hands where it may be cut short then, else as long as its function may, as its items would
    /// be given out again at the new place.
    fn call_max(&self, line: &Line) -> Duration {
        let holder = line.whose_call();
        let owner = self.parts.registry.get(line.owner_name(holder));
        let timeout = owner.map(|owner| owner.leading().spec.timeout_ms).unwrap_or_default();
        let most = self.parts.drain.max(Duration::from_millis(timeout) + CALL_SLACK);
        line.patience(holder).map_or(most, |span| most.min(Duration::from_nanos(span.nanos())))
    }

    /// Lets another node begin with a flow that went there, until it did.
    pub(crate) fn let_begin_later(self: &Arc<Self>, away: Arc<Away>) {
        let stop = self.stop.clone();
        tokio::spawn(async move {
            // It ends with the node at the latest, and is taken up by the next.
            let _ = away.let_begin((None, &stop)).await;
        });
    }

    /// Lanes that have had items, or may have some: the functions that feed them are here, or
    /// processes, of which any may connect here.
    fn lanes_to_go(&self, record: &FlowRecord, line: &Line) -> Vec<String> {
        let is_here = |name: &str| is_native(name) || self.parts.registry.get(name).is_some();
        let is_fed = |name: &String| record.remote.contains(name) || is_here(name);
        let lanes = line.lanes.iter().zip(&line.from);
        let go = lanes.filter(|(lane, name)| is_fed(name) || lane.has_items());
        go.map(|(_, name)| name.clone()).collect()
    }

    /// Sends what is left of a flow that stopped, and where its lanes begin and end.
    async fn send_rest(
        &self,
        journey: &mut Journey,
        record: &FlowRecord,
        lanes: &[String],
    ) -> Result<(), Trouble> {
        let mut ends = Vec::new();
        for lane in lanes {
            let folder = self.folder(&record.spec.name).join(lane);
            let most = record.spec.disk_bytes;
            let opened = tokio::task::spawn_blocking(move || Keep::open(folder, most)).await;
            let keep = opened.map_err(io::Error::other)??;
            while journey.send_one(lane, |from| keep.run_from(from, CHUNK_BYTES)).await? {}
            let lane = abroad(lane, &journey.link.name);
            ends.push(LaneEnds { lane, first: keep.first(), next: keep.next() });
        }
        journey.left.items = ends.iter().map(|ends| ends.next - ends.first).sum();
        let seal = Seal { flow: journey.flow.clone(), term: journey.term, lanes: ends };
        journey.ask(path::SEAL, text(&seal)).await
    }
}

/// Why a journey came to nothing.
#[derive(Debug, thiserror::Error)]
enum Trouble {
    #[error(transparent)]
    Link(#[from] LinkError),
    #[error("what it keeps on disk cannot be read: {0}")]
    Disk(#[from] io::Error),
    #[error("this node goes down, and `{0}` took too long")]
    Stopping(String),
}

impl Journey {
    async fn ask(&self, path: &str, body: Vec<u8>) -> Result<(), Trouble> {
        tokio::select! {
            biased;
            told = self.link.ask(&self.to, path, body, Duration::from_secs(20)) => told?,
            () = self.over.cancelled() => return Err(Trouble::Stopping(self.to.node.clone())),
        };
        Ok(())
    }

    /// The time there and back, of nothing in particular; none where nobody answers: then the flow
    /// does not go either.
    async fn round_trip(&self) -> Span {
        let begun = Instant::now();
        let _ = self.ask(path::WHERE, text(&Talk::default())).await;
        Span::from_nanos(begun.elapsed().as_nanos() as u64)
    }

    async fn offer(&self, record: &FlowRecord, lanes: &[String]) -> Result<(), Trouble> {
        let mut nodes = record.nodes.clone();
        let own = self.link.own(&self.to);
        nodes.insert(own.node, own.at);
        let offer = Offer {
            spec: record.spec.clone(),
            term: self.term,
            identity: record.identity,
            nodes,
            epoch: record.epoch,
            lanes: lanes.iter().map(|lane| abroad(lane, &self.link.name)).collect(),
            called: lanes
                .iter()
                .map(|lane| (abroad(lane, &self.link.name), record.called(lane).to_string()))
                .filter(|(lane, called)| lane != called)
                .collect(),
            owner: record.owner.clone(),
            pinned: record.pinned.clone(),
            frozen: record.frozen,
            rests: record.rests.clone(),
        };
        self.ask(path::OFFER, text(&offer)).await
    }

    /// Sends what lanes keep on disk while they still take items in.
    async fn send_ahead(&mut self, line: &Line, lanes: &[String]) -> Result<(), Trouble> {
        // Before what it has on disk come items that lie in memory only, and the other node takes
        // them in their order.
        if line.spec.ack == Ack::Append {
            return Ok(());
        }
        for _ in 0..ROUNDS {
            let before = self.left.bytes;
            for (lane, name) in line.lanes.iter().zip(&line.from) {
                if !lanes.contains(name) {
                    continue;
                }
                let due = lane.due();
                let is_behind = |journey: &Self| journey.sent.get(name).copied().unwrap_or(0) < due;
                while is_behind(self)
                    && self.send_one(name, |from| lane.run_from(from, CHUNK_BYTES)).await?
                {
                }
            }
            if self.left.bytes - before < CHUNK_BYTES as u64 {
                break;
            }
        }
        Ok(())
    }

    /// Sends one chunk of a lane; whether there was anything to send.
    async fn send_one(
        &mut self,
        lane: &str,
        run_from: impl FnOnce(u64) -> io::Result<(u64, Vec<Vec<u8>>)>,
    ) -> Result<bool, Trouble> {
        let from = self.sent.get(lane).copied().unwrap_or(0);
        let (first, items) = run_from(from)?;
        if items.is_empty() {
            return Ok(false);
        }
        let head = ChunkHead {
            flow: self.flow.clone(),
            term: self.term,
            lane: abroad(lane, &self.link.name),
            born: 0,
            wait_ms: 0,
        };
        let next = first + items.len() as u64;
        let bytes: usize = items.iter().map(Vec::len).sum();
        self.ask(path::ITEMS, Chunk { head, first, items }.encode()).await?;
        self.left.bytes += bytes as u64;
        self.sent.insert(lane.to_string(), next);
        Ok(true)
    }

    /// Tells the other node to forget what it was sent.
    async fn abort(&self) {
        let order = Move { flow: self.flow.clone(), term: self.term };
        if let Err(error) = self.ask(path::ABORT, text(&order)).await {
            tracing::debug!(%error, "a node was not told that a flow stays");
        }
    }
}

fn stays(flow: &str, to: &Elsewhere, error: &Trouble) -> Refusal {
    let Elsewhere { node, at } = to;
    let title = format!("the flow `{flow}` stays here: it cannot go to `{node}` at {at}");
    let reason = match error {
        Trouble::Link(LinkError::Refused { .. }) => Reason::Conflict,
        Trouble::Link(_) | Trouble::Stopping(_) => Reason::NotReady,
        Trouble::Disk(_) => Reason::Storage,
    };
    let refusal = Refusal::new(reason, title).detail(error.to_string());
    match reason {
        Reason::Conflict => refusal.hint(format!(
            "see what `{node}` knows of that name: what is left there of an older flow goes with \
             `swell flow rm {flow}`"
        )),
        _ => refusal,
    }
}
