//! Iluvatar's load generator: a table of calls and one of functions.
//!
//! Calls have `func_name,invoke_time_ms`, functions `func_name,cold_dur_ms,warm_dur_ms,
//! mem_mb`; older tools wrote `function_id` for the name, which is understood. There
//! `cold_dur_ms` is the length of a whole cold run, so a start takes what it has beyond
//! `warm_dur_ms`.

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
    let key = name_column(&Table::open(calls)?)?.1;
    let (profiles, by_name) = read_functions(functions, key, &mut problems)?;
    read_calls(name, profiles, calls, Names(by_name), problems)
}

/// The column that names a function, and its name.
fn name_column(table: &Table) -> Result<(Column, &'static str), TraceError> {
    match table.find("function_id") {
        Some(column) if table.find("func_name").is_none() => Ok((column, "function_id")),
        _ => Ok((table.column("func_name")?, "func_name")),
    }
}

type Functions = (Vec<FunctionProfile>, HashMap<String, u32>);

fn read_functions(
    source: &Source,
    key: &str,
    problems: &mut Problems,
) -> Result<Functions, TraceError> {
    let mut table = Table::open(source)?;
    let key = table.column(key)?;
    let (cold, warm) = (table.column("cold_dur_ms")?, table.column("warm_dur_ms")?);
    let memory = table.column("mem_mb")?;
    let mut profiles: Vec<FunctionProfile> = Vec::new();
    let mut by_name = HashMap::new();
    loop {
        let step = table.advance();
        let Some(step) = problems.forgive(step)? else {
            continue;
        };
        if step.is_none() {
            return Ok((profiles, by_name));
        }
        let row = profile(&table, key, [cold, warm, memory]);
        let Some(profile) = problems.forgive(row)? else {
            continue;
        };
        if profiles.len() >= FUNCTIONS_MAX {
            return Err(TraceError::Format(format!("more than {FUNCTIONS_MAX} functions")));
        }
        match by_name.entry(profile.name.clone()) {
            Entry::Occupied(_) => {
                let twice = table.broken(key, "a name that no earlier row has");
                problems.forgive(Err::<(), _>(twice))?;
            }
            Entry::Vacant(new) => {
                new.insert(profiles.len() as u32);
                profiles.push(profile);
            }
        }
    }
}

fn profile(
    table: &Table,
    key: Column,
    numbers: [Column; 3],
) -> Result<FunctionProfile, TraceError> {
    let millis = |column| table.scaled(column, 6, "milliseconds from 0").map(Span::from_nanos);
    let [cold, warm, memory] = numbers;
    let (cold, warm) = (millis(cold)?, millis(warm)?);
    Ok(FunctionProfile {
        name: table.name(key)?.to_string(),
        app: None,
        trigger: None,
        memory: Bytes::new(table.scaled(memory, 6, "megabytes from 0")?),
        warm,
        longest: None,
        cold: Some(cold - warm),
    })
}

/// The ids of functions by their names.
struct Names(HashMap<String, u32>);

impl Naming for Names {
    fn columns(&self, table: &Table) -> Result<[Column; 2], TraceError> {
        Ok([table.column("invoke_time_ms")?, name_column(table)?.0])
    }

    fn id(&self, table: &Table, column: Column) -> Result<Option<u32>, TraceError> {
        Ok(self.0.get(table.name(column)?).copied())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reading::Reading;

    const FUNCTIONS: &str = "func_name,cold_dur_ms,warm_dur_ms,mem_mb\nx,900,100,64\ny,20,30,32\n";

    fn open(functions: &str, calls: &str, lenient: bool) -> Result<Trace, TraceError> {
        let source = |name, text: &str| Source::memory(name, text.as_bytes().to_vec());
        let problems = Problems::new(lenient);
        read("t", &source("f.csv", functions), &source("i.csv", calls), problems)
    }

    #[test]
    fn calls_and_starts_are_read() {
        let ids =
            "func_name,cold_dur_ms,warm_dur_ms,mem_mb,function_id\na,900,100,64,x\nb,20,30,32,y\n";
        for (functions, calls) in [
            (FUNCTIONS, "func_name,invoke_time_ms\ny,5\nx,0\n"),
            (ids, "function_id,invoke_time_ms\ny,5\nx,0\n"),
        ] {
            let trace = open(functions, calls, false).unwrap();
            let colds: Vec<_> = trace.functions().iter().map(|f| f.cold).collect();
            assert_eq!(colds, [Some(Span::from_millis(800)), Some(Span::ZERO)]);
            let mut chunk = Vec::new();
            trace.arrivals(&Reading::default()).unwrap().fill(&mut chunk).unwrap();
            let calls: Vec<_> = chunk.iter().map(|a| (a.at.nanos(), a.function.0)).collect();
            assert_eq!(calls, [(0, 0), (5_000_000, 1)]);
        }
    }

    #[test]
    fn broken_rows_are_letters_or_skipped() {
        let twice = "func_name,cold_dur_ms,warm_dur_ms,mem_mb\nx,1,1,1\nx,1,1,1\n";
        for (functions, calls, letter) in [
            (FUNCTIONS, "func_name,invoke_time_ms\nz,0\n", "column `func_name`: `z`"),
            (FUNCTIONS, "func_name,invoke_time_ms\nx,NaN\n", "column `invoke_time_ms`: `NaN`"),
            (twice, "func_name,invoke_time_ms\n", "line 3, column `func_name`"),
        ] {
            let error = open(functions, calls, false).unwrap_err().to_string();
            assert!(error.contains(letter), "{error}");
            assert_eq!(open(functions, calls, true).unwrap().problems().skipped_rows, 1);
        }
    }
}
