//! What calls of functions read of contents of late: the inputs of each function, and which
//! contents are read together.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use parking_lot::Mutex;

use swell_content::clock::now;
use swell_content::naming::ContentName;
use swell_core::cachegroup::discovery::{Sharing, Terms};
use swell_core::cachegroup::names::ContentId;

/// Calls of a function that are remembered.
const CALLS_MAX: usize = 8;
/// Functions that are remembered.
const FUNCTIONS_MAX: usize = 4096;
/// Inputs of one call that are remembered.
const INPUTS_MAX: usize = 64;

/// Contents by name, with how long they are.
pub type Inputs = BTreeMap<ContentName, u64>;

/// What calls read of late.
pub struct History(Mutex<Inner>);

struct Inner {
    functions: BTreeMap<String, VecDeque<Inputs>>,
    sharing: Sharing,
}

impl Default for History {
    fn default() -> Self {
        let sharing = Sharing::new(now(), Terms::default());
        Self(Mutex::new(Inner { functions: BTreeMap::new(), sharing }))
    }
}

impl History {
    /// A call of a function ended, that read these.
    pub fn ended(&self, function: &str, mut inputs: Inputs) {
        while inputs.len() > INPUTS_MAX {
            inputs.pop_last();
        }
        if inputs.is_empty() {
            return;
        }
        let contents: BTreeSet<ContentId> = inputs.keys().map(ContentName::id).collect();
        let mut inner = self.0.lock();
        inner.sharing.on_task(now(), &contents);
        if inner.functions.len() >= FUNCTIONS_MAX && !inner.functions.contains_key(function) {
            return;
        }
        let calls = inner.functions.entry(function.to_string()).or_default();
        if calls.len() == CALLS_MAX {
            calls.pop_front();
        }
        calls.push_back(inputs);
    }

    /// What a function usually reads: what at least half of its latest calls read.
    pub fn inputs(&self, function: &str) -> Inputs {
        let inner = self.0.lock();
        let Some(calls) = inner.functions.get(function) else { return Inputs::new() };
        let mut counts: BTreeMap<&ContentName, (usize, u64)> = BTreeMap::new();
        for (name, &bytes) in calls.iter().flatten() {
            let (count, latest) = counts.entry(name).or_default();
            (*count, *latest) = (*count + 1, bytes);
        }
        let usual = counts.into_iter().filter(|(_, (count, _))| 2 * count >= calls.len());
        usual.map(|(name, (_, bytes))| (name.clone(), bytes)).collect()
    }

    /// Contents that are read together.
    pub fn together(&self) -> Vec<BTreeSet<ContentId>> {
        self.0.lock().sharing.groups()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn inputs(names: &[&str]) -> Inputs {
        let content = |name: &&str| (ContentName::new("shop", name).expect("a name"), 10);
        names.iter().map(content).collect()
    }

    #[test]
    fn what_most_calls_read_is_usual() {
        let history = History::default();
        for call in 0..20 {
            let tile = format!("tile-{call}");
            history.ended("map", inputs(&["style", &tile]));
        }
        assert_eq!(history.inputs("map"), inputs(&["style"]));
        assert_eq!(history.inputs("other"), inputs(&[]));
        for _ in 0..CALLS_MAX {
            history.ended("map", inputs(&["fonts"]));
        }
        assert_eq!(history.inputs("map"), inputs(&["fonts"]));
    }

    #[test]
    fn what_is_read_together_is_found() {
        let history = History::default();
        for _ in 0..5 {
            history.ended("map", inputs(&["a", "b"]));
            history.ended("till", inputs(&["c"]));
        }
        let together = history.together();
        assert_eq!(together.len(), 1);
        assert_eq!(together[0].len(), 2);
    }
}
