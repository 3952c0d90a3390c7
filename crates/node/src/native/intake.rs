//! Takes in what a native producer puts into its own FIFO, on a thread of its own: item by item
//! into its lane, on disk first where that was promised, and only then committed.
//!
//! The process alone writes the region, so all that is found there is checked; what makes no
//! sense ends the producer and nothing else. What it had put in when it ended is taken in still.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::runtime::Handle;
use tokio_util::sync::CancellationToken;

use swell_fifo::class::Class;
use swell_fifo::envelope::Envelope;
use swell_fifo::fault::Fault;
use swell_fifo::fifo::Fifo;
use swell_fifo::layout::{page, region};
use swell_fifo::mapping::Mapping;
use swell_fifo::owner::{Begun, Heir, Next, Owner};
use swell_fifo::shared::Shared;
use swell_fifo::template::Segment;

use crate::flow::end::PutError;
use crate::flow::letters::LineError;
use crate::flow::line::Line;
use crate::flow::meter::now_us;
use crate::flow::natives::Native;

/// How long is waited for items at most before looking whether the process is still there.
const NAP: Duration = Duration::from_millis(200);
/// Items that are kept together at most.
const TOGETHER: u32 = 256;
/// The pause after the disk failed.
const DISK_PAUSE: Duration = Duration::from_secs(1);

/// The daemon's end of a producer's FIFO.
pub(crate) struct Intake {
    line: Arc<Line>,
    native: Arc<Native>,
    /// The lane that its items go to.
    lane: usize,
    media_type: String,
    class: Class,
    region: Option<Segment>,
    fifo: Fifo<Mapping>,
    pub(crate) control: Segment,
    pub(crate) page: Segment,
    /// The sequence of its first item.
    pub(crate) next: u64,
    /// Set once the process has left: what it had put in is taken in, and no more.
    has_left: Arc<AtomicBool>,
    /// Told to take in nothing more.
    stop: CancellationToken,
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

/// What was taken in and not committed yet.
#[derive(Default)]
struct Open {
    items: u32,
    /// The last of them that went into the lane.
    last: Option<u64>,
    /// The sequence after the last one, as the process counts.
    accepted: u64,
    dropped: u64,
}

impl Intake {
    /// Makes the FIFO of a producer.
    pub(crate) fn new(
        line: Arc<Line>,
        native: Arc<Native>,
        lane: usize,
        media_type: String,
        stop: CancellationToken,
    ) -> Result<Self, LineError> {
        let (class, _) = line.lane_state(lane);
        let control = Segment::page().map_err(LineError::Memory)?;
        let page = Segment::page().map_err(LineError::Memory)?;
        let region = line.regions.take(&native.name, class)?;
        let next = line.lanes[lane].due();
        let memory = vec![region.memory.clone()];
        let mut fifo = Fifo::new(control.memory.clone(), native.number, false, memory);
        fifo.begin_at(0, next);
        fifo.prepare(page.memory.clone());
        fifo.raise(1);
        let mut intake = Self {
            line,
            native,
            lane,
            media_type,
            class,
            region: Some(region),
            fifo,
            control,
            page,
            next,
            has_left: Arc::default(),
            stop,
        };
        intake.fifo.take_over()?;
        intake.page.memory.store(page::ACCEPTED, next, Ordering::Release);
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
        thread.stack_size(256 << 10).spawn(move || {
            let why = self.run(&runtime);
            let why = why.unwrap_or_else(|fault| Ended::Nonsense(fault.to_string()));
            // A process that pushes from here on finds out at once that nobody takes it in.
            if let Ok(last) = Segment::page() {
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
        let mut open = Open { accepted: self.next, ..Open::default() };
        let (mut bytes, mut left) = (Vec::new(), u64::MAX);
        loop {
            if left == u64::MAX && self.has_left.load(Ordering::Acquire) {
                // It may still write, as nobody can take its memory from it: so much and no more.
                left = self.class.bytes();
            }
            let (sequence, length) = match owner.take()? {
                Next::Item(item) => {
                    let length = item.length();
                    if length as u64 > self.line.spec.item_bytes {
                        self.close(&mut owner, runtime, &mut open)?;
                        let most = self.line.spec.item_bytes;
                        let why = format!("an item of {length} bytes, where {most} are the most");
                        return Ok(Ended::Nonsense(why));
                    }
                    let _ = item.copy_to(&mut bytes);
                    (item.sequence(), length as u64)
                }
                Next::Revoked => return Ok(Ended::Closed),
                Next::Empty => {
                    if !self.close(&mut owner, runtime, &mut open)? {
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
            let dropped = open.dropped;
            if !self.put(runtime, &bytes, &mut open) {
                return Ok(Ended::Closed);
            }
            open.accepted = sequence.wrapping_add(1);
            open.items += 1;
            if (open.dropped > dropped || open.items >= TOGETHER)
                && !self.close(&mut owner, runtime, &mut open)?
            {
                return Ok(Ended::Closed);
            }
            if left != u64::MAX {
                left = left.saturating_sub(length + 16);
                if left == 0 {
                    return Ok(Ended::Left);
                }
            }
        }
    }

    /// Puts one item into the lane, or drops it where there is no room; false if nothing goes in
    /// any more.
    fn put(&self, runtime: &Handle, bytes: &[u8], open: &mut Open) -> bool {
        let envelope = Envelope { put_us: now_us(), hops: 1, media_type: &self.media_type };
        let item = envelope.wrap(bytes);
        let lane = &self.line.lanes[self.lane];
        loop {
            match runtime.block_on(lane.put_unkept(&item, &self.stop, &self.line.stir)) {
                Ok(Some(sequence)) => {
                    self.native.items.fetch_add(1, Ordering::Relaxed);
                    open.last = Some(sequence);
                    return true;
                }
                Ok(None) => {
                    open.dropped += 1;
                    // Before it is committed: a producer that comes back counts on it.
                    self.page.memory.store(page::DROPPED, open.dropped, Ordering::Release);
                    return true;
                }
                Err(PutError::Disk(error)) => {
                    let (flow, name) = (&self.line.spec.name, &self.native.name);
                    tracing::warn!(%flow, %name, %error, "items of a process wait for the disk");
                    if !self.rest(runtime) {
                        return false;
                    }
                }
                Err(_) => return false,
            }
        }
    }

    /// Waits a while, unless that is for nothing.
    fn rest(&self, runtime: &Handle) -> bool {
        runtime.block_on(async {
            tokio::select! {
                () = tokio::time::sleep(DISK_PAUSE) => true,
                () = self.stop.cancelled() => false,
            }
        })
    }

    /// Commits what was taken in, once it is kept as was promised; false if it cannot be.
    fn close(
        &self,
        owner: &mut Owner<Mapping>,
        runtime: &Handle,
        open: &mut Open,
    ) -> Result<bool, Fault> {
        if open.items == 0 {
            return Ok(true);
        }
        if let Some(last) = open.last {
            while let Err(error) = runtime.block_on(self.line.lanes[self.lane].keep(last)) {
                let (flow, name) = (&self.line.spec.name, &self.native.name);
                tracing::warn!(%flow, %name, ?error, "items of a process wait for the disk");
                if !self.rest(runtime) {
                    return Ok(false);
                }
            }
        }
        let memory = &self.page.memory;
        memory.store(page::ACCEPTED, open.accepted, Ordering::Release);
        owner.commit();
        Mapping::fence();
        memory.wake(page::ACCEPTED);
        (open.items, open.last) = (0, None);
        Ok(true)
    }
}

impl Drop for Intake {
    fn drop(&mut self) {
        if let Some(region) = self.region.take() {
            self.line.regions.discard(&self.native.name, self.class, region);
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
