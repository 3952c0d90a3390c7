//! `swell site`, `proposal`, `authority` and `ledger`: sites that agree who carries what.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use swell_core::time::Span;
use swell_outlook::methods::Method;

use crate::cli::capacity::CapacityArguments;
use crate::cli::checked::span;
use crate::cli::form::{Listing, ListingArguments};
use crate::cli::node::NodeArguments;
use crate::cli::site_node::SiteNodeCommand;

const EXAMPLES: &str = "\
Examples:
  swell site init --name oslo --cluster shop --cpu 8
  swell site invite lima > lima.json
  swell site join lima.json --cpu 8 --ports 7411 --node http://10.0.0.8:7070
  swell site list
  swell site remove rome                 # a box that is gone for good
  swell site mode shadow
  swell site receipt
  swell site forecast --workload shop
  swell site node invite attic > attic.json
  swell site node join attic.json --cpu 4 --node http://10.0.0.9:7070
  swell site node list

An invitation holds keys: whoever has it can join in that name. Sites speak to each other by
certificate, on three ports of their own.";

/// Arguments of `swell site`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct SiteArguments {
    /// What to do.
    #[command(subcommand)]
    pub command: SiteCommand,
}

/// What to do with a site.
#[derive(Debug, Subcommand)]
pub enum SiteCommand {
    /// Make the node the first site of a cluster
    Init {
        /// What the site is called
        #[arg(long)]
        name: String,
        /// What the cluster is called
        #[arg(long, default_value = "swell")]
        cluster: String,
        /// Length of the slots that forecasts speak of; it cannot be changed later. Shorter than a minute
        /// is for demonstrations: leases and rests then last ten slots [default: 2m]
        #[arg(long, value_name = "SPAN")]
        slot: Option<Span>,
        /// What it can bear
        #[command(flatten)]
        capacity: CapacityArguments,
        /// Which of the methods of forecasting the site believes: `usual`, `best`, or one such as
        /// `lstm`, `arima` or `theta` [default: usual]
        #[arg(long, value_name = "METHOD")]
        method: Option<Method>,
        /// Where others reach it
        #[command(flatten)]
        reach: ReachArguments,
        /// In which form
        #[command(flatten)]
        form: ListingArguments,
        /// Which node
        #[command(flatten)]
        node: NodeArguments,
    },
    /// Print what another node needs to join as that site; asked of the first site
    Invite {
        /// What the new site will be called
        name: String,
        /// Which node
        #[command(flatten)]
        node: NodeArguments,
    },
    /// Let the node join a cluster
    Join {
        /// The invitation
        invitation: PathBuf,
        /// What it can bear
        #[command(flatten)]
        capacity: CapacityArguments,
        /// Which of the methods of forecasting the site believes: `usual`, `best`, or one such as
        /// `lstm`, `arima` or `theta` [default: usual]
        #[arg(long, value_name = "METHOD")]
        method: Option<Method>,
        /// Where others reach it
        #[command(flatten)]
        reach: ReachArguments,
        /// In which form
        #[command(flatten)]
        form: ListingArguments,
        /// Which node
        #[command(flatten)]
        node: NodeArguments,
    },
    /// Let the node leave its cluster; it must hold no workloads
    Leave {
        /// Forget the cluster without asking it, where its other sites are no more
        #[arg(long)]
        forget: bool,
        /// In which form
        #[command(flatten)]
        form: ListingArguments,
        /// Which node
        #[command(flatten)]
        node: NodeArguments,
    },
    /// Remove another site that is gone for good; what it held must have been taken over
    Remove {
        /// The site
        name: String,
        /// In which form
        #[command(flatten)]
        form: ListingArguments,
        /// Which node
        #[command(flatten)]
        node: NodeArguments,
    },
    /// Have the site certified anew, with new keys; it uses them from the next start of its node
    Renew {
        /// In which form
        #[command(flatten)]
        form: ListingArguments,
        /// Which node
        #[command(flatten)]
        node: NodeArguments,
    },
    /// List the sites: how full they are and will be, and what they weigh
    List {
        /// How true it must be
        #[command(flatten)]
        reading: Reading,
        /// In which form
        #[arg(short, long, value_name = "FORM", default_value = "table")]
        output: Listing,
        /// Which node
        #[command(flatten)]
        node: NodeArguments,
    },
    /// Show how the node's site stands to its cluster
    Status {
        /// How true it must be
        #[command(flatten)]
        reading: Reading,
        /// In which form
        #[arg(short, long, value_name = "FORM", default_value = "table")]
        output: Listing,
        /// Which node
        #[command(flatten)]
        node: NodeArguments,
    },
    /// Show what the node's site expects of sites and workloads, with quantiles, slot by slot
    Forecast {
        /// Only of this site and its workloads
        #[arg(long)]
        site: Option<String>,
        /// Only of this workload
        #[arg(long)]
        workload: Option<String>,
        /// Only of this node of the site
        #[arg(long = "of-node", value_name = "NODE")]
        of_node: Option<String>,
        /// In which form
        #[arg(short, long, value_name = "FORM", default_value = "table")]
        output: Listing,
        /// Which node
        #[command(flatten)]
        node: NodeArguments,
    },
    /// Show what moves that were approved in mode `shadow` would have saved and cost
    Receipt {
        /// How long ago it begins, such as 12h or 7d
        #[arg(long, value_name = "SPAN", default_value = "24h", value_parser = span)]
        since: String,
        /// In which form
        #[arg(short, long, value_name = "FORM", default_value = "table")]
        output: Listing,
        /// Which node
        #[command(flatten)]
        node: NodeArguments,
    },
    /// Nodes that serve what this site serves
    #[command(subcommand)]
    Node(SiteNodeCommand),
    /// Set whether anything moves, at all sites
    Mode {
        /// The mode
        mode: Mode,
        /// Only for this workload; of its own mode and that of all the stricter holds
        #[arg(long)]
        workload: Option<String>,
        /// In which form
        #[command(flatten)]
        form: ListingArguments,
        /// Which node
        #[command(flatten)]
        node: NodeArguments,
    },
}

/// Whether anything moves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Mode {
    /// Nothing is proposed
    Off,
    /// Proposals are voted on, and nothing moves
    Shadow,
    /// What is approved is done
    On,
    /// A workload goes by the mode of all again
    Inherit,
}

/// Where others reach a site.
#[derive(Debug, Clone, Args)]
pub struct ReachArguments {
    /// The address or name by which other sites reach this machine [default: the one that the node
    /// listens at]
    #[arg(long, value_name = "HOST")]
    pub address: Option<String>,
    /// The first of three ports in a row that other sites reach: for state, for the log and
    /// transfers, for items of flows [default: three that are free]
    #[arg(long, value_name = "PORT")]
    pub ports: Option<u16>,
}

/// How true what is shown must be.
#[derive(Debug, Clone, Copy, Args)]
pub struct Reading {
    /// Show all that was decided anywhere by now (linearizable), or fail where no majority of the
    /// sites answers; otherwise what the site knows is shown then, and said to be stale
    #[arg(long, conflicts_with = "local")]
    pub fresh: bool,
    /// Show what the site knows, without asking others
    #[arg(long)]
    pub local: bool,
}

/// Arguments of `swell proposal`.
#[derive(Debug, Args)]
pub struct ProposalArguments {
    /// What to do.
    #[command(subcommand)]
    pub command: ProposalCommand,
}

/// What to do with proposals.
#[derive(Debug, Subcommand)]
pub enum ProposalCommand {
    /// List proposals, the newest first
    List {
        /// How true it must be
        #[command(flatten)]
        reading: Reading,
        /// In which form
        #[arg(short, long, value_name = "FORM", default_value = "table")]
        output: Listing,
        /// Which node
        #[command(flatten)]
        node: NodeArguments,
    },
    /// Show a proposal: why, who voted what, and what happened
    Show {
        /// Its id
        id: u64,
        /// How true it must be
        #[command(flatten)]
        reading: Reading,
        /// In which form
        #[arg(short, long, value_name = "FORM", default_value = "table")]
        output: Listing,
        /// Which node
        #[command(flatten)]
        node: NodeArguments,
    },
    /// Propose a move; it is voted on as those of sites are
    File(FileArguments),
    /// Take a proposal back that this site filed; or stop its move, which goes back, at the site
    /// that filed it, its source or its destination
    Withdraw {
        /// Its id
        id: u64,
        /// In which form
        #[command(flatten)]
        form: ListingArguments,
        /// Which node
        #[command(flatten)]
        node: NodeArguments,
    },
}

/// Arguments of `swell proposal file`.
#[derive(Debug, Args)]
pub struct FileArguments {
    /// What is to move; all of it is at one site
    #[arg(required = true)]
    pub workloads: Vec<String>,
    /// The site where it is to go
    #[arg(long, value_name = "SITE")]
    pub to: String,
    /// Until when it must be decided
    #[arg(long, value_name = "SPAN", default_value = "10m")]
    pub within: Span,
    /// Slots over which it is looked whether it helped
    #[arg(long, value_name = "SLOTS", default_value_t = 3)]
    pub check: u64,
    /// What share of its processors the destination may use meanwhile, at most 1 [default: as the
    /// rules say]
    #[arg(long, value_name = "SHARE", value_parser = at_most)]
    pub at_most: Option<f64>,
    /// Leave it there even if it did not help
    #[arg(long)]
    pub stay: bool,
    /// Order it though the same move was taken back, or the workload has just moved: what was in
    /// its way is gone
    #[arg(long)]
    pub again: bool,
    /// In which form
    #[command(flatten)]
    pub form: ListingArguments,
    /// Which node
    #[command(flatten)]
    pub node: NodeArguments,
}

/// Arguments of `swell authority`.
#[derive(Debug, Args)]
pub struct AuthorityArguments {
    /// What to do.
    #[command(subcommand)]
    pub command: AuthorityCommand,
}

/// What to do with authority over workloads.
#[derive(Debug, Subcommand)]
pub enum AuthorityCommand {
    /// List workloads with the site that has authority over each
    List {
        /// How true it must be
        #[command(flatten)]
        reading: Reading,
        /// In which form
        #[arg(short, long, value_name = "FORM", default_value = "table")]
        output: Listing,
        /// Which node
        #[command(flatten)]
        node: NodeArguments,
    },
    /// Propose that a site takes a workload over; the same as `swell proposal file`
    Move(FileArguments),
    /// Forget a workload whose site is lost with all that was kept of it: its name is free again
    Forget {
        /// Which
        workload: String,
        /// In which form
        #[command(flatten)]
        form: ListingArguments,
        /// Which node
        #[command(flatten)]
        node: NodeArguments,
    },
}

/// Arguments of `swell ledger`.
#[derive(Debug, Args)]
pub struct LedgerArguments {
    /// Only that of this site
    #[arg(long)]
    pub site: Option<String>,
    /// Show slot by slot what was forecast, and what then came
    #[arg(long)]
    pub slots: bool,
    /// How true it must be
    #[command(flatten)]
    pub reading: Reading,
    /// In which form
    #[arg(short, long, value_name = "FORM", default_value = "table")]
    pub output: Listing,
    /// Which node
    #[command(flatten)]
    pub node: NodeArguments,
}

fn at_most(text: &str) -> Result<f64, String> {
    let share = text.parse().ok().filter(|share| *share > 0.0 && *share <= 1.0);
    share.ok_or_else(|| "it is no share above 0 and at most 1, such as 0.85".to_string())
}
