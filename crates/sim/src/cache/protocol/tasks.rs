//! Tasks of functions in place of single requests: work that brings its set of inputs.
//!
//! Each workload has functions, some called more often than others (Zipf's law, exponent 1).
//! A function has a set of inputs, drawn by the popularity of the workload's contents. A task
//! reads each of them with a chance of nine in ten, in the same order, and then one more content
//! by popularity. Now and then, before a task, one input of its function is replaced by another.
//! So there is something to be learned of functions, which fades, and something that is chance.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use swell_core::cachegroup::prefetch::history::FunctionId;
use swell_core::time::Span;

use crate::cache::popularity::Popularity;
use crate::cache::replacement::bank::Content;
use crate::cache::splitmix::{SplitMix64, Stream};
use crate::cache::words::{Unknown, Words};

/// The chance that a task reads an input of its function.
const READS: f64 = 0.9;
/// The most functions of a workload, and inputs of a function.
const FUNCTIONS_MAX: u32 = 10_000;
const INPUTS_MAX: u32 = 60;

/// What tasks are like.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Tasks {
    /// Functions of each workload.
    pub functions: u32,
    /// Inputs of each.
    pub inputs: u32,
    /// How long an instance takes to start, once a task is accepted.
    pub startup: Span,
    /// The chance that an input was replaced before a task.
    pub churn: f64,
}

/// What people may set.
pub const PARAMETERS: [&str; 4] = ["functions", "inputs", "startup", "churn"];

impl FromStr for Tasks {
    type Err = Unknown;

    fn from_str(text: &str) -> Result<Self, Unknown> {
        let is_bare = text.contains('=') && !text.contains(':');
        let text = if is_bare { format!("tasks:{text}") } else { text.to_string() };
        let mut words = Words::read(&text)?;
        if words.name != "tasks" {
            return Err(Unknown::new(format!("`{}` is not `tasks`", words.name)));
        }
        let tasks = Self {
            functions: words.number("functions", 16, 1, FUNCTIONS_MAX)?,
            inputs: words.number("inputs", 8, 1, INPUTS_MAX)?,
            startup: words.span("startup", Span::from_millis(20))?,
            churn: words.share("churn", 0.02)?,
        };
        words.finish(&PARAMETERS)?;
        Ok(tasks)
    }
}

impl fmt::Display for Tasks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Tasks { functions, inputs, startup, churn } = self;
        write!(f, "functions={functions},inputs={inputs},startup={startup},churn={churn}")
    }
}

/// One task.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Task {
    /// Of which function.
    pub function: FunctionId,
    /// What it reads, in order.
    pub reads: Vec<Content>,
}

/// Makes tasks of requests.
#[derive(Debug)]
pub struct TaskMaker<'a> {
    tasks: Tasks,
    popularity: &'a Popularity,
    calls: Popularity,
    chance: SplitMix64,
    /// Inputs by workload and function, as ranks in the workload.
    inputs: BTreeMap<(u32, u32), Vec<Content>>,
}

impl<'a> TaskMaker<'a> {
    /// One for a seed.
    pub fn new(tasks: Tasks, popularity: &'a Popularity, seed: u64) -> Self {
        Self {
            tasks,
            popularity,
            calls: Popularity::zipf(tasks.functions, 1.0),
            chance: SplitMix64::stream(seed, Stream::Tasks),
            inputs: BTreeMap::new(),
        }
    }

    /// A task of a workload, which ends with reading `last`. `first` is the content before the
    /// first of the workload.
    pub fn make(&mut self, last: Content, workload: u32, first: Content) -> Task {
        let function = self.calls.draw(&mut self.chance);
        let (popularity, chance) = (self.popularity, &mut self.chance);
        let wanted = self.tasks.inputs as usize;
        let inputs = self.inputs.entry((workload, function)).or_insert_with(|| {
            (0..wanted).map(|_| popularity.draw(chance)).collect::<Vec<Content>>()
        });
        if chance.unit() < self.tasks.churn {
            let place = chance.below(wanted as u64) as usize;
            inputs[place] = popularity.draw(chance);
        }
        let mut reads: Vec<Content> = Vec::with_capacity(wanted + 1);
        for &rank in inputs.iter() {
            if chance.unit() < READS {
                reads.push(first + rank);
            }
        }
        reads.push(last);
        let function = FunctionId(u64::from(workload) << 32 | u64::from(function));
        Task { function, reads }
    }
}
