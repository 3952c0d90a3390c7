//! `swell flow` and `swell top`: flows between functions on a node.

use clap::{Args, Subcommand};
use swell_core::time::Span;

use crate::cli::form::Listing;
use crate::cli::node::NodeArguments;

const EXAMPLES: &str = "\
A flow is deployed with its functions, by `swell deploy -f` of a manifest with a [[flow]]. Its
owner is the function that is called with the items: `to`, or one of `owners`.

Examples:
  swell flow list
  swell flow explain frames
  swell flow migrate frames detect-lite
  swell flow pin frames detect";

/// Arguments of `swell flow`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct FlowsArguments {
    /// What to do.
    #[command(subcommand)]
    pub command: FlowCommand,
}

/// What to do with flows.
#[derive(Debug, Subcommand)]
pub enum FlowCommand {
    /// List flows
    #[command(visible_alias = "ls")]
    List {
        /// In which form
        #[arg(short, long, value_name = "FORM", default_value = "table")]
        output: Listing,
        /// Which node
        #[command(flatten)]
        node: NodeArguments,
    },
    /// Tell everything about a flow
    Show(OneFlow),
    /// Tell why a flow is where it is
    Explain(OneFlow),
    /// Let another function own a flow, from the next item on
    Migrate {
        /// The flow
        name: String,
        /// The function
        #[arg(value_name = "FUNCTION")]
        to: String,
        /// Which node
        #[command(flatten)]
        node: NodeArguments,
    },
    /// Keep a flow with a function, whatever the analyzer finds
    Pin {
        /// The flow
        name: String,
        /// The function
        #[arg(value_name = "FUNCTION")]
        to: String,
        /// Which node
        #[command(flatten)]
        node: NodeArguments,
    },
    /// Let a pinned flow change hands again
    Unpin(NamedFlow),
    /// Let the analyzer leave a flow as it is
    Freeze(NamedFlow),
    /// Let the analyzer move a frozen flow again
    Unfreeze(NamedFlow),
    /// Remove a flow
    Rm {
        /// The flow
        name: String,
        /// Also one with items in it, which are then gone
        #[arg(long)]
        discard: bool,
        /// Which node
        #[command(flatten)]
        node: NodeArguments,
    },
}

/// A flow, shown in some form.
#[derive(Debug, Args)]
pub struct OneFlow {
    /// The flow
    pub name: String,
    /// In which form
    #[arg(short, long, value_name = "FORM", default_value = "table")]
    pub output: Listing,
    /// Which node
    #[command(flatten)]
    pub node: NodeArguments,
}

/// A flow.
#[derive(Debug, Args)]
pub struct NamedFlow {
    /// The flow
    pub name: String,
    /// Which node
    #[command(flatten)]
    pub node: NodeArguments,
}

/// Arguments of `swell top`.
#[derive(Debug, Args)]
pub struct TopArguments {
    /// How often the table is drawn anew
    #[arg(long, value_name = "SPAN", default_value = "1s")]
    pub every: Span,
    /// Draw it so many times; as long as it is not interrupted if left out
    #[arg(short = 'n', long, value_name = "N")]
    pub times: Option<u64>,
    /// Which node
    #[command(flatten)]
    pub node: NodeArguments,
}
