//! The watchers of all functions, over restarts.

use std::collections::BTreeMap;

use crate::checkpoint::{self, CheckpointError};
use crate::watch::anomaly::Anomaly;
use crate::watch::watcher::{Sight, Watcher, changed_share};

const KIND: &str = "watchers";

/// A watcher for each function, by name.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Board {
    watchers: BTreeMap<String, Watcher>,
}

impl Board {
    /// Looks at a step of a function.
    pub fn look(&mut self, function: &str, sight: &Sight) -> Vec<Anomaly> {
        if !self.watchers.contains_key(function) {
            self.watchers.insert(function.to_string(), Watcher::default());
        }
        self.watchers.get_mut(function).map_or_else(Vec::new, |own| own.look(function, sight))
    }

    /// Forgets functions that are there no more.
    pub fn retain(&mut self, is_there: impl Fn(&str) -> bool) {
        self.watchers.retain(|function, _| is_there(function));
    }

    /// The share of functions whose level or day changed not long before a step.
    pub fn changed_share(&self, step: u64) -> f32 {
        changed_share(self.watchers.values(), step)
    }

    /// How many functions are watched.
    pub fn len(&self) -> usize {
        self.watchers.len()
    }

    /// Whether none is.
    pub fn is_empty(&self) -> bool {
        self.watchers.is_empty()
    }

    /// What they remember, as bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        checkpoint::write(KIND, &self.watchers)
    }

    /// What [`Board::to_bytes`] made these bytes of.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, CheckpointError> {
        let watchers: BTreeMap<String, Watcher> = checkpoint::read(KIND, bytes)?;
        let is_plausible = watchers.values().all(Watcher::is_plausible);
        if is_plausible { Ok(Self { watchers }) } else { Err(CheckpointError::Damaged) }
    }
}
