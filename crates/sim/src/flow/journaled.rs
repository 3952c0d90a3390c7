//! Flows as the journal of a node has them: rows of a recording to play rules on, and what was
//! decided about each.

use std::collections::BTreeMap;

use swell_core::flow::entry::{Entry, Order};
use swell_core::flow::policy::Verdict;
use swell_core::flow::replay::FlowReader;
use swell_core::flow::view::{FifoId, Party, View};
use swell_core::plausible::Why;
use swell_core::time::{Instant, Span};

use crate::flow::recording::{RecordingRow, Share, owners_text};

/// What was decided about a flow, and what came of it.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Decided {
    /// Times that it was looked at closely.
    pub close: u64,
    /// Changes of hands that were ordered.
    pub moves: u64,
    /// Of these, those that came to nothing.
    pub refused: u64,
    /// Changes of hands that somebody else made: a person, or a process that came or went.
    pub given: u64,
    /// Pauses of those that came about, together, and how many there were.
    pub paused: (Span, u64),
    /// Items that were in it at these.
    pub items: u64,
    /// Larger and smaller regions that were ordered.
    pub sizes: (u64, u64),
    /// Of these, those that came to nothing.
    pub kept: u64,
    /// Other cores that its owner was to work on.
    pub seats: u64,
    /// Times that its owner was examined.
    pub examined: u64,
}

/// Reads entries one after the other.
#[derive(Default)]
pub struct Journaled {
    reader: FlowReader,
    first: Option<Instant>,
    put: BTreeMap<FifoId, u64>,
    /// Processors that flows keep busy, by the function that owns them and by flow.
    worked: BTreeMap<String, BTreeMap<FifoId, f64>>,
    decided: BTreeMap<String, Decided>,
}

impl Journaled {
    /// What was decided, by flow.
    pub fn decided(&self) -> &BTreeMap<String, Decided> {
        &self.decided
    }

    /// Takes in an entry; a row, if it shows how a flow stood.
    pub fn hear(&mut self, entry: &Entry) -> Result<Option<RecordingRow>, Why> {
        match entry {
            Entry::Begun { .. } => self.reader = FlowReader::default(),
            Entry::Named { fifo, name, owners } => {
                self.reader.name(*fifo, name, owners);
                self.of(*fifo);
            }
            Entry::Looked { passed, close, orders, .. } => {
                self.reader.pass(*passed);
                for close in close {
                    self.reader.view(close)?;
                    self.of(close.fifo).close += 1;
                }
                orders.iter().for_each(|order| self.ordered(order));
            }
            Entry::Relieved { passed, close, to } => {
                self.reader.pass(*passed);
                self.reader.view(close)?;
                self.of(close.fifo).moves += u64::from(to.is_some());
            }
            Entry::Moved { passed, fifo, pause, items } => {
                self.reader.pass(*passed);
                let decided = self.of(*fifo);
                decided.paused.0 += *pause;
                decided.paused.1 += 1;
                decided.items = decided.items.saturating_add(*items);
            }
            Entry::Given { passed, fifo, .. } => {
                self.reader.pass(*passed);
                self.of(*fifo).given += 1;
            }
            Entry::Came { passed, .. } => {
                self.reader.pass(*passed);
            }
            Entry::Seated { passed, places, .. } => {
                self.reader.pass(*passed);
                places.iter().for_each(|(fifo, _)| self.of(*fifo).seats += 1);
            }
            Entry::Refused { fifo, .. } => self.of(*fifo).refused += 1,
            Entry::Kept { fifo, .. } => self.of(*fifo).kept += 1,
            Entry::Removed { fifo } => {
                self.reader.forget(*fifo);
                self.put.remove(fifo);
                self.worked.values_mut().for_each(|flows| flows.retain(|known, _| known != fifo));
            }
            Entry::Shown { passed, close, put, item_bytes } => {
                self.reader.pass(*passed);
                let rounded = self.reader.view(close)?;
                return Ok(rounded
                    .view(close.fifo)
                    .and_then(|view| self.row(&view, (*put, *item_bytes))));
            }
            Entry::Ended => {}
        }
        Ok(None)
    }

    fn of(&mut self, fifo: FifoId) -> &mut Decided {
        let known = self.reader.named(fifo).map(|name| name.name.clone());
        self.decided.entry(known.unwrap_or_else(|| format!("#{}", fifo.0))).or_default()
    }

    fn ordered(&mut self, order: &Order) {
        let decided = self.of(order.fifo);
        match order.verdict {
            Verdict::Move(_) => decided.moves += 1,
            Verdict::Grow => decided.sizes.0 += 1,
            Verdict::Shrink => decided.sizes.1 += 1,
            Verdict::Examine => decided.examined += 1,
            Verdict::Scale | Verdict::Stay(_) => {}
        }
    }

    fn row(&mut self, view: &View<'_>, (put, item_bytes): (u64, u64)) -> Option<RecordingRow> {
        let name = self.reader.named(view.fifo)?.clone();
        let owner_of = |party: &Party| name.owners.get(party.owner.0 as usize).cloned();
        let (at, owner) = (self.reader.at(), owner_of(view.owner)?);
        let sample = view.sample;
        self.worked.values_mut().for_each(|flows| flows.retain(|known, _| *known != view.fifo));
        let busy = sample.leaving * sample.work.secs_f64();
        self.worked.entry(owner.clone()).or_default().insert(view.fifo, busy);
        let share = |party: &Party| {
            let (name, processors) = (owner_of(party)?, party.processors.max(1.0));
            let flows = self.worked.get(&name);
            let flows = flows.map_or(0.0, |flows| flows.values().sum::<f64>()) / processors;
            let load = (party.busy().max(party.pressure) - flows).clamp(0.0, 1.0);
            let memory = party.memory.max(party.common_memory);
            let Party { dependency, proximity, .. } = *party;
            let [memory, dependency, proximity] =
                [memory, dependency, proximity].map(|share| share.min(1.0));
            Some(Share { name, load, processors, memory, dependency, proximity })
        };
        let owners: Option<Vec<Share>> =
            std::iter::once(view.owner).chain(view.others).map(share).collect();
        let before = self.put.insert(view.fifo, put);
        let first = *self.first.get_or_insert(at);
        Some(RecordingRow {
            at_ms: at.since(first).nanos() / 1_000_000,
            flow: name.name,
            // What came before the first look came at a time that nobody knows.
            items: put.saturating_sub(before.unwrap_or(put)),
            work_us: sample.work.secs_f64() * 1e6,
            capacity: sample.capacity.max(1.0),
            item_bytes: item_bytes as f64,
            owner,
            owners: owners_text(&owners?),
        })
    }
}
