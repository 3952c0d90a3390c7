//! How long did a processor work on this?
//!
//! Speed is told per core, and other work on the machine must not change it: where the system
//! tells how long this thread was on a processor, that counts, else the time on the wall.

use std::fs;
use std::time::Instant;

/// Shorter runs are timed on the wall: the system's account is some milliseconds coarse.
const COARSE_S: f64 = 0.1;

/// Started once, on the thread that works.
#[derive(Debug)]
pub struct Stopwatch {
    wall: Instant,
    processor_s: Option<f64>,
}

impl Stopwatch {
    /// Starts.
    pub fn start() -> Self {
        Self { processor_s: processor_s(), wall: Instant::now() }
    }

    /// Seconds of one processor since the start; read it on the same thread.
    pub fn seconds(&self) -> f64 {
        let wall = self.wall.elapsed().as_secs_f64();
        match (self.processor_s, processor_s()) {
            (Some(start), Some(end)) if wall > COARSE_S && end > start => (end - start).min(wall),
            _ => wall,
        }
    }
}

/// Seconds that this thread was on a processor, if the system tells.
fn processor_s() -> Option<f64> {
    let text = fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    let nanos: u64 = text.split_whitespace().next()?.parse().ok()?;
    Some(nanos as f64 / 1e9)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn work_takes_time_and_no_more_than_the_wall_says() {
        let (watch, wall) = (Stopwatch::start(), Instant::now());
        let mut state = 1u64;
        while wall.elapsed().as_millis() < 5 {
            state = std::hint::black_box(state.wrapping_mul(3));
        }
        let seconds = watch.seconds();
        assert!(seconds > 0.0 && seconds <= wall.elapsed().as_secs_f64(), "{seconds} {state}");
    }
}
