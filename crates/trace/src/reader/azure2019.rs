//! Azure Functions Trace 2019: counts per minute, a table of durations, one of memory.
//!
//! Columns `HashOwner,HashApp,HashFunction,Trigger,1..1440` (one file a day), and the
//! variants that invitro writes (`HashFunction,HashOwner,HashApp,minute_1..`). Files of
//! counts are concatenated in the order of their names, however many minutes each has. A
//! function is known by application and function; owners add nothing to that. A function
//! listed twice in a day has its counts summed, as the original does for retried calls.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::Arc;

use swell_core::time::Span;

use crate::counts::{COUNT_MAX, CountsBuilder};
use crate::error::TraceError;
use crate::memory::MemoryTable;
use crate::minutes::MinuteCalls;
use crate::number;
use crate::problems::Problems;
use crate::profile::{FUNCTIONS_MAX, FunctionProfile, MEMORY_DEFAULT, WARM_DEFAULT};
use crate::runs::RunTable;
use crate::source::Source;
use crate::table::{Column, Table};
use crate::trace::{Trace, TraceParts};

/// The files of one trace.
#[derive(Debug, Default)]
pub struct Files {
    /// Counts per minute, at least one.
    pub counts: Vec<Source>,
    /// Durations; without any, every function takes the default.
    pub durations: Vec<Source>,
    /// Memory; without any, every function takes the default.
    pub memory: Vec<Source>,
}

/// Reads a trace; the counts stay in memory, packed.
pub fn read(name: &str, mut files: Files, mut problems: Problems) -> Result<Trace, TraceError> {
    files.counts.sort_by(|a, b| a.name().cmp(b.name()));
    let mut rows = CountRows::default();
    for source in &files.counts {
        rows.read(source, &mut problems)?;
    }
    let runs = RunTable::read(&files.durations, &mut problems)?;
    let memory = MemoryTable::read(&files.memory, &mut problems)?;

    let mut apps: HashMap<&str, u32> = HashMap::new();
    for function in &rows.functions {
        *apps.entry(function.app.as_deref().unwrap_or_default()).or_default() += 1;
    }
    let mut functions = Vec::with_capacity(rows.functions.len());
    let mut quantiles = Vec::with_capacity(rows.functions.len());
    for blank in &rows.functions {
        let app = blank.app.as_deref().unwrap_or_default();
        let run = runs.of(app, &blank.name);
        let bytes = memory.of(app, &blank.name, apps[app]);
        if run.is_none() {
            problems.duration_missing += 1;
            problems.note(|| {
                format!("function `{}` has no duration; {WARM_DEFAULT} is used", blank.name)
            });
        }
        if bytes.is_none() {
            problems.memory_missing += 1;
            problems.note(|| {
                format!("function `{}` has no memory; {MEMORY_DEFAULT} is used", blank.name)
            });
        }
        quantiles.push(run.and_then(|run| run.quantiles));
        functions.push(FunctionProfile {
            memory: bytes.unwrap_or(MEMORY_DEFAULT),
            warm: run.map_or(WARM_DEFAULT, |run| run.average),
            longest: run.and_then(|run| run.longest),
            ..blank.clone()
        });
    }
    let counts = Arc::new(rows.builder.finish());
    let warm = functions.iter().map(|function| function.warm).collect();
    Ok(Trace::new(TraceParts {
        name: name.to_string(),
        span: Span::from_mins(counts.minutes() as u64),
        functions,
        call_counts: Some(rows.totals),
        problems,
        recipe: None,
        calls: Box::new(MinuteCalls { counts, warm, quantiles }),
    }))
}

/// The functions and counts gathered so far.
#[derive(Default)]
struct CountRows {
    functions: Vec<FunctionProfile>,
    totals: Vec<u64>,
    ids: HashMap<String, u32>,
    builder: CountsBuilder,
}

struct Columns {
    function: Column,
    app: Column,
    trigger: Option<Column>,
    minutes: Vec<Column>,
}

impl CountRows {
    fn read(&mut self, source: &Source, problems: &mut Problems) -> Result<(), TraceError> {
        let mut table = Table::open(source)?;
        let columns = Columns {
            function: table.column("HashFunction")?,
            app: table.column("HashApp")?,
            trigger: table.find("Trigger"),
            minutes: minute_columns(table.columns()),
        };
        if columns.minutes.is_empty() {
            let name = source.name();
            return Err(TraceError::Format(format!("`{name}` has no column `1` or `minute_1`")));
        }
        self.builder.begin(columns.minutes.len());
        let mut counts = Vec::new();
        loop {
            let step = table.advance();
            let Some(step) = problems.forgive(step)? else {
                continue;
            };
            if step.is_none() {
                return Ok(());
            }
            let row = self.row(&table, &columns, &mut counts);
            let Some(function) = problems.forgive(row)? else {
                continue;
            };
            for &(minute, calls) in &counts {
                self.builder.add(minute, function, calls)?;
                self.totals[function as usize] += u64::from(calls);
            }
        }
    }

    /// Reads the counts of a row as pairs of minute and calls, and answers whose they are.
    fn row(
        &mut self,
        table: &Table,
        columns: &Columns,
        counts: &mut Vec<(usize, u32)>,
    ) -> Result<u32, TraceError> {
        counts.clear();
        for (minute, &column) in columns.minutes.iter().enumerate() {
            let field = table.field(column);
            if field == b"0" {
                continue;
            }
            match number::whole(field) {
                Some(0) => {}
                Some(calls) if calls <= COUNT_MAX => counts.push((minute, calls as u32)),
                _ => return Err(table.broken(column, "a number of calls, at most 10 million")),
            }
        }
        let (app, name) = (table.name(columns.app)?, table.name(columns.function)?);
        let id = self.functions.len() as u32;
        match self.ids.entry(format!("{app}\0{name}")) {
            Entry::Occupied(known) => Ok(*known.get()),
            Entry::Vacant(_) if id as usize >= FUNCTIONS_MAX => {
                Err(TraceError::Format(format!("more than {FUNCTIONS_MAX} functions")))
            }
            Entry::Vacant(new) => {
                let trigger = columns.trigger.map(|column| table.name(column)).transpose()?;
                self.functions.push(FunctionProfile {
                    name: name.to_string(),
                    app: Some(app.to_string()),
                    trigger: trigger.map(str::to_string),
                    memory: MEMORY_DEFAULT,
                    warm: WARM_DEFAULT,
                    longest: None,
                    cold: None,
                });
                self.totals.push(0);
                Ok(*new.insert(id))
            }
        }
    }
}

/// The columns that hold counts, in the order of the header.
fn minute_columns(names: &[String]) -> Vec<Column> {
    let is_minute = |name: &str| {
        let number = name.strip_prefix("minute_").unwrap_or(name);
        !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit())
    };
    (0..names.len()).filter(|&column| is_minute(&names[column])).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reading::Reading;
    use swell_core::units::Bytes;

    fn files(counts: &[&str], durations: &str, memory: &str) -> Files {
        let source = |(index, text): (usize, &&str)| {
            Source::memory(&format!("d{:02}.csv", 9 - index), text.as_bytes().to_vec())
        };
        Files {
            counts: counts.iter().enumerate().map(source).collect(),
            durations: vec![Source::memory("run.csv", durations.as_bytes().to_vec())],
            memory: vec![Source::memory("mem.csv", memory.as_bytes().to_vec())],
        }
    }

    const RUN: &str = "HashOwner,HashApp,HashFunction,Average,Count,Minimum,Maximum\n\
        o,a,f,100,1,1,300\no,a,g,200,1,1,400\no,b,h,10,1,1,20\n";
    const MEM: &str = "HashOwner,HashApp,SampleCount,AverageAllocatedMb\no,a,1,100\no,b,1,60\n";

    #[test]
    fn days_are_joined_by_name_and_functions_by_hash() {
        // The second file has the earlier name, so its minutes come first.
        let later = "HashFunction,HashOwner,HashApp,minute_1,minute_2\nh,o,b,0,2\nf,o,a,5,0\n";
        let early = "HashOwner,HashApp,HashFunction,Trigger,1,2\no,a,f,http,1,0\no,a,g,timer,0,3\n";
        let trace = read("t", files(&[later, early], RUN, MEM), Problems::new(false)).unwrap();
        assert_eq!(trace.span(), Span::from_mins(4));
        assert_eq!(trace.call_counts(), Some(&[6, 3, 2][..]));
        let rows: Vec<_> = trace
            .functions()
            .iter()
            .map(|f| (f.name.as_str(), f.trigger.as_deref(), f.memory, f.warm, f.longest))
            .collect();
        let ms = Span::from_millis;
        assert_eq!(
            rows,
            [
                ("f", Some("http"), Bytes::from_mb(50), ms(100), Some(ms(300))),
                ("g", Some("timer"), Bytes::from_mb(50), ms(200), Some(ms(400))),
                ("h", None, Bytes::from_mb(60), ms(10), Some(ms(20))),
            ]
        );
        let mut chunk = Vec::new();
        trace.arrivals(&Reading::default()).unwrap().fill(&mut chunk).unwrap();
        let first: Vec<_> = chunk.iter().map(|a| (a.at.secs_f64(), a.function.0)).collect();
        assert_eq!(first, [(0.0, 0)]);
    }

    #[test]
    fn what_is_missing_is_filled_in_and_counted() {
        let counts = "HashOwner,HashApp,HashFunction,Trigger,1\no,x,y,http,1\n";
        let trace = read("t", files(&[counts], RUN, MEM), Problems::new(false)).unwrap();
        let function = &trace.functions()[0];
        assert_eq!((function.memory, function.warm), (MEMORY_DEFAULT, WARM_DEFAULT));
        assert_eq!((trace.problems().memory_missing, trace.problems().duration_missing), (1, 1));
    }

    #[test]
    fn broken_counts_are_letters_or_skipped() {
        for (cell, shown) in [
            ("-1", "`-1`"),
            ("x", "`x`"),
            ("", "nothing"),
            ("10000001", "`10000001`"),
            ("99999999999999999999999", "`99999999999999999999999`"),
        ] {
            let text = format!("HashOwner,HashApp,HashFunction,1,2\no,a,f,1,1\no,a,g,1,{cell}\n");
            let strict = read("t", files(&[&text], RUN, MEM), Problems::new(false));
            let error = strict.unwrap_err().to_string();
            assert!(error.contains("line 3, column `2`") && error.contains(shown), "{error}");
            let trace = read("t", files(&[&text], RUN, MEM), Problems::new(true)).unwrap();
            assert_eq!((trace.functions().len(), trace.problems().skipped_rows), (1, 1));
        }
    }
}
