//! Feeding what was recorded of the flow analyzer to a fresh one: does it order the same again?

use std::collections::BTreeMap;

use crate::flow::affinity::{Affinity, CoreWords, Place};
use crate::flow::analyzer::Analyzer;
use crate::flow::choice::{Chosen, build};
use crate::flow::entry::{Change, Close, Entry, Order};
use crate::flow::policy::Verdict;
use crate::flow::recorder::FIFOS_MAX;
use crate::flow::signs::Signs;
use crate::flow::view::{FifoId, OwnerId, View};
use crate::flow::words::{Rounded, apply, count};
use crate::plausible::Why;
use crate::time::{Instant, Span};

/// Why a replay does not go on.
#[derive(Debug, Clone, PartialEq)]
pub enum FlowStop {
    /// The fresh analyzer decides otherwise.
    Differs(Box<FlowDifference>),
    /// No truthful world tells that; the reason follows "it".
    Untrue(Why),
    /// The rule is none that is known here.
    Policy(String),
}

/// The first decision that is not the recorded one.
#[derive(Debug, Clone, PartialEq)]
pub struct FlowDifference {
    /// When.
    pub at: Instant,
    /// What was ordered when it was recorded, in words.
    pub recorded: Vec<String>,
    /// What the fresh analyzer orders, and why.
    pub ordered: Vec<String>,
}

/// What came of a replay so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct FlowCounts {
    /// Entries.
    pub entries: u64,
    /// Ticks that were decided again.
    pub ticks: u64,
    /// Glances that those were decided on: one for each FIFO that was awake.
    pub glances: u64,
    /// FIFOs that were looked at closely.
    pub close: u64,
    /// What was ordered.
    pub orders: u64,
    /// Changes of hands that came about.
    pub moved: u64,
    /// Orders that came to nothing.
    pub refused: u64,
    /// Whether the recording of flows ended before the journal did.
    pub has_ended: bool,
}

/// What is called how: a FIFO, and those who can own it, in the order of their numbers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Name {
    /// The FIFO.
    pub name: String,
    /// Its owners.
    pub owners: Vec<String>,
}

/// Reads entries one after the other: keeps what later ones refer to.
#[derive(Default)]
pub struct FlowReader {
    at: Instant,
    words: BTreeMap<FifoId, Vec<u16>>,
    names: BTreeMap<FifoId, Name>,
}

impl FlowReader {
    /// When the latest entry was written.
    pub fn at(&self) -> Instant {
        self.at
    }

    /// A FIFO has a name.
    pub fn name(&mut self, fifo: FifoId, name: &str, owners: &[String]) {
        self.names.insert(fifo, Name { name: name.to_string(), owners: owners.to_vec() });
    }

    /// What a FIFO is called, if that was told.
    pub fn named(&self, fifo: FifoId) -> Option<&Name> {
        self.names.get(&fifo)
    }

    /// The time once so many milliseconds have passed.
    pub fn pass(&mut self, millis: u64) -> Instant {
        self.at = self.at + Span::from_millis(millis);
        self.at
    }

    /// What a close look saw.
    pub fn view(&mut self, close: &Close) -> Result<Rounded, Why> {
        const UNSOUND: Why = "looks at a FIFO in a way that says nothing";
        let Close { fifo, parties, difference } = close;
        known(*fifo)?;
        let before = self.words.get(fifo).map_or(&[][..], Vec::as_slice);
        let words = apply(before, count(*parties), difference).ok_or(UNSOUND)?;
        self.words.insert(*fifo, words.clone());
        Rounded::of(words, self.at).ok_or(UNSOUND)
    }

    /// A FIFO is no more.
    pub fn forget(&mut self, fifo: FifoId) {
        self.words.remove(&fifo);
    }
}

/// A fresh analyzer that is told what was recorded.
#[derive(Default)]
pub struct FlowReplay {
    reader: FlowReader,
    analyzer: Option<Analyzer>,
    signs: BTreeMap<FifoId, Signs>,
    affinity: Affinity,
    cores: Vec<CoreWords>,
    counts: FlowCounts,
}

impl FlowReplay {
    /// What came of it so far.
    pub fn counts(&self) -> FlowCounts {
        self.counts
    }

    /// An order in words, as far as flows and owners have names.
    fn words(&self, order: &Order) -> String {
        let flow = self.flow(order.fifo);
        match order.verdict {
            Verdict::Move(to) => format!("{flow} goes to {}", self.owner(order.fifo, to)),
            Verdict::Shrink => format!("{flow} gets a smaller region"),
            Verdict::Grow => format!("{flow} gets a larger region"),
            Verdict::Examine => format!("the owner of {flow} is examined"),
            Verdict::Scale => format!("{flow} is told that too much comes"),
            Verdict::Stay(stay) => format!("{flow} stays: {stay}"),
        }
    }

    /// The same with what the fresh analyzer was moved by.
    pub(crate) fn reasoned(&self, order: &Order) -> String {
        let (words, fifo) = (self.words(order), order.fifo);
        let (Some(analyzer), Some(signs)) = (&self.analyzer, self.signs.get(&fifo)) else {
            return words;
        };
        match order.verdict {
            Verdict::Move(_) => {
                let grounds = analyzer.grounds(fifo, *signs, |owner| self.owner(fifo, owner));
                format!("{words}, as {grounds}")
            }
            _ => words,
        }
    }

    /// What a FIFO is called, if that was told.
    pub(crate) fn named(&self, fifo: FifoId) -> Option<&Name> {
        self.reader.named(fifo)
    }

    /// When the latest entry was written.
    pub fn at(&self) -> Instant {
        self.reader.at
    }

    /// Why the last decision about a FIFO was made, in words.
    pub fn explain(&self, fifo: FifoId) -> Option<String> {
        let (analyzer, signs) = (self.analyzer.as_ref()?, self.signs.get(&fifo)?);
        Some(analyzer.explain(self.reader.at, fifo, *signs, |owner| self.owner(fifo, owner)))
    }

    pub(crate) fn owner(&self, fifo: FifoId, owner: OwnerId) -> String {
        let known = self.reader.named(fifo);
        let known = known.and_then(|name| name.owners.get(owner.0 as usize));
        known.map_or_else(|| format!("owner {}", owner.0), |name| format!("`{name}`"))
    }

    pub(crate) fn seat_words(&self, (fifo, place): &(FifoId, Place)) -> String {
        let flow = self.flow(*fifo);
        match place {
            Place::On(core) => format!("the owner of {flow} works on core {}", core.0),
            Place::Shared => format!("the owner of {flow} works wherever there is room"),
        }
    }

    fn flow(&self, fifo: FifoId) -> String {
        let name = self.reader.named(fifo);
        name.map_or_else(|| format!("flow {}", fifo.0), |name| format!("`{}`", name.name))
    }

    /// Feeds one entry. After a stop, the replay is over.
    pub fn feed(&mut self, entry: &Entry) -> Result<(), FlowStop> {
        self.counts.entries += 1;
        match entry {
            Entry::Begun { policy, seed } => {
                let chosen = build(policy, *seed);
                let Chosen { policy, budget } =
                    chosen.map_err(|error| FlowStop::Policy(error.to_string()))?;
                let (counts, analyzer) = (self.counts, Analyzer::new(policy, budget));
                *self = Self { counts, analyzer: Some(analyzer), ..Self::default() };
            }
            Entry::Named { fifo, name, owners } => {
                known(*fifo).map_err(FlowStop::Untrue)?;
                self.reader.name(*fifo, name, owners);
            }
            Entry::Looked { passed, changes, close, orders } => {
                self.reader.pass(*passed);
                self.look(changes, close, orders)?;
            }
            Entry::Relieved { passed, close, to } => {
                self.reader.pass(*passed);
                self.relieve(close, *to)?;
            }
            Entry::Moved { passed, fifo, pause, items } => {
                known(*fifo).map_err(FlowStop::Untrue)?;
                let at = self.reader.pass(*passed);
                self.counts.moved += 1;
                self.analyzer()?.on_moved(at, *fifo, *pause, *items);
            }
            Entry::Given { passed, fifo, from, to } => {
                known(*fifo).map_err(FlowStop::Untrue)?;
                let at = self.reader.pass(*passed);
                self.analyzer()?.on_given(at, *fifo, *from, *to);
            }
            Entry::Came { passed, fifo, returns } => {
                known(*fifo).map_err(FlowStop::Untrue)?;
                let at = self.reader.pass(*passed);
                self.analyzer()?.on_came(at, *fifo, *returns);
            }
            Entry::Seated { passed, cores, fifos, places } => {
                let at = self.reader.pass(*passed);
                if !cores.is_empty() {
                    self.cores.clone_from(cores);
                }
                let ordered = self.affinity.tick(at, &self.cores, fifos);
                self.settle(places, &ordered, Self::seat_words, Self::seat_words)?;
            }
            Entry::Refused { fifo, why } => {
                self.counts.refused += 1;
                self.analyzer()?.on_failed(*fifo, why);
            }
            Entry::Removed { fifo } => {
                self.reader.forget(*fifo);
                self.signs.remove(fifo);
                self.affinity.on_removed(*fifo);
                self.analyzer()?.on_removed(*fifo);
            }
            Entry::Shown { passed, close, .. } => {
                self.reader.pass(*passed);
                self.reader.view(close).map_err(FlowStop::Untrue)?;
            }
            Entry::Kept { fifo, why } => {
                known(*fifo).map_err(FlowStop::Untrue)?;
                self.analyzer()?.on_kept(*fifo, why);
            }
            Entry::Ended => self.counts.has_ended = true,
        }
        Ok(())
    }

    fn analyzer(&mut self) -> Result<&mut Analyzer, FlowStop> {
        self.analyzer.as_mut().ok_or(FlowStop::Untrue(EARLY))
    }

    fn look(
        &mut self,
        changes: &[Change],
        close: &[Close],
        orders: &[Order],
    ) -> Result<(), FlowStop> {
        let rested = self.change(changes).map_err(FlowStop::Untrue)?;
        let at = self.reader.at;
        let Some(analyzer) = &mut self.analyzer else { return Err(FlowStop::Untrue(EARLY)) };
        let mut rested = rested.into_iter().peekable();
        for (fifo, signs) in &self.signs {
            let rested =
                rested.next_if(|(rested, _)| rested == fifo).map_or(0, |(_, rested)| rested);
            analyzer.hear(at, *fifo, *signs, rested);
        }
        let mut wanted = analyzer.closely().into_iter();
        let mut seen = Vec::with_capacity(close.len());
        for one in close {
            if !wanted.any(|fifo| fifo == one.fifo) {
                return Err(FlowStop::Untrue("looks closely at a FIFO that gave no reason to"));
            }
            seen.push((one.fifo, self.reader.view(one).map_err(FlowStop::Untrue)?));
        }
        let views: Vec<View<'_>> =
            seen.iter().filter_map(|(fifo, rounded)| rounded.view(*fifo)).collect();
        let ordered = analyzer.decide(at, &views);
        self.counts.ticks += 1;
        self.counts.glances += self.signs.len() as u64;
        self.counts.close += close.len() as u64;
        self.settle(orders, &ordered, Self::words, Self::reasoned)
    }

    fn relieve(&mut self, close: &Close, to: Option<OwnerId>) -> Result<(), FlowStop> {
        let rounded = self.reader.view(close).map_err(FlowStop::Untrue)?;
        let (fifo, at) = (close.fifo, self.reader.at);
        let view = rounded.view(fifo).ok_or(FlowStop::Untrue(EARLY))?;
        let ordered = self.analyzer()?.relieve(at, &view);
        self.counts.close += 1;
        let order = |to| Order { fifo, verdict: Verdict::Move(to) };
        let list = |to: Option<OwnerId>| to.map(order).into_iter().collect::<Vec<_>>();
        self.settle(&list(to), &list(ordered), Self::words, Self::reasoned)
    }

    /// Takes in whose signs changed; those that rested before, and for how many ticks.
    fn change(&mut self, changes: &[Change]) -> Result<Vec<(FifoId, u32)>, Why> {
        let (mut next, mut rested) = (0u32, Vec::new());
        for change in changes {
            let fifo = FifoId(next.saturating_add(change.step));
            known(fifo)?;
            next = fifo.0 + 1;
            match change.signs {
                Some(signs) if !signs.is_sound() => return Err("sees what no FIFO can show"),
                Some(signs) => {
                    self.signs.insert(fifo, signs);
                }
                None => {
                    self.signs.remove(&fifo);
                }
            }
            if change.signs.is_some() && change.rested > 0 {
                rested.push((fifo, change.rested));
            }
        }
        Ok(rested)
    }

    fn settle<T: PartialEq>(
        &mut self,
        recorded: &[T],
        ordered: &[T],
        words: fn(&Self, &T) -> String,
        reasoned: fn(&Self, &T) -> String,
    ) -> Result<(), FlowStop> {
        self.counts.orders += recorded.len() as u64;
        if ordered == recorded {
            return Ok(());
        }
        let at = self.reader.at;
        let recorded = recorded.iter().map(|one| words(self, one)).collect();
        let ordered = ordered.iter().map(|one| reasoned(self, one)).collect();
        Err(FlowStop::Differs(Box::new(FlowDifference { at, recorded, ordered })))
    }
}

const EARLY: Why = "tells of FIFOs before any analyzer began";

fn known(fifo: FifoId) -> Result<(), Why> {
    if fifo.0 < FIFOS_MAX { Ok(()) } else { Err("tells of more FIFOs than a journal knows of") }
}
