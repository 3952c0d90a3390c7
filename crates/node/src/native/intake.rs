//! Takes in what a native producer puts into its own FIFO, on a thread of its own: into its lane
//! or on to the node that has the flow, on disk first where that was promised, and only then
//! committed.
//!
//! The process alone writes the region, so all that is found there is checked; what makes no
//! sense ends the producer and nothing else. What it had put in when it ended is taken in still.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::runtime::Handle;
use tokio_util::sync::CancellationToken;

use swell_api::flow::Full;
use swell_fifo::class::Class;
use swell_fifo::envelope::Envelope;
use swell_fifo::fault::Fault;
use swell_fifo::fifo::Fifo;
use swell_fifo::layout::{page, region};
use swell_fifo::mapping::Mapping;
use swell_fifo::owner::{Begun, Heir, Next, Owner};
use swell_fifo::pool::Sharing;
use swell_fifo::shared::Shared;
use swell_fifo::template::Segment;

use crate::flow::end::PutError;
use crate::flow::letters::LineError;
use crate::flow::meter::now_us;
use crate::flow::natives::Native;
use crate::flow::pool::Regions;
use crate::native::sink::Sink;

/// How long is waited for items at most before looking whether the process is still there.
const NAP: Duration = Duration::from_millis(200);
/// Items that are kept together at most.
const TOGETHER: usize = 256;
/// Bytes of such items, besides the last.
const TOGETHER_BYTES: usize = 1 << 20;
/// The pause after a disk failed, or another node did not answer.
const PAUSE: Duration = Duration::from_secs(1);

/// The daemon's end of a producer's FIFO.
pub(crate) struct Intake {
    from: Source,
    regions: Arc<Regions>,
    class: Class,
    region: Option<Segment>,
    fifo: Fifo<Mapping>,
    pub(crate) control: Segment,
    pub(crate) page: Segment,
    /// Set once the process has left: what it had put in is taken in, and no more.
    has_left: Arc<AtomicBool>,
    /// Told to take in nothing more.
    stop: CancellationToken,
}

/// Whose items are taken in, and where they go.
pub(crate) struct Source {
    pub(crate) sink: Arc<Sink>,
    pub(crate) native: Arc<Native>,
    pub(crate) media_type: String,
    /// The sequence of the first of them.
    pub(crate) next: u64,
}

/// Why an intake ended.
#[derive(Debug)]
pub(crate) enum Ended {
    /// The process left, and all it had put in was taken in.
    Left,
    /// The flow goes down, or changes.
    Closed,
    /// What the process wrote makes no sense; why.
    Nonsense(String),
}

/// What was taken out and not committed yet.
#[derive(Default)]
struct Open {
    items: Vec<Vec<u8>>,
    bytes: usize,
    /// The sequence after the last one that was accepted, as the process counts.
    accepted: u64,
    /// The last one that went in, where it is not known to be kept.
    last: Option<u64>,
    dropped: u64,
}

impl Intake {
    /// Makes the FIFO of a producer.
    pub(crate) fn new(
        from: Source,
        regions: Arc<Regions>,
        stop: CancellationToken,
    ) -> Result<Self, LineError> {
        let class = from.sink.class().ok_or(LineError::Classless)?;
        let control = Segment::page(Sharing::Processes).map_err(LineError::Memory)?;
        let page = Segment::page(Sharing::Processes).map_err(LineError::Memory)?;
        let region = regions.take(&from.native.name, class, Sharing::Processes)?;
        let memory = vec![region.memory.clone()];
        let mut fifo = Fifo::new(control.memory.clone(), from.native.number, false, memory);
        fifo.begin_at(0, from.next);
        fifo.prepare(page.memory.clone());
        fifo.raise(1);
        let (region, has_left) = (Some(region), Arc::default());
        let mut intake = Self { from, regions, class, region, fifo, control, page, has_left, stop };
        intake.fifo.take_over()?;
        intake.page.memory.store(page::ACCEPTED, intake.from.next, Ordering::Release);
        Ok(intake)
    }

    /// The region, for the process.
    pub(crate) fn region(&self) -> &Segment {
        self.region.as_ref().expect("it is there as long as the intake")
    }

    /// What tells the intake that the process has left.
    pub(crate) fn leaving(&self) -> Leaving {
        Leaving { has_left: self.has_left.clone(), memory: self.region().memory.clone() }
    }

    /// Takes items in from now on; `ended` is told why it stopped.
    pub(crate) fn begin(mut self, ended: tokio::sync::oneshot::Sender<Ended>) -> io::Result<()> {
        let runtime = Handle::current();
        let thread = std::thread::Builder::new().name("swell-flow".to_string());
        // Enough for what it takes to speak to another node.
        thread.stack_size(1 << 20).spawn(move || {
            let why = self.run(&runtime);
            let why = why.unwrap_or_else(|fault| Ended::Nonsense(fault.to_string()));
            // A process that pushes from here on finds out at once that nobody takes it in.
            if let Ok(last) = Segment::page(Sharing::Processes) {
                self.fifo.send_away(last.memory);
            }
            // Before that is told: whoever hears it may ask for the memory again.
            drop(self);
            let _ = ended.send(why);
        })?;
        Ok(())
    }

    fn run(&self, runtime: &Handle) -> Result<Ended, Fault> {
        let memory = vec![vec![self.region().memory.clone()]];
        let (control, page) = (self.control.memory.clone(), self.page.memory.clone());
        let heir = Heir::new(control, page, None, memory)?;
        let Begun::Owner(mut owner) = heir.begin()? else { return Ok(Ended::Closed) };
        let mut open = Open { accepted: self.from.next, ..Open::default() };
        let (mut bytes, mut left) = (Vec::new(), u64::MAX);
        loop {
            if left == u64::MAX && self.has_left.load(Ordering::Acquire) {
                // It may still write, as nobody can take its memory from it: so much and no more.
                left = self.class.bytes();
            }
            let length = match owner.take()? {
                Next::Item(item) => {
                    let (length, most) = (item.length(), self.from.sink.spec.item_bytes);
                    if length as u64 > most {
                        self.close(&mut owner, runtime, &mut open);
                        let why = format!("an item of {length} bytes, where {most} are the most");
                        return Ok(Ended::Nonsense(why));
                    }
                    let _ = item.copy_to(&mut bytes);
                    length
                }
                Next::Revoked => return Ok(Ended::Closed),
                Next::Empty => {
                    if !self.close(&mut owner, runtime, &mut open) {
                        return Ok(Ended::Closed);
                    }
                    if left != u64::MAX {
                        return Ok(Ended::Left);
                    }
                    if self.stop.is_cancelled() {
                        return Ok(Ended::Closed);
                    }
                    owner.wait(Some(NAP));
                    continue;
                }
            };
            let media_type = &self.from.media_type;
            let envelope = Envelope { put_us: now_us(), hops: 1, media_type };
            open.items.push(envelope.wrap(&bytes));
            open.bytes += length;
            left = if left == u64::MAX { left } else { left.saturating_sub(length as u64 + 16) };
            let is_much = open.items.len() >= TOGETHER || open.bytes >= TOGETHER_BYTES;
            if (is_much || left == 0) && !self.close(&mut owner, runtime, &mut open) {
                return Ok(Ended::Closed);
            }
            if left == 0 {
                return Ok(Ended::Left);
            }
        }
    }

    /// Puts in what was taken out, and commits it once it is kept as was promised; false if
    /// nothing goes in any more. What went in by then is accepted still.
    fn close(&self, owner: &mut Owner<Mapping>, runtime: &Handle, open: &mut Open) -> bool {
        let sink = &self.from.sink;
        let items = std::mem::take(&mut open.items);
        let mut rest = &items[..];
        while !rest.is_empty() {
            // Each alone where it may be dropped: how many were is told with how many went in.
            let most = if sink.spec.full == Full::DropNewest { 1 } else { rest.len() };
            let (put, placed) = runtime.block_on(sink.put(&rest[..most], &self.stop));
            rest = &rest[(put.count as usize).min(rest.len())..];
            self.from.native.items.fetch_add((put.count - put.dropped).into(), Ordering::Relaxed);
            open.accepted = open.accepted.wrapping_add(put.count.into());
            open.last = put.last.or(open.last);
            if put.dropped > 0 {
                open.dropped += u64::from(put.dropped);
                // Before it is accepted: a producer that comes back counts on it.
                self.page.memory.store(page::DROPPED, open.dropped, Ordering::Release);
            }
            let is_at_end = placed.is_err() || rest.is_empty();
            if (is_at_end || put.dropped > 0) && !self.accept(runtime, open) {
                return false;
            }
            match placed {
                Ok(()) => {}
                Err(PutError::Disk(_) | PutError::Unreached(_) | PutError::Full) => {
                    if !self.rest(runtime, &placed) {
                        return false;
                    }
                }
                Err(_) => return false,
            }
        }
        if !items.is_empty() {
            open.bytes = 0;
            owner.commit();
        }
        true
    }

    /// Answers for all that went in so far, once it is kept; false if it cannot be.
    fn accept(&self, runtime: &Handle, open: &mut Open) -> bool {
        if let Some(last) = open.last.take() {
            loop {
                let kept = runtime.block_on(self.from.sink.keep(last));
                if kept.is_ok() {
                    break;
                }
                if !self.rest(runtime, &kept) {
                    return false;
                }
            }
        }
        let memory = &self.page.memory;
        memory.store(page::ACCEPTED, open.accepted, Ordering::Release);
        Mapping::fence();
        memory.wake(page::ACCEPTED);
        true
    }

    /// Waits a while, unless that is for nothing.
    fn rest(&self, runtime: &Handle, why: &Result<(), PutError>) -> bool {
        let (flow, name) = (&self.from.sink.spec.name, &self.from.native.name);
        tracing::warn!(%flow, %name, ?why, "items of a process wait");
        runtime.block_on(async {
            tokio::select! {
                () = tokio::time::sleep(PAUSE) => true,
                () = self.stop.cancelled() => false,
            }
        })
    }
}

impl Drop for Intake {
    fn drop(&mut self) {
        if let Some(region) = self.region.take() {
            self.regions.discard(&self.from.native.name, self.class, region);
        }
    }
}

/// Tells an intake that its process has left.
pub(crate) struct Leaving {
    has_left: Arc<AtomicBool>,
    memory: Mapping,
}

impl Leaving {
    pub(crate) fn tell(&self) {
        self.has_left.store(true, Ordering::Release);
        self.wake();
    }

    /// Lets the intake look at once whether it is to stop.
    pub(crate) fn wake(&self) {
        self.memory.wake(region::TAIL);
    }
}
