//! When something happened, coarsely: a stamp must cost less than what it stamps.

/// Nanoseconds of the coarse monotonic clock (a few milliseconds fine), the same in all
/// processes of a machine.
#[cfg(not(miri))]
#[inline]
pub fn coarse() -> u64 {
    let now = rustix::time::clock_gettime(rustix::time::ClockId::MonotonicCoarse);
    (now.tv_sec as u64).wrapping_mul(1_000_000_000).wrapping_add(now.tv_nsec as u64)
}

/// Where there is no kernel, no time passes.
#[cfg(miri)]
pub fn coarse() -> u64 {
    1
}
