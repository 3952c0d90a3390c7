//! The table of flows that are watched: side by side where their counters are, so that a tick walks
//! through both, and one that comes or goes moves no more than those of its block.

use std::sync::{Arc, Weak};

use swell_core::flow::view::{FifoId, OwnerId};

use crate::flow::news::{Bell, Block, FLOWS};
use crate::flow::sight::LineSight;
use crate::flow::up::Up;

/// A flow that is watched. It is not held on to: a flow that is taken down goes, whoever watches.
pub(crate) struct Watched {
    pub(crate) id: FifoId,
    pub(crate) up: Weak<Up>,
    pub(crate) sight: LineSight,
    /// Whose it was at the last look at it.
    pub(crate) owner: Option<OwnerId>,
}

/// Flows whose counters lie in one block.
pub(crate) struct Shelf {
    pub(crate) block: Arc<Block>,
    /// Which of all blocks.
    number: u32,
    /// In the order of their numbers.
    pub(crate) lines: Vec<Watched>,
    /// A bit for each place of the block: with a flow, and with one that does not rest.
    pub(crate) present: u64,
    pub(crate) awake: u64,
}

impl Shelf {
    /// Where the flow at a place of the block is among those of the shelf.
    pub(crate) fn index(&self, at: u32) -> usize {
        (self.present & ((1 << at) - 1)).count_ones() as usize
    }

    /// Flows that do not rest, by their places.
    pub(crate) fn awake(&self) -> impl Iterator<Item = (u32, &Watched)> {
        let places = (0..FLOWS).filter(|at| self.awake & (1 << at) != 0);
        places.map(|at| (at, &self.lines[self.index(at)]))
    }
}

/// All flows that are watched, in the order of their numbers.
#[derive(Default)]
pub(crate) struct Shelves {
    pub(crate) all: Vec<Shelf>,
}

impl Shelves {
    /// A flow, if it is there.
    pub(crate) fn get(&self, id: FifoId) -> Option<&Watched> {
        let (shelf, at) = self.find(id)?;
        let shelf = &self.all[shelf];
        Some(&shelf.lines[shelf.index(at)])
    }

    /// The same to change it.
    pub(crate) fn get_mut(&mut self, id: FifoId) -> Option<&mut Watched> {
        let (shelf, at) = self.find(id)?;
        let shelf = &mut self.all[shelf];
        let index = shelf.index(at);
        Some(&mut shelf.lines[index])
    }

    /// The shelf of a flow and its place there, if it is there.
    fn find(&self, id: FifoId) -> Option<(usize, u32)> {
        let shelf = self.shelf(id).ok()?;
        let at = id.0 % FLOWS;
        (self.all[shelf].present & (1 << at) != 0).then_some((shelf, at))
    }

    fn shelf(&self, id: FifoId) -> Result<usize, usize> {
        self.all.binary_search_by_key(&(id.0 / FLOWS), |shelf| shelf.number)
    }

    /// Puts a flow in that is not there, and whose counters lie where this bell is.
    pub(crate) fn put(&mut self, watched: Watched, bell: &Bell) {
        let shelf = self.shelf(watched.id).unwrap_or_else(|place| {
            let (block, number) = (bell.block.clone(), watched.id.0 / FLOWS);
            let shelf = Shelf { block, number, lines: Vec::new(), present: 0, awake: 0 };
            self.all.insert(place, shelf);
            place
        });
        let (shelf, at) = (&mut self.all[shelf], bell.at());
        shelf.awake |= u64::from(!watched.sight.rests()) << at;
        shelf.lines.insert(shelf.index(at), watched);
        shelf.present |= 1 << at;
    }

    /// Takes a flow out, if it is there.
    pub(crate) fn take(&mut self, id: FifoId) -> Option<Watched> {
        let (place, at) = self.find(id)?;
        let shelf = &mut self.all[place];
        let watched = shelf.lines.remove(shelf.index(at));
        shelf.present &= !(1 << at);
        shelf.awake &= !(1 << at);
        if shelf.present == 0 {
            self.all.remove(place);
        }
        Some(watched)
    }

    /// The first flow that is awake after this one.
    pub(crate) fn next_awake(&self, last: Option<FifoId>) -> Option<FifoId> {
        let is_after = |id: FifoId| last.is_none_or(|last| id > last);
        let from = last.map_or(0, |last| self.shelf(last).unwrap_or_else(|place| place));
        let shelves = self.all[from..].iter();
        let awake = shelves.flat_map(|shelf| shelf.awake().map(|(_, watched)| watched.id));
        awake.into_iter().find(|id| is_after(*id))
    }

    /// How many flows are awake.
    pub(crate) fn count_awake(&self) -> u32 {
        self.all.iter().map(|shelf| shelf.awake.count_ones()).sum()
    }
}
