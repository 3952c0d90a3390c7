//! What time it is for the mind: time since the node came up, from a clock that never
//! goes back, possibly faster than the wall.
//!
//! A speed other than 1 is for tests and demos: a recorded day then passes in minutes, and
//! everything the mind counts in time (leases, ages, waits) shrinks alike.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use swell_core::time::{Instant, Span};

/// The mind's clock.
#[derive(Debug, Clone)]
pub struct Clock {
    origin: std::time::Instant,
    speed: f64,
}

impl Clock {
    /// A clock that starts now and goes `speed` times as fast as the wall's.
    pub fn start(speed: f64) -> Self {
        Self { origin: std::time::Instant::now(), speed }
    }

    /// How much faster than the wall it goes.
    pub fn speed(&self) -> f64 {
        self.speed
    }

    /// The time.
    pub fn now(&self) -> Instant {
        Instant::from_nanos(self.mind_nanos(self.origin.elapsed()))
    }

    /// How long the mind takes what took `real` on the wall.
    pub fn span(&self, real: Duration) -> Span {
        Span::from_nanos(self.mind_nanos(real))
    }

    /// How long on the wall what the mind calls `span` is.
    pub fn real(&self, span: Span) -> Duration {
        if self.speed == 1.0 {
            return Duration::from_nanos(span.nanos());
        }
        Duration::from_nanos((span.nanos() as f64 / self.speed) as u64)
    }

    /// When on the wall it will be `instant`.
    pub fn wall(&self, instant: Instant) -> std::time::Instant {
        let distance = self.real(instant.since(Instant::ZERO));
        // What is beyond the end of clocks never comes.
        self.origin.checked_add(distance).unwrap_or(self.origin + Duration::from_secs(1 << 33))
    }

    fn mind_nanos(&self, real: Duration) -> u64 {
        let nanos = real.as_nanos() as u64;
        if self.speed == 1.0 { nanos } else { (nanos as f64 * self.speed) as u64 }
    }
}

/// The wall clock, in milliseconds since 1970.
pub fn wall_ms() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |since| since.as_millis() as u64)
}
