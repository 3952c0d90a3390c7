//! Shows the catalogue of policies.

use std::io::{self, Write};

use serde::Serialize;
use swell_core::catalog::{ENTRIES, Entry, QUEUE, find};
use swell_core::cloning::catalog::{ENTRIES as CLONE_ENTRIES, Entry as CloneEntry};

use crate::cli::form::Form;
use crate::cli::policy::PolicyCommand;
use crate::error::Letter;
use crate::output::{json, to_stdout};

/// Where policies for clones come from.
const CLONES_SOURCE: &str = "clones ahead of demand, see docs/forecasts.md";

/// Runs `swell policy`.
pub fn run(command: &PolicyCommand) -> Result<(), Letter> {
    match command {
        PolicyCommand::List { output: Form::Table } => to_stdout(list),
        PolicyCommand::List { output: Form::Json } => {
            to_stdout(|out| json(&ENTRIES.iter().map(Shown::of).collect::<Vec<_>>(), out))
        }
        PolicyCommand::Show { name, output } => {
            let name = name.split(':').next().unwrap_or(name);
            let of_clones = CLONE_ENTRIES.iter().find(|entry| entry.name == name);
            let (shown, option) = match of_clones {
                Some(entry) => (Shown::of_clones(entry), "sim clone --clone-policy"),
                None => (Shown::of(find(name)?), "--policy"),
            };
            match output {
                Form::Table => to_stdout(|out| show(&shown, option, out)),
                Form::Json => to_stdout(|out| json(&shown, out)),
            }
        }
    }
}

/// A policy, as programs get it.
#[derive(Serialize)]
struct Shown {
    name: &'static str,
    summary: &'static str,
    source: &'static str,
    parameters: Vec<ShownParameter>,
}

#[derive(Serialize)]
struct ShownParameter {
    name: &'static str,
    default: String,
    meaning: &'static str,
}

impl Shown {
    fn of_clones(entry: &CloneEntry) -> Self {
        let parameters = entry.parameters.iter().map(|&(name, default, meaning)| ShownParameter {
            name,
            default: default.to_string(),
            meaning,
        });
        Self {
            name: entry.name,
            summary: entry.summary,
            source: CLONES_SOURCE,
            parameters: parameters.collect(),
        }
    }

    fn of(entry: &Entry) -> Self {
        let own = entry.parameters.iter().map(|parameter| ShownParameter {
            name: parameter.name,
            default: parameter.default.to_string(),
            meaning: parameter.meaning,
        });
        let wait =
            entry.waits.map_or_else(|| "0s".to_string(), |limits| limits.longest.to_string());
        let queue = entry.waits.map_or(QUEUE, |limits| limits.queue);
        let common = [
            ShownParameter {
                name: "wait",
                default: wait,
                meaning: "how long a request may wait for an instance; 0s: start one or refuse",
            },
            ShownParameter {
                name: "queue",
                default: queue.to_string(),
                meaning: "how many requests of one function may wait",
            },
        ];
        Self {
            name: entry.name,
            summary: entry.summary,
            source: entry.source,
            parameters: own.chain(common).collect(),
        }
    }
}

fn list(out: &mut dyn Write) -> io::Result<()> {
    let width = ENTRIES.iter().map(|entry| entry.name.len()).max().unwrap_or(0);
    for entry in ENTRIES {
        writeln!(out, "{:<width$}  {}", entry.name, entry.summary)?;
    }
    writeln!(
        out,
        "\n`swell policy show NAME` tells the parameters, written as `fixed-ttl:ttl=20m,wait=3s`."
    )?;
    writeln!(out, "Where policies are asked for, `all` and `founding` (the first six) name groups.")
}

fn show(shown: &Shown, option: &str, out: &mut dyn Write) -> io::Result<()> {
    let Shown { name, summary, source, parameters } = shown;
    let title = if parameters.is_empty() { "it has no parameters" } else { "parameters:" };
    writeln!(out, "{name}\n\n{summary}\nsource: {source}\n\n{title}")?;
    let names = parameters.iter().map(|parameter| parameter.name.len()).max().unwrap_or(0);
    let defaults = parameters.iter().map(|parameter| parameter.default.len()).max().unwrap_or(0);
    for ShownParameter { name, default, meaning } in parameters {
        writeln!(out, "  {name:<names$}  default {default:<defaults$}  {meaning}")?;
    }
    let first =
        parameters.first().map(|parameter| format!(":{}={}", parameter.name, parameter.default));
    writeln!(out, "\nexample: {option} {name}{}", first.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn policies_for_clones_are_shown_as_others_are() {
        for entry in CLONE_ENTRIES {
            let mut out = Vec::new();
            show(&Shown::of_clones(entry), "sim clone --clone-policy", &mut out)
                .expect("it is taken");
            let text = String::from_utf8(out).expect("it is text");
            let first = entry.parameters.first();
            let first =
                first.map_or_else(String::new, |(name, default, _)| format!(":{name}={default}"));
            let example = format!("example: sim clone --clone-policy {}{first}\n", entry.name);
            assert!(text.contains(entry.summary) && text.ends_with(&example), "{text}");
        }
    }
}
