//! `swell journal`, what a node recorded of its decisions.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use crate::cli::node::NodeArguments;
use crate::output::Output;

const FLOWS: &str = "\
A journal shows how each flow that does something stood once a second, and where more than twenty do,
twenty a second in turns. `swell flow record` looks ten times a second.

Examples:
  swell journal save j.bin
  swell journal flows j.bin --flow frames
  swell journal flows j.bin -o flows.csv
  swell sim flow --recording flows.csv --policy measured --policy measured:latency=5ms";

/// Arguments of `swell journal`.
#[derive(Debug, Args)]
pub struct JournalArguments {
    /// What to do.
    #[command(subcommand)]
    pub command: JournalCommand,
}

/// What to do with a journal.
#[derive(Debug, Subcommand)]
pub enum JournalCommand {
    /// Save the journal so far, for `swell replay`
    Save {
        /// The file to write
        #[arg(value_name = "FILE", default_value = "journal.bin")]
        file: PathBuf,
        /// Which node
        #[command(flatten)]
        node: NodeArguments,
    },
    /// What was decided about flows, and how they stood
    #[command(after_help = FLOWS)]
    Flows {
        /// A journal, plain or packed, as `swell journal save` writes it
        #[arg(value_name = "FILE", default_value = "journal.bin")]
        file: PathBuf,
        /// Say instead what was decided about this flow, when and why
        #[arg(long, value_name = "NAME", conflicts_with = "output")]
        flow: Option<String>,
        /// `table` for decisions by flow, `csv` for how flows stood, as `swell sim flow --recording`
        /// reads it, or a file ending in .csv or .txt; may be repeated [default: table]
        #[arg(short, long, value_name = "OUTPUT")]
        output: Vec<Output>,
    },
    /// Every forecast beside the calls that came: as a node recorded the last hours of them, or as
    /// a journal holds those that its mind heard
    Forecasts {
        /// A journal, plain or packed, as `swell journal save` or `swell sim keepalive` writes it
        /// [default: what the node recorded]
        #[arg(value_name = "FILE")]
        file: Option<PathBuf>,
        /// `table` for sums by function, `csv` for every step of every forecast, or a file ending
        /// in .csv or .txt; may be repeated [default: table]
        #[arg(short, long, value_name = "OUTPUT")]
        output: Vec<Output>,
        /// Which node
        #[command(flatten)]
        node: NodeArguments,
    },
}
