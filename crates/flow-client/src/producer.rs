//! Putting items into a flow.
//!
//! An item that was pushed lies in memory that the node has too: it gets it even if this process
//! is killed at once. The node *accepts* it when it is in the flow, and with `ack = consume` on
//! disk. When the node goes away, the producer waits for it to come back and goes on: with
//! `ack = consume` it pushes again exactly what was not accepted, so nothing is lost and nothing
//! comes twice. With `ack = append` what a killed node had not accepted is lost and counted, as
//! nobody can tell how much of it was consumed already.

use std::collections::VecDeque;
use std::io;
use std::os::fd::OwnedFd;
use std::path::Path;
use std::sync::atomic::Ordering::Acquire;
use std::time::{Duration, Instant};

use swell_fifo::handshake::{Keeping, Role, Told};
use swell_fifo::layout::page;
use swell_fifo::mapping::Mapping;
use swell_fifo::producer::Producer as Ring;
use swell_fifo::refusal::PushError;
use swell_fifo::shared::{Shared, Watch};

use crate::channel::{Channel, Wanted};
use crate::error::ClientError;
use crate::spin::spins;

/// How often the node is looked for where nothing else tells of its end.
const GLANCE: Duration = Duration::from_millis(50);
/// How long the node may take to say why it takes nothing in any more.
const REST: Duration = Duration::from_secs(1);
/// One in so many pushes looks for it too.
const PUSHES: u32 = 64;

/// The putting end of a flow.
pub struct Producer {
    wanted: Wanted,
    patience: Duration,
    part: Option<Part>,
    /// How the last connection ended, until there is another.
    ended: Option<End>,
    /// To be pushed before anything else: what an earlier connection did not accept.
    again: VecDeque<Vec<u8>>,
    lost: u64,
    dropped: u64,
}

/// What is there while a node is.
struct Part {
    channel: Channel,
    ring: Ring<Mapping>,
    page: Mapping,
    item_max: u64,
    rejects: bool,
    keeping: Keeping,
    pushes: u32,
}

/// How a connection ended.
#[derive(Clone, Copy, PartialEq, Eq)]
enum End {
    /// By word of the node, which touched nothing that it has not accepted.
    InOrder,
    /// In the middle of something.
    Broken,
}

impl Producer {
    /// Connects to the node whose socket this is, as the process `name` that the flow states in
    /// `from` (as `native:NAME`). It waits for `patience` where the node is not there yet; and
    /// later, whenever the node goes away, so long for its return.
    pub fn connect(
        socket: impl AsRef<Path>,
        flow: &str,
        name: &str,
        patience: Duration,
    ) -> Result<Self, ClientError> {
        Self::connect_with(socket, flow, name, "application/octet-stream", patience)
    }

    /// The same, for items of this media type.
    pub fn connect_with(
        socket: impl AsRef<Path>,
        flow: &str,
        name: &str,
        media_type: &str,
        patience: Duration,
    ) -> Result<Self, ClientError> {
        let wanted = Wanted::new(socket.as_ref(), flow, name, Role::Producer, media_type);
        let mut producer = Self {
            wanted,
            patience,
            part: None,
            ended: None,
            again: VecDeque::new(),
            lost: 0,
            dropped: 0,
        };
        producer.reconnect(None)?;
        Ok(producer)
    }

    /// Waits so long from now on whenever the node goes away.
    pub fn set_patience(&mut self, patience: Duration) {
        self.patience = patience;
    }

    /// The number that the next item gets in this connection. Right after connecting it is how
    /// many the node has accepted under this name with `ack = consume`: a process that was
    /// killed goes on with that one. (With `ack = append` numbers begin anew with the node.)
    pub fn next(&self) -> u64 {
        let in_the_ring = self.part.as_ref().map_or(0, |part| part.ring.sequence());
        in_the_ring + self.again.len() as u64
    }

    /// The longest item.
    pub fn item_max(&self) -> u64 {
        self.part.as_ref().map_or(0, |part| part.item_max)
    }

    /// Items that were pushed and that no node has accepted, as far as is known here.
    pub fn pending(&self) -> u64 {
        let in_the_ring = self
            .part
            .as_ref()
            .map_or(0, |part| part.ring.sequence().saturating_sub(part.word(page::ACCEPTED)));
        in_the_ring + self.again.len() as u64
    }

    /// Items that may be lost, as a node was killed that had not accepted them.
    pub fn lost(&self) -> u64 {
        self.lost
    }

    /// Items that the node dropped, as the flow was full (`full = "drop-newest"`).
    pub fn dropped(&self) -> u64 {
        self.dropped + self.part.as_ref().map_or(0, |part| part.word(page::DROPPED))
    }

    /// Puts an item in. Where there is no room it waits, unless the flow says `reject`; for
    /// `limit` at most, or as long as it takes. It is not in if this fails as the flow is
    /// [`Full`](ClientError::Full); where the node went away in the middle, and another has no room
    /// for it in time, it is kept here and goes first, and this is [`Late`](ClientError::Late).
    pub fn push(&mut self, item: &[u8], limit: Option<Duration>) -> Result<(), ClientError> {
        self.push_batch([item], limit).map(|_| ())
    }

    /// Puts items in, as many together as there is room for. An error tells that some are not
    /// in, except [`Late`](ClientError::Late): [`next`](Self::next) tells which is the first of them.
    pub fn push_batch<'a>(
        &mut self,
        items: impl IntoIterator<Item = &'a [u8]>,
        limit: Option<Duration>,
    ) -> Result<usize, ClientError> {
        let deadline = limit.map(|limit| Instant::now() + limit);
        let mut items = items.into_iter().peekable();
        let mut count = 0;
        while let Some(&first) = items.peek() {
            self.check(first.len())?;
            self.ready(first.len(), deadline)?;
            let part = self.part.as_mut().expect("it is ready");
            while let Some(item) = items.peek() {
                if item.len() as u64 > part.item_max {
                    break;
                }
                match part.ring.stage(item) {
                    Ok(()) => count += 1,
                    Err(PushError::Full) => break,
                    Err(PushError::TooLarge { length, max }) => {
                        part.ring.publish();
                        return Err(ClientError::TooLarge { length, max });
                    }
                    Err(PushError::Fault(fault)) => return Err(fault.into()),
                    Err(PushError::Moved { .. } | PushError::Away { .. }) => break,
                }
                items.next();
            }
            part.ring.publish();
            if part.ring.is_away() {
                self.look(deadline)?;
            }
        }
        // What is queued here by now is not refused any more: who pushed it again had it twice.
        let waits = !self.part.as_ref().is_some_and(|part| part.rejects);
        self.resend(deadline, waits).map_err(late)?;
        Ok(count)
    }

    /// Waits until the node has accepted all that was pushed: it is in the flow then, and with
    /// `ack = consume` on disk.
    pub fn flush(&mut self, limit: Option<Duration>) -> Result<(), ClientError> {
        let deadline = limit.map(|limit| Instant::now() + limit);
        loop {
            self.look(deadline)?;
            self.resend(deadline, true).map_err(late)?;
            let part = self.part.as_ref().expect("it looked just now");
            let accepted = part.word(page::ACCEPTED);
            if accepted >= part.ring.sequence() {
                return Ok(());
            }
            let wait = slice(deadline).ok_or(ClientError::Late)?;
            let watch = Watch { memory: &part.page, at: page::ACCEPTED, seen: accepted };
            Mapping::wait(&[watch], Some(wait));
        }
    }

    fn check(&self, length: usize) -> Result<(), ClientError> {
        match &self.part {
            Some(part) if length as u64 > part.item_max => {
                Err(ClientError::TooLarge { length, max: part.item_max })
            }
            _ => Ok(()),
        }
    }

    /// Waits until an item of this length fits, behind all that is to be pushed before it.
    fn ready(&mut self, length: usize, deadline: Option<Instant>) -> Result<(), ClientError> {
        loop {
            let waits = !self.part.as_ref().is_some_and(|part| part.rejects);
            self.resend(deadline, waits)?;
            self.room(length, deadline, waits)?;
            // The node may have been found gone just now: what it had not accepted goes first.
            if self.again.is_empty() {
                return Ok(());
            }
        }
    }

    /// Pushes what an earlier connection did not accept; whether it waits where there is no room
    /// is for the caller to say.
    fn resend(&mut self, deadline: Option<Instant>, waits: bool) -> Result<(), ClientError> {
        while let Some(length) = self.again.front().map(Vec::len) {
            self.room(length, deadline, waits)?;
            // Not the item from before: others go first if this connection ended meanwhile.
            let (Some(part), Some(item)) = (&mut self.part, self.again.front()) else { continue };
            match part.ring.stage(item) {
                // From here on the ring has it, also if that turns out to be read no more.
                Ok(()) => {
                    self.again.pop_front();
                    part.ring.publish();
                }
                Err(PushError::TooLarge { length, max }) => {
                    return Err(ClientError::TooLarge { length, max });
                }
                Err(PushError::Fault(fault)) => return Err(fault.into()),
                Err(PushError::Full | PushError::Moved { .. } | PushError::Away { .. }) => {
                    self.look(deadline)?;
                }
            }
        }
        Ok(())
    }

    fn room(
        &mut self,
        length: usize,
        deadline: Option<Instant>,
        waits: bool,
    ) -> Result<(), ClientError> {
        let mut is_first = true;
        loop {
            let pushes = self.part.as_mut().map(|part| {
                part.pushes = part.pushes.wrapping_add(1);
                part.pushes
            });
            if pushes.is_none_or(|count| count.is_multiple_of(PUSHES))
                || self.ended.is_some()
                || !is_first
            {
                self.look(deadline)?;
            }
            let part = self.part.as_mut().expect("it looked where there was none");
            let limit = match slice(deadline) {
                _ if is_first => Duration::ZERO,
                Some(limit) if waits => limit,
                _ => return Err(ClientError::Full),
            };
            is_first = false;
            match part.ring.wait(length, Some(limit)) {
                Ok(true) => return Ok(()),
                Ok(false) => {}
                Err(PushError::Fault(fault)) => return Err(fault.into()),
                Err(_) => self.look(deadline)?,
            }
        }
    }

    /// Looks whether the node is still there; if not, waits for it and goes on.
    fn look(&mut self, deadline: Option<Instant>) -> Result<(), ClientError> {
        if let (Some(part), None) = (&self.part, self.ended) {
            // Where the memory says that nobody takes items in, the socket says why in a moment.
            let limit = if part.ring.is_away() { REST } else { Duration::ZERO };
            self.ended = match part.channel.receive(limit) {
                Ok(None) => return Ok(()),
                Ok(Some((Told::Closing, _))) => Some(End::InOrder),
                Ok(Some((Told::Refused { code, why }, _))) => {
                    return Err(ClientError::Refused { code, why });
                }
                Ok(Some(_)) | Err(_) => Some(End::Broken),
            };
        }
        self.reconnect(deadline)
    }

    /// Connects anew, and sees to what the last connection left over.
    fn reconnect(&mut self, deadline: Option<Instant>) -> Result<(), ClientError> {
        let patience = Instant::now() + self.patience;
        let until = deadline.map_or(patience, |deadline| deadline.min(patience));
        let (channel, news) = self.wanted.connect(until)?;
        let fresh = Part::new(channel, news).map_err(|source| {
            let path = self.wanted.path.display().to_string();
            ClientError::Down { path, source }
        })?;
        if let Some(old) = self.part.take() {
            let (accepted, dropped) = (old.word(page::ACCEPTED), old.word(page::DROPPED));
            self.dropped += dropped;
            let end = self.ended.unwrap_or(End::Broken);
            let first = match (old.keeping, end) {
                // The lane counts what it has, which the last word may not have told.
                (Keeping::Consume, _) => Some((fresh.ring.sequence() + dropped).max(accepted)),
                (Keeping::Append, End::InOrder) => Some(accepted),
                (Keeping::Append, End::Broken) => None,
            };
            match first {
                Some(first) => {
                    for item in old.ring.published_from(first)?.into_iter().rev() {
                        self.again.push_front(item);
                    }
                }
                None => self.lost += old.ring.sequence().saturating_sub(accepted),
            }
        }
        self.part = Some(fresh);
        self.ended = None;
        Ok(())
    }
}

impl Part {
    fn new(channel: Channel, (told, descriptors): (Told, Vec<OwnedFd>)) -> io::Result<Self> {
        let strange = || io::Error::new(io::ErrorKind::InvalidData, "its answer makes no sense");
        let Told::Produce { item_max, rejects, keeping, .. } = told else { return Err(strange()) };
        let [control, page, region]: [OwnedFd; 3] =
            descriptors.try_into().map_err(|_| strange())?;
        let (control, page) = (Mapping::readable(control)?, Mapping::readable(page)?);
        let ring = Ring::open(control, 0, Mapping::writable(region)?, page.clone());
        let mut ring = ring.map_err(io::Error::other)?;
        ring.set_spins(spins());
        Ok(Self { channel, ring, page, item_max, rejects, keeping, pushes: 0 })
    }

    fn word(&self, at: usize) -> u64 {
        self.page.load(at, Acquire)
    }
}

/// There is no room for what is in already.
fn late(error: ClientError) -> ClientError {
    match error {
        ClientError::Full => ClientError::Late,
        other => other,
    }
}

/// How long to wait until the next look; nothing once time is over.
fn slice(deadline: Option<Instant>) -> Option<Duration> {
    let Some(deadline) = deadline else { return Some(GLANCE) };
    let left = deadline.saturating_duration_since(Instant::now());
    (!left.is_zero()).then(|| left.min(GLANCE))
}
