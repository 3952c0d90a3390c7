//! P1: what functions declare to read, and what they read in their last runs.
//!
//! A run weighs less the more runs came after it: of the last eight two thirds of all weight is.
//! So no run need be told from another that goes on beside it, and what a function does not read
//! any more is forgotten.

use std::collections::{BTreeMap, BTreeSet};

use crate::cachegroup::names::ContentId;
use crate::time::Instant;
use crate::units::Bytes;

/// So many functions are remembered.
pub const FUNCTIONS_MAX: usize = 1024;
/// So many inputs of each.
pub const INPUTS_MAX: usize = 64;
/// By how much a run weighs more than the one before.
const GROWTH: f64 = 8.0 / 7.0;
/// Weights beyond this are brought down.
const WEIGHT_MAX: f64 = 1e100;

/// A function, by the hash of its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FunctionId(pub u64);

/// What functions read.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct History {
    functions: BTreeMap<FunctionId, Runs>,
}

#[derive(Debug, Clone, PartialEq)]
struct Runs {
    /// When the last one began.
    last: Instant,
    /// What one run weighs now.
    weight: f64,
    /// What all runs weigh together.
    runs: f64,
    inputs: BTreeMap<ContentId, Input>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
struct Input {
    /// What the runs that read it weigh.
    weight: f64,
    size: Bytes,
}

/// An input that a run is expected to read.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Expected {
    /// Which.
    pub content: ContentId,
    /// How likely, from 0 to 1.
    pub chance: f64,
    /// How long it was last.
    pub size: Bytes,
}

impl History {
    /// A run of the function begins: what it is expected to read, most likely first. What it
    /// declares it surely reads; sizes that nobody has seen count as `usual`.
    pub fn on_task(
        &mut self,
        now: Instant,
        function: FunctionId,
        declared: &BTreeSet<ContentId>,
        usual: Bytes,
    ) -> Vec<Expected> {
        if !self.functions.contains_key(&function) && self.functions.len() >= FUNCTIONS_MAX {
            let oldest = self.functions.iter().min_by_key(|(id, runs)| (runs.last, **id));
            let (&oldest, _) = oldest.expect("there are functions");
            self.functions.remove(&oldest);
        }
        let runs = self.functions.entry(function).or_insert_with(|| Runs::new(now));
        let mut expected: BTreeMap<ContentId, Expected> = runs
            .inputs
            .iter()
            .map(|(&content, input)| {
                let chance = (input.weight / runs.runs.max(runs.weight)).min(1.0);
                (content, Expected { content, chance, size: input.size })
            })
            .collect();
        for &content in declared.iter().take(INPUTS_MAX) {
            let unseen = Expected { content, chance: 1.0, size: usual };
            expected.entry(content).or_insert(unseen).chance = 1.0;
        }
        runs.begin(now);
        let mut expected: Vec<Expected> = expected.into_values().collect();
        expected.sort_by(|one, other| {
            other.chance.total_cmp(&one.chance).then(one.content.cmp(&other.content))
        });
        expected
    }

    /// A run of the function read a content. Nothing is learned of functions without a run.
    pub fn on_read(&mut self, function: FunctionId, content: ContentId, size: Bytes) {
        let Some(runs) = self.functions.get_mut(&function) else { return };
        let weight = runs.weight;
        let input = runs.inputs.entry(content).or_insert(Input { weight: 0.0, size });
        input.weight += weight;
        input.size = size;
        if runs.inputs.len() > INPUTS_MAX {
            let others = runs.inputs.iter().filter(|&(&other, _)| other != content);
            let rarest = others.min_by(|(_, one), (_, other)| one.weight.total_cmp(&other.weight));
            let (&rarest, _) = rarest.expect("there are more than one");
            runs.inputs.remove(&rarest);
        }
    }
}

impl Runs {
    fn new(now: Instant) -> Self {
        Self { last: now, weight: 1.0, runs: 0.0, inputs: BTreeMap::new() }
    }

    fn begin(&mut self, now: Instant) {
        self.last = now;
        self.weight *= GROWTH;
        if self.weight > WEIGHT_MAX {
            let scale = 1.0 / self.weight;
            self.runs *= scale;
            self.inputs.values_mut().for_each(|input| input.weight *= scale);
            self.inputs.retain(|_, input| input.weight > 0.0);
            self.weight = 1.0;
        }
        self.runs += self.weight;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const F: FunctionId = FunctionId(1);
    const USUAL: Bytes = Bytes::new(100);

    /// The history after runs that read these, and what the next is expected to read, in
    /// hundredths.
    fn expected(runs: &[&[u128]], declared: &[u128]) -> Vec<(u128, u64)> {
        let mut history = History::default();
        for (at, run) in (0..).zip(runs) {
            history.on_task(Instant::from_millis(at), F, &BTreeSet::new(), USUAL);
            for &content in *run {
                history.on_read(F, ContentId(content), Bytes::new(1));
            }
        }
        let declared = declared.iter().copied().map(ContentId).collect();
        let now = Instant::from_millis(1_000_000);
        let all = history.on_task(now, F, &declared, USUAL);
        all.iter().map(|one| (one.content.0, (one.chance * 100.0).round() as u64)).collect()
    }

    #[test]
    fn what_the_last_runs_read_is_expected() {
        assert_eq!(expected(&[], &[]), []);
        assert_eq!(expected(&[], &[7]), [(7, 100)]);
        assert_eq!(expected(&[&[1, 2]], &[2, 3]), [(1, 100), (2, 100), (3, 100)]);
        assert_eq!(expected(&[&[1, 2], &[1]], &[]), [(1, 100), (2, 47)]);
        // Twenty runs ago is as good as never.
        let mut runs = vec![&[9][..]];
        runs.extend(vec![&[1][..]; 20]);
        assert_eq!(expected(&runs, &[]), [(1, 99), (9, 1)]);
        // However many runs there were, and however often one reads the same.
        assert_eq!(expected(&vec![&[1, 1][..]; 5000], &[]), [(1, 100)]);
    }

    #[test]
    fn memory_is_bounded() {
        let mut history = History::default();
        for function in 0..FUNCTIONS_MAX as u64 + 10 {
            let now = Instant::from_millis(function);
            history.on_task(now, FunctionId(function), &BTreeSet::new(), USUAL);
        }
        assert_eq!(history.functions.len(), FUNCTIONS_MAX);
        assert!(!history.functions.contains_key(&FunctionId(9)), "the oldest go");
        let last = FunctionId(FUNCTIONS_MAX as u64);
        for content in 0..1000 {
            history.on_read(last, ContentId(content), USUAL);
        }
        assert_eq!(history.functions[&last].inputs.len(), INPUTS_MAX);
        history.on_read(FunctionId(0), ContentId(1), USUAL);
        assert!(!history.functions.contains_key(&FunctionId(0)), "reads alone are no function");
    }
}
