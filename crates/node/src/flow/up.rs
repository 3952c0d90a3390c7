//! A flow that is deployed, and the table of all: which answers go where.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use swell_api::flow::FlowSpec;

use crate::flow::away::Away;
use crate::flow::index::Index;
use crate::flow::line::Line;
use crate::flow::records::FlowRecord;
use crate::refusal::{Reason, Refusal};

/// Flows by name, and by whose answers they take.
#[derive(Default)]
pub(crate) struct Table {
    pub(crate) by_name: BTreeMap<String, Arc<Up>>,
    pub(crate) by_from: HashMap<String, Vec<Arc<Up>>>,
    /// Functions that flows name, by how often.
    pub(crate) named: HashMap<String, usize>,
    pub(crate) index: Index,
}

/// A flow that is deployed.
pub(crate) struct Up {
    /// What was deployed, as in the record.
    pub(crate) spec: Arc<FlowSpec>,
    pub(crate) record: Mutex<FlowRecord>,
    /// Under which term it came up so: that of the record is ahead while it is to leave.
    pub(crate) term: u32,
    /// The flow, or why it is not up.
    pub(crate) line: Result<Arc<Line>, Down>,
    /// The way to it, if it is at another node.
    pub(crate) away: Option<Arc<Away>>,
    /// Told to begin no further call.
    pub(crate) stop: CancellationToken,
    /// Told to give up the call under way.
    pub(crate) cut: CancellationToken,
    /// Its consumer.
    pub(crate) task: Mutex<Option<JoinHandle<()>>>,
}

/// Why a flow is not up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Down {
    /// Another takes its place just now.
    Changing,
    /// It is at this other node.
    Away(String),
    /// It cannot be.
    Broken(String),
}

impl fmt::Display for Down {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Down::Changing => f.write_str("it is being changed just now"),
            Down::Away(node) => write!(f, "it is at the node `{node}`"),
            Down::Broken(why) => f.write_str(why),
        }
    }
}

impl Up {
    /// A flow that is at another node.
    pub(crate) fn away(record: FlowRecord, node: &str, away: Arc<Away>) -> Self {
        let line = Err(Down::Away(node.to_string()));
        Self { line, away: Some(away), ..Self::changing(record) }
    }

    /// What is kept of it, with how often it changed hands by now.
    pub(crate) fn remember(&self) -> FlowRecord {
        let mut record = self.record.lock();
        if let Ok(line) = &self.line {
            record.epoch = line.epoch();
            (record.moves, record.ping_pongs) = (line.moves(), line.ping_pongs());
        }
        record.clone()
    }

    /// A flow that is being changed.
    pub(crate) fn changing(record: FlowRecord) -> Self {
        Self {
            spec: Arc::new(record.spec.clone()),
            term: record.term,
            record: Mutex::new(record),
            line: Err(Down::Changing),
            away: None,
            stop: CancellationToken::new(),
            cut: CancellationToken::new(),
            task: Mutex::new(None),
        }
    }

    /// Whether its lanes are empty, as far as another flow that takes its place has none of them.
    pub(crate) fn keeps_items(&self, lanes: &[String]) -> Result<(), Refusal> {
        let Ok(line) = &self.line else { return Ok(()) };
        for (number, lane) in line.lanes.iter().enumerate() {
            let (_, state) = line.lane_state(number);
            let is_empty = state.tail == state.committed && lane.behind() == 0;
            if !is_empty && !lanes.iter().any(|name| **name == *lane.from) {
                let flow = &line.spec.name;
                let title = format!("items of `{}` are in `{flow}` and not done with", lane.from);
                return Err(
                    Refusal::new(Reason::Conflict, title).hint("keep it in `from` until they are")
                );
            }
        }
        Ok(())
    }

    /// Counts its owners, with the one that it gets when it begins anew.
    pub(crate) fn next_epoch(&self) -> u32 {
        let known = || self.record.lock().epoch;
        self.line.as_ref().map_or_else(|_| known(), |line| line.epoch()).saturating_add(1)
    }
}

/// Waits until nobody looks at a flow any longer that was taken down, so that the memory it
/// held is free.
pub(crate) async fn gone(up: Arc<Up>) {
    let Ok(line) = up.line.clone() else { return };
    drop(up);
    while Arc::strong_count(&line) > 1 {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

/// Functions that a flow names, as often as it does.
fn names(spec: &FlowSpec) -> impl Iterator<Item = &String> {
    spec.from.iter().chain(&spec.owners).chain([&spec.to])
}

impl Table {
    /// Puts a flow in, in place of the one of that name, which it returns.
    pub(crate) fn put_in(&mut self, up: Arc<Up>) -> Option<Arc<Up>> {
        let spec = up.spec.clone();
        let former = self.take_out(&spec.name);
        for from in &spec.from {
            self.by_from.entry(from.clone()).or_default().push(up.clone());
        }
        for name in names(&spec) {
            *self.named.entry(name.clone()).or_default() += 1;
        }
        self.by_name.insert(spec.name.clone(), up);
        self.index.put(spec);
        former
    }

    /// Takes a flow out, and returns it.
    pub(crate) fn take_out(&mut self, name: &str) -> Option<Arc<Up>> {
        let up = self.by_name.remove(name)?;
        self.index.remove(name);
        for from in &up.spec.from {
            let Some(flows) = self.by_from.get_mut(from) else { continue };
            flows.retain(|flow| !Arc::ptr_eq(flow, &up));
            if flows.is_empty() {
                self.by_from.remove(from);
            }
        }
        for name in names(&up.spec) {
            let Some(count) = self.named.get_mut(name) else { continue };
            *count -= 1;
            if *count == 0 {
                self.named.remove(name);
            }
        }
        Some(up)
    }
}
