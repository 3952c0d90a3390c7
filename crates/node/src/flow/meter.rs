//! What is measured of a flow: counters that whoever moves an item adds to, the latest
//! times that items spent in it, and what of all that belongs to the last tick.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use parking_lot::Mutex;

use swell_api::flow::FlowItems;

use crate::flow::news::Bell;
use crate::observe::histogram::Histogram;

/// Times of so many items are remembered.
const RECENT: usize = 512;

/// Figures of a flow.
#[derive(Default)]
pub(crate) struct Meter {
    /// Rung when something happened.
    bell: Option<Bell>,
    /// Items put in.
    pub(crate) put: AtomicU64,
    /// Items done with.
    pub(crate) done: AtomicU64,
    /// Bytes of these.
    pub(crate) bytes: AtomicU64,
    /// Items given out again.
    pub(crate) again: AtomicU64,
    /// Items given up.
    pub(crate) dead: AtomicU64,
    /// Items lost to a failed call.
    pub(crate) lost: AtomicU64,
    /// Items dropped on their way in.
    pub(crate) dropped: AtomicU64,
    /// Items that were overwritten, as far as the owner has come.
    pub(crate) overwritten: AtomicU64,
    /// Items refused.
    pub(crate) rejected: AtomicU64,
    /// Items put on disk first.
    pub(crate) spilled: AtomicU64,
    /// Items ended because too many flows had led to them.
    pub(crate) ended: AtomicU64,
    /// Nanoseconds its owner worked on items, without waiting for an instance.
    pub(crate) worked: AtomicU64,
    /// When the item being worked on was put in, in microseconds since 1970; 0 is none.
    pub(crate) oldest_us: AtomicU64,
    /// How long items were in it.
    pub(crate) sojourn: Histogram,
    blocked: Gauge,
    starved: Gauge,
    sojourn_us: AtomicU64,
    recent: Mutex<Recent>,
}

/// Time during which somebody waits, of possibly several at a time: one at least counts.
#[derive(Default)]
struct Gauge(Mutex<Waits>);

#[derive(Default)]
struct Waits {
    waiting: u32,
    since: Option<Instant>,
    total: Duration,
}

#[derive(Default)]
struct Recent {
    times: Vec<u32>,
    next: usize,
}

/// Somebody waits, until this is dropped.
pub(crate) struct Waiting<'a>(&'a Gauge);

/// Counters at a moment.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Reading {
    pub(crate) put: u64,
    pub(crate) done: u64,
    pub(crate) depth: u64,
    pub(crate) worked: Duration,
    pub(crate) blocked: Duration,
    pub(crate) starved: Duration,
    /// The sum of the times of items that are done, in microseconds.
    pub(crate) sojourn_us: u64,
}

impl Meter {
    /// Figures of the flow with this bell.
    pub(crate) fn of(bell: Bell) -> Self {
        Self { bell: Some(bell), ..Self::default() }
    }

    /// Something happened in the flow, and was counted.
    pub(crate) fn stirred(&self) {
        if let Some(bell) = &self.bell {
            bell.ring();
        }
    }

    /// A producer waits for room.
    pub(crate) fn wait_begins(&self) -> Waiting<'_> {
        self.blocked.begin()
    }

    /// The owner waits for items.
    pub(crate) fn starving(&self) -> Waiting<'_> {
        self.starved.begin()
    }

    /// An item that was put in then is done.
    pub(crate) fn finished(&self, put_us: u64, bytes: usize) {
        let sojourn = now_us().saturating_sub(put_us);
        self.done.fetch_add(1, Ordering::Relaxed);
        self.bytes.fetch_add(bytes as u64, Ordering::Relaxed);
        self.sojourn_us.fetch_add(sojourn, Ordering::Relaxed);
        self.sojourn.observe(Duration::from_micros(sojourn));
        let mut recent = self.recent.lock();
        let time = u32::try_from(sojourn).unwrap_or(u32::MAX);
        let at = recent.next;
        match recent.times.get_mut(at) {
            Some(place) => *place = time,
            None => recent.times.push(time),
        }
        recent.next = (at + 1) % RECENT;
    }

    /// The half and the 99 hundredths of the latest times, in microseconds.
    pub(crate) fn percentiles(&self) -> (u64, u64) {
        let mut times = self.recent.lock().times.clone();
        times.sort_unstable();
        let at = |share: f64| {
            let place = (times.len() as f64 * share).ceil() as usize;
            times.get(place.saturating_sub(1)).map_or(0, |&time| u64::from(time))
        };
        (at(0.5), at(0.99))
    }

    /// How long the item being worked on has been in the flow, in microseconds.
    pub(crate) fn oldest_us(&self) -> u64 {
        match self.oldest_us.load(Ordering::Relaxed) {
            0 => 0,
            since => now_us().saturating_sub(since),
        }
    }

    /// Bytes of an item, on average.
    pub(crate) fn mean_bytes(&self) -> f64 {
        let done = self.done.load(Ordering::Relaxed).max(1);
        self.bytes.load(Ordering::Relaxed) as f64 / done as f64
    }

    /// Items in the flow.
    pub(crate) fn depth(&self) -> u64 {
        let gone = [&self.done, &self.overwritten].map(|count| count.load(Ordering::Relaxed));
        self.put.load(Ordering::Relaxed).saturating_sub(gone.iter().sum())
    }

    /// The counters now.
    pub(crate) fn read(&self) -> Reading {
        Reading {
            put: self.put.load(Ordering::Relaxed),
            done: self.done.load(Ordering::Relaxed),
            depth: self.depth(),
            worked: Duration::from_nanos(self.worked.load(Ordering::Relaxed)),
            blocked: self.blocked.total(),
            starved: self.starved.total(),
            sojourn_us: self.sojourn_us.load(Ordering::Relaxed),
        }
    }

    /// What became of items.
    pub(crate) fn items(&self) -> FlowItems {
        let read = |count: &AtomicU64| count.load(Ordering::Relaxed);
        FlowItems {
            put: read(&self.put),
            done: read(&self.done),
            again: read(&self.again),
            dead: read(&self.dead),
            lost: read(&self.lost),
            dropped: read(&self.dropped) + read(&self.overwritten),
            rejected: read(&self.rejected),
            spilled: read(&self.spilled),
            ended: read(&self.ended),
        }
    }
}

impl Gauge {
    fn begin(&self) -> Waiting<'_> {
        let mut waits = self.0.lock();
        waits.waiting += 1;
        waits.since.get_or_insert_with(Instant::now);
        Waiting(self)
    }

    fn total(&self) -> Duration {
        let waits = self.0.lock();
        waits.total + waits.since.map_or(Duration::ZERO, |since| since.elapsed())
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        let mut waits = self.0.0.lock();
        waits.waiting -= 1;
        if waits.waiting == 0
            && let Some(since) = waits.since.take()
        {
            waits.total += since.elapsed();
        }
    }
}

/// The clock of the wall, in microseconds since 1970.
pub(crate) fn now_us() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |since| since.as_micros() as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_those_of_the_latest_items() {
        let meter = Meter::default();
        assert_eq!(meter.percentiles(), (0, 0));
        for _ in 0..2 * RECENT {
            meter.finished(0, 1);
        }
        for age in 0..RECENT as u64 {
            meter.finished(now_us() - age * 1_000_000, 1);
        }
        let (half, most) = meter.percentiles();
        assert_eq!((half / 1_000_000, most / 1_000_000), (255, 506));
        assert_eq!(meter.read().done, 3 * RECENT as u64);
    }

    #[test]
    fn several_that_wait_count_once() {
        let meter = Meter::default();
        let began = Instant::now();
        let (one, other) = (meter.wait_begins(), meter.wait_begins());
        drop(one);
        drop(other);
        assert!(meter.read().blocked <= began.elapsed());
        let rested = meter.read().blocked;
        assert_eq!(meter.read().blocked, rested);
    }
}
