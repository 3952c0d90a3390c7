//! How many requests a second the simulator of caches serves, on one core.
//! `cargo bench -p swell-sim --bench cache`; `-- grid=30` times the published figures.
//!
//! Printed, never asserted: a figure depends on the machine and on what else it does.

use std::sync::atomic::AtomicBool;
use std::time::Instant;

use swell_sim::cache::case::{Case, Net};
use swell_sim::cache::experiment::Experiment;
use swell_sim::cache::mecomm17;
use swell_sim::cache::popularity::Popularity;
use swell_sim::cache::replacement::catalogue::Replacement;
use swell_sim::cache::report::table;
use swell_sim::cache::run::run;
use swell_sim::cache::strategy::group::Lookup;
use swell_sim::cache::topology::catalogue::{Choice, read};
use swell_sim::cache::topology::star::{Draw, Shape};

/// The best of so many runs is told.
const RUNS: usize = 3;

fn main() {
    if let Some(seeds) = std::env::args().find_map(|word| word.strip_prefix("grid=")?.parse().ok())
    {
        return grid(seeds);
    }
    for topology in ["path", "tree"] {
        for strategy in ["LCE", "LCD", "EDGE", "PROB_CACHE", "CL4M", "HR_SYMM", "NO_CACHE"] {
            measure(&small(topology, strategy, Replacement::Lru), 2_000_000);
        }
        for replacement in Replacement::ALL {
            measure(&small(topology, "LCE", replacement), 2_000_000);
        }
    }
    println!("linear in the requests:");
    for requests in [1, 2, 4, 8].map(|times| times * 1_000_000) {
        measure(&small("path", "LCE", Replacement::Lru), requests);
    }
    for replacement in Replacement::ALL {
        measure(&deck(10, 32, 32, replacement, 1.0), 2_000_000);
    }
    measure(&deck(10, 32, 32, Replacement::Sieve, 0.1), 2_000_000);
    for (members, leaders, workloads) in
        [(320, 1, 32), (80, 4, 32), (160, 2, 32), (2, 160, 4), (80, 4, 4), (320, 1, 4)]
    {
        measure(&deck(members, leaders, workloads, Replacement::Lru, 1.0), 2_000_000);
    }
}

/// The published figures, with so many of their thirty seeds.
fn grid(seeds: u64) {
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let seeds: Vec<u64> = (1..=seeds).collect();
    let experiment = Experiment { cases: mecomm17::cases(&seeds), threads, timing: true };
    let clock = Instant::now();
    let mut results = experiment.run(&AtomicBool::new(false), &|_| {}).expect("it runs");
    let (seconds, runs) = (clock.elapsed().as_secs_f64(), results.rows.len());
    results.published = mecomm17::compare(&results.rows);
    table::write(&results, &mut std::io::stdout()).expect("the standard output is there");
    println!("{runs} runs on {threads} threads in {seconds:.1} s");
}

fn small(topology: &str, strategy: &str, replacement: Replacement) -> Case {
    let Ok(Choice::Made(topology)) = read(topology) else { panic!("{topology} is made here") };
    Case {
        net: Net::Other(topology),
        strategy: strategy.parse().expect("it is a strategy"),
        lookup: Lookup::Oracle,
        replacement,
        alpha: 1.0,
        workloads: 1,
        contents: 1000,
        slots: 10,
        warmup: 0,
        requests: 0,
        seed: 42,
        protocol: None,
    }
}

/// The paper's model with its contents and its budget of a tenth.
fn deck(members: u32, leaders: u32, workloads: u32, replacement: Replacement, copy: f64) -> Case {
    let contents = 320_000 / workloads;
    Case {
        net: Net::Deck { shape: Shape { members, leaders }, draw: Draw::Even },
        strategy: format!("group:copy={copy}").parse().expect("it is a strategy"),
        workloads,
        contents,
        slots: contents / 100,
        ..small("path", "LCE", replacement)
    }
}

/// Measures one case; an argument chooses those whose line holds it.
fn measure(case: &Case, requests: u64) {
    let net = match &case.net {
        Net::Deck { shape, .. } => format!("deck {shape}, {} workloads", case.workloads),
        Net::Other(topology) => topology.name.clone(),
    };
    let (strategy, rule) = (case.strategy.to_string(), case.replacement.name());
    let line = format!("{net:<28} {strategy:<14} {rule:<13} {requests:>9} requests");
    let mut wanted = std::env::args().skip(1).filter(|word| !word.starts_with('-'));
    if !wanted.all(|word| line.contains(&word)) {
        return;
    }
    let case = Case { requests, ..case.clone() };
    let popularity = Popularity::zipf(case.contents, case.alpha);
    let mut best = f64::INFINITY;
    for _ in 0..RUNS {
        let played = run(&case, &popularity, &AtomicBool::new(false)).expect("it runs");
        best = best.min(played.seconds);
    }
    println!("{line}  {:>6.2} M/s", requests as f64 / best / 1e6);
}
