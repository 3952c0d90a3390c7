//! `swell sim keepalive`, the simulator of keep-alive policies.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use swell_core::time::Span;
use swell_core::units::Bytes;
use swell_trace::cold::ColdCost;
use swell_trace::durations::Durations;
use swell_trace::placement::Placement;

use crate::output::Output;
use crate::overrides::Override;
use crate::scenario::RESUME;

const EXAMPLES: &str = "\
Examples:
  swell sim keepalive --trace 1350 --memory 40GB,80GB,120GB --policy all -o report.html
  swell sim keepalive --trace 20-b --memory 1GB --policy founding,fixed-ttl:ttl=20m,wait=3s
  swell sim keepalive --trace counts.csv durations.csv memory.csv --memory 8GB -o csv
  swell sim keepalive --trace gen:bursty,functions=200,calls=100000,hours=6 --memory 4GB
  swell sim keepalive --trace 20-b --memory 1GB --function '#3:min-warm=2,max-idle=1h'
  swell sim keepalive --trace 20-b --memory 1GB --policy hazard --seed 1 --journal run.journal.gz
  swell sim keepalive --faithful founding --trace 20-b --memory 800MB,1GB";

/// Arguments of `swell sim keepalive`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct KeepAliveArguments {
    /// A bundled trace by name, files, or a recipe `gen:...` (see `swell trace`)
    #[arg(long, value_name = "TRACE", required = true, num_args = 1..)]
    pub trace: Vec<String>,

    /// Memory sizes, such as 800MB or 20GB,40GB
    #[arg(long, value_name = "SIZE", required = true, value_delimiter = ',')]
    pub memory: Vec<Bytes>,

    /// Policies with their parameters, `all`, or `founding`; may be repeated
    #[arg(long, value_name = "POLICY", default_value = "all")]
    pub policy: Vec<String>,

    /// How many seeds to run: 1, 2, ... N [default: 3; 1 with --faithful]
    #[arg(long, value_name = "N", conflicts_with = "seed", value_parser = clap::value_parser!(u32).range(1..))]
    pub seeds: Option<u32>,

    /// These very seeds, such as 3,7
    #[arg(long, value_name = "SEED", value_delimiter = ',')]
    pub seed: Vec<u64>,

    /// Where in its minute a counted call falls: even, uniform, start or burst; several
    /// give a table each. Traces that tell the time of each call ignore it
    #[arg(long, value_name = "RULE", default_value = "uniform", value_delimiter = ',')]
    pub placement: Vec<Placement>,

    /// How long a cold start takes: 1s, max-avg:250ms, founding, lognormal:3.24s,7.10s,
    /// measured:1s or file:cold.csv
    #[arg(long, value_name = "COST", default_value = "1s")]
    pub cold: ColdCost,

    /// How long a call runs where the trace does not tell: average or sampled
    #[arg(long, value_name = "RULE", default_value = "average")]
    pub durations: Durations,

    /// Settings of some functions, such as 'web-*:min-warm=1,max-idle=2h' or '#3:pinned'; may
    /// be repeated, the later one holds. A pattern is a name with `*` and `?`, or `#` and a
    /// number from 0. Keys: memory, min-warm, max-idle, pinned, run-and-exit, concurrency,
    /// max-instances, pause-after, paused-memory, start-hint
    #[arg(long, value_name = "PATTERN:KEY=VALUE,...")]
    pub function: Vec<Override>,

    /// How long it takes to thaw a paused instance (see `pause-after`)
    #[arg(long, value_name = "SPAN", default_value_t = RESUME)]
    pub resume: Span,

    /// Do not compute what is possible at best
    #[arg(long)]
    pub no_bound: bool,

    /// Tell how many calls a second were simulated; such results differ from run to run
    #[arg(long)]
    pub timing: bool,

    /// Runs computed at a time [default: one per processor]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    pub threads: Option<u16>,

    /// Skip and count broken rows of a trace instead of stopping at the first
    #[arg(long)]
    pub lenient: bool,

    /// Repeat a published simulator with its own formulas and faults instead; one line
    /// for each of its policies
    #[arg(
        long,
        value_name = "SIMULATOR",
        conflicts_with_all = [
            "policy", "placement", "cold", "durations", "function", "resume", "no_bound", "timing",
            "journal",
        ],
    )]
    pub faithful: Option<Published>,

    /// Record every event and decision in a file for `swell replay`, packed if its name ends
    /// in .gz; for one policy, memory size, placement and seed
    #[arg(long, value_name = "FILE")]
    pub journal: Option<PathBuf>,

    /// `table`, `json`, `csv`, or a file ending in .html, .json, .csv or .txt; may be
    /// repeated [default: table]
    #[arg(short, long, value_name = "OUTPUT")]
    pub output: Vec<Output>,
}

/// A published simulator.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Published {
    /// The simulator of the founding report.
    Founding,
    /// FaasCache's simulator.
    Faascache,
}

impl KeepAliveArguments {
    /// The seeds asked for, each once; 1 to `default` where none were.
    pub fn seeds(&self, default: u32) -> Vec<u64> {
        if self.seed.is_empty() {
            let last = self.seeds.unwrap_or(default);
            return (1..=u64::from(last)).collect();
        }
        once(&self.seed)
    }

    /// The memory sizes asked for, each once.
    pub fn memories(&self) -> Vec<Bytes> {
        once(&self.memory)
    }
}

/// The values in their order, each once.
pub fn once<T: Copy + PartialEq>(values: &[T]) -> Vec<T> {
    let mut kept = Vec::new();
    for value in values {
        if !kept.contains(value) {
            kept.push(*value);
        }
    }
    kept
}
