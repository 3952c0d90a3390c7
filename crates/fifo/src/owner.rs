//! Taking items out: the owner of a FIFO, for one epoch.
//!
//! The owner of an epoch writes one page, which is its alone. It reads items, has their
//! effect, and commits; only what is committed is overwritten. When the daemon wants
//! another owner, this one finds out between two items, releases, and the next one starts
//! from what was committed. What was read and not committed is read again by the successor,
//! under the same sequence numbers.

use std::sync::atomic::Ordering::{Acquire, Relaxed, Release};
use std::time::{Duration, Instant};

use crate::clock;
use crate::fault::Fault;
use crate::lane::{Found, Lane};
use crate::layout::{Want, control, page, region};
use crate::record::age_ms;
use crate::segment::{read_control, read_page, want};
use crate::shared::{Shared, Watch};

/// The owner-to-be of an epoch, until the one before has released.
pub struct Heir<S> {
    pub(crate) control: S,
    pub(crate) page: S,
    pub(crate) epoch: u32,
    pub(crate) before: Option<S>,
    lanes: Vec<Vec<S>>,
    lossy: bool,
    pub(crate) spins: u32,
}

/// How an heir stands.
pub enum Begun<S> {
    /// The FIFO is owned.
    Owner(Owner<S>),
    /// The owner before has not released yet, or the daemon has not said so.
    NotYet(Heir<S>),
    /// The daemon wants a later owner already.
    Revoked,
}

impl<S: Shared> Heir<S> {
    /// Prepares to own the FIFO in the epoch of `page`. `before` is the page of the epoch
    /// before; `lanes` the regions of each lane, in order. All of this can be done while
    /// the FIFO is in use elsewhere.
    pub fn new(control: S, page: S, before: Option<S>, lanes: Vec<Vec<S>>) -> Result<Self, Fault> {
        let about = read_control(&control)?;
        if lanes.len() != about.lanes {
            return Err(Fault::Lanes(lanes.len() as u64));
        }
        let epoch = read_page(&page)?;
        Ok(Self { control, page, epoch, before, lanes, lossy: about.lossy, spins: 0 })
    }

    /// Makes a region known that a lane may have gone on in by the time this owner begins.
    pub fn announce(&mut self, lane: usize, region: S) {
        self.lanes[lane].push(region);
    }

    /// Whether there is no more to wait for. Regions that were announced before the former
    /// owner could reach them are on their way by then: take them in before
    /// [`begin`](Self::begin).
    pub fn is_due(&self) -> bool {
        let wanted = want(&self.control);
        wanted.epoch > self.epoch || self.starts(wanted).is_some()
    }

    /// Begins, if the time has come.
    pub fn begin(self) -> Result<Begun<S>, Fault> {
        let wanted = want(&self.control);
        if wanted.epoch > self.epoch {
            return Ok(Begun::Revoked);
        }
        let Some(starts) = self.starts(wanted) else { return Ok(Begun::NotYet(self)) };
        let lanes: Result<Vec<_>, Fault> = self
            .lanes
            .into_iter()
            .zip(starts)
            .map(|(regions, start)| Lane::open(regions, start, self.lossy))
            .collect();
        let owner = Owner {
            control: self.control,
            page: self.page,
            epoch: self.epoch,
            lanes: lanes?,
            turn: 0,
            items: 0,
            starved: 0,
            spins: 0,
        };
        owner.open();
        Ok(Begun::Owner(owner))
    }

    /// The positions to start from, if it is time to start.
    fn starts(&self, wanted: Want) -> Option<Vec<u64>> {
        if wanted.epoch != self.epoch {
            return None;
        }
        let lanes = 0..self.lanes.len();
        if self.page.load(page::GIVEN, Acquire) == 1 {
            return Some(lanes.map(|lane| self.page.load(page::given(lane), Relaxed)).collect());
        }
        let before = self.before.as_ref()?;
        let released = before.load(page::RELEASED, Acquire);
        let is_released = released != 0 && released == before.load(page::EPOCH, Relaxed);
        is_released.then(|| lanes.map(|lane| before.load(page::committed(lane), Relaxed)).collect())
    }
}

/// What an owner finds.
pub enum Next<'a, S> {
    /// An item; it stays where it is until it is committed.
    Item(Item<'a, S>),
    /// Nothing at the moment.
    Empty,
    /// Somebody else shall own the FIFO: commit what is done and release.
    Revoked,
}

/// The reading end of a FIFO, for one epoch.
pub struct Owner<S> {
    control: S,
    page: S,
    epoch: u32,
    lanes: Vec<Lane<S>>,
    /// The lane whose turn it is.
    turn: usize,
    items: u64,
    starved: u64,
    spins: u32,
}

impl<S: Shared> Owner<S> {
    /// Says where this epoch starts, and that it has started.
    fn open(&self) {
        for (index, lane) in self.lanes.iter().enumerate() {
            self.page.store(page::committed(index), lane.committed, Relaxed);
        }
        self.page.store(page::OPENED, u64::from(self.epoch), Release);
        S::fence();
        for (index, lane) in self.lanes.iter().enumerate() {
            if lane.memory.load(region::WAKE_AT, Relaxed) != 0 {
                self.page.wake(page::committed(index));
            }
        }
    }

    /// The epoch this owner owns the FIFO in.
    pub fn epoch(&self) -> u32 {
        self.epoch
    }

    /// How often to look for items before sleeping.
    pub fn set_spins(&mut self, spins: u32) {
        self.spins = spins;
    }

    /// Makes a region known that a lane may go on in.
    pub fn announce(&mut self, lane: usize, region: S) {
        self.lanes[lane].announce(region);
    }

    /// A lane that went on in a region that was not announced here yet: fetch it from the
    /// daemon. Its other items wait until then.
    pub fn lost_lane(&self) -> Option<usize> {
        self.lanes.iter().position(|lane| lane.is_lost)
    }

    /// Whether somebody else shall own the FIFO.
    #[inline(always)]
    pub fn is_revoked(&self) -> bool {
        want(&self.control).epoch != self.epoch
    }

    /// The next item, lane by lane in turns.
    #[inline(always)]
    pub fn take(&mut self) -> Result<Next<'_, S>, Fault> {
        if self.is_revoked() {
            return Ok(Next::Revoked);
        }
        for _ in 0..self.lanes.len() {
            let lane = self.turn;
            let found = match self.lanes[lane].find() {
                Ok(found) => found,
                // An owner that was frozen and replaced in between sees lanes that went on
                // without it; that is nobody's fault.
                Err(_) if self.is_revoked() => return Ok(Next::Revoked),
                Err(fault) => return Err(fault),
            };
            if let Some(found) = found {
                self.lanes[lane].take(found);
                self.items += 1;
                return Ok(Next::Item(Item { lane: &self.lanes[lane], number: lane, found }));
            }
            self.turn = if lane + 1 == self.lanes.len() { 0 } else { lane + 1 };
        }
        Ok(Next::Empty)
    }

    /// Whether [`take`](Self::take) would give an item; nothing if somebody else shall own the
    /// FIFO.
    pub fn is_ready(&mut self) -> Result<Option<bool>, Fault> {
        for lane in &mut self.lanes {
            match lane.find() {
                Ok(Some(_)) => return Ok((!self.is_revoked()).then_some(true)),
                Ok(None) => {}
                Err(_) if want(&self.control).epoch != self.epoch => return Ok(None),
                Err(fault) => return Err(fault),
            }
        }
        Ok((!self.is_revoked()).then_some(false))
    }

    /// Gives up to `max` items to `each`, then commits them together. Tells how many there
    /// were; 0 also when the FIFO shall go to somebody else.
    #[inline]
    pub fn drain(&mut self, max: usize, mut each: impl FnMut(Item<'_, S>)) -> Result<usize, Fault> {
        let mut count = 0;
        while count < max {
            let Next::Item(item) = self.take()? else { break };
            each(item);
            count += 1;
        }
        self.commit();
        Ok(count)
    }

    /// Declares everything that was given out done with: it will not be given out again,
    /// and its room may be used.
    #[inline]
    pub fn commit(&mut self) {
        let mut has_moved = false;
        for (index, lane) in self.lanes.iter_mut().enumerate() {
            if lane.cursor != lane.committed {
                lane.committed = lane.cursor;
                self.page.store(page::committed(index), lane.cursor, Release);
                has_moved = true;
            }
        }
        if has_moved {
            self.show_commit();
        }
    }

    /// Declares the items of one lane done with up to the one that [ends](Item::end) there;
    /// those behind it stay given out.
    pub fn commit_to(&mut self, lane: usize, end: u64) {
        let state = &mut self.lanes[lane];
        assert!(end <= state.cursor, "only what was given out is done with");
        if end > state.committed {
            state.committed = end;
            self.page.store(page::committed(lane), end, Release);
            self.show_commit();
        }
    }

    #[inline]
    fn show_commit(&mut self) {
        // A producer that sleeps has looked in vain after it said so: one of the two sees
        // the other.
        S::fence();
        for (index, lane) in self.lanes.iter().enumerate() {
            let wake_at = lane.memory.load(region::WAKE_AT, Relaxed);
            if wake_at != 0 && lane.committed >= wake_at - 1 {
                self.page.wake(page::committed(index));
            }
        }
        self.page.store(page::STAMP, clock::coarse(), Relaxed);
        self.page.store(page::ITEMS, self.items, Relaxed);
    }

    /// Sleeps until there may be something to do, at most for `limit`.
    pub fn wait(&mut self, limit: Option<Duration>) {
        for _ in 0..self.spins {
            if self.has_news() {
                return;
            }
            S::spin();
        }
        let start = Instant::now();
        self.page.store(page::SLEEPING, 1, Relaxed);
        // A producer that publishes from here on sees that it has to wake somebody; what it
        // published before is seen below.
        S::fence();
        let seen_want = self.control.load(control::WANT, Acquire);
        if !self.has_news() {
            let mut watches =
                vec![Watch { memory: &self.control, at: control::WANT, seen: seen_want }];
            watches.extend(self.lanes.iter().map(|lane| Watch {
                memory: &lane.memory,
                at: region::TAIL,
                seen: lane.tail,
            }));
            S::wait(&watches, limit);
        }
        self.page.store(page::SLEEPING, 0, Relaxed);
        self.starved += u64::try_from(start.elapsed().as_nanos()).unwrap_or(u64::MAX);
        self.page.store(page::STARVED, self.starved, Relaxed);
    }

    fn has_news(&self) -> bool {
        self.is_revoked() || self.lanes.iter().any(Lane::is_behind)
    }

    /// Stops owning the FIFO. What was given out since the last commit goes to the
    /// successor too.
    pub fn release(self) {
        self.page.store(page::RELEASED, u64::from(self.epoch), Release);
        S::fence();
        self.page.wake(page::RELEASED);
    }
}

/// One item, where it lies.
pub struct Item<'a, S> {
    lane: &'a Lane<S>,
    number: usize,
    found: Found,
}

impl<S: Shared> Item<'_, S> {
    /// Bytes of the item.
    #[inline]
    pub fn length(&self) -> usize {
        self.found.length
    }

    /// The lane it came by.
    pub fn lane(&self) -> usize {
        self.number
    }

    /// Its number among the items of its producer, from 0 and without gaps, except where a
    /// lossy lane dropped some.
    #[inline]
    pub fn sequence(&self) -> u64 {
        self.found.sequence
    }

    /// The position of its lane behind it.
    pub fn end(&self) -> u64 {
        self.found.end
    }

    /// How long it has waited in the FIFO, in milliseconds, if it is one of the sampled ones.
    pub fn waited_ms(&self) -> Option<u64> {
        (self.found.stamp != 0).then(|| age_ms(self.found.stamp, clock::coarse()))
    }

    /// Copies the part of the item from byte `from`, a multiple of 8, as far as `into` goes.
    #[inline(always)]
    pub fn read(&self, from: usize, into: &mut [u8]) {
        let end = from.checked_add(into.len());
        assert!(end.is_some_and(|end| end <= self.found.length), "a read outside of the item");
        self.lane.memory.read(self.found.at + from, into);
    }

    /// Copies the item into `buffer`, in place of what that held. In a lossy FIFO it tells
    /// whether the item was still there; if not, what was copied is worthless.
    #[inline(always)]
    #[must_use]
    pub fn copy_to(&self, buffer: &mut Vec<u8>) -> bool {
        buffer.resize(self.found.length, 0);
        self.lane.memory.read(self.found.at, buffer);
        self.is_intact()
    }

    /// In a lossy FIFO: whether the item was not overwritten until now.
    #[inline]
    pub fn is_intact(&self) -> bool {
        self.lane.is_intact(self.found.start)
    }
}

impl Item<'_, crate::mapping::Mapping> {
    /// Where the item lies, to look at it without a copy. Its producer can still write
    /// there: who makes a reference of it must trust the producer not to.
    pub fn as_ptr(&self) -> *const u8 {
        self.lane.memory.address(self.found.at)
    }
}
