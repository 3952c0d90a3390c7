//! `swell journal`, what a node recorded of its decisions.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use crate::cli::node::NodeArguments;
use crate::output::Output;

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
