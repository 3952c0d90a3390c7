//! Where flows are kept: one database file, `flows.redb`, a row of JSON for each.

use std::path::Path;

use redb::{ReadableTable, TableDefinition};
use serde::{Deserialize, Serialize};

use swell_api::flow::FlowSpec;

use crate::store::database::{File, Kind, Trouble};
use crate::store::error::StoreError;

/// Name of the file in the data folder.
pub const FILE: &str = "flows.redb";

const FLOWS: TableDefinition<&str, &[u8]> = TableDefinition::new("flows");

const KIND: Kind = Kind {
    file: FILE,
    keeps: "flows",
    schema: 1,
    cache_bytes: 1 << 20,
    checked: true,
    tables: |transaction| {
        transaction.open_table(FLOWS)?;
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
    /// The function that owned it last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    /// Bytes of the size class that each lane came to, where that differs from its hint.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub classes: Vec<u64>,
}

impl FlowRecord {
    /// A flow that was just deployed.
    pub fn new(spec: FlowSpec) -> Self {
        Self { spec, frozen: false, pinned: None, owner: None, classes: Vec::new() }
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

    /// Keeps a flow, in place of the one of that name.
    pub fn save(&self, record: &FlowRecord) -> Result<(), StoreError> {
        let bytes = serde_json::to_vec(record).expect("a record is plain data");
        self.file.change(|transaction| {
            transaction.open_table(FLOWS)?.insert(record.spec.name.as_str(), &bytes[..])?;
            Ok(())
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

#[cfg(test)]
mod tests {
    use super::*;

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
        drop(store);
        let store = FlowStore::open(folder.path()).expect("it opens");
        assert_eq!(store.load().expect("it is sound"), [frames]);
    }
}
