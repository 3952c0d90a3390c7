//! `swell site node`: nodes that serve what a site serves.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use crate::cli::capacity::CapacityArguments;
use crate::cli::form::{Listing, ListingArguments};
use crate::cli::node::NodeArguments;

/// What to do with the nodes of a site.
#[derive(Debug, Subcommand)]
pub enum SiteNodeCommand {
    /// Print what another node needs to join this site; asked of the node that has its seat
    Invite {
        /// What the new node will be called at the site
        name: String,
        /// Which node
        #[command(flatten)]
        node: NodeArguments,
    },
    /// Let the node serve what a site serves; it must have no functions of its own
    Join {
        /// The invitation
        invitation: PathBuf,
        /// What it can bear
        #[command(flatten)]
        capacity: CapacityArguments,
        /// Where others reach it
        #[command(flatten)]
        reach: NodeReachArguments,
        /// In which form
        #[command(flatten)]
        form: ListingArguments,
        /// Which node
        #[command(flatten)]
        node: NodeArguments,
    },
    /// List the nodes of the site: how full each is, and what it does not serve
    List {
        /// In which form
        #[arg(short, long, value_name = "FORM", default_value = "table")]
        output: Listing,
        /// Which node
        #[command(flatten)]
        node: NodeArguments,
    },
    /// Let the node leave its site; what it had of the site's is removed from it
    Leave {
        /// Even if the seat does not hear, where it is gone for good
        #[arg(long)]
        forget: bool,
        /// In which form
        #[command(flatten)]
        form: ListingArguments,
        /// Which node
        #[command(flatten)]
        node: NodeArguments,
    },
    /// Remove another node from the site
    Remove {
        /// The node
        name: String,
        /// In which form
        #[command(flatten)]
        form: ListingArguments,
        /// Which node
        #[command(flatten)]
        node: NodeArguments,
    },
}

/// Where other nodes of its site reach a node.
#[derive(Debug, Clone, Args)]
pub struct NodeReachArguments {
    /// The address or name by which others reach this machine [default: the one that the node
    /// listens at]
    #[arg(long, value_name = "HOST")]
    pub address: Option<String>,
    /// The port that other nodes of the site reach [default: one that is free]
    #[arg(long, value_name = "PORT")]
    pub port: Option<u16>,
}
