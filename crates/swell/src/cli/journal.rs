//! `swell journal`, what a node recorded of its decisions.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use crate::cli::node::NodeArguments;

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
}
