//! `swell flow` and `swell top`: flows between functions on a node.

use std::path::PathBuf;

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
  swell flow migrate frames --to-node berlin=10.0.0.2:7403
  swell flow pin frames detect
  swell flow record --for 10m -o flows.csv
  tail -f sensor.log | swell flow send readings --as sensor
  swell flow receive alarms --as pager";

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
    /// Let another function own a flow, from the next item on, or another node have it
    #[command(
        override_usage = "swell flow migrate [OPTIONS] <NAME> <FUNCTION | --to-node NODE=ADDRESS>"
    )]
    Migrate {
        /// The flow
        name: String,
        /// The function
        #[arg(value_name = "FUNCTION", required_unless_present = "to_node")]
        to: Option<String>,
        /// The node, and where it listens for flows, such as berlin=10.0.0.2:7403
        #[arg(long, value_name = "NODE=ADDRESS", conflicts_with = "to")]
        to_node: Option<String>,
        /// Which node
        #[command(flatten)]
        node: NodeArguments,
    },
    /// Keep a flow with a function, or its owner on a core, whatever the analyzer finds
    #[command(override_usage = "swell flow pin [OPTIONS] <NAME> <FUNCTION | --core N>")]
    Pin {
        /// The flow
        name: String,
        /// The function
        #[arg(value_name = "FUNCTION", required_unless_present = "core")]
        to: Option<String>,
        /// A core of the machine that the flow's owner works on, on a thread of its own
        #[arg(long, value_name = "N")]
        core: Option<u32>,
        /// Which node
        #[command(flatten)]
        node: NodeArguments,
    },
    /// Let a pinned flow change hands and cores again
    Unpin(NamedFlow),
    /// Let the analyzer leave a flow as it is
    Freeze(NamedFlow),
    /// Let the analyzer move a frozen flow again
    Unfreeze(NamedFlow),
    /// Record what comes and goes, for `swell sim flow --recording`
    Record(RecordArguments),
    /// Put lines or files into a flow, as a native process of this machine
    Send(SendArguments),
    /// Take items out of a flow, as a native process of this machine
    Receive(ReceiveArguments),
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

/// Arguments of `swell flow record`.
#[derive(Debug, Args)]
pub struct RecordArguments {
    /// Flows; all if none is named
    #[arg(value_name = "FLOW")]
    pub names: Vec<String>,
    /// The file to write, a table with a header (CSV)
    #[arg(short, long, value_name = "FILE")]
    pub output: PathBuf,
    /// How long to record; until it is interrupted if left out
    #[arg(long = "for", value_name = "SPAN")]
    pub span: Option<Span>,
    /// How often to look
    #[arg(long, value_name = "SPAN", default_value = "100ms")]
    pub every: Span,
    /// Which node
    #[command(flatten)]
    pub node: NodeArguments,
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

/// Arguments of `swell flow send`.
#[derive(Debug, Args)]
pub struct SendArguments {
    /// The flow
    pub flow: String,
    /// Files, each of which becomes an item; the lines of the standard input if none is named
    #[arg(value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// Their media type
    #[arg(long, value_name = "TYPE", default_value = "application/octet-stream")]
    pub media_type: String,
    /// How it takes part
    #[command(flatten)]
    pub end: EndArguments,
}

/// Arguments of `swell flow receive`.
#[derive(Debug, Args)]
pub struct ReceiveArguments {
    /// The flow
    pub flow: String,
    /// End after so many items; never if left out
    #[arg(short = 'n', long, value_name = "N")]
    pub items: Option<u64>,
    /// End when none has come for so long; never if left out
    #[arg(long, value_name = "SPAN")]
    pub idle: Option<Span>,
    /// Write each item into a file of this folder, instead of a line of the standard output
    #[arg(long, value_name = "FOLDER")]
    pub folder: Option<PathBuf>,
    /// Begin each line with the item's name and a tab
    #[arg(long, conflicts_with = "folder")]
    pub names: bool,
    /// How it takes part
    #[command(flatten)]
    pub end: EndArguments,
}

/// How a native process takes part in a flow.
#[derive(Debug, Args)]
pub struct EndArguments {
    /// The process, NAME where the flow states `native:NAME`
    #[arg(long = "as", value_name = "NAME")]
    pub name: String,
    /// The node's socket [environment: SWELL_FLOW_SOCKET] [default: flow.sock in its data folder]
    #[arg(long, value_name = "PATH")]
    pub socket: Option<PathBuf>,
    /// The node's data folder, where that is not the usual one
    #[arg(long, value_name = "FOLDER")]
    pub data: Option<String>,
    /// How long to wait for a node that is not there
    #[arg(long, value_name = "SPAN", default_value = "10s")]
    pub patience: Span,
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
