//! Many seeds of one case, and the command that plays a failing one again.

use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

/// Plays a case under so many seeds in virtual time, or under the one that `SWELL_SEED` names.
pub(crate) fn for_each_seed<F: Future<Output = ()>>(
    name: &str,
    count: u64,
    case: impl Fn(u64) -> F,
) {
    let given = std::env::var("SWELL_SEED").ok().and_then(|seed| seed.parse().ok());
    let seeds = given.map_or(0..count, |seed: u64| seed..seed + 1);
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
}
