//! What a tick of the analyzer reads of each flow: counters, marks and a bell, two cache lines of
//! them, side by side in blocks. Ten thousand flows cost a tick a walk through memory that lies
//! together, and those in which nothing happened cost it a bit.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Weak};

use parking_lot::Mutex;

use swell_core::flow::view::FifoId;

/// Flows of a block: as many as a word has bits.
pub(crate) const FLOWS: u32 = u64::BITS;

/// Counters of a flow that a tick reads. Whoever moves an item adds to them.
#[derive(Default)]
#[repr(align(128))]
pub(crate) struct Counters {
    /// Items put in.
    pub(crate) put: AtomicU64,
    /// Items done with.
    pub(crate) done: AtomicU64,
    /// Bytes of these.
    pub(crate) bytes: AtomicU64,
    /// Times that these were in it, in microseconds, summed up.
    pub(crate) sojourn_us: AtomicU64,
    /// Nanoseconds its owner worked on items, without waiting for an instance.
    pub(crate) worked: AtomicU64,
    /// The squares of what each item took of it, in square microseconds.
    pub(crate) worked_squares: AtomicU64,
    /// The shortest time of an item in it since the last tick, in microseconds and with all its bits
    /// turned over; 0 where none was done.
    pub(crate) soonest: AtomicU64,
    /// When the item being worked on was put in, or the oldest where a process owns the flow, in
    /// microseconds since 1970; 0 is none.
    pub(crate) oldest_us: AtomicU64,
    /// Items that were overwritten, whether or not the owner has come so far.
    pub(crate) overwritten: AtomicU64,
    /// Items dropped on their way in.
    pub(crate) dropped: AtomicU64,
    /// Items refused.
    pub(crate) rejected: AtomicU64,
    /// Items put on disk first.
    pub(crate) spilled: AtomicU64,
    /// Bytes of data of its lanes.
    pub(crate) room: AtomicU64,
    /// Time during which a producer waited for room.
    pub(crate) blocked: Waited,
    /// Time during which the owner waited for items.
    pub(crate) starved: Waited,
    /// The place of its owner.
    pub(crate) owner: AtomicU32,
    marks: AtomicU32,
}

/// Something that is so of a flow, or is not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u32)]
pub(crate) enum Mark {
    /// A person froze or pinned it.
    Held = 1,
    /// A native process owns it, or is to.
    Native = 1 << 1,
    /// A lane is changing its region.
    Resizing = 1 << 2,
    /// A change of hands is over, and the analyzer has not heard of it.
    Changed = 1 << 3,
    /// Its consumer works on a core of its own.
    Seated = 1 << 4,
    /// Its owner failed with all of the last items.
    Failing = 1 << 5,
}

/// The marks of a flow at a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Marks(u32);

impl Marks {
    pub(crate) fn has(self, mark: Mark) -> bool {
        self.0 & mark as u32 != 0
    }
}

impl Counters {
    pub(crate) fn marks(&self) -> Marks {
        Marks(self.marks.load(Ordering::Acquire))
    }

    /// Sets a mark or takes it away; whether it was there.
    pub(crate) fn mark(&self, mark: Mark, is_so: bool) -> bool {
        let mark = mark as u32;
        let before = match is_so {
            true => self.marks.fetch_or(mark, Ordering::AcqRel),
            false => self.marks.fetch_and(!mark, Ordering::AcqRel),
        };
        before & mark != 0
    }

    /// Items in the flow.
    pub(crate) fn depth(&self) -> u64 {
        let gone = [&self.done, &self.overwritten].map(|count| count.load(Ordering::Relaxed));
        self.put.load(Ordering::Relaxed).saturating_sub(gone.iter().sum())
    }

    /// Bytes of an item, on average.
    pub(crate) fn mean_bytes(&self) -> f64 {
        let done = self.done.load(Ordering::Relaxed).max(1);
        self.bytes.load(Ordering::Relaxed) as f64 / done as f64
    }
}

/// Nanoseconds that were waited, as a word that can be read at any time: whether somebody waits now
/// is its lowest bit; the others are the sum, or when it would have begun at once.
#[derive(Default)]
pub(crate) struct Waited(AtomicU64);

impl Waited {
    /// The sum at this time.
    pub(crate) fn total(&self, now_ns: u64) -> u64 {
        let word = self.0.load(Ordering::Relaxed);
        // Whoever reads can have looked at the clock before whoever began to wait.
        if word & 1 == 0 { word >> 1 } else { now_ns.saturating_sub(word >> 1) }
    }

    /// Somebody waits, from now on or no longer. Only one at a time may say so.
    pub(crate) fn set(&self, now_ns: u64, waits: bool) {
        let total = self.total(now_ns);
        let word = if waits { now_ns.saturating_sub(total) << 1 | 1 } else { total << 1 };
        self.0.store(word, Ordering::Relaxed);
    }
}

/// What a tick reads of flows whose numbers follow each other.
pub(crate) struct Block {
    /// A bit for each in which something happened.
    bells: AtomicU64,
    flows: [Counters; FLOWS as usize],
}

impl Block {
    fn new() -> Self {
        Self { bells: AtomicU64::new(0), flows: std::array::from_fn(|_| Counters::default()) }
    }

    /// Takes the bells that rang.
    pub(crate) fn take(&self) -> u64 {
        match self.bells.load(Ordering::Relaxed) {
            0 => 0,
            _ => self.bells.swap(0, Ordering::AcqRel),
        }
    }

    /// The counters of a flow by its place.
    pub(crate) fn flow(&self, at: u32) -> &Counters {
        &self.flows[at as usize]
    }
}

/// All blocks of flows that are there.
#[derive(Default)]
pub(crate) struct News(Mutex<BTreeMap<u32, Weak<Block>>>);

impl News {
    /// The bell of a flow.
    pub(crate) fn bell(&self, id: FifoId) -> Bell {
        let mut blocks = self.0.lock();
        blocks.retain(|_, block| block.strong_count() > 0);
        let known = blocks.get(&(id.0 / FLOWS)).and_then(Weak::upgrade);
        let block = known.unwrap_or_else(|| {
            let block = Arc::new(Block::new());
            blocks.insert(id.0 / FLOWS, Arc::downgrade(&block));
            block
        });
        Bell { id, block }
    }
}

/// The bell of one flow, and its counters.
pub(crate) struct Bell {
    pub(crate) id: FifoId,
    pub(crate) block: Arc<Block>,
}

impl Bell {
    /// The place of the flow in its block.
    pub(crate) fn at(&self) -> u32 {
        self.id.0 % FLOWS
    }

    pub(crate) fn counters(&self) -> &Counters {
        self.block.flow(self.at())
    }

    /// Something happened; what it is must be told before.
    pub(crate) fn ring(&self) {
        self.block.bells.fetch_or(1 << self.at(), Ordering::AcqRel);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bells_are_heard_once() {
        let news = News::default();
        let bells = [0, 63, 64, 9_999, 64].map(|id| news.bell(FifoId(id)));
        assert!(Arc::ptr_eq(&bells[0].block, &bells[1].block));
        assert!(!Arc::ptr_eq(&bells[1].block, &bells[2].block));
        bells.iter().for_each(Bell::ring);
        assert_eq!(bells[0].block.take(), 1 | 1 << 63);
        assert_eq!(bells[2].block.take(), 1);
        assert_eq!([0, 2].map(|at| bells[at].block.take()), [0, 0]);
        bells[4].counters().put.fetch_add(1, Ordering::Relaxed);
        assert_eq!(bells[2].counters().depth(), 1, "the same flow");
        drop(bells);
        let again = news.bell(FifoId(64));
        assert_eq!((again.counters().depth(), news.0.lock().len()), (0, 1));
    }

    #[test]
    fn counters_of_a_flow_are_two_lines() {
        assert_eq!(size_of::<Counters>(), 128);
    }

    #[test]
    fn waiting_adds_up() {
        let waited = Waited::default();
        for (now, waits, before) in
            [(100, true, 0), (130, false, 30), (500, true, 30), (510, true, 40), (600, false, 130)]
        {
            assert_eq!(waited.total(now), before, "{now}");
            waited.set(now, waits);
            assert_eq!(waited.total(now), before, "{now}");
        }
        assert_eq!(waited.total(9_999), 130);
    }

    #[test]
    fn marks_come_and_go() {
        let counters = Counters::default();
        assert!(!counters.marks().has(Mark::Held));
        assert!(!counters.mark(Mark::Native, true) && !counters.mark(Mark::Held, true));
        assert!(counters.marks().has(Mark::Native) && !counters.marks().has(Mark::Seated));
        assert!(counters.mark(Mark::Native, false) && counters.marks().has(Mark::Held));
    }
}
