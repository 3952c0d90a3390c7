//! `swell cache`: cache groups, as a node sees them.

use clap::{Args, Subcommand};

use crate::cli::form::Listing;
use crate::cli::node::NodeArguments;
use crate::cli::voters::VotersArguments;

/// Arguments of `swell cache`.
#[derive(Debug, Args)]
pub struct CachesArguments {
    /// What to do.
    #[command(subcommand)]
    pub command: CachesCommand,
}

/// What to do with cache groups.
#[derive(Debug, Subcommand)]
pub enum CachesCommand {
    /// List the groups that a node is in, with their leaders
    Groups {
        /// In which form
        #[arg(short, long, value_name = "FORM", default_value = "table")]
        output: Listing,
        /// Which node
        #[command(flatten)]
        node: NodeArguments,
    },
    /// Tell where contents are, who shares them, and what was counted
    Members {
        /// In which form
        #[arg(short, long, value_name = "FORM", default_value = "table")]
        output: Listing,
        /// Which node
        #[command(flatten)]
        node: NodeArguments,
    },
    /// Tell how a content stands at a node
    Show(OneContent),
    /// Tell who votes in a group, or make others vote
    Voters(VotersArguments),
    /// Tell where a content would be read from, or a function be called, and why
    Why(Asked),
}

/// A content or a function.
#[derive(Debug, Args)]
pub struct Asked {
    /// Workload and name of a content, or the name of a function
    #[arg(value_name = "WORKLOAD/NAME|FUNCTION")]
    pub name: String,
    /// In which form
    #[arg(short, long, value_name = "FORM", default_value = "table")]
    pub output: Listing,
    /// Which node
    #[command(flatten)]
    pub node: NodeArguments,
}

/// A content at a node.
#[derive(Debug, Args)]
pub struct OneContent {
    /// Workload and name
    #[arg(value_name = "WORKLOAD/NAME")]
    pub name: String,
    /// In which form
    #[arg(short, long, value_name = "FORM", default_value = "table")]
    pub output: Listing,
    /// Which node
    #[command(flatten)]
    pub node: NodeArguments,
}
