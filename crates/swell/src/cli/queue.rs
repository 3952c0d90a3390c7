//! `swell queue`, asynchronous calls and dead letters.

use clap::{Args, Subcommand, ValueEnum};
use swell_api::invocation::InvocationState;

use crate::cli::form::Listing;
use crate::cli::node::NodeArguments;

/// Arguments of `swell queue`.
#[derive(Debug, Args)]
pub struct QueueArguments {
    /// What to do.
    #[command(subcommand)]
    pub command: QueueCommand,
}

/// What to do with asynchronous calls.
#[derive(Debug, Subcommand)]
pub enum QueueCommand {
    /// Calls, newest first
    List {
        /// Only those that stand there
        #[arg(long, value_name = "STATE")]
        state: Option<Stand>,
        /// Only those of this function
        #[arg(long, value_name = "NAME")]
        function: Option<String>,
        /// So many at most
        #[arg(long, value_name = "N", default_value_t = 100)]
        limit: usize,
        /// In which form
        #[arg(short, long, value_name = "FORM", default_value = "table")]
        output: Listing,
        /// Which node
        #[command(flatten)]
        node: NodeArguments,
    },
    /// Dead letters: calls that were given up
    Dead {
        /// Only those of this function
        #[arg(long, value_name = "NAME")]
        function: Option<String>,
        /// So many at most
        #[arg(long, value_name = "N", default_value_t = 100)]
        limit: usize,
        /// In which form
        #[arg(short, long, value_name = "FORM", default_value = "table")]
        output: Listing,
        /// Which node
        #[command(flatten)]
        node: NodeArguments,
    },
    /// One call
    Show {
        /// Its id
        id: String,
        /// In which form
        #[arg(short, long, value_name = "FORM", default_value = "table")]
        output: Listing,
        /// Which node
        #[command(flatten)]
        node: NodeArguments,
    },
    /// The answer of a call; exit code 3 if the function failed
    Result {
        /// Its id
        id: String,
        /// Which node
        #[command(flatten)]
        node: NodeArguments,
    },
    /// Try dead letters again
    Replay(Chosen),
    /// Forget calls
    Discard(Chosen),
}

/// Calls by their ids, or all dead letters.
#[derive(Debug, Args)]
pub struct Chosen {
    /// Ids of calls
    #[arg(value_name = "ID", required_unless_present = "dead", conflicts_with = "dead")]
    pub ids: Vec<String>,
    /// All dead letters
    #[arg(long)]
    pub dead: bool,
    /// With --dead: only those of this function
    #[arg(long, value_name = "NAME", requires = "dead")]
    pub function: Option<String>,
    /// Which node
    #[command(flatten)]
    pub node: NodeArguments,
}

/// Where a call stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Stand {
    /// It waits for its turn
    Queued,
    /// It is being tried
    Running,
    /// It was answered
    Done,
    /// It was given up
    Dead,
}

impl From<Stand> for InvocationState {
    fn from(stand: Stand) -> Self {
        match stand {
            Stand::Queued => Self::Queued,
            Stand::Running => Self::Running,
            Stand::Done => Self::Done,
            Stand::Dead => Self::Dead,
        }
    }
}
