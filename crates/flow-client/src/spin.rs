//! How long either end looks for what it waits for before it sleeps.
//!
//! What is waited for often comes sooner than a sleep and a wake-up take, and whoever sleeps makes the
//! other end wake it. It comes from another core, though: on a machine with one there is nothing to
//! look for.

use std::sync::LazyLock;

/// Some ten microseconds.
const SPINS: u32 = 500;

/// How often to look.
pub(crate) fn spins() -> u32 {
    static FOUND: LazyLock<u32> = LazyLock::new(|| {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        if cores > 1 { SPINS } else { 0 }
    });
    *FOUND
}
