//! `swell bench`, which puts load on a node that runs.

use std::num::{NonZeroU16, NonZeroU32};
use std::str::FromStr;

use clap::{Args, Subcommand};
use swell_core::time::Span;
use swell_core::units::Bytes;

use crate::cli::form::Form;

const EXAMPLES: &str = "\
Without --rate each connection sends its next request when it has the answer to the last, so a
slow server slows the load down. With --rate requests are due at fixed times whatever the server
does, and latency counts from when a request was due. What the server spends on CPU per request is
read from its /metrics, or from the machine with --pid.

Examples:
  swell bench http hello
  swell bench http hello --rate 2000 --duration 30s
  swell bench http http://127.0.0.1:7070/function/hello --connections 64 -o json
  swell bench http hello --body @order.json --header 'content-type: application/json'
  swell bench http http://127.0.0.1:8080/ --pid 4711";

/// Arguments of `swell bench`.
#[derive(Debug, Args)]
pub struct BenchArguments {
    /// What kind of load.
    #[command(subcommand)]
    pub command: BenchCommand,
}

/// What kind of load.
#[derive(Debug, Subcommand)]
pub enum BenchCommand {
    /// Call one address as fast as it answers, or at a rate
    Http(BenchHttpArguments),
    /// Play a recorded trace through a node, and hold it against the simulator
    ReplayTrace(BenchReplayArguments),
}

/// Arguments of `swell bench http`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct BenchHttpArguments {
    /// An address beginning with http://, or a function of the node
    #[arg(value_name = "URL|FUNCTION")]
    pub target: String,

    /// The node that a function is called on [environment: SWELL_NODE] [default:
    /// http://127.0.0.1:7070]
    #[arg(long, value_name = "URL")]
    pub node: Option<String>,

    /// Connections kept open, each with one request at a time
    #[arg(short, long, value_name = "N", default_value = "16")]
    pub connections: NonZeroU16,

    /// How long requests are sent
    #[arg(short, long, value_name = "SPAN", default_value = "5s")]
    pub duration: Span,

    /// Requests due in a second, over all connections
    #[arg(short, long, value_name = "N")]
    pub rate: Option<NonZeroU32>,

    /// The method [default: GET, or POST with a body]
    #[arg(short = 'X', long, value_name = "METHOD")]
    pub method: Option<String>,

    /// What is sent: a text, or the content of a file as @FILE
    #[arg(long, value_name = "TEXT|@FILE")]
    pub body: Option<String>,

    /// A header, such as 'accept: text/html'; may be repeated
    #[arg(short = 'H', long, value_name = "NAME: VALUE")]
    pub header: Vec<HeaderLine>,

    /// How long an answer may take
    #[arg(long, value_name = "SPAN", default_value = "30s")]
    pub timeout: Span,

    /// Threads that send
    #[arg(long, value_name = "N", default_value = "1")]
    pub threads: NonZeroU16,

    /// The server's process on this machine, to tell what CPU time it spends
    #[arg(long, value_name = "PID")]
    pub pid: Option<u32>,

    /// As a table or as JSON
    #[arg(short, long, value_name = "FORM", default_value = "table")]
    pub output: Form,
}

/// A header as it is typed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeaderLine {
    /// Its name.
    pub name: String,
    /// Its value.
    pub value: String,
}

impl FromStr for HeaderLine {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let Some((name, value)) = text.split_once(':') else {
            return Err("a header is written `name: value`".to_string());
        };
        Ok(Self { name: name.trim().to_string(), value: value.trim().to_string() })
    }
}

const REPLAY_EXAMPLES: &str = "\
The node is brought up in this very process with the memory and the policy given; its clock goes
as fast as the trace is played, so that leases and ages mean what they mean in the simulator. The
functions are modelled: starts take --cold, calls as long as recorded. The simulator then runs the
same calls with the start times that the node's journal tells. Exit code 1 says that the two are
further apart than --within.

Examples:
  swell bench replay-trace --trace 200 --memory 8GB --policy lru
  swell bench replay-trace --trace 1350 --memory 40GB --from 9h --for 10m --speed 20";

/// Arguments of `swell bench replay-trace`.
#[derive(Debug, Args)]
#[command(after_help = REPLAY_EXAMPLES)]
pub struct BenchReplayArguments {
    /// A bundled trace, files, or `gen:` and a recipe
    #[arg(long, value_name = "TRACE", num_args = 1.., required = true)]
    pub trace: Vec<String>,
    /// Memory of the node's instances
    #[arg(long, value_name = "BYTES", default_value = "8GB")]
    pub memory: Bytes,
    /// The keep-alive policy
    #[arg(long, value_name = "POLICY", default_value = "hazard")]
    pub policy: String,
    /// Where in the trace to begin
    #[arg(long, value_name = "TIME", default_value = "0s")]
    pub from: Span,
    /// How much of it to play
    #[arg(long = "for", value_name = "TIME", default_value = "1h")]
    pub length: Span,
    /// How many times faster than recorded
    #[arg(long, value_name = "FACTOR", default_value_t = 60.0)]
    pub speed: f64,
    /// How long a start takes
    #[arg(long, value_name = "TIME", default_value = "1s")]
    pub cold: Span,
    /// Seed of placement and chance
    #[arg(long, value_name = "NUMBER", default_value_t = 1)]
    pub seed: u64,
    /// How far apart the two may be, in % of the calls that the simulator counts
    #[arg(long, value_name = "PERCENT", default_value_t = 2.0)]
    pub within: f64,
    /// Print a table or JSON
    #[arg(short, long, value_name = "FORM", default_value = "table")]
    pub output: Form,
}
