//! `swell sim cache`, the simulator of caches that serve a network together.

use clap::{Args, ValueEnum};

use swell_core::time::Span;

use crate::output::Output;

const PROTOCOL: &str = "The real protocol";

const EXAMPLES: &str = "\
Examples:
  swell sim cache
  swell sim cache --strategy group,group:copy=0.1,edge --replacement lru,sieve --seeds 5
  swell sim cache --topology tree --strategy lce,lcd,hr-symm --slots 10,20,40 -o report.html
  swell sim cache --topology path --strategy LCE --replacement LRU --alpha 1 --contents 1000 \\
      --slots 10 --warmup 20000 --requests 60000 --seed 42 -o json
  swell sim cache --topology deck --group 10x32 --workloads 32 --contents 1000 --slots 10 \\
      --warmup 64000 --requests 64000 --seed 7 -o json
  swell sim cache --protocol strict,causal --writes 0.001,0.1 --leader-crashes 3
  swell sim cache --protocol causal --tasks --prefetch off,p0,p0+p1,p0+p1+p2
  swell sim cache --topology isp.txt:source=Milano --strategy cl4m,prob-cache
  swell sim cache --preset mecomm17 -o mecomm17.html

A file of links has two names and a delay in milliseconds per line; every router there has a
cache and a receiver, and the source is 34 ms behind the router with the most neighbours.";

/// Arguments of `swell sim cache`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct CacheArguments {
    /// The network: `deck` (the paper's: a store, leaders around it, members around them),
    /// `path:nodes=10`, `tree:children=3,height=4`, `ring:routers=9`, `garr`, or a file of
    /// links such as `isp.txt:source=Milano,external=34ms`
    #[arg(long, value_name = "NETWORK", default_value = "deck")]
    pub topology: String,

    /// Where copies are looked for and left: LCE, LCD, EDGE, PROB_CACHE, CL4M, HR_SYMM,
    /// NO_CACHE, or `group`; `group:copy=0.1` keeps what another member served one time in ten,
    /// `touch=no` takes a copy that served another not for used; several by commas
    #[arg(long, value_name = "STRATEGY", default_value = "group")]
    pub strategy: Vec<String>,

    /// What leaves a full cache: LRU, FIFO, IN_CACHE_LFU, PERFECT_LFU, RAND, SIEVE or S3-FIFO
    #[arg(long, value_name = "RULE", default_value = "LRU")]
    pub replacement: Vec<String>,

    /// Exponents of Zipf's law of popularity; 0 is uniform
    #[arg(
        long,
        value_name = "ALPHA",
        default_value = "1",
        value_delimiter = ',',
        allow_negative_numbers = true
    )]
    pub alpha: Vec<f64>,

    /// Contents of each workload
    #[arg(long, value_name = "N", default_value_t = 1000)]
    pub contents: u32,

    /// Workloads, each with contents of its own [default: 32 with `deck`, else 1]
    #[arg(long, value_name = "N")]
    pub workloads: Option<u32>,

    /// Contents that each cache can hold
    #[arg(long, value_name = "N", default_value = "10", value_delimiter = ',')]
    pub slots: Vec<u32>,

    /// The same as the share of all contents that all caches together can hold
    #[arg(long, value_name = "SHARE", value_delimiter = ',', conflicts_with = "slots")]
    pub cache_size: Vec<f64>,

    /// Cache groups: members of each, times groups, such as 10x32; one group of the paper's
    /// network is none [default: 10x32 with `deck`]
    #[arg(long, value_name = "MxL", value_delimiter = ',')]
    pub group: Vec<String>,

    /// How long links and workloads are dealt to the members of `deck` [default: even]
    #[arg(long, value_name = "RULE")]
    pub links: Option<Links>,

    /// What finding a copy in a group costs
    #[arg(long, value_name = "RULE", default_value = "oracle", value_delimiter = ',')]
    pub lookup: Vec<Finding>,

    /// Play the real protocol between leaders, members and store, with reads of these levels:
    /// `strict`, `causal`, `bounded=5s` or `any`
    #[arg(long, value_name = "LEVEL", value_delimiter = ',', help_heading = PROTOCOL)]
    pub protocol: Vec<String>,

    /// How leaders help members to what they lack: `point` to who has it, `forward` the question
    /// there, or `relay` what no member has from the data store besides [default: relay]
    #[arg(long, value_name = "WAY", value_delimiter = ',', requires = "protocol", help_heading = PROTOCOL)]
    pub way: Vec<String>,

    /// Tasks of functions in place of single requests, which then count tasks:
    /// `functions=16,inputs=8,startup=20ms,churn=0.02` says how many functions a workload has,
    /// what each reads, how long an instance takes to start, and how often an input is another
    #[arg(long, value_name = "TASKS", requires = "protocol", num_args = 0..=1, default_missing_value = "tasks", help_heading = PROTOCOL)]
    pub tasks: Option<String>,

    /// What is fetched ahead for tasks, to be compared: `off`, `p0` (a task goes to the member
    /// that has its inputs), `p0+p1` (and what its function read before is fetched while it
    /// starts), `p0+p1+p2` (and what its group asks for most) or others of these [default: off]
    #[arg(long, value_name = "LAYERS", value_delimiter = ',', requires = "tasks", help_heading = PROTOCOL)]
    pub prefetch: Vec<String>,

    /// Shares of requests that write [default: 0]
    #[arg(long, value_name = "SHARE", value_delimiter = ',', requires = "protocol", help_heading = PROTOCOL)]
    pub writes: Vec<f64>,

    /// Requests of each member per second, at random moments [default: 1]
    #[arg(long, value_name = "RATE", requires = "protocol", help_heading = PROTOCOL)]
    pub rate: Option<f64>,

    /// Members that crash while requests are counted, and lose their copies [default: 0]
    #[arg(long, value_name = "N", requires = "protocol", help_heading = PROTOCOL)]
    pub member_crashes: Option<u32>,

    /// Leaders that crash while requests are counted [default: 0]
    #[arg(long, value_name = "N", requires = "protocol", help_heading = PROTOCOL)]
    pub leader_crashes: Option<u32>,

    /// How long who crashed is away [default: 10s]
    #[arg(long, value_name = "SPAN", requires = "protocol", help_heading = PROTOCOL)]
    pub repair: Option<Span>,

    /// How long the data store cannot be reached, in the middle of what is counted [default: 0s]
    #[arg(long, value_name = "SPAN", requires = "protocol", help_heading = PROTOCOL)]
    pub store_outage: Option<Span>,

    /// Requests that are not counted
    #[arg(long, visible_alias = "warm-up", value_name = "N", default_value_t = 20_000)]
    pub warmup: u64,

    /// Requests that are counted
    #[arg(long, value_name = "N", default_value_t = 60_000)]
    pub requests: u64,

    /// How many seeds to run: 1, 2, ... N [default: 1; 30 with a preset]
    #[arg(long, value_name = "N", conflicts_with = "seed", value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub seeds: Option<u32>,

    /// These very seeds, such as 3,7
    #[arg(long, value_name = "SEED", value_delimiter = ',')]
    pub seed: Vec<u64>,

    /// Repeat published results and show ours beside them
    #[arg(
        long,
        value_name = "PAPER",
        conflicts_with_all = [
            "topology", "strategy", "replacement", "alpha", "contents", "workloads", "slots",
            "cache_size", "group", "links", "lookup", "warmup", "requests", "protocol",
        ],
    )]
    pub preset: Option<Preset>,

    /// Do not tell how many requests a second were simulated, so that the same command prints
    /// the same bytes
    #[arg(long)]
    pub no_timing: bool,

    /// Runs computed at a time [default: one per processor]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    pub threads: Option<u16>,

    /// `table`, `json`, `csv`, or a file ending in .html, .json, .csv or .txt; may be
    /// repeated [default: table]
    #[arg(short, long, value_name = "OUTPUT")]
    pub output: Vec<Output>,
}

/// How long links and workloads are dealt to the members of the paper's network.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Links {
    /// In turn, the same for every seed; reference cases have it so
    Even,
    /// By chance, others for every seed; the published runs have it so
    Random,
}

/// What finding a copy costs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Finding {
    /// Nothing: everybody knows where copies are
    Oracle,
    /// What the own cache lacks is asked of the leader
    Redirect,
    /// The same, and the leader confirms each copy in the own cache
    Validated,
}

/// Published results.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Preset {
    /// "Managing Data in Computational Edge Clouds" (MECOMM 2017), all four figures
    Mecomm17,
}
