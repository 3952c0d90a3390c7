//! Taking items out of a flow.
//!
//! A consumer owns the flow for as long as the node lets it. With `ack = consume` items are the
//! consumer's until it says [`done`](Consumer::done); those it did not say that of are given out
//! again, under the same names, to whoever owns the flow next, which may be the same process
//! started anew. So each effect happens once if it is recorded together with the item's name.
//! With `ack = append` an item is done with when it is given out.

use std::collections::VecDeque;
use std::io;
use std::os::fd::OwnedFd;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use swell_fifo::handshake::{Keeping, Role, Told};
use swell_fifo::mapping::Mapping;
use swell_fifo::owner::{Begun, Heir, Next, Owner};
use swell_fifo::shared::Shared;

use crate::channel::{Channel, News, Wanted};
use crate::error::ClientError;
use crate::item::{Peeked, Received};
use crate::spin::spins;

/// How often the node is looked for where nothing else tells of its end.
const GLANCE: Duration = Duration::from_millis(50);
/// How long the rest of a hand-over may take once it has begun.
const REST: Duration = Duration::from_secs(5);

/// The taking end of a flow.
pub struct Consumer {
    wanted: Wanted,
    patience: Duration,
    channel: Option<Channel>,
    /// Until when the node must be back, where it is away.
    back_by: Option<Instant>,
    stage: Stage,
    lanes: Vec<Arc<str>>,
    keeping: Keeping,
    /// Regions that came before they were needed.
    early: VecDeque<(usize, Mapping)>,
    /// Items were given out that nobody said to be done with; and the flow went away since.
    is_open: bool,
    is_taken: bool,
}

/// How far it is.
enum Stage {
    /// Another owns the flow.
    StandingBy,
    /// It is the next to own it.
    Coming(Heir<Mapping>),
    /// It owns it.
    Owning(Owner<Mapping>),
}

impl Consumer {
    /// Connects to the node whose socket this is, as the process `name` that the flow states in
    /// `to` or `owners` (as `native:NAME`). It waits for `patience` where the node is not there
    /// yet; and later, whenever the node goes away, so long for its return.
    pub fn connect(
        socket: impl AsRef<Path>,
        flow: &str,
        name: &str,
        patience: Duration,
    ) -> Result<Self, ClientError> {
        let wanted = Wanted::new(socket.as_ref(), flow, name, Role::Consumer, "");
        let mut consumer = Self {
            wanted,
            patience,
            channel: None,
            back_by: None,
            stage: Stage::StandingBy,
            lanes: Vec::new(),
            keeping: Keeping::Consume,
            early: VecDeque::new(),
            is_open: false,
            is_taken: false,
        };
        consumer.reconnect(None)?;
        Ok(consumer)
    }

    /// Waits so long from now on whenever the node goes away.
    pub fn set_patience(&mut self, patience: Duration) {
        self.patience = patience;
    }

    /// Whether it owns the flow just now.
    pub fn owns(&self) -> bool {
        matches!(self.stage, Stage::Owning(_))
    }

    /// Whether the node is there, as far as is known. While it is not,
    /// [`pop`](Self::pop) looks for it.
    pub fn is_connected(&self) -> bool {
        self.channel.is_some()
    }

    /// The next item; nothing if there is none within `limit`, or ever if that is not given.
    pub fn pop(&mut self, limit: Option<Duration>) -> Result<Option<Received>, ClientError> {
        let deadline = limit.map(|limit| Instant::now() + limit);
        loop {
            let was_open = self.is_open;
            let received = match self.peek_until(deadline)? {
                Some(peeked) => peeked.receive(),
                None if deadline.is_some_and(|deadline| Instant::now() >= deadline) => {
                    return Ok(None);
                }
                None => continue,
            };
            // The copy is whole if nobody else owned the flow until now: only then may its room
            // be in use again.
            Mapping::fence();
            if matches!(&self.stage, Stage::Owning(owner) if owner.is_revoked()) {
                self.is_open = was_open;
                continue;
            }
            let is_append = self.keeping == Keeping::Append;
            // Nobody else gets it from here on, unless the node took the flow away just now.
            if is_append {
                self.is_taken = false;
                if !self.done() {
                    continue;
                }
            }
            if received.is_some() {
                return Ok(received);
            }
        }
    }

    /// Up to `max` items: the first waited for like that of [`pop`](Self::pop), the others if
    /// they are there. An error after the first comes with the next call, as those before it are
    /// given out by then.
    pub fn pop_batch(
        &mut self,
        max: usize,
        limit: Option<Duration>,
    ) -> Result<Vec<Received>, ClientError> {
        let mut items = Vec::new();
        while items.len() < max {
            let limit = if items.is_empty() { limit } else { Some(Duration::ZERO) };
            match self.pop(limit) {
                Ok(Some(item)) => items.push(item),
                Ok(None) => break,
                Err(error) if items.is_empty() => return Err(error),
                Err(_) => break,
            }
        }
        Ok(items)
    }

    /// The next item where it lies, without a copy. It counts as given out.
    pub fn peek(&mut self, limit: Option<Duration>) -> Result<Option<Peeked<'_>>, ClientError> {
        self.peek_until(limit.map(|limit| Instant::now() + limit))
    }

    /// Declares all items that were given out done with. False if the flow went to another
    /// meanwhile: that one is given them too, under the same names.
    pub fn done(&mut self) -> bool {
        let is_open = std::mem::take(&mut self.is_open);
        let is_taken = std::mem::take(&mut self.is_taken);
        let Stage::Owning(owner) = &mut self.stage else { return !is_open };
        owner.commit();
        !is_open || !is_taken && !owner.is_revoked()
    }

    fn peek_until(&mut self, deadline: Option<Instant>) -> Result<Option<Peeked<'_>>, ClientError> {
        if !self.ready(deadline)? {
            return Ok(None);
        }
        let Stage::Owning(owner) = &mut self.stage else { return Ok(None) };
        let Next::Item(item) = owner.take()? else { return Ok(None) };
        self.is_open = true;
        let from = self.lanes.get(item.lane()).expect("each lane has a name");
        Ok(Some(Peeked::new(item, from)))
    }

    /// Waits until there is an item to be taken.
    fn ready(&mut self, deadline: Option<Instant>) -> Result<bool, ClientError> {
        loop {
            let (mut is_lost, mut is_over) = (false, false);
            match &mut self.stage {
                Stage::Owning(owner) => match owner.is_ready()? {
                    Some(true) => return Ok(true),
                    Some(false) => is_lost = owner.lost_lane().is_some(),
                    None => is_over = true,
                },
                Stage::Coming(_) | Stage::StandingBy => {}
            }
            if is_over {
                self.release();
            }
            let wait = match deadline {
                None => GLANCE,
                Some(deadline) => deadline.saturating_duration_since(Instant::now()).min(GLANCE),
            };
            // What is waited for comes by the socket, or by memory.
            let is_by_socket = is_lost || matches!(self.stage, Stage::StandingBy);
            let limit = if is_by_socket { wait } else { Duration::ZERO };
            let Some(has_news) = self.hear(limit, deadline)? else { return Ok(false) };
            if has_news || self.begin()? {
                continue;
            }
            if wait.is_zero() {
                return Ok(false);
            }
            match &mut self.stage {
                Stage::Owning(owner) if !is_lost => owner.wait(Some(wait)),
                Stage::Coming(heir) => heir.wait(Some(wait)),
                _ => {}
            }
        }
    }

    /// Begins to own the flow if the time has come; whether anything changed.
    fn begin(&mut self) -> Result<bool, ClientError> {
        let heir = match std::mem::replace(&mut self.stage, Stage::StandingBy) {
            Stage::Coming(heir) => heir,
            other => {
                self.stage = other;
                return Ok(false);
            }
        };
        match heir.begin()? {
            Begun::Owner(mut owner) => {
                owner.set_spins(spins());
                self.stage = Stage::Owning(owner);
            }
            Begun::NotYet(heir) => {
                self.stage = Stage::Coming(heir);
                return Ok(false);
            }
            Begun::Revoked => {}
        }
        self.announce();
        Ok(true)
    }

    /// Lets the flow go; what was not said to be done with goes to whoever is next.
    fn release(&mut self) {
        if let Stage::Owning(owner) = std::mem::replace(&mut self.stage, Stage::StandingBy) {
            owner.release();
            self.is_taken = self.is_open;
        }
    }

    /// Takes in what the node says, waiting for it for `limit`; whether it said anything. Nothing
    /// if the node is away, and not back by `deadline`.
    fn hear(
        &mut self,
        limit: Duration,
        deadline: Option<Instant>,
    ) -> Result<Option<bool>, ClientError> {
        let Some(channel) = &self.channel else {
            return match self.reconnect(deadline) {
                Ok(()) => Ok(Some(true)),
                Err(ClientError::Refused { code, why }) if !code.may_pass() => {
                    Err(ClientError::Refused { code, why })
                }
                Err(_) if self.back_by.is_some_and(|by| Instant::now() < by) => Ok(None),
                Err(error) => Err(error),
            };
        };
        let heard = channel.receive(limit);
        self.take_in(heard).map(Some)
    }

    fn take_in(&mut self, heard: io::Result<Option<News>>) -> Result<bool, ClientError> {
        match heard {
            Ok(None) => Ok(false),
            Ok(Some((Told::Own { lanes, messages, keeping, .. }, descriptors))) => {
                self.own(&lanes, messages, keeping, descriptors)?;
                Ok(true)
            }
            Ok(Some((Told::Regions { lanes }, descriptors))) => {
                for (lane, region) in lanes.into_iter().zip(descriptors) {
                    let region = Mapping::readable(region).map_err(|error| self.down(error))?;
                    self.early.push_back((usize::from(lane), region));
                }
                self.announce();
                Ok(true)
            }
            Ok(Some((Told::Refused { code, why }, _))) => {
                self.leave();
                Err(ClientError::Refused { code, why })
            }
            Ok(Some((Told::Closing, _))) | Err(_) => {
                self.leave();
                Ok(true)
            }
            Ok(Some((Told::StandBy { .. } | Told::Produce { .. }, _))) => Ok(true),
        }
    }

    /// Gives regions to the stage they are for.
    fn announce(&mut self) {
        match &mut self.stage {
            Stage::StandingBy => {}
            Stage::Coming(heir) => {
                self.early.drain(..).for_each(|(lane, region)| heir.announce(lane, region));
            }
            Stage::Owning(owner) => {
                self.early.drain(..).for_each(|(lane, region)| owner.announce(lane, region));
            }
        }
    }

    /// Takes in all that is needed to own the flow.
    fn own(
        &mut self,
        lanes: &[String],
        messages: u32,
        keeping: Keeping,
        descriptors: Vec<OwnedFd>,
    ) -> Result<(), ClientError> {
        self.release();
        self.early.clear();
        let mut regions: Vec<Vec<Mapping>> = lanes.iter().map(|_| Vec::new()).collect();
        for _ in 0..messages {
            let channel = self.channel.as_ref().expect("it spoke just now");
            match channel.receive(REST) {
                Ok(Some((Told::Regions { lanes }, descriptors))) => {
                    for (lane, region) in lanes.into_iter().zip(descriptors) {
                        let region = Mapping::readable(region).map_err(|error| self.down(error))?;
                        let lane = regions.get_mut(usize::from(lane));
                        lane.ok_or_else(|| self.down(strange()))?.push(region);
                    }
                }
                // It went away in the middle; the next look finds that out.
                Err(_) => return Ok(()),
                Ok(_) => return Err(self.down(strange())),
            }
        }
        let [control, page]: [OwnedFd; 2] =
            descriptors.try_into().map_err(|_| self.down(strange()))?;
        let control = Mapping::readable(control).map_err(|error| self.down(error))?;
        let page = Mapping::writable(page).map_err(|error| self.down(error))?;
        let mut heir = Heir::new(control, page, None, regions)?;
        heir.set_spins(spins());
        self.stage = Stage::Coming(heir);
        self.lanes = lanes.iter().map(|lane| Arc::from(lane.as_str())).collect();
        self.keeping = keeping;
        Ok(())
    }

    fn leave(&mut self) {
        self.release();
        self.channel = None;
        self.early.clear();
    }

    fn reconnect(&mut self, deadline: Option<Instant>) -> Result<(), ClientError> {
        let back_by = *self.back_by.get_or_insert_with(|| Instant::now() + self.patience);
        let until = deadline.map_or(back_by, |deadline| deadline.min(back_by));
        let (channel, (told, _)) = self.wanted.connect(until)?;
        if !matches!(told, Told::StandBy { .. }) {
            return Err(self.down(strange()));
        }
        self.channel = Some(channel);
        self.back_by = None;
        Ok(())
    }

    fn down(&self, source: io::Error) -> ClientError {
        ClientError::Down { path: self.wanted.path.display().to_string(), source }
    }
}

impl Drop for Consumer {
    fn drop(&mut self) {
        self.release();
    }
}

fn strange() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "its answer makes no sense")
}
