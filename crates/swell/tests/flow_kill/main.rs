//! Kills and freezes a real node and the processes at its flow while items pass and the flow
//! changes hands, and holds what came out against what went in.
//!
//! `cargo test --workspace --test flow_kill` kills some dozen times;
//! `cargo test --workspace --test flow_kill -- --kills 10000 --seed 7` as often as one likes.
//! `-- --append` plays with items that are tried once;
//! `-- --between-nodes --kills 1000 --seed 7` does the same while the flow goes from node to node,
//! and `-- --cores` while it goes from function to function, and those from core to core.
//! `-- --measure 100000` kills nobody, and tells what passing so many items takes.
//! Nothing may be lost, torn, duplicated in effect or out of order. The processes are this
//! program again, each in a role, at a node that is the real program.

#[path = "../shell/mod.rs"]
#[expect(dead_code, reason = "other tests use the rest")]
mod shell;
#[path = "../user/node.rs"]
#[expect(dead_code, reason = "other tests use the rest")]
mod node;
#[path = "../user/wire.rs"]
#[expect(dead_code, reason = "other tests use the rest")]
mod wire;
mod account;
mod cores;
mod end;
mod ends;
mod journeys;
mod measure;
mod play;

use std::process::ExitCode;

use account::Ack;

/// Kills of an ordinary run.
const KILLS: u64 = 96;
/// And of one with `ack = append`.
const KILLS_APPEND: u64 = 24;
/// And of one between two nodes.
const KILLS_BETWEEN: u64 = 30;
/// And of one between functions and cores.
const KILLS_CORES: u64 = 6;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words[..] {
        ["role:producer", socket, name, ack] => ends::produce(socket, name, Ack::of(ack)),
        ["role:consumer", socket, name, ack, account] => {
            ends::consume(socket, name, Ack::of(ack), account)
        }
        ["--measure", items] => measure::run(items.parse().expect("a whole number")),
        // Other words are meant for the usual harness of tests.
        _ => {
            let seed = number(&words, "--seed", 1);
            if words.contains(&"--between-nodes") {
                return journeys::run(number(&words, "--kills", KILLS_BETWEEN), seed);
            }
            if words.contains(&"--cores") {
                return cores::run(number(&words, "--kills", KILLS_CORES), seed);
            }
            if words.contains(&"--append") {
                return play::run(number(&words, "--kills", KILLS_APPEND), seed, Ack::Append);
            }
            let played = play::run(number(&words, "--kills", KILLS), seed, Ack::Consume);
            // Who asks for so many of one kind means that kind.
            if played != ExitCode::SUCCESS || words.contains(&"--kills") {
                return played;
            }
            let more: [fn(u64) -> ExitCode; 3] = [
                |seed| play::run(KILLS_APPEND, seed, Ack::Append),
                |seed| journeys::run(KILLS_BETWEEN, seed),
                |seed| cores::run(KILLS_CORES, seed),
            ];
            let failed = more.iter().map(|play| play(seed)).find(|one| *one != ExitCode::SUCCESS);
            failed.unwrap_or(ExitCode::SUCCESS)
        }
    }
}

fn number(words: &[&str], name: &str, usual: u64) -> u64 {
    let value = words.iter().skip_while(|word| **word != name).nth(1);
    value.map_or(usual, |value| value.parse().expect("a whole number"))
}
