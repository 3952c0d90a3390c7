//! When the next request is due.
//!
//! At a rate, requests are due at fixed times from the start on, and a request that is sent
//! late is late by its own latency: a server that stalls cannot hide it by making the load
//! wait (coordinated omission). The times are kept by a thread of its own, because timers
//! of the runtime are a millisecond wide.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use tokio::sync::Semaphore;

/// When requests are due, for all connections together.
#[derive(Debug)]
pub struct Pace {
    start: Instant,
    end: Instant,
    rate: Option<u32>,
    due: Arc<Semaphore>,
    taken: AtomicU64,
}

impl Pace {
    /// Requests from now on for so long, as fast as they are answered or `rate` a second.
    pub fn start(duration: Duration, rate: Option<u32>) -> Arc<Self> {
        let start = Instant::now();
        let due = Arc::new(Semaphore::new(0));
        if let Some(rate) = rate {
            let due = due.clone();
            thread::spawn(move || keep(start, duration, rate, &due));
        }
        Arc::new(Self { start, end: start + duration, rate, due, taken: AtomicU64::new(0) })
    }

    /// Waits until another request is due, and tells since when it is; nothing if there is
    /// to be no other.
    pub async fn next(&self) -> Option<Instant> {
        let Some(rate) = self.rate else {
            let now = Instant::now();
            return (now < self.end).then_some(now);
        };
        // The semaphore is closed when the time is over.
        self.due.acquire().await.ok()?.forget();
        let number = self.taken.fetch_add(1, Ordering::Relaxed);
        Some(self.start + offset(number, rate))
    }

    /// Ends before the time is over.
    pub fn stop(&self) {
        self.due.close();
    }

    /// Requests that were due and never sent, because no connection was free.
    pub fn unsent(&self) -> u64 {
        let Some(rate) = self.rate else {
            return 0;
        };
        let over = Instant::now().min(self.end) - self.start;
        due_after(over, rate).saturating_sub(self.taken.load(Ordering::Relaxed))
    }
}

/// Lets requests fall due until the time is over or somebody ends it.
fn keep(start: Instant, duration: Duration, rate: u32, due: &Semaphore) {
    let mut given = 0;
    loop {
        let elapsed = start.elapsed();
        let owed = due_after(elapsed.min(duration), rate) - given;
        due.add_permits(usize::try_from(owed).unwrap_or(0));
        given += owed;
        if elapsed >= duration {
            break;
        }
        if due.is_closed() {
            return;
        }
        let next = (start + offset(given, rate)).min(start + duration);
        thread::sleep(next.saturating_duration_since(Instant::now()));
    }
    due.close();
}

/// When request `number`, from 0, is due after the start.
fn offset(number: u64, rate: u32) -> Duration {
    Duration::from_nanos((u128::from(number) * 1_000_000_000 / u128::from(rate)) as u64)
}

/// How many requests are due when so much time has passed.
fn due_after(elapsed: Duration, rate: u32) -> u64 {
    if elapsed.is_zero() {
        return 0;
    }
    ((elapsed.as_nanos() - 1) * u128::from(rate) / 1_000_000_000) as u64 + 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn due_times_and_counts_agree() {
        for rate in [1, 3, 7, 1_000, 333_333] {
            for number in [0, 1, 2, 10, 999, 123_456] {
                let at = offset(number, rate);
                let just_after = at + Duration::from_nanos(2);
                assert!(due_after(just_after, rate) > number, "{rate} {number}");
                assert!(due_after(at, rate) <= number + 1, "{rate} {number}");
            }
        }
        assert_eq!(due_after(Duration::from_secs(5), 1_000), 5_000);
        assert_eq!(due_after(Duration::from_secs(1), 1), 1);
    }

    #[tokio::test]
    async fn a_rate_gives_its_number_of_requests_and_ends() {
        let pace = Pace::start(Duration::from_millis(50), Some(2_000));
        let mut last = None;
        let mut sent = 0;
        while let Some(due) = pace.next().await {
            assert!(Some(due) > last);
            last = Some(due);
            sent += 1;
        }
        assert_eq!(sent + pace.unsent(), 100);
    }

    #[tokio::test]
    async fn a_stop_ends_it() {
        let pace = Pace::start(Duration::from_secs(3_600), Some(1));
        assert!(pace.next().await.is_some());
        pace.stop();
        assert!(pace.next().await.is_none());
    }
}
