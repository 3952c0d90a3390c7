//! The clock of cache groups: time since the machine was started, the time it slept included.
//!
//! A leader that was asleep must find its lease run out when it wakes, so a clock that stands
//! still meanwhile would not do; nor would the time of day, which people and servers set.

use rustix::time::{ClockId, clock_gettime};

use swell_core::time::Instant;

/// The time.
pub fn now() -> Instant {
    let time = clock_gettime(ClockId::Boottime);
    // Never zero, which stands for times of a former life.
    let nanos = time.tv_sec.unsigned_abs() * 1_000_000_000 + time.tv_nsec.unsigned_abs();
    Instant::from_nanos(nanos.max(1))
}
