//! What formats of two tables, one of functions and one of calls, have in common: the calls stay in
//! their file, a run takes what its function says.

use std::sync::Arc;

use swell_core::ids::FunctionId;
use swell_core::time::{Instant, Span};

use crate::arrival::Arrival;
use crate::calls_file::Survey;
use crate::error::TraceError;
use crate::problems::Problems;
use crate::profile::FunctionProfile;
use crate::reorder::{Rows, TableRows};
use crate::source::Source;
use crate::table::{Column, Table};
use crate::trace::Trace;

/// How a table of calls tells when, and of what.
pub trait Naming: Send + Sync + 'static {
    /// The columns of the moment, in milliseconds, and of the function.
    fn columns(&self, table: &Table) -> Result<[Column; 2], TraceError>;

    /// The function of the row, if the other table has it.
    fn id(&self, table: &Table, column: Column) -> Result<Option<u32>, TraceError>;
}

/// The trace of these functions and the calls of a table.
pub fn read_calls(
    name: &str,
    profiles: Vec<FunctionProfile>,
    calls: &Source,
    naming: impl Naming,
    problems: Problems,
) -> Result<Trace, TraceError> {
    let warm = profiles.iter().map(|profile| profile.warm).collect();
    let known = Arc::new(Known { naming, warm });
    let mut survey = Survey::default();
    survey.grow(profiles.len());
    let mut rows = CallRows::open(calls, Arc::clone(&known), problems)?;
    while let Some(call) = rows.next()? {
        survey.see(&call);
    }
    let problems = rows.problems;
    let file = calls.clone();
    Ok(survey.into_trace(name, profiles, calls, problems, move |problems| {
        Ok(Box::new(CallRows::open(&file, Arc::clone(&known), problems)?))
    }))
}

struct Known<N> {
    naming: N,
    warm: Vec<Span>,
}

struct CallRows<N> {
    table: Table,
    at: Column,
    function: Column,
    known: Arc<Known<N>>,
    problems: Problems,
}

impl<N: Naming> CallRows<N> {
    fn open(source: &Source, known: Arc<Known<N>>, problems: Problems) -> Result<Self, TraceError> {
        let table = Table::open(source)?;
        let [at, function] = known.naming.columns(&table)?;
        Ok(Self { table, at, function, known, problems })
    }
}

impl<N: Naming> TableRows for CallRows<N> {
    fn advance(&mut self) -> Result<Option<()>, TraceError> {
        self.table.advance()
    }

    fn row(&mut self) -> Result<Arrival, TraceError> {
        let at = self.table.scaled(self.at, 6, "milliseconds from 0")?;
        let Some(id) = self.known.naming.id(&self.table, self.function)? else {
            return Err(self.table.broken(self.function, "a function of the other table"));
        };
        let run = self.known.warm[id as usize];
        Ok(Arrival { at: Instant::from_nanos(at), function: FunctionId(id), run })
    }

    fn problems(&mut self) -> &mut Problems {
        &mut self.problems
    }
}
