//! The daemon's end of a FIFO: who owns it, how it stands, and how it changes hands.
//!
//! A change has four steps, and only the third is felt: *prepare* a page for the coming
//! epoch and hand it to the heir and the producers; *raise* the epoch; the owner releases
//! at its next item, and the heir begins without the daemon; if the owner does not answer,
//! the daemon ends it and *takes over*, which gives the heir the last committed positions.
//! A daemon that dies in between leaves a FIFO that works, and finds how it stands in the
//! segments.

use std::sync::atomic::Ordering::{Acquire, Relaxed, Release};

use crate::fault::Fault;
use crate::lane::Lane;
use crate::layout::{Want, control, page, region};
use crate::segment::{
    begin_region, format_control, format_page, format_region, position, read_control, read_page,
    read_region, want,
};
use crate::shared::Shared;

/// A FIFO, as the daemon holds it.
pub struct Fifo<S> {
    control: S,
    /// Regions of each lane, oldest first.
    lanes: Vec<Vec<S>>,
    /// Pages of epochs, oldest first.
    pages: Vec<(u32, S)>,
    /// When something was last taken out in an epoch whose page was forgotten.
    taken_at: u64,
}

/// How a lane stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct LaneState {
    /// Everything before this was put in.
    pub tail: u64,
    /// Everything before this is done with.
    pub committed: u64,
    /// Bytes of data the lane can hold.
    pub capacity: u64,
    /// Items put in, ever.
    pub items: u64,
    /// Items dropped because the lane was full.
    pub dropped: u64,
    /// Nanoseconds the producer has waited for room.
    pub blocked: u64,
    /// When something was last put in, in nanoseconds of the coarse clock; 0 if nothing was.
    pub put_at: u64,
}

/// How an owner stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct OwnerState {
    /// The number the daemon gave it.
    pub owner: u32,
    /// Its epoch.
    pub epoch: u32,
    /// Whether it has begun.
    pub has_begun: bool,
    /// Items taken out in this epoch.
    pub items: u64,
    /// Nanoseconds it has waited for items.
    pub starved: u64,
}

impl<S: Shared> Fifo<S> {
    /// Makes a FIFO of fresh segments: `id` is its name for good, each lane begins in one
    /// region, and a `lossy` one overwrites its oldest items when it is full.
    pub fn new(control: S, id: u64, lossy: bool, regions: Vec<S>) -> Self {
        format_control(&control, id, regions.len(), lossy);
        for region in &regions {
            format_region(region, Some(0));
        }
        let lanes = regions.into_iter().map(|region| vec![region]).collect();
        Self { control, lanes, pages: Vec::new(), taken_at: 0 }
    }

    /// Takes up a FIFO that another daemon left. Pages come oldest first.
    pub fn reopen(control: S, lanes: Vec<Vec<S>>, pages: Vec<S>) -> Result<Self, Fault> {
        let about = read_control(&control)?;
        if about.lanes != lanes.len() || lanes.iter().any(Vec::is_empty) {
            return Err(Fault::Lanes(lanes.len() as u64));
        }
        for region in lanes.iter().flatten() {
            read_region(region)?;
        }
        let pages: Result<Vec<_>, Fault> =
            pages.into_iter().map(|page| Ok((read_page(&page)?, page))).collect();
        Ok(Self { control, lanes, pages: pages?, taken_at: 0 })
    }

    /// Whom the daemon wants to own the FIFO.
    pub fn want(&self) -> Want {
        want(&self.control)
    }

    /// Prepares the next epoch on `page`, which goes to the heir for writing and to the
    /// producers for reading, before [`raise`](Self::raise).
    pub fn prepare(&mut self, page: S) -> u32 {
        self.prepare_after(0, page)
    }

    /// Prepares an epoch that is higher than `floor`, too.
    pub(crate) fn prepare_after(&mut self, floor: u32, page: S) -> u32 {
        let last = self.pages.last().map_or(0, |(epoch, _)| *epoch);
        let epoch = last.max(self.want().epoch).max(floor) + 1;
        format_page(&page, epoch);
        self.pages.push((epoch, page));
        epoch
    }

    /// Says that `owner` shall own the FIFO in the epoch prepared last.
    pub fn raise(&mut self, owner: u32) {
        let (epoch, _) = self.pages.last().expect("an epoch is prepared before it is raised");
        let epoch = *epoch;
        self.control.store(control::WANT, Want { epoch, owner }.word(), Release);
        S::fence();
        self.control.wake(control::WANT);
        // Whoever sleeps on a word of its own looks at the owner again, too.
        for (index, lane) in self.lanes.iter().enumerate() {
            lane.iter().for_each(|region| region.wake(region::TAIL));
            self.pages.iter().for_each(|(_, page)| page.wake(page::committed(index)));
        }
    }

    /// Fences the FIFO, as it goes to another node: producers that publish from here on are
    /// told so. Whatever one was told is safe here is part of [`unread`](Self::unread).
    pub fn send_away(&mut self, page: S) -> u32 {
        let epoch = self.prepare(page);
        self.raise(Want::AWAY);
        S::fence();
        epoch
    }

    /// The items of a lane that were not committed, for the daemon to send elsewhere; once
    /// the FIFO was [sent away](Self::send_away) and its owner has released or is gone.
    pub(crate) fn unread(&self, lane: usize) -> Result<Lane<S>, Fault>
    where
        S: Clone,
    {
        let start = self.positions()?[lane];
        let lossy = read_control(&self.control)?.lossy;
        Lane::open(self.lanes[lane].clone(), start, lossy)
    }

    /// The sequence of the next item of a lane's producer.
    pub(crate) fn next_sequence(&self, lane: usize) -> u64 {
        self.lane(lane).items
    }

    /// Lets a lane that nothing was put into yet begin with this sequence.
    pub fn begin_at(&mut self, lane: usize, sequence: u64) {
        begin_region(&self.lanes[lane][0], 0, sequence);
    }

    /// The control segment.
    pub(crate) fn control(&self) -> &S {
        &self.control
    }

    /// The region of a lane its producer is in, as long as that never changed.
    pub(crate) fn first_region(&self, lane: usize) -> &S {
        &self.lanes[lane][0]
    }

    /// Whether the owner before the current epoch has released the FIFO.
    pub fn is_released(&self) -> bool {
        let epoch = self.want().epoch;
        let before = self.pages.iter().rev().find(|(known, _)| *known < epoch);
        before.is_none_or(|(known, page)| page.load(page::RELEASED, Acquire) == u64::from(*known))
    }

    /// Whether the owner of the current epoch has begun.
    pub fn has_begun(&self) -> bool {
        self.owner().has_begun
    }

    /// Gives the owner of the current epoch the positions to start from, in place of a
    /// former owner that is dead, frozen or was never there. What that one still writes
    /// counts for nothing.
    pub fn take_over(&mut self) -> Result<(), Fault> {
        // Behind the raised epoch: a producer that still believed the former page has
        // believed no position that is not seen here.
        S::fence();
        let starts = self.positions()?;
        let (_, page) = self.pages.last().expect("an epoch is prepared before it is taken over");
        if page.load(page::GIVEN, Relaxed) == 1 {
            return Ok(());
        }
        for (lane, start) in starts.into_iter().enumerate() {
            page.store(page::given(lane), start, Relaxed);
        }
        page.store(page::GIVEN, 1, Release);
        S::fence();
        page.wake(page::GIVEN);
        Ok(())
    }

    /// The committed positions, by the newest page that has any but the last.
    fn positions(&self) -> Result<Vec<u64>, Fault> {
        let newest = self.pages.len().saturating_sub(1);
        let before = &self.pages[..newest];
        let lanes = self.lanes.iter().enumerate();
        lanes
            .map(|(lane, regions)| {
                let (low, high) = bounds(regions)?;
                committed(before, lane).map_or(Ok(low), |found| position(found, low, high))
            })
            .collect()
    }

    /// Makes a region known that a lane shall go on in; it goes to the producer for writing
    /// and to the owner for reading.
    pub fn extend(&mut self, lane: usize, region: S) {
        format_region(&region, None);
        self.lanes[lane].push(region);
    }

    /// Takes out the regions of a lane that were read to their end, to be used elsewhere.
    pub fn retire(&mut self, lane: usize) -> Vec<S> {
        let committed = self.lane(lane).committed;
        let regions = &mut self.lanes[lane];
        let done = regions.iter().take(regions.len() - 1);
        let done = done.take_while(|region| region.load(region::SEALED, Acquire) <= committed);
        let count = done.count();
        regions.drain(..count).collect()
    }

    /// Forgets the pages of epochs that nobody needs any more.
    pub fn forget(&mut self) -> Vec<S> {
        let epoch = self.want().epoch;
        let has_begun = self.has_begun();
        let old = self.pages.iter().take_while(|(known, _)| has_begun && *known < epoch).count();
        self.taken_at = self.taken_at();
        self.pages.drain(..old).map(|(_, page)| page).collect()
    }

    /// What the next migration is expected to cost, in nanoseconds of pause.
    pub fn set_migration_cost(&self, nanos: u64) {
        self.control.store(control::MIGRATION_COST, nanos, Relaxed);
    }

    /// What the next migration was said to cost.
    pub fn migration_cost(&self) -> u64 {
        self.control.load(control::MIGRATION_COST, Relaxed)
    }

    /// When something was last taken out, by whichever owner, in nanoseconds of the coarse clock; 0 if
    /// nothing was.
    pub fn taken_at(&self) -> u64 {
        let pages = self.pages.iter().map(|(_, page)| page.load(page::STAMP, Relaxed));
        pages.fold(self.taken_at, u64::max)
    }

    /// How a lane stands. Figures of a peer that lies are lies, within bounds.
    pub fn lane(&self, lane: usize) -> LaneState {
        let regions = &self.lanes[lane];
        let last = regions.iter().rev().find(|region| matches!(read_region(*region), Ok(Some(_))));
        let region = last.unwrap_or(&regions[0]);
        let tail = region.load(region::TAIL, Acquire);
        let committed = committed(&self.pages, lane).unwrap_or(0);
        let marks = [region::MARKS, region::MARKS + 16];
        let items = marks.iter().map(|&mark| region.load(mark + 8, Relaxed)).max();
        let sum =
            |at| regions.iter().map(|region| region.load(at, Relaxed)).fold(0, u64::wrapping_add);
        LaneState {
            tail,
            committed: committed.min(tail),
            capacity: (region.size() - region::DATA) as u64,
            items: items.unwrap_or(0),
            dropped: sum(region::DROPPED),
            blocked: sum(region::BLOCKED),
            put_at: region.load(region::STAMP, Relaxed),
        }
    }

    /// Copies the first bytes of the oldest item of a lane that is not done with, as many as `into`
    /// has and there are; how many. Nothing where there is none, or none that makes sense.
    pub fn peek(&self, lane: usize, into: &mut [u8]) -> Option<usize>
    where
        S: Clone,
    {
        let lossy = read_control(&self.control).ok()?.lossy;
        let start = self.lane(lane).committed;
        let mut lane = Lane::open(self.lanes[lane].clone(), start, lossy).ok()?;
        let item = lane.find().ok()??;
        let count = into.len().min(item.length);
        lane.memory.read(item.at, &mut into[..count]);
        lane.is_intact(item.start).then_some(count)
    }

    /// How many lanes there are.
    pub fn lanes(&self) -> usize {
        self.lanes.len()
    }

    /// How the owner of the current epoch stands.
    pub fn owner(&self) -> OwnerState {
        let Want { epoch, owner } = self.want();
        let Some((_, page)) = self.pages.iter().find(|(known, _)| *known == epoch) else {
            return OwnerState { owner, epoch, ..OwnerState::default() };
        };
        OwnerState {
            owner,
            epoch,
            has_begun: page.load(page::OPENED, Acquire) == u64::from(epoch),
            items: page.load(page::ITEMS, Relaxed),
            starved: page.load(page::STARVED, Relaxed),
        }
    }
}

/// The committed position of a lane, by the newest of these pages that knows one.
fn committed<S: Shared>(pages: &[(u32, S)], lane: usize) -> Option<u64> {
    pages.iter().rev().find_map(|(epoch, page)| {
        if page.load(page::OPENED, Acquire) == u64::from(*epoch) {
            Some(page.load(page::committed(lane), Acquire))
        } else if page.load(page::GIVEN, Acquire) == 1 {
            Some(page.load(page::given(lane), Acquire))
        } else {
            None
        }
    })
}

/// The lowest and the highest position a lane can have.
fn bounds<S: Shared>(regions: &[S]) -> Result<(u64, u64), Fault> {
    let mut bounds: Option<(u64, u64)> = None;
    for memory in regions {
        if let Some(region) = read_region(memory)? {
            let tail = position(memory.load(region::TAIL, Acquire), region.base, u64::MAX / 2)?;
            bounds = Some(bounds.map_or((region.base, tail), |(low, high)| (low, high.max(tail))));
        }
    }
    bounds.ok_or(Fault::NotASegment)
}
