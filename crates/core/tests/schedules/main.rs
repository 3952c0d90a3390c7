//! Plays schedules of everything that can go wrong between sites, and holds what the council
//! decided against its laws.
//!
//! `cargo test -p swell-core --test schedules` plays some thousands;
//! `cargo test --release -p swell-core --test schedules -- --schedules 100000 --seed 1` as
//! many as one likes. A broken law prints the seed and the command that replays it. Then
//! each defect of the founding pseudocode is put back, alone, and must be found out.

#![expect(
    clippy::disallowed_methods,
    clippy::disallowed_macros,
    reason = "here a seed is read, and told what came of it"
)]

mod cause;
mod choice;
mod coverage;
mod laws;
mod network;
mod node;
mod play;
mod world;

use std::process::ExitCode;

use coverage::Coverage;
use swell_core::council::rules::{Counting, Defects};
use world::Mutant;

/// Schedules of an ordinary run.
const SCHEDULES: u64 = 3_000;

/// Within so many schedules, each mutant must be caught.
const MUTANT_SCHEDULES: u64 = 2_000;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let schedules = number(&arguments, "--schedules", SCHEDULES);
    let first = number(&arguments, "--seed", 1);
    let mut coverage = Coverage::default();
    for seed in first..first.saturating_add(schedules) {
        if let Err(broken) = play::play(seed, Mutant::NONE, &mut coverage) {
            println!("schedule {seed}: {broken}");
            println!(
                "replay: cargo test -p swell-core --test schedules -- --schedules 1 --seed {seed}"
            );
            return ExitCode::FAILURE;
        }
    }
    println!("{schedules} schedules, no law broken");
    println!("{coverage}");
    if schedules < SCHEDULES {
        return ExitCode::SUCCESS;
    }
    if let Some(missing) = coverage.missing() {
        println!("this run shows nothing: {missing} never happened");
        return ExitCode::FAILURE;
    }
    let is_all_caught = mutants().iter().all(|(name, mutant)| is_caught(name, *mutant));
    if is_all_caught { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Each defect alone, and a missing fence at who carries things out.
fn mutants() -> [(&'static str, Mutant); 7] {
    let one = |defects| Mutant { counting: Counting::Founding(defects), ..Mutant::NONE };
    let none = Defects::default();
    [
        ("weights as voters state them", one(Defects { stated_weight: true, ..none })),
        ("a bar of what was received", one(Defects { received_denominator: true, ..none })),
        ("criticality that cancels", one(Defects { criticality_cancels: true, ..none })),
        ("approval without an epoch", one(Defects { unfenced: true, ..none })),
        ("the founding pseudocode whole", one(Defects::ALL)),
        ("clocks without a lease", Mutant { is_lease_ignored: true, ..Mutant::NONE }),
        ("hands without a fence", Mutant { is_fence_open: true, ..Mutant::NONE }),
    ]
}

fn is_caught(name: &str, mutant: Mutant) -> bool {
    let mut coverage = Coverage::default();
    for seed in 1..=MUTANT_SCHEDULES {
        if let Err(broken) = play::play(seed, mutant, &mut coverage) {
            println!("mutant caught, {name}: schedule {seed}: {broken}");
            return true;
        }
    }
    println!("mutant not caught in {MUTANT_SCHEDULES} schedules: {name}");
    false
}

fn number(arguments: &[String], name: &str, usual: u64) -> u64 {
    let value = arguments.iter().skip_while(|argument| *argument != name).nth(1);
    value.map_or(usual, |value| value.parse().expect("a whole number"))
}
