//! Kills and freezes real processes while items flow and hands change, and holds what came
//! out against what went in.
//!
//! `cargo test -p swell-fifo --test kill` kills a thousand times;
//! `cargo test -p swell-fifo --test kill -- --kills 100000 --seed 7` as often as one likes.
//! Nothing may be lost, torn, duplicated in effect or out of order. The processes are this
//! program again, each in a role; what they are told travels over sockets, with descriptors.

mod account;
mod daemon;
mod keeper;
mod message;
mod owner;
mod play;
mod producer;
mod worker;

use std::process::ExitCode;

/// Kills of an ordinary run.
const KILLS: u64 = 1000;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.first().map(String::as_str) {
        Some("role:producer") => producer::run(),
        Some("role:owner") => owner::run(),
        Some("role:daemon") => daemon::run(),
        // Other words are meant for the usual harness of tests.
        _ => {
            return play::run(
                number(&arguments, "--kills", KILLS),
                number(&arguments, "--seed", 1),
            );
        }
    }
    ExitCode::SUCCESS
}

fn number(arguments: &[String], name: &str, usual: u64) -> u64 {
    let value = arguments.iter().skip_while(|argument| *argument != name).nth(1);
    value.map_or(usual, |value| value.parse().expect("a whole number"))
}
