//! `swell sim flow`, the simulator of FIFOs that change hands.

use std::path::PathBuf;

use clap::Args;
use swell_core::time::Span;

use crate::output::Output;

const EXAMPLES: &str = "\
Examples:
  swell sim flow
  swell sim flow --pause 20us,5ms,100ms --seeds 10 -o flow.csv
  swell flow record --for 10m -o flows.csv
  swell sim flow --recording flows.csv -o table -o flows.html
  swell sim flow --recording flows.csv --policy never --policy measured:latency=5ms --bound 5ms";

/// Arguments of `swell sim flow`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct FlowArguments {
    /// Play flows that `swell flow record` recorded, in place of the made-up hour
    #[arg(long, value_name = "FILE")]
    pub recording: Option<PathBuf>,

    /// How long a FIFO pauses when it changes hands, such as 100us,100ms; up to 10s
    #[arg(long, value_name = "SPAN", default_value = "100us,100ms", value_delimiter = ',')]
    pub pause: Vec<Span>,

    /// A rule to play: `never`, or as the setting `flow.policy` has it; may be repeated
    /// [default: never, the founding rule twice, and measured]
    #[arg(long, value_name = "RULE")]
    pub policy: Vec<String>,

    /// Items that wait longer than this are late
    #[arg(long, value_name = "SPAN", default_value = "20ms")]
    pub bound: Span,

    /// How many seeds to run: 1, 2, ... N
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub seeds: u32,

    /// `table`, `json`, `csv`, or a file ending in .html, .json, .csv or .txt; may be repeated
    /// [default: table]
    #[arg(short, long, value_name = "OUTPUT")]
    pub output: Vec<Output>,
}
