//! How is a file of single calls read again and again without keeping it?
//!
//! A first pass surveys it: calls per function, the last call, the disorder. Every later
//! opening streams the file anew through a [`Reorder`]. What a row looks like is the
//! business of each reader.

use swell_core::time::{Instant, Span};

use crate::arrival::{Arrival, ArrivalStream};
use crate::error::TraceError;
use crate::reading::Reading;
use crate::reorder::{Disorder, Reorder, Rows};
use crate::trace::Calls;

/// Opens the rows of a file from the first.
pub type OpenRows = dyn Fn() -> Result<Box<dyn Rows>, TraceError> + Send + Sync;

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

    /// The time of the last call.
    pub fn last(&self) -> Option<Instant> {
        self.any.then(|| self.disorder.latest())
    }
}

/// The calls of a trace that tells every one.
pub struct CallsFile {
    /// Opens the rows.
    pub rows: Box<OpenRows>,
    /// The file's name, for messages.
    pub name: String,
    /// How far a row reaches back, at most.
    pub disorder: Span,
}

impl Calls for CallsFile {
    fn open(&self, _reading: &Reading) -> Result<Box<dyn ArrivalStream>, TraceError> {
        Ok(Box::new(Reorder::new((self.rows)()?, &self.name, self.disorder)))
    }
}
