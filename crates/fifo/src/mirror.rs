//! An owner that nobody has to trust: the daemon holds what it says against the records.
//!
//! Such an owner writes a page that only the daemon reads. The daemon follows the lanes itself,
//! and what the owner says is done with must be an end of an item that was put in, not before
//! what it said earlier. What holds is copied to the daemon's own page of the same epoch, and
//! that is the page that producers, the next owner and the daemon go by. So a hostile owner can
//! leave items undone or say that they are done, which is its right; it can make no room that
//! is in use, and no item out of the middle of another.

use std::sync::atomic::Ordering::{Acquire, Relaxed, Release};
use std::time::Duration;

use crate::clock;
use crate::fault::Fault;
use crate::lane::Lane;
use crate::layout::{control, page, region};
use crate::segment::{format_page, position, read_control, read_page, want};
use crate::shared::{Shared, Watch};

/// An item that the owner says is done with.
pub struct Done<'a, S> {
    /// Its lane.
    pub lane: usize,
    /// Its number in that lane.
    pub sequence: u64,
    /// Its bytes.
    pub length: usize,
    at: usize,
    memory: &'a S,
}

impl<S: Shared> Done<'_, S> {
    /// Copies its first bytes, as many as `into` has and there are; how many.
    pub fn read(&self, into: &mut [u8]) -> usize {
        let count = into.len().min(self.length);
        self.memory.read(self.at, &mut into[..count]);
        count
    }
}

/// How the owner stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Standing {
    /// It has begun.
    pub has_begun: bool,
    /// It has stopped for good.
    pub has_released: bool,
    /// Something was done since the last look.
    pub has_moved: bool,
    /// A lane that went on in a region that is not known here: announce it, and look again.
    pub lost: Option<usize>,
}

/// The daemon's eye on one owner, for one epoch.
pub struct Mirror<S> {
    control: S,
    theirs: S,
    own: S,
    epoch: u32,
    lanes: Vec<Lane<S>>,
    lossy: bool,
    items: u64,
    /// What the words that are waited for were when last looked at.
    seen: Vec<u64>,
}

impl<S: Shared> Mirror<S> {
    /// Makes the owner's page for the epoch of `own`, which it gets for writing, and nobody
    /// else gets.
    pub fn prepare(own: &S, theirs: &S) -> Result<(), Fault> {
        format_page(theirs, read_page(own)?);
        Ok(())
    }

    /// Gives the owner the positions that the daemon gave the epoch, see
    /// [`Fifo::take_over`](crate::fifo::Fifo::take_over). `lanes` are the regions of each lane.
    pub fn give(control: S, theirs: S, own: S, lanes: Vec<Vec<S>>) -> Result<Self, Fault> {
        let lossy = read_control(&control)?.lossy;
        let epoch = read_page(&own)?;
        let lanes: Result<Vec<_>, Fault> = lanes
            .into_iter()
            .enumerate()
            .map(|(lane, regions)| {
                let start = own.load(page::given(lane), Acquire);
                theirs.store(page::given(lane), start, Relaxed);
                Lane::open(regions, start, lossy)
            })
            .collect();
        // Nobody but the daemon reads what this owner does, so whoever puts in wakes it always.
        own.store(page::SLEEPING, 1, Relaxed);
        theirs.store(page::GIVEN, 1, Release);
        S::fence();
        theirs.wake(page::GIVEN);
        Ok(Self { control, theirs, own, epoch, lanes: lanes?, lossy, items: 0, seen: Vec::new() })
    }

    /// Makes a region known that a lane may go on in.
    pub fn announce(&mut self, lane: usize, region: S) {
        self.lanes[lane].announce(region);
    }

    /// Whether somebody else shall own the FIFO.
    pub fn is_revoked(&self) -> bool {
        want(&self.control).epoch != self.epoch
    }

    /// Says that the epoch has begun where everybody looks. To be called while nobody can
    /// raise another.
    pub fn open(&self) {
        for (index, lane) in self.lanes.iter().enumerate() {
            self.own.store(page::committed(index), lane.committed, Relaxed);
        }
        self.own.store(page::OPENED, u64::from(self.epoch), Release);
    }

    /// Looks how far the owner is, and tells of each item that is done with. The first fault is
    /// the end: the owner is none.
    pub fn look(&mut self, mut each: impl FnMut(Done<'_, S>)) -> Result<Standing, Fault> {
        let epoch = u64::from(self.epoch);
        let mut standing = Standing {
            // Before the positions: an owner that has released commits nothing any more.
            has_released: self.theirs.load(page::RELEASED, Acquire) == epoch,
            has_begun: self.theirs.load(page::OPENED, Acquire) == epoch,
            ..Standing::default()
        };
        self.seen.clear();
        for lane in 0..self.lanes.len() {
            let found = self.theirs.load(page::committed(lane), Acquire);
            self.seen.push(found);
            if !standing.has_begun || found == self.lanes[lane].committed {
                continue;
            }
            let followed = self.follow(lane, found, &mut each);
            // What was told of is done with, also where there was nonsense behind it.
            let cursor = &mut self.lanes[lane];
            cursor.committed = cursor.committed.max(cursor.cursor);
            self.own.store(page::committed(lane), cursor.committed, Release);
            if !followed? {
                standing.lost = Some(lane);
                continue;
            }
            standing.has_moved = true;
        }
        if standing.has_moved {
            self.own.store(page::STAMP, clock::coarse(), Relaxed);
            self.own.store(page::ITEMS, self.items, Relaxed);
        }
        Ok(standing)
    }

    /// Goes on to a position that the owner says is committed; false if that leads into a region
    /// that is not known here.
    fn follow(
        &mut self,
        index: usize,
        found: u64,
        each: &mut impl FnMut(Done<'_, S>),
    ) -> Result<bool, Fault> {
        let lane = &mut self.lanes[index];
        let low = lane.committed;
        position(found, low, u64::MAX / 2)?;
        while lane.cursor < found {
            match lane.find()? {
                Some(item) if item.start >= found => break,
                Some(item) => {
                    let (sequence, length, at) = (item.sequence, item.length, item.at);
                    each(Done { lane: index, sequence, length, at, memory: &lane.memory });
                    lane.take(item);
                    self.items += 1;
                }
                None if lane.is_lost => return Ok(false),
                None => break,
            }
        }
        // Behind a lossy owner items may be gone already; then the end of these is as good.
        if lane.cursor != found && !self.lossy {
            return Err(Fault::Position { found, low, high: lane.tail });
        }
        Ok(true)
    }

    /// Asks the owner to wake the daemon at its next commit. What it committed until then is
    /// found by the next [`look`](Self::look).
    pub fn ask(&self) {
        self.mark(1);
        S::fence();
    }

    /// Sleeps until the owner did something since the last look, the daemon wants another, or
    /// `limit` is over.
    pub fn wait(&self, limit: Duration) {
        let seen_want = self.control.load(control::WANT, Acquire);
        if self.is_revoked() && self.theirs.load(page::RELEASED, Acquire) == u64::from(self.epoch) {
            return;
        }
        let theirs = |at, seen| Watch { memory: &self.theirs, at, seen };
        let mut watches = vec![
            Watch { memory: &self.control, at: control::WANT, seen: seen_want },
            theirs(page::RELEASED, 0),
        ];
        let lanes = self.seen.iter().enumerate();
        watches.extend(lanes.map(|(lane, &seen)| theirs(page::committed(lane), seen)));
        S::wait(&watches, Some(limit));
        self.mark(0);
    }

    /// Says that the owner has stopped, where everybody looks: the next one begins from what
    /// was copied until now.
    pub fn release(self) {
        self.mark(0);
        self.own.store(page::RELEASED, u64::from(self.epoch), Release);
        S::fence();
        self.own.wake(page::RELEASED);
    }

    fn mark(&self, wake_at: u64) {
        for lane in &self.lanes {
            lane.regions().for_each(|memory| memory.store(region::WAKE_AT, wake_at, Relaxed));
        }
    }
}
