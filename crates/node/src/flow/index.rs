//! Which flows lead where, and what all of them ask for together: kept up with each change, so that
//! one more is checked as fast among ten thousand as among ten.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use swell_api::flow::{FlowSpec, is_native};
use swell_fifo::class::Class;

use crate::flow::launch::hinted;

/// What is known of all flows together.
#[derive(Debug, Clone, Default)]
pub struct Index {
    by_name: BTreeMap<String, Arc<FlowSpec>>,
    /// By whose answers they take, and by name.
    by_from: BTreeMap<String, BTreeMap<String, Arc<FlowSpec>>>,
    /// Bytes asked for on behalf of each function or process, and of all.
    held_of: BTreeMap<String, u64>,
    held: u64,
}

/// Bytes that a flow asks for on behalf of one of its `from`: its lane, and as much again for a
/// process, which puts into a FIFO of its own.
pub(crate) fn share(spec: &FlowSpec, from: &str) -> u64 {
    let lane = hinted(spec).map_or(0, Class::bytes);
    if is_native(from) { lane.saturating_mul(2) } else { lane }
}

/// What a flow asks for in all: who is named twice has one lane.
pub(crate) fn shares(spec: &FlowSpec) -> u64 {
    spec.from.iter().collect::<BTreeSet<_>>().into_iter().map(|from| share(spec, from)).sum()
}

impl Index {
    /// Puts a flow in, in place of the one of that name.
    pub fn put(&mut self, spec: Arc<FlowSpec>) {
        self.remove(&spec.name);
        for from in &spec.from {
            let share = share(&spec, from);
            let fed = self.by_from.entry(from.clone()).or_default();
            // Who is named twice has one lane.
            if fed.insert(spec.name.clone(), spec.clone()).is_none() {
                *self.held_of.entry(from.clone()).or_default() += share;
                self.held += share;
            }
        }
        self.by_name.insert(spec.name.clone(), spec);
    }

    /// Takes a flow out.
    pub fn remove(&mut self, name: &str) {
        let Some(spec) = self.by_name.remove(name) else { return };
        for from in &spec.from {
            let share = share(&spec, from);
            let Some(fed) = self.by_from.get_mut(from) else { continue };
            if fed.remove(name).is_none() {
                continue;
            }
            self.held -= share;
            match fed.is_empty() {
                true => {
                    self.by_from.remove(from);
                    self.held_of.remove(from);
                }
                false => *self.held_of.entry(from.clone()).or_default() -= share,
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

    /// Bytes asked for on behalf of a function or process, and of all, without the flow of this
    /// name.
    pub fn held(&self, function: &str, besides: &str) -> (u64, u64) {
        let of = self.held_of.get(function).copied().unwrap_or(0);
        let Some(known) = self.by_name.get(besides) else { return (of, self.held) };
        let is_fed = known.from.iter().any(|from| from == function);
        let share = if is_fed { share(known, function) } else { 0 };
        (of - share, self.held - shares(known))
    }
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
        let each = share(&spec("frames", &[]), "camera");
        assert_eq!(index.held("camera", ""), (2 * each, 3 * each));
        assert_eq!(index.held("camera", "frames"), (each, each));
        assert_eq!(index.held("door", "sounds"), (each, 2 * each));
        let fed: Vec<&str> = index.fed_by("camera").map(|spec| spec.name.as_str()).collect();
        assert_eq!(fed, ["frames", "sounds"]);
        // In place of the one of that name.
        index.put(spec("frames", &["door", "door"]));
        assert_eq!(index.held("door", ""), (each, 2 * each));
        // A process has a FIFO of its own besides its lane.
        index.put(spec("frames", &["door", "native:sensor"]));
        assert_eq!(index.held("native:sensor", ""), (2 * each, 4 * each));
        assert_eq!(index.held("native:sensor", "frames"), (0, each));
        index.remove("frames");
        index.remove("frames");
        index.remove("sounds");
        assert_eq!(index.held("camera", ""), (0, 0));
        assert!(index.get("sounds").is_none() && index.fed_by("door").next().is_none());
        assert!(index.by_from.is_empty() && index.held_of.is_empty());
    }
}
