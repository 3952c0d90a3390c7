//! Work beside the calls: at the lowest priority, in short slices, with rests between them
//! that keep it to a share of one core.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::sleep;
use std::time::{Duration, Instant};

use rustix::time::{ClockId, clock_gettime};

/// Time of the processor after which a rest is due.
const SLICE: Duration = Duration::from_millis(5);
/// The longest rest at a time, so that whoever wants the work to end is heard.
const REST_MAX: Duration = Duration::from_millis(100);
/// How often the clock of the thread is asked at most.
const LOOK: Duration = Duration::from_micros(500);

/// Keeps the work of one thread to a share of a core.
pub struct Pace {
    /// Rest for each unit of work.
    rest: f64,
    begun: Instant,
    /// Microseconds since `begun` when the clock of the thread was last asked.
    looked_us: AtomicU64,
    /// What the thread had used at its last rest, in nanoseconds.
    used_ns: AtomicU64,
    stop: Arc<AtomicBool>,
}

impl Pace {
    /// At most `per_mille` thousandths of a core, until `stop` is set. To be made by the thread
    /// that does the work.
    pub fn new(per_mille: u16, stop: Arc<AtomicBool>) -> Self {
        let share = f64::from(per_mille.clamp(1, 1000)) / 1000.0;
        Self {
            rest: (1.0 - share) / share,
            begun: Instant::now(),
            looked_us: AtomicU64::new(0),
            used_ns: AtomicU64::new(used().as_nanos() as u64),
            stop,
        }
    }

    /// Rests if that is due. Whether the work may go on.
    pub fn go_on(&self) -> bool {
        let now_us = self.begun.elapsed().as_micros() as u64;
        if now_us - self.looked_us.load(Ordering::Relaxed) >= LOOK.as_micros() as u64 {
            self.looked_us.store(now_us, Ordering::Relaxed);
            self.rest();
        }
        !self.stop.load(Ordering::Relaxed)
    }

    fn rest(&self) {
        let now = used();
        let slice = now.saturating_sub(Duration::from_nanos(self.used_ns.load(Ordering::Relaxed)));
        if slice < SLICE {
            return;
        }
        self.used_ns.store(now.as_nanos() as u64, Ordering::Relaxed);
        let mut left = slice.mul_f64(self.rest);
        while !left.is_zero() && !self.stop.load(Ordering::Relaxed) {
            let nap = left.min(REST_MAX);
            sleep(nap);
            left -= nap;
        }
    }
}

/// Time of the processor that this thread has used.
pub fn used() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(u64::try_from(time.tv_sec).unwrap_or(0), u32::try_from(time.tv_nsec).unwrap_or(0))
}

/// Puts this thread behind all others. Where that is not allowed it stays as it is: the rests
/// are what is relied upon.
pub fn yield_to_all() {
    // On Linux this is about the calling thread alone.
    if let Err(error) = rustix::process::setpriority_process(None, 19) {
        tracing::debug!(%error, "forecasts keep the usual priority");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn work_keeps_to_its_share_and_ends_when_told() {
        let stop = Arc::<AtomicBool>::default();
        let (began, before) = (Instant::now(), used());
        let pace = Pace::new(100, stop.clone());
        while used() - before < Duration::from_millis(40) {
            assert!(pace.go_on());
        }
        // Whatever else the machine does, resting cannot have taken less.
        assert!(began.elapsed() >= (used() - before).mul_f64(7.0), "{:?}", began.elapsed());
        stop.store(true, Ordering::Relaxed);
        assert!(!pace.go_on());
    }
}
