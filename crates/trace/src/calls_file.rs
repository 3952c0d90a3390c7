//! How is a file of single calls read again and again without keeping it?
//!
//! A first pass surveys it: calls per function, the last call, the disorder. Every later
//! opening streams the file anew through a [`Reorder`]. What a row looks like is the
//! business of each reader.

use swell_core::time::Span;

use crate::arrival::{Arrival, ArrivalStream};
use crate::error::TraceError;
use crate::problems::Problems;
use crate::profile::FunctionProfile;
use crate::reading::Reading;
use crate::reorder::{Disorder, Reorder, Rows};
use crate::source::Source;
use crate::trace::{Calls, Trace, TraceParts, span_to};

/// Opens the rows of a file from the first, as lenient as when it was surveyed.
type OpenRows = dyn Fn() -> Result<Box<dyn Rows>, TraceError> + Send + Sync;

/// What a first pass over the calls finds.
#[derive(Debug, Default)]
pub struct Survey {
    /// Calls of each function.
    pub call_counts: Vec<u64>,
    /// Sum of each function's runs.
    pub run_sums: Vec<Span>,
    /// Longest run of each function.
    pub run_longest: Vec<Span>,
    /// How far rows reach back.
    pub disorder: Disorder,
    /// Whether there was any call.
    pub any: bool,
}

impl Survey {
    /// Takes the next call.
    pub fn see(&mut self, call: &Arrival) {
        let index = call.function.index();
        if self.call_counts.len() <= index {
            self.grow(index + 1);
        }
        self.call_counts[index] += 1;
        self.run_sums[index] += call.run;
        self.run_longest[index] = self.run_longest[index].max(call.run);
        self.disorder.see(call.at);
        self.any = true;
    }

    /// Makes room for so many functions.
    pub fn grow(&mut self, functions: usize) {
        self.call_counts.resize(functions, 0);
        self.run_sums.resize(functions, Span::ZERO);
        self.run_longest.resize(functions, Span::ZERO);
    }

    /// The trace of the calls that were surveyed. `rows` reads their file anew and is given where
    /// to count what it cannot make sense of.
    pub fn into_trace(
        self,
        name: &str,
        functions: Vec<FunctionProfile>,
        file: &Source,
        problems: Problems,
        rows: impl Fn(Problems) -> Result<Box<dyn Rows>, TraceError> + Send + Sync + 'static,
    ) -> Trace {
        let lenient = problems.lenient();
        let calls = CallsFile {
            rows: Box::new(move || rows(Problems::new(lenient))),
            name: file.name().to_string(),
            disorder: self.disorder.greatest(),
        };
        Trace::new(TraceParts {
            name: name.to_string(),
            functions,
            span: span_to(self.any.then(|| self.disorder.latest())),
            call_counts: Some(self.call_counts),
            problems,
            recipe: None,
            calls: Box::new(calls),
        })
    }
}

/// The calls of a trace that tells every one.
struct CallsFile {
    rows: Box<OpenRows>,
    /// The file's name, for messages.
    name: String,
    /// How far a row reaches back, at most.
    disorder: Span,
}

impl Calls for CallsFile {
    fn open(&self, _reading: &Reading) -> Result<Box<dyn ArrivalStream>, TraceError> {
        Ok(Box::new(Reorder::new((self.rows)()?, &self.name, self.disorder)))
    }
}
