//! JSON lines: functions and calls as objects, one a line.
//!
//! `{"function":{"name":"resize","memory_mb":128,"warm_ms":40}}` declares a function and
//! must come before its first call; `app`, `trigger`, `longest_ms` and `cold_ms` may be
//! added. `{"at_ms":1500.25,"name":"resize"}` is a call, with `run_ms` where its length is
//! known; without it the call takes `warm_ms`. A line with only `comment` says nothing to
//! the reader. Times are exact to the nanosecond for the first hundred days.

use std::borrow::Cow;
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::Arc;

use serde::Deserialize;
use serde::de::IgnoredAny;
use swell_core::ids::FunctionId;
use swell_core::time::{Instant, Span};
use swell_core::units::Bytes;

use crate::arrival::Arrival;
use crate::calls_file::Survey;
use crate::error::TraceError;
use crate::problems::Problems;
use crate::profile::{FUNCTIONS_MAX, FunctionProfile};
use crate::reorder::Rows;
use crate::source::{Lines, Source};
use crate::trace::Trace;

/// Reads a trace; the calls stay in their file.
pub fn read(name: &str, source: &Source, mut problems: Problems) -> Result<Trace, TraceError> {
    let mut lines = source.lines()?;
    let mut functions = Functions::default();
    let mut survey = Survey::default();
    while let Some(line) = lines.advance()? {
        let row = match parse(line) {
            Ok(Line { function: Some(declared), .. }) => functions.declare(&declared),
            Ok(line) => functions.call(&line).map(|call| {
                if let Some(call) = call {
                    survey.see(&call);
                }
            }),
            Err(broken) => Err(broken),
        };
        let row = row.map_err(|broken| broken.at(&lines));
        problems.forgive(row)?;
    }
    survey.grow(functions.profiles.len());
    let functions = Arc::new(functions);
    let (profiles, file) = (functions.profiles.clone(), source.clone());
    Ok(survey.into_trace(name, profiles, source, problems, move |problems| {
        let (lines, functions) = (file.lines()?, Arc::clone(&functions));
        Ok(Box::new(CallRows { lines, functions, problems }))
    }))
}

#[derive(Deserialize)]
struct Line<'a> {
    #[serde(borrow)]
    function: Option<Declared<'a>>,
    at_ms: Option<f64>,
    #[serde(borrow)]
    name: Option<Cow<'a, str>>,
    run_ms: Option<f64>,
    comment: Option<IgnoredAny>,
}

#[derive(Deserialize)]
struct Declared<'a> {
    #[serde(borrow)]
    name: Cow<'a, str>,
    #[serde(borrow)]
    app: Option<Cow<'a, str>>,
    #[serde(borrow)]
    trigger: Option<Cow<'a, str>>,
    memory_mb: f64,
    warm_ms: f64,
    longest_ms: Option<f64>,
    cold_ms: Option<f64>,
}

/// What is wrong with a line, before it is known where the line stands.
struct Broken {
    column: &'static str,
    found: String,
    expected: &'static str,
}

impl Broken {
    fn at(self, lines: &Lines) -> TraceError {
        lines.broken(self.column, self.found.as_bytes(), self.expected)
    }
}

fn parse(line: &[u8]) -> Result<Line<'_>, Broken> {
    let expected = "an object that declares a `function` or calls one (`at_ms`, `name`)";
    serde_json::from_slice(line).map_err(|error| Broken {
        column: "all",
        // The reason tells more than a line of JSON would.
        found: error.to_string(),
        expected,
    })
}

/// A length in nanoseconds.
fn nanos(column: &'static str, millis: f64) -> Result<u64, Broken> {
    let nanos = (millis * 1e6).round();
    if !(0.0..1.8e19).contains(&nanos) {
        let found = millis.to_string();
        return Err(Broken { column, found, expected: "milliseconds from 0" });
    }
    Ok(nanos as u64)
}

#[derive(Default)]
struct Functions {
    profiles: Vec<FunctionProfile>,
    by_name: HashMap<String, u32>,
}

impl Functions {
    fn declare(&mut self, declared: &Declared<'_>) -> Result<(), Broken> {
        let optional = |column, millis: Option<f64>| {
            millis.map(|millis| nanos(column, millis).map(Span::from_nanos)).transpose()
        };
        let memory = nanos("memory_mb", declared.memory_mb)
            .map_err(|broken| Broken { expected: "megabytes from 0", ..broken })?;
        let profile = FunctionProfile {
            name: declared.name.to_string(),
            app: declared.app.as_deref().map(str::to_string),
            trigger: declared.trigger.as_deref().map(str::to_string),
            memory: Bytes::new(memory),
            warm: Span::from_nanos(nanos("warm_ms", declared.warm_ms)?),
            longest: optional("longest_ms", declared.longest_ms)?,
            cold: optional("cold_ms", declared.cold_ms)?,
        };
        let id = self.profiles.len() as u32;
        match self.by_name.entry(profile.name.clone()) {
            Entry::Vacant(new) if (id as usize) < FUNCTIONS_MAX => {
                new.insert(id);
                self.profiles.push(profile);
                Ok(())
            }
            _ => Err(Broken {
                column: "name",
                found: profile.name,
                expected: "a name that no earlier line has, at most ten million of them",
            }),
        }
    }

    /// The call of a line; `None` for a comment.
    fn call(&self, line: &Line<'_>) -> Result<Option<Arrival>, Broken> {
        let (Some(name), Some(at)) = (&line.name, line.at_ms) else {
            if line.comment.is_some() {
                return Ok(None);
            }
            let column = if line.name.is_none() { "name" } else { "at_ms" };
            return Err(Broken { column, found: String::new(), expected: "`at_ms` and `name`" });
        };
        let Some(&id) = self.by_name.get(name.as_ref()) else {
            let found = name.to_string();
            return Err(Broken { column: "name", found, expected: "a function declared above" });
        };
        let at = Instant::from_nanos(nanos("at_ms", at)?);
        let run = match line.run_ms {
            Some(millis) => Span::from_nanos(nanos("run_ms", millis)?),
            None => self.profiles[id as usize].warm,
        };
        Ok(Some(Arrival { at, function: FunctionId(id), run }))
    }
}

struct CallRows {
    lines: Lines,
    functions: Arc<Functions>,
    problems: Problems,
}

impl Rows for CallRows {
    fn next(&mut self) -> Result<Option<Arrival>, TraceError> {
        loop {
            let Some(line) = self.lines.advance()? else {
                return Ok(None);
            };
            let row = match parse(line) {
                Ok(Line { function: Some(_), .. }) => continue,
                Ok(line) => self.functions.call(&line),
                Err(broken) => Err(broken),
            };
            let row = row.map_err(|broken| broken.at(&self.lines));
            if let Some(Some(call)) = self.problems.forgive(row)? {
                return Ok(Some(call));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reading::Reading;

    fn open(text: &str, lenient: bool) -> Result<Trace, TraceError> {
        let source = Source::memory("t.jsonl", text.as_bytes().to_vec());
        read("t", &source, Problems::new(lenient))
    }

    const X: &str = r#"{"function":{"name":"x","memory_mb":64,"warm_ms":10.5,"cold_ms":300}}"#;

    #[test]
    fn functions_and_calls_are_read() {
        let text = format!(
            "{X}\n{{\"comment\":\"hello\"}}\n{}\n{}\n",
            r#"{"at_ms":70000.25,"name":"x"}"#, r#"{"at_ms":3,"name":"x","run_ms":7}"#
        );
        let trace = open(&text, false).unwrap();
        assert_eq!(trace.functions()[0].cold, Some(Span::from_millis(300)));
        assert_eq!((trace.span(), trace.call_counts()), (Span::from_mins(2), Some(&[2][..])));
        let mut chunk = Vec::new();
        trace.arrivals(&Reading::default()).unwrap().fill(&mut chunk).unwrap();
        let calls: Vec<_> = chunk.iter().map(|a| (a.at.nanos(), a.run.millis_f64())).collect();
        assert_eq!(calls, [(3_000_000, 7.0), (70_000_250_000, 10.5)]);
    }

    #[test]
    fn broken_lines_are_letters_or_skipped() {
        for (line, letter) in [
            ("{", "EOF while parsing"),
            ("[]", "expected an object that declares"),
            ("{}", "column `name`: nothing"),
            (r#"{"name":"x"}"#, "column `at_ms`: nothing"),
            (r#"{"at_ms":1,"name":"y"}"#, "column `name`: `y`"),
            (r#"{"at_ms":-1,"name":"x"}"#, "column `at_ms`: `-1`"),
            (r#"{"at_ms":1,"name":"x","run_ms":1e300}"#, "column `run_ms`"),
            (X, "a name that no earlier line has"),
            ("{\"function\":{\"name\":\"z\",\"warm_ms\":1}}", "missing field"),
            ("{\"function\":{\"name\":\"z\",\"warm_ms\":1,\"memory_mb\":-2}}", "megabytes from 0"),
        ] {
            let text = format!("{X}\n{line}\n");
            let error = open(&text, false).unwrap_err().to_string();
            assert!(error.contains(letter) && error.contains("line 2"), "{error}");
            assert_eq!(open(&text, true).unwrap().problems().skipped_rows, 1, "{line}");
        }
    }
}
