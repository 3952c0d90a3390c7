//! `swell receipt`, what clones saved and cost, or would have.

use clap::Args;

use crate::cli::checked::span;
use crate::cli::form::Listing;
use crate::cli::node::NodeArguments;

/// Arguments of `swell receipt`.
#[derive(Debug, Args)]
pub struct ReceiptArguments {
    /// How long ago it begins, such as 12h or 7d
    #[arg(long, value_name = "SPAN", default_value = "7d", value_parser = span)]
    pub since: String,
    /// In which form
    #[arg(short, long, value_name = "FORM", default_value = "table")]
    pub output: Listing,
    /// Which node
    #[command(flatten)]
    pub node: NodeArguments,
}
