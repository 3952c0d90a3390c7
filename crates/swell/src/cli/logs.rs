//! `swell logs`, what guests wrote.

use clap::Args;

use crate::cli::form::Listing;
use crate::cli::node::NodeArguments;

/// Arguments of `swell logs`.
#[derive(Debug, Args)]
pub struct LogsArguments {
    /// Only lines of this function
    #[arg(value_name = "NAME")]
    pub function: Option<String>,
    /// Go on with lines to come
    #[arg(short, long)]
    pub follow: bool,
    /// Only lines after the one of this number
    #[arg(long, value_name = "NUMBER")]
    pub since: Option<u64>,
    /// Only the newest so many of those the node keeps
    #[arg(short = 'n', long, value_name = "N")]
    pub tail: Option<usize>,
    /// In which form; json is a line of JSON for each line with --follow, else an array
    #[arg(short, long, value_name = "FORM", default_value = "table")]
    pub output: Listing,
    /// Which node
    #[command(flatten)]
    pub node: NodeArguments,
}
