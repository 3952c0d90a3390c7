//! A flow that is up: its ring, its lanes, who owns it, and how it changes sizes.
//!
//! The ring is a FIFO of shared memory. An *owner* is a function that can take the items: `to`
//! or one of `owners`. The daemon's own consumer takes items out for it and calls it, so all
//! functions share one mapping and a change of hands copies nothing: the consumer lets go
//! between two items, and begins anew, in the next epoch, for the next owner.

use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

use parking_lot::Mutex;
use tokio::sync::Notify;

use swell_api::flow::{Ack, FlowSpec, Full, is_native};
use swell_core::flow::affinity::Place;
use swell_core::flow::cost::Costs;
use swell_core::flow::view::FifoId;
use swell_fifo::class::Class;
use swell_fifo::fifo::{Fifo, LaneState};
use swell_fifo::mapping::Mapping;
use swell_fifo::pool::Sharing;
use swell_fifo::producer::Producer;
use swell_fifo::template::Segment;

use crate::flow::hands::Hands;
use crate::flow::keep::Keep;
use crate::flow::lane::Lane;
use crate::flow::launch::Use;
use crate::flow::letters::LineError;
use crate::flow::meter::{Meter, now_us};
use crate::flow::natives::Natives;
use crate::flow::news::{Bell, Mark};
use crate::flow::place::Seat;
use crate::flow::pool::Regions;
use crate::flow::sizes::Resized;

/// A flow that is up.
pub(crate) struct Line {
    pub(crate) id: FifoId,
    pub(crate) spec: FlowSpec,
    /// In the order of their names: those of `from`, then those fed from other nodes.
    pub(crate) lanes: Vec<Arc<Lane>>,
    /// Their names.
    pub(crate) from: Vec<String>,
    /// What items of each are called after.
    pub(crate) called: Vec<String>,
    pub(crate) meter: Arc<Meter>,
    /// Told of items and of other owners.
    pub(crate) stir: Notify,
    /// Where its consumer works.
    pub(crate) seat: Seat,
    /// Native processes that take part.
    pub(crate) natives: Natives,
    /// Who sees its memory.
    pub(crate) sharing: Sharing,
    pub(crate) regions: Arc<Regions>,
    pub(crate) ring: Mutex<Ring>,
    /// Epochs of earlier runs.
    pub(crate) epochs_before: u32,
    /// How often it went back to a node within a while, if it just came from one.
    pub(crate) returns: OnceLock<u32>,
    pub(crate) hands: Mutex<Hands>,
    /// What came of the last order that a lane changes its size.
    pub(crate) resized: Mutex<Option<Resized>>,
    /// What changes of hands cost at this node; locked after `hands`.
    pub(crate) costs: Arc<Mutex<Costs>>,
    /// Bytes that were in each lane at most.
    peaks: Vec<AtomicU64>,
}

pub(crate) struct Ring {
    pub(crate) fifo: Fifo<Mapping>,
    pub(crate) control: Segment,
    /// The page of the present epoch, and of those before until they are no longer needed.
    pub(crate) pages: Vec<(u32, Segment)>,
    /// Regions of each lane that are not read to their end, oldest first.
    pub(crate) lanes: Vec<Vec<(Class, Segment)>>,
    /// Sequences that the lanes began at.
    begun_at: Vec<u64>,
    /// Whether a native process was ever shown the regions: then nobody else can have them.
    pub(crate) is_shown: bool,
}

impl Line {
    /// Brings a flow up, each lane in a region of its class, with `owner` as its first owner, by
    /// its place among [`Line::owners`].
    pub(crate) fn new(
        bell: Bell,
        spec: FlowSpec,
        from: Vec<String>,
        classes: &[Class],
        owner: usize,
        folder: &Path,
        (regions, costs): (&Arc<Regions>, &Arc<Mutex<Costs>>),
    ) -> Result<Self, LineError> {
        let (id, meter) = (bell.id, Arc::new(Meter::of(bell)));
        let mut taken = Vec::new();
        let sharing = sharing(&spec);
        let made = Self::make(&spec, &from, (classes, sharing), &mut taken, regions);
        let (mut fifo, control, page) = match made {
            Ok(made) => made,
            Err(error) => {
                give_back(&from, taken, regions);
                return Err(error);
            }
        };
        let mut keeps = Vec::new();
        for name in &from {
            match Keep::open(folder.join(name), spec.disk_bytes) {
                Ok(keep) => keeps.push(keep),
                Err(error) => {
                    give_back(&from, taken, regions);
                    return Err(LineError::Keep(error));
                }
            }
        }
        let has_come = from.len() > spec.from.len();
        let begun_at: Vec<u64> = (keeps.iter().zip(&from))
            .map(|(keep, name)| beginning(&spec, keep, has_come && spec.from.contains(name)))
            .collect();
        for (lane, &sequence) in begun_at.iter().enumerate() {
            fifo.begin_at(lane, sequence);
        }
        fifo.prepare(page.memory.clone());
        fifo.raise(number(owner));
        fifo.take_over()?;
        let mut lanes = Vec::new();
        for (number, (keep, (_, region))) in keeps.into_iter().zip(&taken).enumerate() {
            let (control, memory) = (control.memory.clone(), region.memory.clone());
            let producer = Producer::open(control, number, memory, page.memory.clone())?;
            let name: Arc<str> = from[number].as_str().into();
            // A process finds its own FIFO full; until then its items wait there.
            let is_told = is_native(&name) && spec.full == Full::Reject;
            let rule = (if is_told { Full::Block } else { spec.full }, spec.ack);
            lanes.push(Arc::new(Lane::new(name, rule, producer, keep, meter.clone())));
        }
        let peaks = from.iter().map(|_| AtomicU64::default()).collect();
        let epoch = fifo.want().epoch;
        let pages = vec![(epoch, page)];
        let taken: Vec<_> = taken.into_iter().map(|region| vec![region]).collect();
        meter.counters().room.store(held(&taken), Ordering::Relaxed);
        let is_shown = false;
        let ring = Mutex::new(Ring { fifo, control, pages, lanes: taken, begun_at, is_shown });
        let hands = Mutex::new(Hands::of(owner));
        let (stir, seat, natives) = (Notify::new(), Seat::default(), Natives::default());
        let (regions, costs) = (regions.clone(), costs.clone());
        let line = Self {
            id,
            spec,
            called: from.clone(),
            from,
            lanes,
            meter,
            stir,
            seat,
            natives,
            sharing,
            regions,
            ring,
            epochs_before: 0,
            returns: OnceLock::new(),
            hands,
            resized: Mutex::default(),
            costs,
            peaks,
        };
        line.is_owned_by(owner);
        Ok(line)
    }

    fn make(
        spec: &FlowSpec,
        from: &[String],
        (classes, sharing): (&[Class], Sharing),
        taken: &mut Vec<(Class, Segment)>,
        regions: &Regions,
    ) -> Result<(Fifo<Mapping>, Segment, Segment), LineError> {
        for (from, &class) in from.iter().zip(classes) {
            taken.push((class, regions.take(from, class, sharing)?));
        }
        let control = Segment::page(sharing).map_err(LineError::Memory)?;
        let page = Segment::page(sharing).map_err(LineError::Memory)?;
        let memories = taken.iter().map(|(_, region)| region.memory.clone()).collect();
        let lossy = spec.full == Full::DropOldest;
        // The number is for parties that hold descriptors only; names belong to the daemon.
        let fifo = Fifo::new(control.memory.clone(), now_us(), lossy, memories);
        Ok((fifo, control, page))
    }

    /// Functions that can own it: `to`, then `owners`.
    pub(crate) fn owners(&self) -> impl Iterator<Item = &str> {
        std::iter::once(&self.spec.to).chain(&self.spec.owners).map(String::as_str)
    }

    /// The name of an owner by its place.
    pub(crate) fn owner_name(&self, place: usize) -> &str {
        self.owners().nth(place).unwrap_or(&self.spec.to)
    }

    /// The place of an owner by its name.
    pub(crate) fn place_of(&self, name: &str) -> usize {
        self.owners().position(|owner| owner == name).unwrap_or(0)
    }

    /// The place of the present owner.
    pub(crate) fn owner(&self) -> usize {
        self.hands.lock().owner()
    }

    /// Lets those who count know who owns it.
    pub(crate) fn is_owned_by(&self, place: usize) {
        let counters = self.meter.counters();
        counters.owner.store(place as u32, Ordering::Relaxed);
        counters.mark(Mark::Native, self.is_native(place));
    }

    /// Lets its consumer work there from its next look on.
    pub(crate) fn sit(&self, seat: Place) {
        self.seat.set(seat);
        self.meter.counters().mark(Mark::Seated, seat != Place::Shared);
    }

    /// The present epoch, counted on from those of earlier runs.
    pub(crate) fn epoch(&self) -> u32 {
        self.epochs_before.saturating_add(self.ring.lock().fifo.want().epoch)
    }

    /// The owner begins.
    pub(crate) fn begun(&self) {
        let took = self.hands.lock().begun(&mut self.costs.lock());
        if let Some(took) = took {
            self.meter.pauses.observe(took);
        }
        self.show_cost();
        self.meter.counters().mark(Mark::Changed, true);
        self.meter.stirred();
        let mut ring = self.ring.lock();
        ring.fifo.forget();
        let epoch = ring.fifo.want().epoch;
        ring.pages.retain(|(known, _)| *known >= epoch);
    }

    /// Regions of a lane, for an owner that met one it did not know.
    pub(crate) fn regions_of(&self, lane: usize) -> Vec<Mapping> {
        memories(&self.ring.lock().lanes[lane])
    }

    /// Lets a lane go on in a region of another class.
    ///
    /// Invariant: a lane has two regions at most, so an owner that meets one it does not know
    /// knows which it is.
    pub(crate) fn resize(&self, lane: usize, class: Class) -> Result<(), LineError> {
        if self.is_resizing(lane) {
            return Ok(());
        }
        let region = self.regions.take(&self.from[lane], class, self.sharing)?;
        let why = if class > self.lane_state(lane).0 { "grow" } else { "shrink" };
        let mut ring = self.ring.lock();
        ring.fifo.extend(lane, region.memory.clone());
        self.show_region(lane, &region);
        self.lanes[lane].continue_in(region.memory.clone())?;
        ring.lanes[lane].push((class, region));
        let counters = self.meter.counters();
        counters.mark(Mark::Resizing, true);
        counters.room.store(held(&ring.lanes), Ordering::Relaxed);
        drop(ring);
        self.hands.lock().counted(why);
        self.stir.notify_one();
        Ok(())
    }

    /// Gives back regions that were read to their end.
    pub(crate) fn retire(&self) {
        if !self.meter.counters().marks().has(Mark::Resizing) {
            return;
        }
        let mut ring = self.ring.lock();
        for lane in 0..self.lanes.len() {
            let count = ring.fifo.retire(lane).len();
            let gone: Vec<_> = ring.lanes[lane].drain(..count).collect();
            self.let_go(lane, gone, ring.is_shown);
        }
        let is_resizing = ring.lanes.iter().any(|lane| lane.len() > 1);
        self.meter.counters().mark(Mark::Resizing, is_resizing);
    }

    /// Lets go of regions of a lane. What a process may still look at goes with it.
    fn let_go(&self, lane: usize, gone: Vec<(Class, Segment)>, is_shown: bool) {
        for (class, region) in gone {
            let from = &self.from[lane];
            match is_shown {
                true => self.regions.discard(from, class, region),
                false => self.regions.give_back(from, class, region),
            }
        }
    }

    /// How a lane stands: its class, its words, and items since it began.
    pub(crate) fn lane_state(&self, lane: usize) -> (Class, LaneState) {
        let ring = self.ring.lock();
        let mut state = ring.fifo.lane(lane);
        state.items = state.items.saturating_sub(ring.begun_at[lane]);
        let (class, _) = ring.lanes[lane].last().expect("a lane has a region");
        (*class, state)
    }

    /// Looks how much is in the lanes.
    pub(crate) fn look_at_use(&self) {
        for (lane, peak) in self.peaks.iter().enumerate() {
            let (_, state) = self.lane_state(lane);
            peak.fetch_max(state.tail - state.committed, Ordering::Relaxed);
        }
    }

    /// What was used of the lanes: this flow, the functions they belong to, and what.
    pub(crate) fn uses(&self) -> Vec<(String, String, Use)> {
        self.look_at_use();
        let lanes = self.from.iter().zip(&self.peaks).enumerate();
        let one = |(lane, (from, peak)): (usize, (&String, &AtomicU64))| {
            let items = self.lane_state(lane).1.items;
            (
                self.spec.name.clone(),
                from.clone(),
                Use { peak_bytes: peak.load(Ordering::Relaxed), items },
            )
        };
        lanes.map(one).collect()
    }

    /// Whether a lane is changing its region.
    pub(crate) fn is_resizing(&self, lane: usize) -> bool {
        self.ring.lock().lanes[lane].len() > 1
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        let mut ring = self.ring.lock();
        let (lanes, is_shown) = (std::mem::take(&mut ring.lanes), ring.is_shown);
        drop(ring);
        for (lane, regions) in lanes.into_iter().enumerate() {
            self.let_go(lane, regions, is_shown);
        }
    }
}

/// Who sees the memory of a flow: processes that may own it, else nobody but the node, as what
/// a process puts in goes by memory of its own.
fn sharing(spec: &FlowSpec) -> Sharing {
    let mut owners = std::iter::once(&spec.to).chain(&spec.owners);
    if owners.any(|owner| is_native(owner)) { Sharing::Processes } else { Sharing::Nobody }
}

fn give_back(from: &[String], taken: Vec<(Class, Segment)>, regions: &Regions) {
    for (from, (class, region)) in from.iter().zip(taken) {
        regions.give_back(from, class, region);
    }
}

/// The sequence a lane begins at. Items that are forgotten with the node's memory must not
/// lend their names to others: such a lane begins at the time, which nobody outruns; and so
/// does one that begins `beside` a lane of the same function at another node.
fn beginning(spec: &FlowSpec, keep: &Keep, beside: bool) -> u64 {
    match spec.ack {
        Ack::Append if keep.items() == 0 => keep.next().max(now_us()),
        Ack::Consume if beside && keep.next() == 0 => now_us(),
        Ack::Append | Ack::Consume => keep.first(),
    }
}

/// The number of an owner in the ring, where 0 is nobody.
pub(crate) fn number(place: usize) -> u32 {
    place as u32 + 1
}

/// Bytes of the newest region of each lane.
fn held(lanes: &[Vec<(Class, Segment)>]) -> u64 {
    lanes.iter().filter_map(|lane| lane.last()).map(|(class, _)| class.bytes()).sum()
}

pub(crate) fn memories(regions: &[(Class, Segment)]) -> Vec<Mapping> {
    regions.iter().map(|(_, region)| region.memory.clone()).collect()
}
