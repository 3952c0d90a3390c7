//! `cargo run --release -p swell-peers -- --help`: a node beside its peers.

use std::process::ExitCode;

use clap::Parser;
use swell_peers::arguments::{Arguments, Task};
use swell_peers::{floor, run};

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let done = match arguments.task {
        Some(Task::Floor { port }) => floor::serve(port).map_err(|error| error.to_string()),
        None => run::run(&arguments),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("swell-peers: {why}");
            ExitCode::FAILURE
        }
    }
}
