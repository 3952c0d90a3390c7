//! One table: a policy, a memory size, functions, and rows of what happens and what comes
//! of it.
//!
//! The outcome is one word per call, in the order of the calls (`cold`, `warm`, `delayed`,
//! `resumed`, or why not: `drop` for want of memory, `limit`, `full`, `late`, `failed`,
//! `gone`, `removed`, `unknown`), then the evictions in order, then what expired, exited,
//! was paused or was started ahead of demand, and when.

use swell_core::settings::SiteSettings;

use crate::cast::Cast;
use crate::{script, stage};

/// Plays each script and compares with the outcome beside it.
pub(crate) fn check(policy: &str, memory: &str, functions: &str, rows: &[(&str, &str)]) {
    for (script, expected) in rows {
        let found = outcome(policy, 1, memory, functions, script);
        assert_eq!(found, *expected, "`{policy}` in {memory}, {functions}: {script}");
    }
}

/// Plays one script under several policies, to show where they part.
pub(crate) fn compare(memory: &str, functions: &str, script: &str, rows: &[(&str, &str)]) {
    for (policy, expected) in rows {
        check(policy, memory, functions, &[(script, expected)]);
    }
}

/// What comes of one script.
pub(crate) fn outcome(
    policy: &str,
    seed: u64,
    memory: &str,
    functions: &str,
    script: &str,
) -> String {
    let memory = memory.parse().expect("an amount of memory");
    let settings = SiteSettings { memory, seed, policy: policy.into() };
    let cast = Cast::read(functions);
    let script = script::read(script, &cast);
    stage::play(&settings, &cast, &script)
}
