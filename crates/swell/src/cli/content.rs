//! `swell content`: contents of cache groups.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use swell_core::cachegroup::level::{Acknowledgement, ReadLevel};

use crate::cli::form::Listing;
use crate::cli::node::NodeArguments;

const EXAMPLES: &str = "\
A content has a name in a workload, and a version that changes whenever it is written.

Examples:
  swell content put shop/maps/tile-7 tile.png
  swell content get shop/maps/tile-7 -o tile.png
  swell content get shop/maps/tile-7 --read strict
  swell content list shop --prefix maps/
  swell content rm shop/maps/tile-7";

/// Arguments of `swell content`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct ContentArguments {
    /// What to do.
    #[command(subcommand)]
    pub command: ContentCommand,
}

/// What to do with contents.
#[derive(Debug, Subcommand)]
pub enum ContentCommand {
    /// Write a content
    Put {
        /// Workload and name, such as `shop/maps/tile-7`
        #[arg(value_name = "WORKLOAD/NAME")]
        name: String,
        /// What it holds; the standard input if left out
        file: Option<PathBuf>,
        /// Its media type
        #[arg(long = "type", value_name = "TYPE")]
        media_type: Option<String>,
        /// Only if this is its version, as `get` and `put` tell; `none`: only if there is none
        #[arg(long, value_name = "VERSION")]
        on: Option<String>,
        /// How safe it has to be: committed, or pending=COPIES while the data store is away
        #[arg(long, value_name = "LEVEL", default_value = "committed")]
        acknowledge: Acknowledgement,
        /// Which node
        #[command(flatten)]
        node: NodeArguments,
    },
    /// Read a content
    Get {
        /// Workload and name
        #[arg(value_name = "WORKLOAD/NAME")]
        name: String,
        /// Into this file; to the standard output if left out
        #[arg(short, long, value_name = "FILE")]
        output: Option<PathBuf>,
        /// How fresh: strict, causal, bounded=SPAN, any
        #[arg(long, value_name = "LEVEL", default_value = "strict")]
        read: ReadLevel,
        /// Which node
        #[command(flatten)]
        node: NodeArguments,
    },
    /// List contents of a workload
    #[command(visible_alias = "ls")]
    List {
        /// The workload
        workload: String,
        /// Only those whose names begin so
        #[arg(long, default_value = "")]
        prefix: String,
        /// In which form
        #[arg(short, long, value_name = "FORM", default_value = "table")]
        output: Listing,
        /// Which node
        #[command(flatten)]
        node: NodeArguments,
    },
    /// Delete contents
    Rm {
        /// Workload and name of each
        #[arg(value_name = "WORKLOAD/NAME", required = true)]
        names: Vec<String>,
        /// Which node
        #[command(flatten)]
        node: NodeArguments,
    },
}
