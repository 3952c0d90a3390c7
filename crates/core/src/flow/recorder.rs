//! Records what the analyzer is told and what it orders, in few bytes: of FIFOs that go on as they
//! did nothing is written, and of those that are looked at closely what differs from the last look.

use std::collections::{BTreeMap, BTreeSet};

use crate::flow::affinity::{Busyness, CoreWords, Place};
use crate::flow::entry::{Change, Close, Entry, Order};
use crate::flow::signs::Signs;
use crate::flow::view::{FifoId, OwnerId, View};
use crate::flow::words::{Rounded, difference};
use crate::time::{Instant, Span};

/// Numbers of FIFOs that a journal knows of: a table of them is what a reader has to have room for.
pub const FIFOS_MAX: u32 = 1 << 18;

/// Records one analyzer.
#[derive(Default)]
pub struct Recorder {
    bytes: Vec<u8>,
    last: Instant,
    /// FIFOs of the last tick and of this one, in their order.
    before: Vec<(FifoId, Signs)>,
    now: Vec<(FifoId, Signs, u32)>,
    close: Vec<Close>,
    /// Words of the last close look at each.
    words: BTreeMap<FifoId, Vec<u16>>,
    /// FIFOs that were looked at.
    known: BTreeSet<FifoId>,
    cores: Vec<CoreWords>,
    /// FIFOs that were looked at for the first time since somebody asked for such.
    unnamed: Vec<FifoId>,
    /// What is told of FIFOs in the middle of a tick that they were glanced at in already.
    later: Vec<(Instant, FifoId, Span, u64)>,
    is_over: bool,
}

impl Recorder {
    /// A recorder of an analyzer with this rule and seed.
    pub fn new(policy: &str, seed: u64) -> Self {
        let mut recorder = Self::default();
        recorder.put(&Entry::Begun { policy: policy.to_string(), seed });
        recorder
    }

    /// What was recorded since it was asked last.
    pub fn take(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.bytes)
    }

    /// FIFOs that were looked at for the first time since this was asked last: they have no name yet.
    pub fn unnamed(&mut self) -> Vec<FifoId> {
        std::mem::take(&mut self.unnamed)
    }

    /// What a FIFO is called, and those who can own it.
    pub fn name(&mut self, fifo: FifoId, name: &str, owners: Vec<String>) {
        self.put(&Entry::Named { fifo, name: name.to_string(), owners });
    }

    pub(crate) fn glanced(&mut self, fifo: FifoId, signs: Signs, rested: u32) {
        if fifo.0 >= FIFOS_MAX && !self.is_over {
            self.put(&Entry::Ended);
            self.is_over = true;
        }
        self.now.push((fifo, signs, rested));
    }

    pub(crate) fn judged(&mut self, fifo: FifoId, view: &Rounded) {
        let close = self.close(fifo, view);
        self.close.push(close);
    }

    pub(crate) fn looked(&mut self, now: Instant, orders: &[Order]) {
        let (changes, close) = (self.changes(), std::mem::take(&mut self.close));
        let passed = self.passed(now);
        self.put(&Entry::Looked { passed, changes, close, orders: orders.to_vec() });
        for (at, fifo, pause, items) in std::mem::take(&mut self.later) {
            self.moved(at, fifo, pause, items);
        }
    }

    pub(crate) fn relieved(
        &mut self,
        now: Instant,
        fifo: FifoId,
        view: &Rounded,
        to: Option<OwnerId>,
    ) {
        let close = self.close(fifo, view);
        let passed = self.passed(now);
        self.put(&Entry::Relieved { passed, close, to });
    }

    pub(crate) fn moved(&mut self, now: Instant, fifo: FifoId, pause: Span, items: u64) {
        if self.now.last().is_some_and(|(last, ..)| *last >= fifo) {
            self.later.push((now, fifo, pause, items));
            return;
        }
        let passed = self.passed(now);
        self.put(&Entry::Moved { passed, fifo, pause, items });
    }

    /// In a tick it is told before the FIFO is glanced at.
    pub(crate) fn given(&mut self, now: Instant, fifo: FifoId, from: OwnerId, to: OwnerId) {
        if fifo.0 >= FIFOS_MAX {
            return;
        }
        let passed = self.passed(now);
        self.put(&Entry::Given { passed, fifo, from, to });
    }

    /// In a tick it is told before the FIFO is glanced at.
    pub(crate) fn came(&mut self, now: Instant, fifo: FifoId, returns: u32) {
        if fifo.0 >= FIFOS_MAX {
            return;
        }
        let passed = self.passed(now);
        self.put(&Entry::Came { passed, fifo, returns });
    }

    pub(crate) fn refused(&mut self, fifo: FifoId, why: &str) {
        self.put(&Entry::Refused { fifo, why: why.to_string() });
    }

    pub(crate) fn kept(&mut self, fifo: FifoId, why: &str) {
        self.put(&Entry::Kept { fifo, why: why.to_string() });
    }

    pub(crate) fn removed(&mut self, fifo: FifoId) {
        self.words.remove(&fifo);
        // Of one that was never looked at nobody has to know that it is gone.
        if !self.known.remove(&fifo) {
            return;
        }
        if let Ok(place) = self.before.binary_search_by_key(&fifo, |(known, _)| *known) {
            self.before.remove(place);
        }
        self.put(&Entry::Removed { fifo });
    }

    /// What the affinity was told at a tick, and what it said.
    pub fn seated(
        &mut self,
        now: Instant,
        cores: &[CoreWords],
        fifos: Vec<Busyness>,
        places: &[(FifoId, Place)],
    ) {
        let is_same = cores == self.cores;
        if !is_same {
            self.cores = cores.to_vec();
        }
        let (passed, places) = (self.passed(now), places.to_vec());
        let cores = if is_same { Vec::new() } else { cores.to_vec() };
        self.put(&Entry::Seated { passed, cores, fifos, places });
    }

    /// How a FIFO stands, into which so many items were put so far, of so many bytes on average.
    pub fn show(&mut self, now: Instant, view: &View<'_>, (put, item_bytes): (u64, u64)) {
        let mut rounded = Rounded::default();
        rounded.round(view);
        let close = self.close(view.fifo, &rounded);
        let passed = self.passed(now);
        self.put(&Entry::Shown { passed, close, put, item_bytes });
    }

    fn close(&mut self, fifo: FifoId, view: &Rounded) -> Close {
        let words = view.words();
        let known = self.words.entry(fifo).or_default();
        let difference = difference(known, words);
        known.clear();
        known.extend(words);
        let parties = view.view(fifo).map_or(0, |view| view.others.len() as u8 + 1);
        Close { fifo, parties, difference }
    }

    /// What changed from the last tick to this one.
    fn changes(&mut self) -> Vec<Change> {
        let mut changes = Vec::new();
        let mut next = 0;
        let mut change = |fifo: FifoId, signs, rested| {
            changes.push(Change { step: fifo.0 - next, signs, rested });
            next = fifo.0 + 1;
        };
        let mut before = self.before.iter().peekable();
        for (fifo, signs, rested) in &self.now {
            while let Some((gone, _)) = before.next_if(|(known, _)| known < fifo) {
                change(*gone, None, 0);
            }
            let known = before.next_if(|(known, _)| known == fifo).map(|(_, signs)| signs);
            if known.is_none() && self.known.insert(*fifo) {
                self.unnamed.push(*fifo);
            }
            if known != Some(signs) || *rested > 0 {
                change(*fifo, Some(*signs), *rested);
            }
        }
        before.for_each(|(gone, _)| change(*gone, None, 0));
        self.before.clear();
        self.before.extend(self.now.drain(..).map(|(fifo, signs, _)| (fifo, signs)));
        changes
    }

    fn passed(&mut self, now: Instant) -> u64 {
        let passed = millis(now) - millis(self.last).min(millis(now));
        self.last = self.last.max(now);
        passed
    }

    fn put(&mut self, entry: &Entry) {
        if !self.is_over {
            entry.put(&mut self.bytes);
        }
    }
}

fn millis(at: Instant) -> u64 {
    at.nanos() / 1_000_000
}
