//! The pair: a small table of functions and a long one of calls.
//!
//! `*.functions.csv` has `fn,hash,mem_mb,cold_ms,warm_ms`, `*.invocations.csv` has
//! `t_ms,fn`. It is how FaasCache's pickled traces are kept as text, and the leanest
//! per-call format here. `cold_ms` is Azure's `Maximum`, which FaasCache takes for the
//! length of a whole cold run; it is read as the longest run, and the length of a start
//! stays unknown, for a maximum is not a measurement of a start.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use swell_core::time::Span;
use swell_core::units::Bytes;

use crate::error::TraceError;
use crate::problems::Problems;
use crate::profile::{FUNCTIONS_MAX, FunctionProfile};
use crate::source::Source;
use crate::table::{Column, Table};
use crate::trace::Trace;
use crate::two_tables::{Naming, read_calls};

/// Reads a trace; the calls stay in their file.
pub fn read(
    name: &str,
    functions: &Source,
    calls: &Source,
    mut problems: Problems,
) -> Result<Trace, TraceError> {
    let known = Functions::read(functions, &mut problems)?;
    let profiles = known.profiles;
    let numbers = Numbers {
        count: profiles.len() as u64,
        in_order: known.by_number.iter().all(|(&number, &id)| number == u64::from(id)),
        by_number: known.by_number,
    };
    read_calls(name, profiles, calls, numbers, problems)
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
struct Numbers {
    by_number: HashMap<u64, u32>,
    /// Whether the numbers are the ids, as they almost always are.
    in_order: bool,
    count: u64,
}

impl Naming for Numbers {
    fn columns(&self, table: &Table) -> Result<[Column; 2], TraceError> {
        Ok([table.column("t_ms")?, table.column("fn")?])
    }

    fn id(&self, table: &Table, column: Column) -> Result<Option<u32>, TraceError> {
        let number = table.whole(column)?;
        Ok(match self.in_order {
            true => (number < self.count).then_some(number as u32),
            false => self.by_number.get(&number).copied(),
        })
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
