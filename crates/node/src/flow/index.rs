//! Which flows lead where, and what all of them ask for together: kept up with each change, so that
//! one more is checked as fast among ten thousand as among ten.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use swell_api::flow::FlowSpec;
use swell_fifo::class::Class;

use crate::flow::launch::hinted;

/// What is known of all flows together.
#[derive(Debug, Clone, Default)]
pub struct Index {
    by_name: BTreeMap<String, Arc<FlowSpec>>,
    /// By whose answers they take, and by name.
    by_from: BTreeMap<String, BTreeMap<String, Arc<FlowSpec>>>,
    /// Bytes that the lanes of each function ask for, and all.
    held_of: BTreeMap<String, u64>,
    held: u64,
}

/// Bytes that each lane of a flow asks for.
fn each(spec: &FlowSpec) -> u64 {
    hinted(spec).map_or(0, Class::bytes)
}

impl Index {
    /// Puts a flow in, in place of the one of that name.
    pub fn put(&mut self, spec: Arc<FlowSpec>) {
        self.remove(&spec.name);
        let each = each(&spec);
        for from in &spec.from {
            let fed = self.by_from.entry(from.clone()).or_default();
            // Who is named twice has one lane.
            if fed.insert(spec.name.clone(), spec.clone()).is_none() {
                *self.held_of.entry(from.clone()).or_default() += each;
                self.held += each;
            }
        }
        self.by_name.insert(spec.name.clone(), spec);
    }

    /// Takes a flow out.
    pub fn remove(&mut self, name: &str) {
        let Some(spec) = self.by_name.remove(name) else { return };
        let each = each(&spec);
        for from in &spec.from {
            let Some(fed) = self.by_from.get_mut(from) else { continue };
            if fed.remove(name).is_none() {
                continue;
            }
            self.held -= each;
            match fed.is_empty() {
                true => {
                    self.by_from.remove(from);
                    self.held_of.remove(from);
                }
                false => *self.held_of.entry(from.clone()).or_default() -= each,
            }
        }
    }

    /// A flow by name.
    pub fn get(&self, name: &str) -> Option<&Arc<FlowSpec>> {
        self.by_name.get(name)
    }

    /// Flows that take the answers of a function, by name.
    pub fn fed_by(&self, function: &str) -> impl Iterator<Item = &FlowSpec> {
        self.by_from.get(function).into_iter().flatten().map(|(_, spec)| &**spec)
    }

    /// Bytes that the lanes of a function ask for, and those of all, without the flow of this name.
    pub fn held(&self, function: &str, besides: &str) -> (u64, u64) {
        let of = self.held_of.get(function).copied().unwrap_or(0);
        let Some(known) = self.by_name.get(besides) else { return (of, self.held) };
        let each = each(known);
        let is_fed = known.from.iter().any(|from| from == function);
        (of - if is_fed { each } else { 0 }, self.held - each * lanes(known))
    }
}

/// Lanes of a flow: who is named twice has one.
fn lanes(spec: &FlowSpec) -> u64 {
    spec.from.iter().collect::<BTreeSet<_>>().len() as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_goes_leaves_nothing() {
        let mut index = Index::default();
        let spec = |name, from: &[&str]| Arc::new(FlowSpec::plain(name, from, "detect"));
        index.put(spec("frames", &["camera", "door"]));
        index.put(spec("sounds", &["camera"]));
        let each = each(&spec("frames", &[]));
        assert_eq!(index.held("camera", ""), (2 * each, 3 * each));
        assert_eq!(index.held("camera", "frames"), (each, each));
        assert_eq!(index.held("door", "sounds"), (each, 2 * each));
        let fed: Vec<&str> = index.fed_by("camera").map(|spec| spec.name.as_str()).collect();
        assert_eq!(fed, ["frames", "sounds"]);
        // In place of the one of that name.
        index.put(spec("frames", &["door", "door"]));
        assert_eq!(index.held("door", ""), (each, 2 * each));
        index.remove("frames");
        index.remove("frames");
        index.remove("sounds");
        assert_eq!(index.held("camera", ""), (0, 0));
        assert!(index.get("sounds").is_none() && index.fed_by("door").next().is_none());
        assert!(index.by_from.is_empty() && index.held_of.is_empty());
    }
}
