//! Laws of simulated runs, over recorded and generated traffic.
//!
//! One law is one file. Most look at every run of a grid of policies, memory sizes and
//! placements; some bring an experiment of their own. What is drawn (samples, generated
//! calls, placements, starts) follows from a seed; a broken law prints it and the command
//! that replays it.

mod traffic;
mod watch;
mod law;
mod calls_add_up;
mod memory_is_accounted_for;
mod nobody_beats_the_bound;
mod runs_repeat;
mod plenty_needs_no_eviction;
mod threads_do_not_matter;
mod journals_replay;
mod interrupts_keep_what_is_finished;
mod broken_streams_are_errors;
mod figures_are_as_published;

use law::{Ground, Law};
use traffic::Traffic;

const SEEDS: u64 = 2;

/// Tries each seed, or only that of `SWELL_SEED`.
pub(crate) fn with_seeds(law: impl Fn(u64) -> Result<(), String>) {
    let only = std::env::var("SWELL_SEED").ok().map(|seed| seed.parse::<u64>().expect("a number"));
    for seed in only.map_or(0..SEEDS, |seed| seed..seed + 1) {
        if let Err(broken) = law(seed) {
            panic!(
                "seed {seed}: {broken}\nreplay: SWELL_SEED={seed} cargo test -p swell-sim --test laws"
            );
        }
    }
}

/// Watches all cells of one traffic.
fn laws_hold(traffic: fn(u64) -> Traffic) {
    const LAWS: [Law; 4] = [
        calls_add_up::check,
        memory_is_accounted_for::check,
        nobody_beats_the_bound::check,
        runs_repeat::check,
    ];
    with_seeds(|seed| {
        let ground = Ground::new(traffic(seed), seed);
        ground.runs().try_for_each(|run| {
            let held = LAWS.iter().try_for_each(|law| law(&run));
            held.map_err(|broken| format!("{}: {broken}", run.name()))
        })
    });
}

#[test]
fn laws_hold_on_azure_200() {
    laws_hold(traffic::azure_200);
}

#[test]
fn laws_hold_on_a_sample_of_azure_1350() {
    laws_hold(traffic::azure_sample);
}

#[test]
fn laws_hold_on_20_b() {
    laws_hold(traffic::founding_b);
}

#[test]
fn laws_hold_on_20_d() {
    laws_hold(traffic::founding_d);
}

#[test]
fn laws_hold_on_generated_calls() {
    laws_hold(traffic::generated);
}
