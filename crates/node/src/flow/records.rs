//! Where flows are kept: one database file, `flows.redb`, a row of JSON for each.

use std::collections::BTreeMap;
use std::path::Path;

use redb::{ReadableTable, TableDefinition};
use serde::{Deserialize, Serialize};

use swell_api::flow::FlowSpec;
use swell_core::flow::cooldown::Cooldown;
use swell_core::flow::cost::Costs;

use crate::flow::launch::Use;
use crate::flow::wire::{Elsewhere, abroad};
use crate::store::database::{File, Kind, Trouble};
use crate::store::error::StoreError;

/// Name of the file in the data folder.
pub const FILE: &str = "flows.redb";

const FLOWS: TableDefinition<&str, &[u8]> = TableDefinition::new("flows");
/// By flow and function, what the last run used; kept when the flow is gone.
const USES: TableDefinition<(&str, &str), &[u8]> = TableDefinition::new("uses");
/// What changes cost at this node: one row.
const COSTS: TableDefinition<&str, &[u8]> = TableDefinition::new("costs");
const NODE: &str = "node";

const KIND: Kind = Kind {
    file: FILE,
    keeps: "flows",
    schema: 1,
    cache_bytes: 1 << 20,
    checked: true,
    tables: |transaction| {
        transaction.open_table(FLOWS)?;
        transaction.open_table(USES)?;
        transaction.open_table(COSTS)?;
        Ok(())
    },
};

/// What is kept of a flow, besides its items.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FlowRecord {
    /// What was deployed.
    pub spec: FlowSpec,
    /// Whether the analyzer leaves it as it is.
    #[serde(default)]
    pub frozen: bool,
    /// The function it is pinned to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pinned: Option<String>,
    /// The core that its owner is kept on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub core: Option<u32>,
    /// The function that owned it last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    /// Counts its moves between nodes, those too that came to nothing.
    #[serde(default)]
    pub term: u32,
    /// Which flow it is, of all that ever had its name, in its nodes together; zero for as long as
    /// it concerned no other node.
    #[serde(default)]
    pub identity: u64,
    /// Other nodes that may have a way to it, by name, with their addresses for flows.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub nodes: BTreeMap<String, String>,
    /// What items are called after, by the lane they came by, where that is not its name: they keep
    /// their names wherever the flow goes.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub called: BTreeMap<String, String>,
    /// How many owners it had so far, the present one among them, as far as that was written down.
    #[serde(default)]
    pub epoch: u32,
    /// How often it changed hands, sizes or cores here, by reason.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub moves: BTreeMap<String, u64>,
    /// How often it came back soon to an owner that it had left.
    #[serde(default)]
    pub ping_pongs: u64,
    /// How often it went from here to another node.
    #[serde(default)]
    pub went: u64,
    /// How often it came here from another node.
    #[serde(default)]
    pub came: u64,
    /// Lanes that functions of other nodes feed, `function@node`; they follow those of `from`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub remote: Vec<String>,
    /// How long it rests, by the nodes that it went between.
    #[serde(default)]
    pub rests: Cooldown<String>,
    /// Why it went, if the analyzer let it go.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub because: String,
    /// Where it went, if it is not here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub moved: Option<Elsewhere>,
    /// Bytes of the size class that each lane came to, where that differs from its hint.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub classes: Vec<u64>,
}

impl FlowRecord {
    /// Its lanes.
    pub fn lanes(&self) -> Vec<String> {
        self.spec.from.iter().chain(&self.remote).cloned().collect()
    }

    /// What items of a lane are called after.
    pub fn called<'a>(&'a self, lane: &'a str) -> &'a str {
        self.called.get(lane).map_or(lane, String::as_str)
    }

    /// On the node `home` items of lanes that are new are called after it as well, as functions of
    /// that name feed the flow at other nodes too.
    pub(crate) fn call_after(&mut self, home: &str, is_known: impl Fn(&String) -> bool) {
        for lane in self.spec.from.iter().filter(|lane| !is_known(lane)) {
            self.called.insert(lane.clone(), abroad(lane, home));
        }
    }

    /// Gives it an identity, as it concerns another node from now on.
    pub(crate) fn identify(&mut self) {
        while self.identity == 0 {
            self.identity = uuid::Uuid::new_v4().as_u64_pair().1;
        }
    }

    /// A flow that was just deployed.
    pub fn new(spec: FlowSpec) -> Self {
        Self {
            spec,
            frozen: false,
            pinned: None,
            core: None,
            owner: None,
            term: 0,
            identity: 0,
            nodes: BTreeMap::new(),
            called: BTreeMap::new(),
            epoch: 0,
            moves: BTreeMap::new(),
            ping_pongs: 0,
            went: 0,
            came: 0,
            remote: Vec::new(),
            rests: Cooldown::default(),
            because: String::new(),
            moved: None,
            classes: Vec::new(),
        }
    }
}

/// The store of flows.
pub struct FlowStore {
    file: File,
}

impl FlowStore {
    /// Opens the store in a data folder, and makes both if there is none.
    pub fn open(folder: &Path) -> Result<Self, StoreError> {
        Ok(Self { file: File::open(folder, KIND)? })
    }

    /// All flows, by name.
    pub fn load(&self) -> Result<Vec<FlowRecord>, StoreError> {
        self.file.read(|transaction| {
            let mut all = Vec::new();
            for row in transaction.open_table(FLOWS)?.iter()? {
                let (key, value) = row?;
                let name = key.value();
                let record = serde_json::from_slice(value.value()).map_err(|error| {
                    let why =
                        format!("what it holds of the flow `{name}` makes no sense ({error})");
                    Trouble::Nonsense(why)
                })?;
                all.push(record);
            }
            Ok(all)
        })
    }

    /// All flows, by name, at the begin of a run: each that is here gets another owner by it,
    /// which is written down where that can be.
    pub fn begin(&self) -> Result<Vec<FlowRecord>, StoreError> {
        let mut records = self.load()?;
        if records.iter().all(|record| record.moved.is_some()) {
            return Ok(records);
        }
        for record in records.iter_mut().filter(|record| record.moved.is_none()) {
            record.epoch = record.epoch.saturating_add(1);
        }
        let kept = self.file.change(|transaction| {
            let mut table = transaction.open_table(FLOWS)?;
            for record in &records {
                table.insert(record.spec.name.as_str(), &bytes(record)[..])?;
            }
            Ok(())
        });
        if let Err(error) = kept {
            tracing::warn!(%error, "that flows begin anew is not on disk");
        }
        Ok(records)
    }

    /// Keeps a flow, in place of the one of that name.
    pub fn save(&self, record: &FlowRecord) -> Result<(), StoreError> {
        let bytes = bytes(record);
        self.file.change(|transaction| {
            transaction.open_table(FLOWS)?.insert(record.spec.name.as_str(), &bytes[..])?;
            Ok(())
        })
    }

    /// What the last run used of the lane of a function.
    pub fn used(&self, flow: &str, from: &str) -> Result<Option<Use>, StoreError> {
        self.file.read(|transaction| {
            let row = transaction.open_table(USES)?.get((flow, from))?;
            // What cannot be read is as good as what was never kept: it is a hint.
            Ok(row.and_then(|row| serde_json::from_slice(row.value()).ok()))
        })
    }

    /// Keeps what runs used of lanes: of which flow and function, and what; and what changes cost here.
    pub fn keep_used(
        &self,
        uses: &[(String, String, Use)],
        costs: &Costs,
    ) -> Result<(), StoreError> {
        let learned = serde_json::to_vec(costs).expect("costs are plain data");
        self.file.change(|transaction| {
            transaction.open_table(COSTS)?.insert(NODE, &learned[..])?;
            let mut table = transaction.open_table(USES)?;
            for (flow, from, used) in uses {
                let bytes = serde_json::to_vec(used).expect("a use is plain data");
                table.insert((&**flow, &**from), &bytes[..])?;
            }
            Ok(())
        })
    }

    /// What changes cost here, as earlier runs learned; as if none had been where that is not known.
    pub fn costs(&self) -> Result<Costs, StoreError> {
        self.file.read(|transaction| {
            let row = transaction.open_table(COSTS)?.get(NODE)?;
            let costs = row.and_then(|row| serde_json::from_slice(row.value()).ok());
            Ok(costs.filter(Costs::is_sound).unwrap_or_default())
        })
    }

    /// Forgets a flow.
    pub fn remove(&self, name: &str) -> Result<(), StoreError> {
        self.file.change(|transaction| {
            transaction.open_table(FLOWS)?.remove(name)?;
            Ok(())
        })
    }
}

fn bytes(record: &FlowRecord) -> Vec<u8> {
    serde_json::to_vec(record).expect("a record is plain data")
}

#[cfg(test)]
mod tests {
    use super::*;
    use swell_core::flow::cost::{Change, Kind};
    use swell_core::time::Span;

    #[test]
    fn flows_come_back_as_they_were() {
        let folder = tempfile::tempdir().expect("a folder for the test");
        let store = FlowStore::open(folder.path()).expect("it opens");
        let mut frames = FlowRecord::new(FlowSpec::plain("frames", &["camera"], "detect"));
        store.save(&frames).expect("it is written");
        (frames.frozen, frames.owner, frames.classes) = (true, Some("lite".into()), vec![1 << 16]);
        store.save(&frames).expect("it is written");
        store.save(&FlowRecord::new(FlowSpec::plain("gone", &["a"], "b"))).expect("it is written");
        store.remove("gone").expect("it goes");
        let used = Use { peak_bytes: 7, items: 9 };
        let uses = [("gone".to_string(), "a".to_string(), used)];
        let mut costs = store.costs().expect("it is sound");
        assert_eq!(costs, Costs::default(), "nobody learned anything yet");
        costs.on_pause(&Change::on_node(Kind::Warm, 0, Span::ZERO), Span::ZERO, Span::from_secs(1));
        store.keep_used(&uses, &costs).expect("it is written");
        drop(store);
        let store = FlowStore::open(folder.path()).expect("it opens");
        assert_eq!(store.used("gone", "a").expect("it is sound"), Some(used));
        assert_eq!(store.used("gone", "b").expect("it is sound"), None);
        assert_eq!(store.costs().expect("it is sound"), costs);
        assert_eq!(store.load().expect("it is sound"), [frames.clone()]);

        // Owners are counted on, also by runs that end without a word.
        for epoch in 1..=2 {
            frames.epoch = epoch;
            assert_eq!(store.begin().expect("it is sound"), [frames.clone()]);
        }
        frames.moved = Some(Elsewhere { node: "berlin".into(), at: "10.0.0.2:7403".into() });
        store.save(&frames).expect("it is written");
        assert_eq!(store.begin().expect("it is sound"), [frames], "it is not here");
    }
}
