//! Many seeds of one case, and the command that plays a failing one again.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

/// Plays a case under so many seeds in virtual time, or under the one that `SWELL_SEED` names,
/// or under the many of `SWELL_SEEDS`; gives how many.
pub(crate) fn for_each_seed(name: &str, count: u64, case: impl AsyncFn(u64)) -> u64 {
    let number = |name| std::env::var(name).ok().and_then(|number| number.parse::<u64>().ok());
    let count = number("SWELL_SEEDS").unwrap_or(count);
    let seeds = number("SWELL_SEED").map_or(0..count, |seed| seed..seed + 1);
    let played = seeds.end - seeds.start;
    for seed in seeds {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .start_paused(true)
            .build()
            .expect("a runtime");
        let played = catch_unwind(AssertUnwindSafe(|| runtime.block_on(case(seed))));
        if let Err(fell) = played {
            println!(
                "seed {seed} fails; play it again with:\n  SWELL_SEED={seed} cargo test \
                 --workspace --test council_log {name}"
            );
            resume_unwind(fell);
        }
    }
    played
}
