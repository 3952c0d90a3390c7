//! `swell cache`: cache groups, as a node sees them.

use clap::{Args, Subcommand};

use crate::cli::form::Listing;
use crate::cli::node::NodeArguments;

const VOTERS_EXAMPLES: &str = "\
Examples:
  swell cache voters show shop
  swell cache voters replace shop oslo rome      # a box that died, by one that is up
  swell cache voters set shop berlin,paris,rome
  swell cache voters settings shop mill          # as the settings of the node name them
  swell cache voters set shop berlin --lost oslo,paris

A change is made by the group's leader while all goes on: it needs a majority of the voters, an
answer of everybody who is new, and the data store.";

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
    /// Have a content led by the group of another workload
    Move(OneMove),
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

/// A content, and the group it is to go to.
#[derive(Debug, Args)]
pub struct OneMove {
    /// Workload and name
    #[arg(value_name = "WORKLOAD/NAME")]
    pub name: String,
    /// The workload whose group is to lead it; its own takes it back
    #[arg(value_name = "WORKLOAD")]
    pub group: String,
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

/// Arguments of `swell cache voters`.
#[derive(Debug, Args)]
#[command(after_help = VOTERS_EXAMPLES)]
pub struct VotersArguments {
    /// What to do.
    #[command(subcommand)]
    pub command: VotersCommand,
}

/// Where to ask, and how to show the answer.
#[derive(Debug, Args)]
pub struct How {
    /// In which form
    #[arg(short, long, value_name = "FORM", default_value = "table")]
    pub output: Listing,
    /// Which node
    #[command(flatten)]
    pub node: NodeArguments,
}

/// What to do with voters.
#[derive(Debug, Subcommand)]
pub enum VotersCommand {
    /// Tell who votes
    Show {
        /// The workload of the group
        workload: String,
        /// Where and how
        #[command(flatten)]
        how: How,
    },
    /// Make these vote
    Set {
        /// The workload of the group
        workload: String,
        /// Who is to vote, in the order in which they stand for election; one to five
        #[arg(value_delimiter = ',', required = true)]
        voters: Vec<String>,
        /// Voters that are gone for good, so many that no leader can be elected any more. What
        /// waits for the data store with them alone is lost, and one that still ran would be
        /// believed by who reaches it
        #[arg(long, value_name = "NODES", value_delimiter = ',')]
        lost: Vec<String>,
        /// Where and how
        #[command(flatten)]
        how: How,
    },
    /// Make one more vote
    Add {
        /// The workload of the group
        workload: String,
        /// Who is to vote as well
        voter: String,
        /// Where and how
        #[command(flatten)]
        how: How,
    },
    /// Let one vote no more
    Remove {
        /// The workload of the group
        workload: String,
        /// Who votes no more
        voter: String,
        /// Where and how
        #[command(flatten)]
        how: How,
    },
    /// Make one vote in place of another
    Replace {
        /// The workload of the group
        workload: String,
        /// Who votes no more
        from: String,
        /// Who does instead
        to: String,
        /// Where and how
        #[command(flatten)]
        how: How,
    },
    /// Make those vote whom the node's settings name
    Settings {
        /// The workloads of the groups; those in which others vote, if none is named
        workloads: Vec<String>,
        /// Where and how
        #[command(flatten)]
        how: How,
    },
}
