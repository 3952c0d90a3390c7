//! Which formats are there, and which file is which?
//!
//! Nobody should have to say: the first line of each file tells. Every kind of file is
//! known by columns that no other kind has.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::error::TraceError;
use crate::source::Source;
use crate::table::header_names;

/// A format of traces.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// Counts per minute, durations and memory (Azure Functions Trace 2019, invitro).
    Azure2019,
    /// Every call with end and length (Azure Functions Trace 2021).
    Azure2021,
    /// Iluvatar's calls and functions.
    Iluvatar,
    /// A small table of functions and a long one of calls.
    Pair,
    /// JSON objects, one a line.
    Jsonl,
}

impl Format {
    /// All formats.
    pub const ALL: [Format; 5] =
        [Format::Azure2019, Format::Azure2021, Format::Iluvatar, Format::Pair, Format::Jsonl];

    /// The kinds of files that a trace of this format is made of, and whether it must
    /// have them.
    pub fn kinds(self) -> &'static [(Kind, bool)] {
        match self {
            Format::Azure2019 => {
                &[(Kind::Counts, true), (Kind::Durations, true), (Kind::Memory, true)]
            }
            Format::Azure2021 => &[(Kind::TimedCalls, true), (Kind::Memory, false)],
            Format::Iluvatar => &[(Kind::IluvatarCalls, true), (Kind::IluvatarFunctions, true)],
            Format::Pair => &[(Kind::PairCalls, true), (Kind::PairFunctions, true)],
            Format::Jsonl => &[(Kind::Lines, true)],
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Format::Azure2019 => "azure2019",
            Format::Azure2021 => "azure2021",
            Format::Iluvatar => "iluvatar",
            Format::Pair => "pair",
            Format::Jsonl => "jsonl",
        })
    }
}

impl FromStr for Format {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL.into_iter().find(|format| format.to_string() == text).ok_or_else(|| {
            let names = Self::ALL.map(|format| format!("`{format}`")).join(", ");
            format!("`{text}` is not a format of traces; choose one of {names}")
        })
    }
}

/// What one file holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Counts per minute.
    Counts,
    /// Durations of Azure 2019.
    Durations,
    /// Memory of Azure 2019.
    Memory,
    /// Calls of Azure 2021.
    TimedCalls,
    /// Calls of Iluvatar.
    IluvatarCalls,
    /// Functions of Iluvatar.
    IluvatarFunctions,
    /// Calls of a pair.
    PairCalls,
    /// Functions of a pair.
    PairFunctions,
    /// JSON lines.
    Lines,
}

impl Kind {
    /// Looks at the first line of a file.
    pub fn of(source: &Source) -> Result<Self, TraceError> {
        let mut lines = source.lines()?;
        let name = source.name();
        let Some(first) = lines.advance()? else {
            return Err(TraceError::Format(format!("`{name}` is empty")));
        };
        if first.trim_ascii_start().starts_with(b"{") {
            return Ok(Kind::Lines);
        }
        let names: Vec<String> =
            header_names(first).iter().map(|name| name.to_ascii_lowercase()).collect();
        let has = |name: &str| names.iter().any(|column| column == name);
        let all = |wanted: &[&str]| wanted.iter().all(|name| has(name));
        let kinds = [
            (all(&["end_timestamp", "duration"]), Kind::TimedCalls),
            (has("averageallocatedmb"), Kind::Memory),
            (all(&["hashfunction", "average"]), Kind::Durations),
            (has("hashfunction") && (has("1") || has("minute_1")), Kind::Counts),
            (has("invoke_time_ms"), Kind::IluvatarCalls),
            (has("warm_dur_ms"), Kind::IluvatarFunctions),
            (all(&["fn", "mem_mb"]), Kind::PairFunctions),
            (all(&["fn", "t_ms"]), Kind::PairCalls),
        ];
        let found = kinds.into_iter().find(|(fits, _)| *fits);
        found.map(|(_, kind)| kind).ok_or_else(|| {
            let start = String::from_utf8_lossy(&first[..first.len().min(60)]).into_owned();
            let start: String = start.chars().flat_map(char::escape_debug).collect();
            TraceError::Format(format!(
                "`{name}` begins with `{start}`, which no known format of traces does; known are \
                 Azure 2019 and 2021, Iluvatar, pairs of functions and invocations, JSON lines"
            ))
        })
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Kind::Counts => "counts per minute (`HashOwner,HashApp,HashFunction,Trigger,1,...`)",
            Kind::Durations => "durations (`HashOwner,HashApp,HashFunction,Average,...`)",
            Kind::Memory => "memory (`HashOwner,HashApp,SampleCount,AverageAllocatedMb,...`)",
            Kind::TimedCalls => "calls (`app,func,end_timestamp,duration`)",
            Kind::IluvatarCalls => "calls (`func_name,invoke_time_ms`)",
            Kind::IluvatarFunctions => "functions (`func_name,cold_dur_ms,warm_dur_ms,mem_mb`)",
            Kind::PairCalls => "calls (`t_ms,fn`)",
            Kind::PairFunctions => "functions (`fn,hash,mem_mb,cold_ms,warm_ms`)",
            Kind::Lines => "JSON lines",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_known_by_their_first_line() {
        for (text, expected) in [
            ("HashOwner,HashApp,HashFunction,Trigger,1,2\n", Kind::Counts),
            ("HashFunction,HashOwner,HashApp,minute_1\r\n", Kind::Counts),
            ("HashOwner,HashApp,HashFunction,Average,Count", Kind::Durations),
            ("HashOwner,HashApp,SampleCount,AverageAllocatedMb", Kind::Memory),
            ("app,func,end_timestamp,duration", Kind::TimedCalls),
            ("func_name,invoke_time_ms", Kind::IluvatarCalls),
            ("func_name,cold_dur_ms,warm_dur_ms,mem_mb", Kind::IluvatarFunctions),
            ("fn,hash,mem_mb,cold_ms,warm_ms", Kind::PairFunctions),
            ("t_ms,fn", Kind::PairCalls),
            ("\n {\"at_ms\":1}", Kind::Lines),
        ] {
            let source = Source::memory("t", text.as_bytes().to_vec());
            assert_eq!(Kind::of(&source).unwrap(), expected, "{text}");
        }
        for text in ["", "a,b\n1,2\n", "\0\0\0"] {
            assert!(Kind::of(&Source::memory("t", text.as_bytes().to_vec())).is_err());
        }
    }

    #[test]
    fn names_read_back() {
        for format in Format::ALL {
            assert_eq!(format.to_string().parse(), Ok(format));
        }
        assert!("csv".parse::<Format>().unwrap_err().contains("`jsonl`"));
    }
}
