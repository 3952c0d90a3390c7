//! What is measured of a flow: counters that whoever moves an item adds to, the latest
//! times that items spent in it, and what of all that belongs to the last tick.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use parking_lot::Mutex;

use swell_api::flow::FlowItems;

use crate::flow::news::{Bell, Counters, Mark, Waited};
use crate::observe::histogram::Histogram;

/// Times of so many items are remembered at most.
const RECENT: usize = 512;
/// For so long, in seconds: a slow flow is not late for ever because it was once.
const RECENT_SECONDS: u32 = swell_api::flow_judged::SOJOURN_SECONDS;

/// An owner that failed with so many items, or batches, in a row fails: one alone, or two, may be at
/// fault themselves.
const FAILED_MIN: u32 = 3;

/// A sample counts one in so many against those before it.
const SAMPLES: u64 = 8;

/// Figures of a flow.
pub(crate) struct Meter {
    /// Rung when something happened; with the counters that a tick reads.
    bell: Bell,
    /// Items given out again.
    pub(crate) again: AtomicU64,
    /// Items given up.
    pub(crate) dead: AtomicU64,
    /// Items lost to a failed call.
    pub(crate) lost: AtomicU64,
    /// Items ended because too many flows had led to them.
    pub(crate) ended: AtomicU64,
    /// How long items were in it.
    pub(crate) sojourn: Histogram,
    /// How long changes of hands took, from their order on.
    pub(crate) pauses: Histogram,
    /// How long sampled items had waited when they were taken out, in microseconds and averaged; one
    /// more, as 0 is that none was.
    queued: AtomicU64,
    /// Items, or batches, that the owner failed with since it was done with one.
    failed: AtomicU32,
    /// How many wait for room, and for items: one at least counts.
    blocked: Mutex<u32>,
    starved: Mutex<u32>,
    recent: Mutex<Recent>,
}

#[derive(Default)]
struct Recent {
    /// When an item was done, in seconds since this process first asked, and how long it was in the
    /// flow, in microseconds.
    times: Vec<(u32, u32)>,
    next: usize,
}

impl Recent {
    fn push(&mut self, now_s: u32, time: u32) {
        let at = self.next;
        match self.times.get_mut(at) {
            Some(place) => *place = (now_s, time),
            None => self.times.push((now_s, time)),
        }
        self.next = (at + 1) % RECENT;
    }

    /// Times of items that were done not long before.
    fn lately(&self, now_s: u32) -> Vec<u32> {
        let is_recent = |at: u32| now_s.saturating_sub(at) <= RECENT_SECONDS;
        self.times.iter().filter(|(at, _)| is_recent(*at)).map(|(_, time)| *time).collect()
    }
}

/// Somebody waits, until this is dropped.
pub(crate) struct Waiting<'a> {
    count: &'a Mutex<u32>,
    waited: &'a Waited,
}

impl Meter {
    /// Figures of the flow with this bell.
    pub(crate) fn of(bell: Bell) -> Self {
        Self {
            bell,
            again: AtomicU64::new(0),
            dead: AtomicU64::new(0),
            lost: AtomicU64::new(0),
            ended: AtomicU64::new(0),
            sojourn: Histogram::default(),
            pauses: Histogram::default(),
            queued: AtomicU64::new(0),
            failed: AtomicU32::new(0),
            blocked: Mutex::new(0),
            starved: Mutex::new(0),
            recent: Mutex::default(),
        }
    }

    /// The bell of the flow.
    pub(crate) fn bell(&self) -> &Bell {
        &self.bell
    }

    /// What a tick reads.
    pub(crate) fn counters(&self) -> &Counters {
        self.bell.counters()
    }

    /// Something happened in the flow, and was counted.
    pub(crate) fn stirred(&self) {
        self.bell.ring();
    }

    /// A producer waits for room.
    pub(crate) fn wait_begins(&self) -> Waiting<'_> {
        Waiting::begin(&self.blocked, &self.counters().blocked)
    }

    /// The owner waits for items.
    pub(crate) fn starving(&self) -> Waiting<'_> {
        Waiting::begin(&self.starved, &self.counters().starved)
    }

    /// An item that was put in then is done.
    pub(crate) fn finished(&self, put_us: u64, bytes: usize) {
        let sojourn = now_us().saturating_sub(put_us);
        let counters = self.counters();
        counters.done.fetch_add(1, Ordering::Relaxed);
        counters.bytes.fetch_add(bytes as u64, Ordering::Relaxed);
        counters.sojourn_us.fetch_add(sojourn, Ordering::Relaxed);
        counters.soonest.fetch_max(!sojourn, Ordering::Relaxed);
        self.sojourn.observe(Duration::from_micros(sojourn));
        let time = u32::try_from(sojourn).unwrap_or(u32::MAX);
        self.recent.lock().push(now_s(), time);
    }

    /// The owner worked for so long on so many items.
    pub(crate) fn worked(&self, items: usize, worked: Duration) {
        let counters = self.counters();
        counters.worked.fetch_add(worked.as_nanos() as u64, Ordering::Relaxed);
        let (items, whole_us) = (items.max(1) as f64, worked.as_secs_f64() * 1e6);
        let squares = (whole_us * whole_us / items) as u64;
        counters.worked_squares.fetch_add(squares, Ordering::Relaxed);
    }

    /// The owner was done with what it was called with, or is another one than before.
    pub(crate) fn succeeded(&self) {
        if self.failed.swap(0, Ordering::Relaxed) >= FAILED_MIN {
            self.counters().mark(Mark::Failing, false);
        }
    }

    /// Whether the owner failed with all of the last items.
    pub(crate) fn is_failing(&self) -> bool {
        self.counters().marks().has(Mark::Failing)
    }

    /// What the owner was called with was given up, as it failed as often as it may.
    pub(crate) fn failed(&self) {
        if self.failed.fetch_add(1, Ordering::Relaxed) + 1 == FAILED_MIN {
            self.counters().mark(Mark::Failing, true);
        }
    }

    /// What became of items here before the flow was away. Those that left with it were not done here.
    pub(crate) fn recall(&self, items: &FlowItems) {
        let counters = self.counters();
        for (count, known) in [
            (&counters.put, items.done),
            (&counters.done, items.done),
            (&counters.dropped, items.dropped),
            (&counters.rejected, items.rejected),
            (&counters.spilled, items.spilled),
            (&self.again, items.again),
            (&self.dead, items.dead),
            (&self.lost, items.lost),
            (&self.ended, items.ended),
        ] {
            count.fetch_add(known, Ordering::Relaxed);
        }
    }

    /// A sampled item had waited so long when it was taken out. Only whoever takes items out says so.
    pub(crate) fn sampled(&self, waited_ms: u64) {
        let waited = waited_ms.saturating_mul(1_000);
        let queued = match self.queued.load(Ordering::Relaxed) {
            0 => waited,
            known => known - 1 - (known - 1) / SAMPLES + waited / SAMPLES,
        };
        self.queued.store(queued.saturating_add(1), Ordering::Relaxed);
    }

    /// How long items wait until they are taken out, by the samples, in microseconds.
    pub(crate) fn queued_us(&self) -> Option<u64> {
        self.queued.load(Ordering::Relaxed).checked_sub(1)
    }

    /// The half and the 99 hundredths of the latest times of the last minutes, in microseconds; 0
    /// where no item was done in those.
    pub(crate) fn percentiles(&self) -> (u64, u64) {
        self.percentiles_at(now_s())
    }

    fn percentiles_at(&self, now_s: u32) -> (u64, u64) {
        let mut times = self.recent.lock().lately(now_s);
        times.sort_unstable();
        let at = |share: f64| {
            let place = (times.len() as f64 * share).ceil() as usize;
            times.get(place.saturating_sub(1)).map_or(0, |&time| u64::from(time))
        };
        (at(0.5), at(0.99))
    }

    /// How long the item being worked on has been in the flow, in microseconds; where a process owns it,
    /// the oldest that is not done with.
    pub(crate) fn oldest_us(&self) -> u64 {
        match self.counters().oldest_us.load(Ordering::Relaxed) {
            0 => 0,
            since => now_us().saturating_sub(since),
        }
    }

    /// Items in the flow.
    pub(crate) fn depth(&self) -> u64 {
        self.counters().depth()
    }

    /// What became of items.
    pub(crate) fn items(&self) -> FlowItems {
        let read = |count: &AtomicU64| count.load(Ordering::Relaxed);
        let counters = self.counters();
        FlowItems {
            put: read(&counters.put),
            done: read(&counters.done),
            again: read(&self.again),
            dead: read(&self.dead),
            lost: read(&self.lost),
            dropped: read(&counters.dropped) + read(&counters.overwritten),
            rejected: read(&counters.rejected),
            spilled: read(&counters.spilled),
            ended: read(&self.ended),
        }
    }
}

impl<'a> Waiting<'a> {
    fn begin(count: &'a Mutex<u32>, waited: &'a Waited) -> Self {
        let mut waiting = count.lock();
        *waiting += 1;
        if *waiting == 1 {
            waited.set(now_ns(), true);
        }
        drop(waiting);
        Self { count, waited }
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        let mut waiting = self.count.lock();
        *waiting -= 1;
        if *waiting == 0 {
            self.waited.set(now_ns(), false);
        }
    }
}

/// Nanoseconds since this process first asked.
pub(crate) fn now_ns() -> u64 {
    static BEGUN: OnceLock<Instant> = OnceLock::new();
    BEGUN.get_or_init(Instant::now).elapsed().as_nanos() as u64
}

/// The same in whole seconds.
fn now_s() -> u32 {
    u32::try_from(now_ns() / 1_000_000_000).unwrap_or(u32::MAX)
}

/// The clock of the wall, in microseconds since 1970.
pub(crate) fn now_us() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |since| since.as_micros() as u64)
}

#[cfg(test)]
mod tests {
    use swell_core::flow::view::FifoId;

    use super::*;
    use crate::flow::news::News;

    fn meter() -> Meter {
        Meter::of(News::default().bell(FifoId(7)))
    }

    #[test]
    fn times_are_those_of_the_latest_items() {
        let meter = meter();
        assert_eq!(meter.percentiles(), (0, 0));
        for _ in 0..2 * RECENT {
            meter.finished(0, 1);
        }
        for age in 0..RECENT as u64 {
            meter.finished(now_us() - age * 1_000_000, 1);
        }
        let (half, most) = meter.percentiles();
        assert_eq!((half / 1_000_000, most / 1_000_000), (255, 506));
        assert_eq!(meter.items().done, 3 * RECENT as u64);
    }

    #[test]
    fn an_item_that_was_late_is_forgotten_after_minutes() {
        let meter = meter();
        meter.finished(now_us() - 18_000_000, 1);
        let now = now_s();
        assert!(meter.percentiles_at(now).1 >= 18_000_000);
        assert!(meter.percentiles_at(now + RECENT_SECONDS).1 >= 18_000_000);
        assert_eq!(meter.percentiles_at(now + RECENT_SECONDS + 2), (0, 0));
        meter.recent.lock().push(now + RECENT_SECONDS, 70);
        assert_eq!(meter.percentiles_at(now + RECENT_SECONDS + 2), (70, 70));
    }

    #[test]
    fn an_owner_fails_that_failed_with_three_in_a_row() {
        let meter = meter();
        let fails = || meter.counters().marks().has(Mark::Failing);
        meter.failed();
        meter.failed();
        meter.succeeded();
        (0..2).for_each(|_| meter.failed());
        assert!(!fails());
        (0..2).for_each(|_| meter.failed());
        assert!(fails());
        meter.succeeded();
        assert!(!fails());
    }

    #[test]
    fn what_was_counted_before_adds_nothing_to_what_waits() {
        let (meter, left) = (meter(), FlowItems { put: 9, done: 7, dead: 2, ..Default::default() });
        meter.recall(&left);
        assert_eq!(meter.items(), FlowItems { put: 7, ..left });
        assert_eq!(meter.depth(), 0);
    }

    #[test]
    fn samples_are_averaged() {
        let meter = meter();
        assert_eq!(meter.queued_us(), None);
        meter.sampled(8);
        assert_eq!(meter.queued_us(), Some(8_000));
        meter.sampled(16);
        assert_eq!(meter.queued_us(), Some(9_000));
        (0..200).for_each(|_| meter.sampled(0));
        assert!(meter.queued_us() < Some(10));
    }

    #[test]
    fn several_that_wait_count_once() {
        let meter = meter();
        let blocked = || meter.counters().blocked.total(now_ns());
        let began = now_ns();
        let (one, other) = (meter.wait_begins(), meter.wait_begins());
        drop(one);
        let still = blocked();
        drop(other);
        let rested = blocked();
        assert!(still <= rested && rested <= now_ns() - began);
        assert_eq!(blocked(), rested);
    }
}
