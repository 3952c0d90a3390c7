//! Processor time of a function's guests, by the clock of the thread that polls them: a guest that
//! waits takes none, one that computes takes what it computes, however long it has to wait for a
//! processor.
//!
//! That clock is a system call (more than a microsecond on virtual machines), and a warm call takes
//! few microseconds. So it is asked only about what lasts: a poll that is over within [`LASTING`] was
//! hardly taken off its processor, and counts as long as it was by the clock of the wall. What a
//! thread's clock showed is carried on by the wall's for as long as that, so whatever lasts is
//! charged right to within [`LASTING`].
//!
//! What a guest has others do for it (files are read, requests sent by threads of the host) is not
//! among it.

use std::cell::Cell;
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant as Clock};

use rustix::time::{ClockId, clock_gettime};

/// From this on the clock of the thread is asked.
const LASTING: Duration = Duration::from_millis(1);

thread_local! {
    /// When this thread's clock was read last, and what it showed.
    static READ: Cell<Option<(Clock, Duration)>> = const { Cell::new(None) };
}

/// Processor time, as a sum that only grows.
#[derive(Debug, Default)]
pub struct ProcessorTime {
    nanos: AtomicU64,
}

impl ProcessorTime {
    /// All of it so far, what runs now included up to its last pause.
    pub fn read(&self) -> Duration {
        Duration::from_nanos(self.nanos.load(Ordering::Relaxed))
    }

    /// So much more was taken.
    pub(crate) fn add(&self, more: Duration) {
        self.nanos.fetch_add(more.as_nanos() as u64, Ordering::Relaxed);
    }

    /// Does the work, and charges what each of its polls takes.
    pub(crate) async fn of<T>(&self, work: impl Future<Output = T>) -> T {
        let mut work = pin!(work);
        poll_fn(|context| {
            let stint = Stint::begin();
            let polled = work.as_mut().poll(context);
            self.add(stint.end());
            polled
        })
        .await
    }
}

/// A stretch of work of one thread.
struct Stint {
    begun: Clock,
    /// What the thread's clock showed then.
    thread: Duration,
}

impl Stint {
    fn begin() -> Self {
        let begun = Clock::now();
        let known = READ.get().and_then(|(at, thread)| {
            let since = begun.saturating_duration_since(at);
            (since < LASTING).then_some(thread + since)
        });
        Self { begun, thread: known.unwrap_or_else(|| read(begun)) }
    }

    fn end(self) -> Duration {
        let ended = Clock::now();
        let wall = ended.saturating_duration_since(self.begun);
        if wall < LASTING {
            return wall;
        }
        read(ended).saturating_sub(self.thread).min(wall)
    }
}

/// What the clock of this thread shows.
fn read(now: Clock) -> Duration {
    let shown = clock_gettime(ClockId::ThreadCPUTime);
    let shown = Duration::new(shown.tv_sec as u64, shown.tv_nsec as u32);
    READ.set(Some((now, shown)));
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn charged(work: impl Fn()) -> Duration {
        let time = ProcessorTime::default();
        time.of(async {
            work();
            tokio::task::yield_now().await;
            work();
        })
        .await;
        time.read()
    }

    #[tokio::test]
    async fn who_waits_takes_none_and_who_computes_takes_it() {
        let waited = charged(|| std::thread::sleep(Duration::from_millis(10))).await;
        assert!(waited < Duration::from_millis(5), "{waited:?}");
        let long = Duration::from_millis(10);
        let computed = charged(|| {
            let until = read(Clock::now()) + long;
            while read(Clock::now()) < until {}
        })
        .await;
        assert!(computed >= 2 * (long - LASTING), "{computed:?}");
        assert!(computed <= 2 * (long + 2 * LASTING), "{computed:?}");
    }

    #[tokio::test]
    async fn what_is_short_is_charged_too() {
        let time = ProcessorTime::default();
        for _ in 0..100 {
            time.of(async { read(Clock::now()) }).await;
        }
        assert!(time.read() > Duration::from_micros(1), "{:?}", time.read());
    }
}
