//! The pair: a small table of functions and a long one of calls.
//!
//! `*.functions.csv` has `fn,hash,mem_mb,cold_ms,warm_ms`, `*.invocations.csv` has
//! `t_ms,fn`. It is how FaasCache's pickled traces are kept as text, and the leanest
//! per-call format here. `cold_ms` is Azure's `Maximum`, which FaasCache takes for the
//! length of a whole cold run; it is read as the longest run, and the length of a start
//! stays unknown, for a maximum is not a measurement of a start.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::Arc;

use swell_core::ids::FunctionId;
use swell_core::time::{Instant, Span};
use swell_core::units::Bytes;

use crate::arrival::Arrival;
use crate::calls_file::{CallsFile, Survey};
use crate::error::TraceError;
use crate::problems::Problems;
use crate::profile::{FUNCTIONS_MAX, FunctionProfile};
use crate::reorder::{Rows, TableRows};
use crate::source::Source;
use crate::table::{Column, Table};
use crate::trace::{Trace, TraceParts, span_to};

/// Reads a trace; the calls stay in their file.
pub fn read(
    name: &str,
    functions: &Source,
    calls: &Source,
    mut problems: Problems,
) -> Result<Trace, TraceError> {
    let known = Functions::read(functions, &mut problems)?;
    let profiles = known.profiles;
    let ids = Arc::new(Ids {
        warm: profiles.iter().map(|profile| profile.warm).collect(),
        in_order: known.by_number.iter().all(|(&number, &id)| number == u64::from(id)),
        by_number: known.by_number,
    });
    let mut survey = Survey::default();
    survey.grow(profiles.len());
    let mut rows = CallRows::open(calls, Arc::clone(&ids), problems)?;
    while let Some(call) = rows.next()? {
        survey.see(&call);
    }
    let problems = rows.problems;
    let (lenient, source) = (problems.lenient(), calls.clone());
    Ok(Trace::new(TraceParts {
        name: name.to_string(),
        functions: profiles,
        span: span_to(survey.last()),
        call_counts: Some(survey.call_counts),
        problems,
        recipe: None,
        calls: Box::new(CallsFile {
            name: calls.name().to_string(),
            disorder: survey.disorder.greatest(),
            rows: Box::new(move || {
                let problems = Problems::new(lenient);
                Ok(Box::new(CallRows::open(&source, Arc::clone(&ids), problems)?))
            }),
        }),
    }))
}

/// The table of functions.
#[derive(Default)]
struct Functions {
    profiles: Vec<FunctionProfile>,
    by_number: HashMap<u64, u32>,
}

impl Functions {
    fn read(source: &Source, problems: &mut Problems) -> Result<Self, TraceError> {
        let mut table = Table::open(source)?;
        let mut columns = [0; 5];
        for (column, name) in columns.iter_mut().zip(["fn", "hash", "mem_mb", "cold_ms", "warm_ms"])
        {
            *column = table.column(name)?;
        }
        let mut functions = Self::default();
        loop {
            let step = table.advance();
            let Some(step) = problems.forgive(step)? else {
                continue;
            };
            if step.is_none() {
                return Ok(functions);
            }
            let row = functions.row(&table, columns);
            problems.forgive(row)?;
        }
    }

    fn row(&mut self, table: &Table, columns: [Column; 5]) -> Result<(), TraceError> {
        let [number, hash, memory, cold, warm] = columns;
        let millis = |column| table.scaled(column, 6, "milliseconds from 0").map(Span::from_nanos);
        let profile = FunctionProfile {
            name: table.name(hash)?.to_string(),
            app: None,
            trigger: None,
            memory: Bytes::new(table.scaled(memory, 6, "megabytes from 0")?),
            warm: millis(warm)?,
            longest: Some(millis(cold)?),
            cold: None,
        };
        if self.profiles.len() >= FUNCTIONS_MAX {
            return Err(TraceError::Format(format!("more than {FUNCTIONS_MAX} functions")));
        }
        match self.by_number.entry(table.whole(number)?) {
            Entry::Occupied(_) => Err(table.broken(number, "a number that no earlier row has")),
            Entry::Vacant(new) => {
                new.insert(self.profiles.len() as u32);
                self.profiles.push(profile);
                Ok(())
            }
        }
    }
}

/// How the numbers of a table of calls become ids.
struct Ids {
    by_number: HashMap<u64, u32>,
    /// Whether the numbers are the ids, as they almost always are.
    in_order: bool,
    warm: Vec<Span>,
}

struct CallRows {
    table: Table,
    at: Column,
    number: Column,
    ids: Arc<Ids>,
    problems: Problems,
}

impl CallRows {
    fn open(source: &Source, ids: Arc<Ids>, problems: Problems) -> Result<Self, TraceError> {
        let table = Table::open(source)?;
        let (at, number) = (table.column("t_ms")?, table.column("fn")?);
        Ok(Self { table, at, number, ids, problems })
    }
}

impl TableRows for CallRows {
    fn advance(&mut self) -> Result<Option<()>, TraceError> {
        self.table.advance()
    }

    fn row(&mut self) -> Result<Arrival, TraceError> {
        let at = self.table.scaled(self.at, 6, "milliseconds from 0")?;
        let number = self.table.whole(self.number)?;
        let id = match self.ids.in_order {
            true => (number < self.ids.warm.len() as u64).then_some(number as u32),
            false => self.ids.by_number.get(&number).copied(),
        };
        let Some(id) = id else {
            return Err(self.table.broken(self.number, "a function of the other table"));
        };
        let run = self.ids.warm[id as usize];
        Ok(Arrival { at: Instant::from_nanos(at), function: FunctionId(id), run })
    }

    fn problems(&mut self) -> &mut Problems {
        &mut self.problems
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reading::Reading;

    const FUNCTIONS: &str = "fn,hash,mem_mb,cold_ms,warm_ms\n7,x,64,900,100\n3,y,32.5,20,20\n";

    fn open(functions: &str, calls: &str, lenient: bool) -> Result<Trace, TraceError> {
        let source = |name, text: &str| Source::memory(name, text.as_bytes().to_vec());
        let problems = Problems::new(lenient);
        read("t", &source("f.csv", functions), &source("i.csv", calls), problems)
    }

    #[test]
    fn calls_are_sorted_and_named() {
        let trace = open(FUNCTIONS, "t_ms,fn\n0,3\n61000.5,7\n0.25,7\n", false).unwrap();
        assert_eq!(trace.span(), Span::from_mins(2));
        assert_eq!(trace.call_counts(), Some(&[2, 1][..]));
        let profile = &trace.functions()[0];
        assert_eq!((profile.longest, profile.cold), (Some(Span::from_millis(900)), None));
        for _ in 0..2 {
            let mut chunk = Vec::new();
            trace.arrivals(&Reading::default()).unwrap().fill(&mut chunk).unwrap();
            let calls: Vec<_> = chunk.iter().map(|a| (a.at.nanos(), a.function.0)).collect();
            assert_eq!(calls, [(0, 1), (250_000, 0), (61_000_500_000, 0)]);
            assert_eq!(chunk[0].run, Span::from_millis(20));
        }
    }

    #[test]
    fn broken_rows_are_letters_or_skipped() {
        for (functions, calls, letter) in [
            (FUNCTIONS, "t_ms,fn\n1,9\n", "line 2, column `fn`: `9`"),
            (FUNCTIONS, "t_ms,fn\n-1,3\n", "line 2, column `t_ms`: `-1`"),
            (FUNCTIONS, "t_ms,fn\ninf,3\n", "`inf`"),
            (FUNCTIONS, "t_ms,fn\n1\n", "`1 fields`"),
            ("fn,hash,mem_mb,cold_ms,warm_ms\n1,x,a,1,1\n", "t_ms,fn\n", "column `mem_mb`: `a`"),
            (
                "fn,hash,mem_mb,cold_ms,warm_ms\n1,x,1,1,1\n1,y,1,1,1\n",
                "t_ms,fn\n",
                "no earlier row",
            ),
        ] {
            let error = open(functions, calls, false).unwrap_err().to_string();
            assert!(error.contains(letter), "{error}");
            let trace = open(functions, calls, true).unwrap();
            assert_eq!(trace.problems().skipped_rows, 1);
        }
    }
}
