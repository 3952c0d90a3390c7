//! Where is one policy better than the best of the classics, and where worse? Prints one
//! row per trace, cost of starts, placement and memory size, and what is lost in all.
//!
//! `cargo run --release -p swell-sim --example grid -- [--policy hazard] [--only 20-b]
//! [--halves] [--seeds 1,2] [--others FILE]`. Rows of the classics are kept in FILE, since
//! they do not change while a policy is worked on; without it all of them run each time.

mod cells;
mod others;
mod verdict;

use std::process::ExitCode;
use std::sync::atomic::AtomicBool;

use swell_core::settings::FunctionSettings;
use swell_core::time::Span;
use swell_core::units::Bytes;
use swell_sim::experiment::Experiment;
use swell_sim::half;
use swell_sim::simulate::Scenario;
use swell_trace::cold::ColdCost;
use swell_trace::durations::Durations;
use swell_trace::open::Options;
use swell_trace::placement::Placement;
use swell_trace::trace::Trace;

use crate::cells::{Ground, Outcome};
use crate::others::Others;
use crate::verdict::Verdict;

/// What was asked for.
struct Asked {
    policies: Vec<String>,
    only: String,
    halves: bool,
    seeds: Vec<u64>,
    others: Option<String>,
}

fn main() -> ExitCode {
    match asked(std::env::args().skip(1)).and_then(|asked| run(&asked)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("{why}");
            ExitCode::FAILURE
        }
    }
}

fn asked(mut words: impl Iterator<Item = String>) -> Result<Asked, String> {
    let mut asked = Asked {
        policies: Vec::new(),
        only: String::new(),
        halves: false,
        seeds: vec![1],
        others: None,
    };
    while let Some(word) = words.next() {
        let mut value = || words.next().ok_or_else(|| format!("`{word}` needs a value"));
        match word.as_str() {
            "--policy" => asked.policies.push(value()?),
            "--only" => asked.only = value()?,
            "--halves" => asked.halves = true,
            "--others" => asked.others = Some(value()?),
            "--seeds" => {
                let seeds = value()?;
                let parsed = seeds.split(',').map(|seed| seed.parse::<u64>());
                asked.seeds = parsed.collect::<Result<_, _>>().map_err(|error| {
                    format!("`{seeds}` is not a list of seeds such as `1,2`: {error}")
                })?;
            }
            _ => return Err(format!("`{word}` is unknown; the file's first lines say what is")),
        }
    }
    if asked.policies.is_empty() {
        asked.policies.push("hazard".into());
    }
    Ok(asked)
}

fn run(asked: &Asked) -> Result<(), String> {
    let mut others = Others::open(asked.others.as_deref())?;
    let mut all: Vec<Vec<Verdict>> = asked.policies.iter().map(|_| Vec::new()).collect();
    for ground in cells::grounds(asked.halves) {
        if !ground.name().contains(&asked.only) {
            continue;
        }
        let classics = match others.of(&ground.name(), &asked.seeds) {
            Some(known) => known,
            None => {
                let rows = play(&ground, &cells::classics(), &asked.seeds)?;
                others.keep(&ground.name(), &asked.seeds, rows)?
            }
        };
        for (policy, verdicts) in asked.policies.iter().zip(&mut all) {
            let ours = play(&ground, std::slice::from_ref(policy), &asked.seeds)?;
            for outcome in ours {
                let verdict = verdict::judge(outcome, &classics);
                println!("{verdict}");
                verdicts.push(verdict);
            }
        }
    }
    for (policy, verdicts) in asked.policies.iter().zip(&all) {
        println!("{policy}: {}", verdict::summary(verdicts));
    }
    Ok(())
}

/// Every policy at every size and placement of the ground.
fn play(ground: &Ground, policies: &[String], seeds: &[u64]) -> Result<Vec<Outcome>, String> {
    let whole = Trace::named_or_open(&[ground.trace.into()], &Options::default())
        .map_err(|error| error.to_string())?;
    let trace = match ground.half {
        None => whole,
        Some(half) => half::of(&whole, half),
    };
    let cold: ColdCost = ground.cost.parse()?;
    let model = cold.resolve(trace.functions()).map_err(|error| error.to_string())?;
    let placements =
        if trace.is_recorded() { vec![Placement::Even] } else { Placement::ALL.into() };
    let experiment = Experiment {
        scenario: Scenario {
            functions: trace
                .functions()
                .iter()
                .map(|f| FunctionSettings::plain(f.memory))
                .collect(),
            cold: model,
            cold_name: ground.cost.into(),
            resume: Span::ZERO,
            overrides: String::new(),
            samples: 0,
            trace,
        },
        policies: policies.into(),
        memories: ground.memories_mb.iter().map(|&mb| Bytes::from_mb(mb)).collect(),
        placements,
        durations: Durations::Average,
        seeds: seeds.into(),
        threads: std::thread::available_parallelism().map_or(1, usize::from),
        bounds: false,
        timing: false,
    };
    let results =
        experiment.run(&AtomicBool::new(false), &|_| {}).map_err(|error| error.to_string())?;
    Ok(results.rows.iter().map(|row| Outcome::of(ground, row)).collect())
}
