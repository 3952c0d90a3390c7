//! Azure Functions Trace 2021: every call with its end and length.
//!
//! Columns `app,func,end_timestamp,duration`, in seconds. A call starts at its end minus
//! its length; the file is not quite sorted by start. Functions get their ids in the
//! order in which the file names them first, their `warm` is the average and `longest`
//! the maximum of their calls. The trace tells no memory; a table as in Azure 2019 may
//! stand beside it, else the default is used and counted.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::Arc;

use swell_core::ids::FunctionId;
use swell_core::time::{Instant, Span};

use crate::arrival::Arrival;
use crate::calls_file::Survey;
use crate::error::TraceError;
use crate::memory::MemoryTable;
use crate::problems::Problems;
use crate::profile::{FUNCTIONS_MAX, FunctionProfile, MEMORY_DEFAULT, WARM_DEFAULT};
use crate::reorder::TableRows;
use crate::source::Source;
use crate::table::{Column, Table};
use crate::trace::Trace;

/// Reads a trace; the calls stay in their file.
pub fn read(
    name: &str,
    calls: &Source,
    memory: &[Source],
    mut problems: Problems,
) -> Result<Trace, TraceError> {
    let memory = MemoryTable::read(memory, &mut problems)?;
    let mut survey = Survey::default();
    let mut first =
        FirstPass { table: CallTable::open(calls)?, ids: HashMap::new(), profiles: Vec::new() };
    loop {
        let step = first.table.table.advance();
        let Some(step) = problems.forgive(step)? else {
            continue;
        };
        if step.is_none() {
            break;
        }
        let row = first.row();
        if let Some(call) = problems.forgive(row)? {
            survey.see(&call);
        }
    }
    let FirstPass { ids, mut profiles, .. } = first;
    complete(&mut profiles, &survey, &memory, &mut problems);
    let (file, ids) = (calls.clone(), Arc::new(ids));
    Ok(survey.into_trace(name, profiles, calls, problems, move |problems| {
        let (table, ids) = (CallTable::open(&file)?, Arc::clone(&ids));
        Ok(Box::new(CallRows { table, ids, key: String::new(), problems }))
    }))
}

/// Fills in what only the whole file tells.
fn complete(
    profiles: &mut [FunctionProfile],
    survey: &Survey,
    memory: &MemoryTable,
    problems: &mut Problems,
) {
    let mut apps: HashMap<String, u32> = HashMap::new();
    for profile in profiles.iter() {
        *apps.entry(profile.app.clone().unwrap_or_default()).or_default() += 1;
    }
    for (index, profile) in profiles.iter_mut().enumerate() {
        let app = profile.app.as_deref().unwrap_or_default();
        match memory.of(app, &profile.name, apps[app]) {
            Some(bytes) => profile.memory = bytes,
            None => {
                problems.memory_missing += 1;
                problems.note(|| {
                    format!("function `{}` has no memory; {MEMORY_DEFAULT} is used", profile.name)
                });
            }
        }
        let calls = survey.call_counts[index].max(1);
        profile.warm = Span::from_nanos(survey.run_sums[index].nanos() / calls);
        profile.longest = Some(survey.run_longest[index]);
    }
}

/// The table of calls and its columns.
struct CallTable {
    table: Table,
    app: Column,
    function: Column,
    end: Column,
    duration: Column,
}

impl CallTable {
    fn open(source: &Source) -> Result<Self, TraceError> {
        let table = Table::open(source)?;
        Ok(Self {
            app: table.column("app")?,
            function: table.column("func")?,
            end: table.column("end_timestamp")?,
            duration: table.column("duration")?,
            table,
        })
    }

    /// When the call of this row starts, and how long it runs. What would start before
    /// the trace starts with it: timestamps count from the first end, and are rounded.
    fn times(&self) -> Result<(Instant, Span), TraceError> {
        let end = self.table.scaled(self.end, 9, "seconds from 0")?;
        let duration = self.table.scaled(self.duration, 9, "seconds from 0")?;
        Ok((Instant::from_nanos(end.saturating_sub(duration)), Span::from_nanos(duration)))
    }

    fn names(&self) -> Result<(&str, &str), TraceError> {
        Ok((self.table.name(self.app)?, self.table.name(self.function)?))
    }
}

/// Gathers the functions.
struct FirstPass {
    table: CallTable,
    ids: HashMap<String, u32>,
    profiles: Vec<FunctionProfile>,
}

impl FirstPass {
    fn row(&mut self) -> Result<Arrival, TraceError> {
        let (at, run) = self.table.times()?;
        let (app, name) = self.table.names()?;
        let id = self.profiles.len() as u32;
        let id = match self.ids.entry(format!("{app}\0{name}")) {
            Entry::Occupied(known) => *known.get(),
            Entry::Vacant(_) if id as usize >= FUNCTIONS_MAX => {
                return Err(TraceError::Format(format!("more than {FUNCTIONS_MAX} functions")));
            }
            Entry::Vacant(new) => {
                self.profiles.push(FunctionProfile {
                    name: name.to_string(),
                    app: Some(app.to_string()),
                    trigger: None,
                    memory: MEMORY_DEFAULT,
                    warm: WARM_DEFAULT,
                    longest: None,
                    cold: None,
                });
                *new.insert(id)
            }
        };
        Ok(Arrival { at, function: FunctionId(id), run })
    }
}

/// Later passes.
struct CallRows {
    table: CallTable,
    ids: Arc<HashMap<String, u32>>,
    key: String,
    problems: Problems,
}

impl TableRows for CallRows {
    fn advance(&mut self) -> Result<Option<()>, TraceError> {
        self.table.table.advance()
    }

    fn problems(&mut self) -> &mut Problems {
        &mut self.problems
    }

    fn row(&mut self) -> Result<Arrival, TraceError> {
        let (at, run) = self.table.times()?;
        let (app, name) = self.table.names()?;
        self.key.clear();
        self.key.push_str(app);
        self.key.push('\0');
        self.key.push_str(name);
        match self.ids.get(self.key.as_str()) {
            Some(&id) => Ok(Arrival { at, function: FunctionId(id), run }),
            None => Err(self.table.table.broken(
                self.table.function,
                "a function that was there when the trace was opened",
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reading::Reading;
    use swell_core::units::Bytes;

    fn open(calls: &str, memory: &str, lenient: bool) -> Result<Trace, TraceError> {
        let source = |name, text: &str| Source::memory(name, text.as_bytes().to_vec());
        read("t", &source("c.csv", calls), &[source("m.csv", memory)], Problems::new(lenient))
    }

    const MEMORY: &str = "HashApp,AverageAllocatedMb\na,100\n";

    #[test]
    fn calls_start_at_their_end_minus_their_length() {
        let text =
            "app,func,end_timestamp,duration\na,f,2.5,0.5\na,g,3,2.75\nb,f,70,0.25\na,f,4,1.5\n";
        let trace = open(text, MEMORY, false).unwrap();
        let rows: Vec<_> =
            trace.functions().iter().map(|f| (f.name.as_str(), f.memory, f.warm)).collect();
        assert_eq!(
            rows,
            [
                ("f", Bytes::from_mb(50), Span::from_secs(1)),
                ("g", Bytes::from_mb(50), Span::from_millis(2750)),
                ("f", MEMORY_DEFAULT, Span::from_millis(250)),
            ]
        );
        assert_eq!((trace.span(), trace.problems().memory_missing), (Span::from_mins(2), 1));
        let mut chunk = Vec::new();
        trace.arrivals(&Reading::default()).unwrap().fill(&mut chunk).unwrap();
        let calls: Vec<_> = chunk.iter().map(|a| (a.at.secs_f64(), a.function.0)).collect();
        assert_eq!(calls, [(0.25, 1), (2.0, 0), (2.5, 0), (69.75, 2)]);
        assert_eq!(chunk[1].run, Span::from_millis(500));
    }

    #[test]
    fn broken_rows_are_letters_or_skipped() {
        for (row, letter) in [
            ("a,f,x,1", "column `end_timestamp`: `x`"),
            ("a,f,1,-1", "column `duration`: `-1`"),
            ("a,f,1,nan", "column `duration`: `nan`"),
            (",f,1,1", "column `app`: nothing"),
            ("a,f,1", "`3 fields`"),
        ] {
            let text = format!("app,func,end_timestamp,duration\n{row}\n");
            let error = open(&text, MEMORY, false).unwrap_err().to_string();
            assert!(error.contains(letter) && error.contains("line 2"), "{error}");
            assert_eq!(open(&text, MEMORY, true).unwrap().problems().skipped_rows, 1);
        }
    }
}
