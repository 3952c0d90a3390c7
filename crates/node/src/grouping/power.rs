//! What this node can do, by its own measure.

use std::sync::atomic::Ordering;

use swell_core::units::Bytes;

use crate::live::world::Live;
use crate::registry::{Function, Registry};

/// Calls that run or wait here.
pub fn busy(registry: &Registry) -> u32 {
    let mut busy = 0u32;
    registry.visit(|function| {
        for version in &function.versions {
            let of_it = version.running.load(Ordering::Relaxed);
            busy = busy.saturating_add(of_it + version.waiting.load(Ordering::Relaxed));
        }
    });
    busy
}

/// How long calls of a function ran on average, in microseconds; nothing if none did.
pub fn run_us(function: &Function) -> Option<u64> {
    let mut sums = (0, 0);
    for version in &function.versions {
        let used = version.used();
        sums = (sums.0 + used.calls, sums.1 + used.run_us);
    }
    sums.1.checked_div(sums.0)
}

/// Whether a call of a version would find room, with so much memory left.
pub fn has_room(function: &Function, live: &Live, left: Bytes) -> bool {
    let version = function.leading();
    let counts = live.counts(version.id);
    let working = counts.starting + counts.busy;
    let is_allowed = version.scale.read().max_instances.is_none_or(|most| working < most);
    let fits = version.spec.memory_bytes <= left.get() && is_allowed;
    !function.paused && (counts.idle > 0 || fits)
}
