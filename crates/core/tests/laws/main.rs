//! Laws that hold for every policy under any news, checked over seeded random worlds.
//!
//! One law is one file. Each run draws functions, settings, memory, calls, failures and
//! changes from its seed; a broken law prints the seed and the command that replays it.

mod forecaster;
mod harness;
mod law;
mod accounting_closes;
mod every_request_is_answered_once;
mod memory_stays_within_the_limit;
mod nothing_busy_is_stopped;
mod nothing_is_evicted_in_vain;
mod overrides_hold;
mod replay_decides_the_same;
mod wakeups_are_kept;

use harness::{World, policies};
use law::Law;

const SEEDS: u64 = 24;

#[test]
#[expect(clippy::disallowed_methods, reason = "a test's edge is where its seed is read")]
fn laws_hold_for_every_policy() {
    let only = std::env::var("SWELL_SEED").ok().map(|seed| seed.parse::<u64>().expect("a number"));
    let seeds = only.map_or(0..SEEDS, |seed| seed..seed + 1);
    for seed in seeds {
        for policy in policies() {
            let mut laws: Vec<Box<dyn Law>> = vec![
                Box::new(accounting_closes::Closes),
                Box::new(every_request_is_answered_once::Answers::default()),
                Box::new(memory_stays_within_the_limit::Within::default()),
                Box::new(nothing_busy_is_stopped::Idle::default()),
                Box::new(nothing_is_evicted_in_vain::NotInVain),
                Box::new(overrides_hold::Overrides::default()),
                Box::new(replay_decides_the_same::Replays::new(seed, &policy)),
                Box::new(wakeups_are_kept::Kept),
            ];
            if let Err(broken) = World::new(seed, &policy).play(&mut laws) {
                panic!(
                    "policy `{policy}`, seed {seed}: {broken}\nreplay: SWELL_SEED={seed} cargo test -p swell-core --test laws"
                );
            }
        }
    }
}
