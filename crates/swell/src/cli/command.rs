//! The commands of the program, as the first word that people type.

use clap::{Parser, Subcommand};

use crate::cli::bench::BenchArguments;
use crate::cli::cache::CacheArguments;
use crate::cli::caches::CachesArguments;
use crate::cli::certificate::CertificateArguments;
use crate::cli::clone::CloneArguments;
use crate::cli::completions::CompletionsArguments;
use crate::cli::component::ComponentArguments;
use crate::cli::config::ConfigArguments;
use crate::cli::content::ContentArguments;
use crate::cli::demo::DemoArguments;
use crate::cli::deploy::{DeployArguments, PlanArguments};
use crate::cli::doctor::DoctorArguments;
use crate::cli::events::EventsArguments;
use crate::cli::flow::FlowArguments;
use crate::cli::flows::{FlowsArguments, TopArguments};
use crate::cli::forecast::ForecastArguments;
use crate::cli::functions::{
    ListArguments, NamesArguments, OneArguments, PsArguments, RemoveArguments, RollbackArguments,
    ScaleArguments, TrafficArguments,
};
use crate::cli::invoke::InvokeArguments;
use crate::cli::journal::JournalArguments;
use crate::cli::keepalive::KeepAliveArguments;
use crate::cli::logs::LogsArguments;
use crate::cli::manifest::ManifestArguments;
use crate::cli::new::NewArguments;
use crate::cli::policy::PolicyArguments;
use crate::cli::queue::QueueArguments;
use crate::cli::receipt::ReceiptArguments;
use crate::cli::replay::ReplayArguments;
use crate::cli::site::{AuthorityArguments, LedgerArguments, ProposalArguments, SiteArguments};
use crate::cli::sites::SitesArguments;
use crate::cli::trace::TraceArguments;
use crate::cli::up::UpArguments;
use crate::cli::watch::WatchArguments;

/// An edge serverless platform: functions that are warm before they are needed.
///
/// Start with `swell demo`. Results go to the standard output, progress to the standard
/// error. Exit codes: 0 done; 1 failed, or different where things are compared; 2 asked for
/// wrongly, by an option or in a file; 3 the function that was called failed; 130
/// interrupted (what was done until then is printed).
#[derive(Debug, Parser)]
#[command(name = "swell", version, max_term_width = 100)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// See a node serve recorded traffic on this machine, and what came of it
    Demo(DemoArguments),
    /// Turn this machine into a node that serves functions
    Up(Box<UpArguments>),
    /// Begin a function: source, build files, manifest
    New(NewArguments),
    /// Deploy a function, or a manifest of several
    Deploy(Box<DeployArguments>),
    /// Show what deploying a manifest would change
    Plan(PlanArguments),
    /// Build and deploy again what changes
    Watch(WatchArguments),
    /// Call a function
    Invoke(Box<InvokeArguments>),
    /// List functions
    #[command(visible_alias = "ls")]
    List(ListArguments),
    /// List instances
    Ps(PsArguments),
    /// Tell everything about a function
    Describe(OneArguments),
    /// Print what functions wrote
    Logs(LogsArguments),
    /// Change how many instances a function has
    Scale(ScaleArguments),
    /// Let calls of functions be refused
    Pause(NamesArguments),
    /// Let paused functions serve again
    Resume(NamesArguments),
    /// Remove functions with all their versions
    Rm(RemoveArguments),
    /// List the versions of a function
    Versions(OneArguments),
    /// Give all traffic to an earlier version
    Rollback(RollbackArguments),
    /// Share the traffic of a function among versions
    Traffic(TrafficArguments),
    /// Asynchronous calls and dead letters
    Queue(QueueArguments),
    /// Flows between functions: where they are, and why
    Flow(FlowsArguments),
    /// Contents of cache groups: write, read, list, delete
    Content(ContentArguments),
    /// Cache groups: who leads, who has what, and why
    Cache(CachesArguments),
    /// Found the authority of a cluster, and certify its nodes
    Certificate(CertificateArguments),
    /// Watch functions and flows as they run
    Top(TopArguments),
    /// Save what a node recorded of its decisions
    Journal(JournalArguments),
    /// The settings that a node would have here
    Config(ConfigArguments),
    /// Look whether this machine and what is set for it are fit for a node
    Doctor(Box<DoctorArguments>),
    /// Make a component of a core module, or print what it may import
    Component(ComponentArguments),
    /// What can be written in a manifest
    Manifest(ManifestArguments),
    /// Try a decision on recorded or generated traffic
    Sim(SimArguments),
    /// Forecast how often functions are called, and score such forecasts
    Forecast(ForecastArguments),
    /// Announce what is known to come: campaigns, releases, maintenance
    Events(EventsArguments),
    /// Sites that agree who carries which workload: found, join, show them
    Site(SiteArguments),
    /// Proposals to move workloads between sites, and what came of them
    Proposal(ProposalArguments),
    /// Which site has authority over which workload
    Authority(AuthorityArguments),
    /// What sites forecast of themselves, what then came, and what they weigh for it
    Ledger(LedgerArguments),
    /// What clones made ahead of calls saved and cost, or would have
    Receipt(ReceiptArguments),
    /// Decide a recorded run again, to see whether it is decided the same
    Replay(ReplayArguments),
    /// Put load on a node that runs
    Bench(BenchArguments),
    /// Inspect, convert, sample and generate traces
    Trace(TraceArguments),
    /// List the keep-alive policies and what they take
    Policy(PolicyArguments),
    /// Print a completion script for a shell
    Completions(CompletionsArguments),
}

/// What to simulate.
#[derive(Debug, clap::Args)]
pub struct SimArguments {
    /// What to simulate.
    #[command(subcommand)]
    pub command: SimCommand,
}

/// What to simulate.
#[derive(Debug, Subcommand)]
pub enum SimCommand {
    /// Which keep-alive policy has the fewest cold and dropped calls at which memory size?
    Keepalive(Box<KeepAliveArguments>),
    /// How many cold starts do clones save that are made ahead of demand, and at what cost?
    Clone(Box<CloneArguments>),
    /// Does it pay to let FIFOs change hands, and by which rule?
    Flow(FlowArguments),
    /// Do sites that forecast, vote and move workloads fare better than a threshold?
    Sites(Box<SitesArguments>),
    /// How many requests do caches serve together, and how fast, by which strategy?
    Cache(Box<CacheArguments>),
}
