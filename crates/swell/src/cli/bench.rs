//! `swell bench`, which puts load on a node that runs.

use std::num::{NonZeroU16, NonZeroU32};
use std::str::FromStr;

use clap::{Args, Subcommand};
use swell_core::time::Span;

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
}

/// Arguments of `swell bench http`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct BenchHttpArguments {
    /// An address beginning with http://, or a function of the node
    #[arg(value_name = "URL|FUNCTION")]
    pub target: String,

    /// The node that a function is called on
    #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:7070")]
    pub node: String,

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
