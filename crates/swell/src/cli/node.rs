//! Which node is meant: the same options wherever a node is asked.

use std::path::PathBuf;

use clap::Args;

/// Which node, and how to be let in.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Node")]
pub struct NodeArguments {
    /// The node's address [environment: SWELL_NODE] [default: http://127.0.0.1:7070]
    #[arg(long, value_name = "URL")]
    pub node: Option<String>,

    /// The node's token [environment: SWELL_TOKEN]
    #[arg(long, value_name = "TOKEN", hide_default_value = true)]
    pub token: Option<String>,

    /// A PEM file of certificates to trust, for a node with one of its own making
    /// [environment: SWELL_CA]
    #[arg(long, value_name = "FILE")]
    pub ca: Option<PathBuf>,
}
