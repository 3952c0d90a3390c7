//! `swell sim clone`, the simulator of clones made ahead of demand.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use swell_core::settings::CloningMode;
use swell_core::time::Span;
use swell_core::units::Bytes;
use swell_trace::cold::ColdCost;
use swell_trace::durations::Durations;
use swell_trace::placement::Placement;

use crate::output::Output;

const EXAMPLES: &str = "\
Examples:
  swell sim clone --trace 1350 --memory 40GB,80GB --mode off,shadow,on
  swell sim clone --trace 1350 --memory 80GB --clone-policy seed --forecaster window-1h
  swell sim clone --trace 1350 --memory 40GB --functions odd --seeds 3 -o clone.html
  swell sim clone --trace gen:mixed,functions=200,calls=20000,hours=12 --memory 8GB -o json
  swell sim clone --trace 200 --memory 8GB --deaths-per-hour 0.1 --crashing 20
  swell sim clone --trace 1350 --memory 60GB --nodes 1,3 --distance 5ms
  swell sim clone --trace 200 --memory 8GB --begins 2026-12-01 --events calendar.ics --played

A table of schedules has the columns functions (such as shop-*), schedule (cron) and timezone.";

/// Arguments of `swell sim clone`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct CloneArguments {
    /// A bundled trace by name, files, or a recipe `gen:...` (see `swell trace`)
    #[arg(long, value_name = "TRACE", required = true, num_args = 1..)]
    pub trace: Vec<String>,

    /// Memory sizes, such as 800MB or 20GB,40GB
    #[arg(long, value_name = "SIZE", required = true, value_delimiter = ',')]
    pub memory: Vec<Bytes>,

    /// What forecasts may do
    #[arg(long, value_name = "MODE", default_value = "off,shadow,on", value_delimiter = ',')]
    pub mode: Vec<Mode>,

    /// The keep-alive policy, with its parameters
    #[arg(long, value_name = "POLICY", default_value = "hazard")]
    pub policy: String,

    /// The cloning policy, with its parameters: expected-cost or seed
    #[arg(long, value_name = "POLICY", default_value = "expected-cost")]
    pub clone_policy: String,

    /// How demand is forecast: `occurrence` says for each minute whether a call comes; or a
    /// method of `swell forecast backtest`, which says how many in five minutes; or `oracle`,
    /// which knows what comes in each minute, to see what is left to gain
    #[arg(long, value_name = "METHOD", default_value = "occurrence")]
    pub forecaster: String,

    /// Of the memory, what waiting clones may hold together, in thousandths
    #[arg(long, value_name = "SHARE", value_parser = clap::value_parser!(u16).range(0..=1000))]
    pub share: Option<u16>,

    /// Clones begun in a second, at most; 0 for no bound
    #[arg(long, value_name = "N")]
    pub starts_per_second: Option<u32>,

    /// How often a waiting clone is probed, such as 30s
    #[arg(long, value_name = "SPAN")]
    pub probe_every: Option<Span>,

    /// Deaths of an instance in an hour of its life, in the mean; nobody notices one until it is
    /// probed or called, and the call is lost
    #[arg(long, value_name = "N", default_value_t = 0.0, value_parser = deaths)]
    pub deaths_per_hour: f64,

    /// Of a thousand functions, so many cannot start for ten minutes of every hour
    #[arg(long, value_name = "N", default_value_t = 0, value_parser = clap::value_parser!(u16).range(0..=1000))]
    pub crashing: u16,

    /// What is known beforehand.
    #[command(flatten)]
    pub beforehand: BeforehandArguments,

    /// Play several nodes in place of one, such as 1,3: for each its share of the memory. Functions
    /// are dealt to them by turns, and calls come where their function was dealt. Compared are no
    /// clones, each node's own, and clones that nodes without room have made by others
    #[arg(long, value_name = "SHARES", value_delimiter = ',', conflicts_with = "mode", value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub nodes: Vec<u32>,

    /// How far nodes are from each other, one way
    #[arg(long, value_name = "SPAN", default_value = "2ms", requires = "nodes")]
    pub distance: Span,

    /// Which functions take part: all, or the even or odd half, to tune on one and report on
    /// the other
    #[arg(long, value_name = "WHICH", default_value = "all")]
    pub functions: Which,

    /// How many seeds to run: 1, 2, ... N
    #[arg(long = "seeds", value_name = "N", default_value_t = 1, conflicts_with = "seed", value_parser = clap::value_parser!(u32).range(1..))]
    pub count: u32,

    /// These very seeds, such as 3,7
    #[arg(long, value_name = "SEED", value_delimiter = ',')]
    pub seed: Vec<u64>,

    /// Where in its minute a counted call falls: even, uniform, start or burst
    #[arg(long, value_name = "RULE", default_value = "uniform")]
    pub placement: Placement,

    /// How long a cold start takes, as in `swell sim keepalive`
    #[arg(long, value_name = "COST", default_value = "1s")]
    pub cold: ColdCost,

    /// How long a call runs where the trace does not tell: average or sampled
    #[arg(long, value_name = "RULE", default_value = "average")]
    pub durations: Durations,

    /// Runs computed at a time [default: one per processor]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    pub threads: Option<u16>,

    /// Skip and count broken rows of a trace instead of stopping at the first
    #[arg(long)]
    pub lenient: bool,

    /// `table`, `json`, `csv`, or a file ending in .html, .json, .csv or .txt; may be
    /// repeated [default: table]
    #[arg(short, long, value_name = "OUTPUT")]
    pub output: Vec<Output>,
}

/// What is known beforehand of a trace.
#[derive(Debug, Args)]
pub struct BeforehandArguments {
    /// Events that were announced: a calendar (.ics), or a table (.csv) as `swell events import`
    /// reads it; forecasts go by what they are said to do
    #[arg(long, value_name = "FILE")]
    pub events: Option<PathBuf>,

    /// A table (.csv) of schedules that call functions, so that clones are made just in time
    #[arg(long, value_name = "FILE")]
    pub schedules: Option<PathBuf>,

    /// When the trace begins
    #[arg(long, value_name = "TIME", default_value = "2026-01-05")]
    pub begins: String,

    /// The IANA time zone of times that name none
    #[arg(long, value_name = "ZONE", default_value = "UTC")]
    pub zone: String,

    /// Have it happen as announced: the calls of schedules are added to the trace, and functions
    /// that an event touches are called as many times as often as it says; without this the trace
    /// is taken to have all of that already
    #[arg(long)]
    pub played: bool,
}

fn deaths(text: &str) -> Result<f64, String> {
    let deaths = text.parse::<f64>().ok().filter(|deaths| (0.0..=3600.0).contains(deaths));
    deaths.ok_or_else(|| "it is a number from 0 to 3600, such as 0.1".to_string())
}

/// What forecasts may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Mode {
    /// Nothing: keep-alive alone.
    Off,
    /// Write down what clones would have saved and cost.
    Shadow,
    /// Make clones.
    On,
}

/// Which functions of a trace take part.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Which {
    /// All of them.
    All,
    /// Those with an even number.
    Even,
    /// Those with an odd number.
    Odd,
}

impl Mode {
    /// The mode in the words of the mind.
    pub fn cloning(self) -> CloningMode {
        match self {
            Mode::Off => CloningMode::Off,
            Mode::Shadow => CloningMode::Shadow,
            Mode::On => CloningMode::On,
        }
    }
}

impl CloneArguments {
    /// The seeds asked for.
    pub fn seeds(&self) -> Vec<u64> {
        if self.seed.is_empty() {
            return (1..=u64::from(self.count)).collect();
        }
        self.seed.clone()
    }
}
