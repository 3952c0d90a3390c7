//! How do files become a trace?
//!
//! Each file is recognised by its first line, the kinds together tell the format, and
//! what is missing or too much is said by name. Reading is strict unless asked otherwise.

use std::path::PathBuf;

use crate::error::TraceError;
use crate::format::{Format, Kind};
use crate::problems::Problems;
use crate::reader::{azure2019, azure2021, iluvatar, jsonl, pair};
use crate::source::Source;
use crate::trace::Trace;

/// How to open a trace.
#[derive(Debug, Clone, Copy, Default)]
pub struct Options {
    /// Skip and count broken rows, and fill in missing tables, instead of stopping.
    pub lenient: bool,
    /// The format; recognised when not given.
    pub format: Option<Format>,
}

impl Trace {
    /// Opens a trace of files, plain or gzip, in any order.
    pub fn open(sources: &[PathBuf], options: &Options) -> Result<Trace, TraceError> {
        let sources: Vec<Source> = sources.iter().map(|path| Source::file(path)).collect();
        let name = sources.first().map(|source| short_name(source.name())).unwrap_or_default();
        Self::open_sources(&name, &sources, options)
    }

    /// Opens a trace of files or bytes in memory under a name.
    pub fn open_sources(
        name: &str,
        sources: &[Source],
        options: &Options,
    ) -> Result<Trace, TraceError> {
        let mut files = Vec::with_capacity(sources.len());
        for source in sources {
            files.push((Kind::of(source)?, source.clone()));
        }
        let format = match options.format {
            Some(format) => format,
            None => recognise(&files)?,
        };
        check(format, &files, options.lenient)?;
        let of = |wanted: Kind| -> Vec<Source> {
            files.iter().filter(|(kind, _)| *kind == wanted).map(|(_, file)| file.clone()).collect()
        };
        let problems = Problems::new(options.lenient);
        match format {
            Format::Azure2019 => {
                let files = azure2019::Files {
                    counts: of(Kind::Counts),
                    durations: of(Kind::Durations),
                    memory: of(Kind::Memory),
                };
                azure2019::read(name, files, problems)
            }
            Format::Azure2021 => {
                azure2021::read(name, &of(Kind::TimedCalls)[0], &of(Kind::Memory), problems)
            }
            Format::Iluvatar => {
                let functions = &of(Kind::IluvatarFunctions)[0];
                iluvatar::read(name, functions, &of(Kind::IluvatarCalls)[0], problems)
            }
            Format::Pair => {
                pair::read(name, &of(Kind::PairFunctions)[0], &of(Kind::PairCalls)[0], problems)
            }
            Format::Jsonl => jsonl::read(name, &of(Kind::Lines)[0], problems),
        }
    }
}

/// The format of which the files have most; on a tie the first.
fn recognise(files: &[(Kind, Source)]) -> Result<Format, TraceError> {
    if files.is_empty() {
        return Err(TraceError::Format("a trace needs at least one file".to_string()));
    }
    let fits = |format: Format| {
        let of_format = |kind: Kind| format.kinds().iter().any(|(known, _)| *known == kind);
        files.iter().filter(|(kind, _)| of_format(*kind)).count()
    };
    let mut best = Format::Azure2019;
    for format in Format::ALL {
        if fits(format) > fits(best) {
            best = format;
        }
    }
    Ok(best)
}

/// Says which file is missing or too much.
fn check(format: Format, files: &[(Kind, Source)], lenient: bool) -> Result<(), TraceError> {
    for (kind, file) in files {
        if format.kinds().iter().all(|(known, _)| known != kind) {
            return Err(TraceError::Format(format!(
                "`{}` holds {kind}, which is no part of a trace in the format `{format}`",
                file.name()
            )));
        }
    }
    for (kind, required) in format.kinds() {
        let found: Vec<&str> =
            files.iter().filter(|(known, _)| known == kind).map(|(_, file)| file.name()).collect();
        let several = matches!(kind, Kind::Counts | Kind::Durations | Kind::Memory);
        if found.len() > 1 && !several {
            return Err(TraceError::Format(format!(
                "`{}` and `{}` both hold {kind}; a trace in the format `{format}` has one such file",
                found[0], found[1]
            )));
        }
        let optional = lenient && matches!(kind, Kind::Durations | Kind::Memory);
        if found.is_empty() && *required && !optional {
            let hint = match kind {
                Kind::Durations | Kind::Memory => "; a lenient reading takes defaults instead",
                _ => "",
            };
            return Err(TraceError::Format(format!(
                "the trace has the format `{format}` but no file with {kind}; add that file{hint}"
            )));
        }
    }
    Ok(())
}

/// A file's name without its folder and endings.
fn short_name(path: &str) -> String {
    let file = path.rsplit('/').next().unwrap_or(path);
    let mut name = file;
    for ending in [".gz", ".csv", ".jsonl", ".functions", ".invocations"] {
        name = name.strip_suffix(ending).unwrap_or(name);
    }
    if name.is_empty() { file.to_string() } else { name.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    const COUNTS: (&str, &str) =
        ("inv.csv", "HashOwner,HashApp,HashFunction,Trigger,1\no,a,f,http,1\n");
    const RUNS: (&str, &str) = ("run.csv", "HashApp,HashFunction,Average\na,f,5\n");
    const MEMORY: (&str, &str) = ("mem.csv", "HashApp,AverageAllocatedMb\na,5\n");
    const TIMED: (&str, &str) = ("calls.csv", "app,func,end_timestamp,duration\na,f,1,1\n");
    const PAIR: (&str, &str) = ("i.csv", "t_ms,fn\n1,1\n");
    const PAIR_TABLE: (&str, &str) = ("f.csv", "fn,hash,mem_mb,cold_ms,warm_ms\n1,x,1,1,1\n");
    const ILUVATAR: (&str, &str) = ("ilu.csv", "func_name,invoke_time_ms\nx,1\n");

    fn open(files: &[(&str, &str)], lenient: bool) -> Result<Trace, TraceError> {
        let sources: Vec<Source> = files
            .iter()
            .map(|(name, text)| Source::memory(name, text.as_bytes().to_vec()))
            .collect();
        Trace::open_sources("t", &sources, &Options { lenient, format: None })
    }

    #[test]
    fn combinations_are_recognised_in_any_order() {
        for files in [
            vec![MEMORY, RUNS, COUNTS],
            vec![COUNTS, MEMORY, RUNS],
            vec![TIMED],
            vec![MEMORY, TIMED],
            vec![PAIR, PAIR_TABLE],
            vec![("l", "{\"function\":{\"name\":\"x\",\"memory_mb\":1,\"warm_ms\":1}}")],
        ] {
            assert_eq!(open(&files, false).unwrap().functions().len(), 1);
        }
    }

    #[test]
    fn wrong_combinations_name_the_file() {
        for (files, letter) in [
            (vec![], "at least one file"),
            (vec![COUNTS], "no file with durations"),
            (vec![COUNTS, RUNS], "no file with memory"),
            (vec![RUNS, MEMORY], "no file with counts per minute"),
            (vec![PAIR], "no file with functions (`fn,hash"),
            (vec![ILUVATAR], "no file with functions (`func_name"),
            (vec![PAIR, PAIR, PAIR_TABLE], "`i.csv` and `i.csv` both hold calls"),
            (vec![COUNTS, RUNS, TIMED], "`calls.csv` holds calls"),
        ] {
            let error = open(&files, false).unwrap_err().to_string();
            assert!(error.contains(letter), "{error}");
        }
        let trace = open(&[COUNTS], true).unwrap();
        assert_eq!(trace.problems().memory_missing + trace.problems().duration_missing, 2);
    }

    #[test]
    fn a_forced_format_says_what_it_lacks() {
        let source = Source::memory("i.csv", PAIR.1.as_bytes().to_vec());
        let options = Options { lenient: false, format: Some(Format::Jsonl) };
        let error = Trace::open_sources("t", &[source], &options).unwrap_err().to_string();
        assert!(error.contains("no part of a trace in the format `jsonl`"), "{error}");
    }

    #[test]
    fn names_are_short() {
        for (path, expected) in
            [("/a/b/20-b.invocations.csv.gz", "20-b"), ("day.jsonl", "day"), (".csv", ".csv")]
        {
            assert_eq!(short_name(path), expected);
        }
    }
}
