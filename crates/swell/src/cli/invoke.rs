//! `swell invoke`, which calls a function.

use clap::Args;

use crate::cli::node::NodeArguments;

const AFTER: &str = "\
The answer's body goes to the standard output. Exit codes: 0 the function answered with a status
below 400; 3 it answered another, trapped or ran out of time; 1 it was not reached; 2 asked for
wrongly.

Examples:
  swell invoke hello -d '{\"name\":\"Ada\"}'
  swell invoke resize -d @photo.jpg -H 'content-type: image/jpeg' > small.jpg
  swell invoke report --async --wait";

/// Arguments of `swell invoke`.
#[derive(Debug, Args)]
#[command(after_help = AFTER)]
pub struct InvokeArguments {
    /// The function
    pub name: String,
    /// The body: text, @FILE, or - for the standard input
    #[arg(short, long, value_name = "DATA")]
    pub data: Option<String>,
    /// A header, such as 'accept: text/plain'; may be repeated
    #[arg(short = 'H', long, value_name = "NAME: VALUE", value_parser = header)]
    pub header: Vec<(String, String)>,
    /// What the function sees as path and query
    #[arg(long, value_name = "PATH", default_value = "/")]
    pub path: String,
    /// The method [default: POST with a body, else GET]
    #[arg(short = 'X', long, value_name = "METHOD")]
    pub method: Option<String>,
    /// Show status and headers too, on the standard error
    #[arg(short, long)]
    pub include: bool,
    /// Only put it into the queue, and print the call's id
    #[arg(long = "async")]
    pub asynchronous: bool,
    /// With --async: wait for the answer and print it
    #[arg(long, requires = "asynchronous")]
    pub wait: bool,
    /// With --async: where the node posts the answer
    #[arg(long, value_name = "URL", requires = "asynchronous")]
    pub callback: Option<String>,
    /// Which node
    #[command(flatten)]
    pub node: NodeArguments,
}

fn header(text: &str) -> Result<(String, String), String> {
    match text.split_once(':') {
        Some((name, value)) if !name.trim().is_empty() => {
            Ok((name.trim().to_string(), value.trim().to_string()))
        }
        _ => Err(format!("`{text}` is no header; write one such as `accept: text/plain`")),
    }
}
