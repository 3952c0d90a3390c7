//! The number of threads changes nothing but the time an experiment takes.

use std::sync::atomic::AtomicBool;

use swell_sim::experiment::Experiment;
use swell_sim::results::Results;
use swell_trace::durations::Durations;

use crate::traffic::{Traffic, azure_sample, generated};
use crate::with_seeds;

/// A few policies on a traffic, under the seed and the next: with and without dice, waits
/// and starts ahead.
pub(crate) fn experiment(traffic: Traffic, seed: u64, threads: usize) -> Experiment {
    Experiment {
        scenario: traffic.scenario,
        policies: ["lru", "random", "hybrid-histogram", "hazard"].map(String::from).to_vec(),
        memories: traffic.memories[..2].to_vec(),
        placements: traffic.placements,
        durations: Durations::Sampled,
        seeds: vec![seed, seed + 1],
        threads,
        bounds: true,
        timing: false,
    }
}

/// Everything an experiment writes.
pub(crate) fn text(results: &Results) -> String {
    serde_json::to_string(results).expect("results are plain data")
}

#[test]
fn threads_do_not_matter() {
    with_seeds(|seed| {
        for traffic in [azure_sample, generated] {
            let run = |threads| {
                let experiment = experiment(traffic(seed), seed, threads);
                text(&experiment.run(&AtomicBool::new(false), &|_| {}).expect("it runs"))
            };
            if run(1) != run(2) {
                return Err("two threads find what one does not".into());
            }
        }
        Ok(())
    });
}
