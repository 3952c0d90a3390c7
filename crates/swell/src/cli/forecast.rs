//! `swell forecast`, what is expected and how good expecting has been.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use crate::cli::form::Listing;
use crate::cli::node::NodeArguments;
use crate::output::Output;

const PREWARM_EXAMPLES: &str = "\
Examples:
  swell forecast prewarm --data calls.csv --split split.json
  swell forecast prewarm --data calls.csv --train-share 0.5 -o curve.html -o json

At every step from the first origin to the end of the last horizon, everything before it is
known, and a warm copy is kept or not. Cold: the share of steps with a call that found none.
Idle: the share of steps without a call in which one was kept.";

const EXAMPLES: &str = "\
Examples:
  swell forecast backtest --data calls.csv --split split.json --method all -o report.html
  swell forecast backtest --data calls.csv.gz --origins 240,246,252 --horizon 12 --method hybrid
  swell forecast backtest --data calls.csv --method snaive,hybrid -o json --forecasts said.csv
  swell forecast backtest --data calls.csv --method hybrid --train-share 0.5
  swell forecast backtest --data calls.csv --method ets,hybrid --events calendar.ics \
      --begins 2026-01-05T00:00:00Z --zone Europe/Berlin
  swell forecast backtest --data calls.csv --method gbm,hybrid --series queue.csv --planned spend

Data: a table with a row per function, its name first and then its calls per step, under a
header with the numbers of the steps; or a list with the columns id, step, count (or id, time,
count with times as in 2026-01-31T12:05:00Z). Gzip is read as it is.";

/// Arguments of `swell forecast`.
#[derive(Debug, Args)]
pub struct ForecastArguments {
    /// What to do.
    #[command(subcommand)]
    pub command: ForecastCommand,
}

/// What to do with forecasts.
#[derive(Debug, Subcommand)]
pub enum ForecastCommand {
    /// Forecast the past from several points of it, and score that by what then came
    Backtest(Box<BacktestArguments>),
    /// Decide in the past, step by step, who deserves a warm copy: cold starts against idling
    Prewarm(Box<PrewarmArguments>),
    /// List the methods
    Methods,
    /// What a node expects of all its functions
    List {
        /// In which form
        #[arg(short, long, value_name = "FORM", default_value = "table")]
        output: Listing,
        /// Which node
        #[command(flatten)]
        node: NodeArguments,
    },
    /// What a node expects of a function, step by step, who says so, and how good that was
    Show {
        /// Its name
        name: String,
        /// In which form
        #[arg(short, long, value_name = "FORM", default_value = "table")]
        output: Listing,
        /// Which node
        #[command(flatten)]
        node: NodeArguments,
    },
    /// What was out of the ordinary: spikes, shifts, silence, changed days
    Anomalies {
        /// Only those of this function
        #[arg(long, value_name = "NAME")]
        function: Option<String>,
        /// So many at most
        #[arg(long, value_name = "N", default_value_t = 100)]
        limit: usize,
        /// In which form
        #[arg(short, long, value_name = "FORM", default_value = "table")]
        output: Listing,
        /// Which node
        #[command(flatten)]
        node: NodeArguments,
    },
}

/// What is forecast, from where, and what may be learned of it.
#[derive(Debug, Args)]
pub struct SourceArguments {
    /// Calls per function and step
    #[arg(long, value_name = "FILE")]
    pub data: PathBuf,

    /// Origins, horizon and season, as JSON; of several splits the one that names the data file
    #[arg(long, value_name = "FILE", conflicts_with_all = ["origins"])]
    pub split: Option<PathBuf>,

    /// Which of several splits to take
    #[arg(long, value_name = "NAME", requires = "split")]
    pub set: Option<String>,

    /// The first step to forecast, each time; earlier ones are known [default: seven origins
    /// over the last sixth of the data]
    #[arg(long, value_name = "STEP", value_delimiter = ',')]
    pub origins: Vec<usize>,

    /// Steps to forecast from each origin [default: 12, or as the split says]
    #[arg(long, value_name = "STEPS")]
    pub horizon: Option<usize>,

    /// Steps in a season, such as 12 for an hour of 5-minute steps [default: 12, or as the
    /// split says]
    #[arg(long, value_name = "STEPS")]
    pub season: Option<usize>,

    /// Length of a step in a list with times
    #[arg(long, value_name = "SPAN", default_value = "5m")]
    pub step: swell_core::time::Span,

    /// Learn from this share of the functions, drawn by the seed, and score the others only:
    /// how it will be for functions that were never seen [default: learn from all, score all]
    #[arg(long, value_name = "SHARE", value_parser = part)]
    pub train_share: Option<f32>,

    /// The seed of what is learned
    #[arg(long, value_name = "SEED", default_value_t = 1)]
    pub seed: u64,

    /// How much is spent on learning, as a share of the full budget
    #[arg(long, value_name = "SHARE", default_value_t = 1.0, value_parser = share)]
    pub effort: f32,

    /// Work done at a time [default: one per processor]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    pub threads: Option<u16>,
}

/// Arguments of `swell forecast backtest`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct BacktestArguments {
    /// What is forecast.
    #[command(flatten)]
    pub source: SourceArguments,

    /// Methods by name, or `all` (see `swell forecast methods`)
    #[arg(long, value_name = "METHOD", value_delimiter = ',', default_value = "all")]
    pub method: Vec<String>,

    /// What was known in advance, as an iCalendar or a .csv: each method forecasts with and without
    /// it, and learns only from events that were over at an origin. Holidays in it, and the days of
    /// the week, are told to methods in both
    #[arg(long, value_name = "FILE")]
    pub events: Option<PathBuf>,

    /// Other series that calls may follow, such as a queue's length: a row per series with a value per
    /// step, or a list with the columns series, step (or time), value, or what a Prometheus answered
    /// to a range query (.json). Methods that look at more than counts forecast with and without them;
    /// at an origin they see what lies before it
    #[arg(long, value_name = "FILE")]
    pub series: Option<PathBuf>,

    /// Those of the series whose future is known, such as what will be spent: they are seen ahead of
    /// an origin as well
    #[arg(long, value_name = "NAME", value_delimiter = ',', requires = "series")]
    pub planned: Vec<String>,

    /// When the first step begins, such as 2026-01-31T00:00:00Z; data with times tell it
    #[arg(long, value_name = "TIME")]
    pub begins: Option<String>,

    /// The time zone whose days and hours the data follow
    #[arg(long, value_name = "ZONE", default_value = "UTC")]
    pub zone: String,

    /// Write every forecast of the last method: id, origin, h, point, q10, q50, q90
    #[arg(long, value_name = "FILE")]
    pub forecasts: Option<PathBuf>,

    /// `table`, `json`, `csv`, or a file ending in .html, .json, .csv or .txt; may be
    /// repeated [default: table]
    #[arg(short, long, value_name = "OUTPUT")]
    pub output: Vec<Output>,
}

/// Arguments of `swell forecast prewarm`.
#[derive(Debug, Args)]
#[command(after_help = PREWARM_EXAMPLES)]
pub struct PrewarmArguments {
    /// What is decided about.
    #[command(flatten)]
    pub source: SourceArguments,

    /// `table`, `json`, `csv`, or a file ending in .html, .json, .csv or .txt; may be
    /// repeated [default: table]
    #[arg(short, long, value_name = "OUTPUT")]
    pub output: Vec<Output>,
}

fn part(text: &str) -> Result<f32, String> {
    match text.parse::<f32>() {
        Ok(share) if share > 0.0 && share < 1.0 => Ok(share),
        _ => Err("a share to learn from is a number above 0 and below 1".to_string()),
    }
}

fn share(text: &str) -> Result<f32, String> {
    match text.parse::<f32>() {
        Ok(share) if share > 0.0 && share <= 10.0 => Ok(share),
        _ => Err("a share is a number above 0, up to 10".to_string()),
    }
}
