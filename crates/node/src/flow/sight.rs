//! What the analyzer is shown of a flow, from counters that are read once per tick.

use std::collections::VecDeque;
use std::sync::atomic::Ordering;

use swell_core::flow::affinity::{CoreId, Traffic};
use swell_core::flow::queue::Queue;
use swell_core::flow::variation::Variation;
use swell_core::flow::view::{FifoId, Glance, Sample, TICK};
use swell_core::flow::wait::little;
use swell_core::time::{Instant, Span};

use crate::flow::candidate::{Candidate, Source};
use crate::flow::functions::{Functions, SECOND, Tick};
use crate::flow::line::Line;
use crate::flow::news::{Counters, Mark};
use crate::flow::rates::{Rates, SHOWN, Shot, Shots, fading, since};

/// A flow rests once nothing happened in so many ticks: what is shown of it is nothing by then.
const RESTS_AFTER: u32 = SHOWN as u32;
/// Bytes that each item takes beside its own.
const HEAD: f64 = 32.0;

/// Counters at a moment.
#[derive(Debug, Clone, Copy, Default)]
struct Reading {
    put: u64,
    done: u64,
    bytes: u64,
    depth: u64,
    worked_ns: u64,
    worked_squares: u64,
    blocked_ns: u64,
    sojourn_us: u64,
}

/// A flow, as it is watched.
pub(crate) struct LineSight {
    /// Nothing before it was looked at for the first time.
    looked_at: Option<Instant>,
    reading: Reading,
    sample: Sample,
    /// Items in it, averaged over about a second, and the times that a second's items took, by
    /// their stamps and in microseconds.
    depth: f64,
    sojourn_us: f64,
    /// Nanoseconds of the last tick in which producers waited for room.
    blocked_ns: u64,
    /// Ticks in which nothing happened.
    quiet: u32,
    /// Since when items wait while none is done with, and how long that was at the last look.
    still_since: Instant,
    still: Span,
    /// Whether its owner failed with all of the last items.
    is_failing: bool,
    /// Ticks that it had rested when it was looked at last.
    rested: u32,
    pub(super) owner: u32,
    /// Ticks since it became that; bytes of the last minute that went out, and to that owner.
    owned: u32,
    pub(super) passed: f64,
    taken: f64,
    turned_away: u64,
    /// The most items that were in it when somebody looked how many bytes those are.
    peak: u64,
    variation: Variation,
    queue: Queue,
    /// In their order.
    pub(super) candidates: Box<[Candidate]>,
    pub(super) sources: Box<[Source]>,
    shots: Shots,
}

impl LineSight {
    pub(crate) fn new(line: &Line, functions: &mut Functions) -> Self {
        let sample = Sample {
            at: Instant::ZERO,
            arriving: 0.0,
            leaving: 0.0,
            depth: 0.0,
            capacity: 1.0,
            latency: Span::ZERO,
            true_rate: 0.0,
            work: Span::ZERO,
            variation: Variation::default().squared(),
        };
        let candidate = |(place, name): (usize, &str)| Candidate {
            name: name.into(),
            function: (!line.is_native(place)).then(|| functions.number(name)),
            taken: 0.0,
            recent: VecDeque::new(),
        };
        Self {
            looked_at: None,
            reading: Reading::default(),
            sample,
            depth: 0.0,
            sojourn_us: 0.0,
            blocked_ns: 0,
            quiet: 0,
            still_since: Instant::ZERO,
            still: Span::ZERO,
            is_failing: false,
            rested: 0,
            owner: 0,
            owned: 0,
            passed: 0.0,
            taken: 0.0,
            turned_away: 0,
            peak: 0,
            variation: Variation::default(),
            queue: Queue::default(),
            candidates: line.owners().enumerate().map(candidate).collect(),
            sources: line.from.iter().map(|name| Source::new(name)).collect(),
            shots: Shots::new(),
        }
    }

    /// Functions that could own it, by their numbers.
    pub(crate) fn functions(&self) -> impl Iterator<Item = usize> {
        self.candidates.iter().filter_map(|candidate| candidate.function)
    }

    /// Reads the counters of a flow; whether anything is to be judged.
    pub(crate) fn read(&mut self, tick: &Tick<'_>, counters: &Counters) -> bool {
        let load = |counter: &std::sync::atomic::AtomicU64| counter.load(Ordering::Relaxed);
        let reading = Reading {
            put: load(&counters.put),
            done: load(&counters.done),
            bytes: load(&counters.bytes),
            depth: counters.depth(),
            worked_ns: load(&counters.worked),
            worked_squares: load(&counters.worked_squares),
            blocked_ns: counters.blocked.total(tick.now_ns),
            sojourn_us: load(&counters.sojourn_us),
        };
        let before = self.reading;
        let is_quiet = reading.depth == 0
            && self.looked_at.is_some()
            && (before.put, before.done) == (reading.put, reading.done);
        let looked_at = self.looked_at.replace(tick.now);
        let (passed, ticks) = since(looked_at, tick.now);
        // One that rests is not looked at, unless all are.
        self.rested = if self.rests() { ticks.saturating_sub(1) } else { 0 };
        if self.rested > 0 {
            self.queue.rested(self.rested);
        }
        let owner = counters.owner.load(Ordering::Relaxed);
        let waits = before.depth > 0 && reading.depth > 0 && before.done == reading.done;
        if !waits || owner != self.owner {
            self.still_since = tick.now;
        }
        self.still = tick.now.since(self.still_since);
        self.is_failing = counters.marks().has(Mark::Failing);
        self.quiet = if is_quiet { self.quiet.saturating_add(1) } else { 0 };
        self.sample.at = tick.now;
        if self.rests() {
            return false;
        }
        let before = if looked_at.is_some() { before } else { reading };
        self.measure(tick, (passed, ticks), &before, &reading, counters);
        if owner != self.owner {
            self.settle(owner);
        }
        let (bytes, fading) = ((reading.bytes - before.bytes) as f64, fading(ticks.max(1)));
        (self.passed, self.taken) = (self.passed * fading + bytes, self.taken * fading + bytes);
        self.owned = self.owned.saturating_add(ticks.max(1));
        self.blocked_ns = reading.blocked_ns.saturating_sub(before.blocked_ns);
        self.reading = reading;
        let Reading { put, done, blocked_ns, .. } = reading;
        let starved_ns = counters.starved.total(tick.now_ns);
        self.shots.push(Shot { at: tick.now, put, done, blocked_ns, starved_ns });
        true
    }

    /// Whether nothing has happened for a while.
    pub(crate) fn rests(&self) -> bool {
        self.quiet > RESTS_AFTER
    }

    /// Ticks that it rested before it was looked at last.
    pub(crate) fn rested(&self) -> u32 {
        self.rested
    }

    /// Whether every item waits in it, and has for a while.
    pub(crate) fn stands(&self) -> bool {
        !self.rests() && self.queue.stands()
    }

    /// How it stood when it was looked at last.
    pub(crate) fn sample(&self) -> &Sample {
        &self.sample
    }

    fn measure(
        &mut self,
        tick: &Tick<'_>,
        (passed, ticks): (f64, u32),
        before: &Reading,
        reading: &Reading,
        counters: &Counters,
    ) {
        let sample = &mut self.sample;
        let (put, done) = (reading.put - before.put, reading.done - before.done);
        // A flow that rested has as many ticks to make up for.
        let weight = match ticks {
            0 | 1 => SECOND,
            _ => 1.0 - (1.0 - SECOND).powf(passed / TICK.secs_f64()),
        };
        self.variation.came(put as f64, sample.arriving * passed);
        sample.arriving += weight * (put as f64 / passed - sample.arriving);
        sample.leaving += weight * (done as f64 / passed - sample.leaving);
        sample.depth = (before.depth + reading.depth) as f64 / 2.0;
        self.depth += weight * (sample.depth - self.depth);
        let worked_ns = reading.worked_ns.saturating_sub(before.worked_ns);
        if done > 0 && worked_ns > 0 {
            let each = worked_ns as f64 / 1e9 / done as f64;
            let known = sample.work.secs_f64();
            let each = if known > 0.0 { known + SECOND * (each - known) } else { each };
            sample.work = Span::from_secs_f64(each);
            sample.true_rate = 1.0 / each;
            let squares = reading.worked_squares.wrapping_sub(before.worked_squares) as f64;
            self.variation.worked(done as f64, worked_ns as f64 / 1e3, squares);
        }
        sample.variation = self.variation.squared();
        // Items that are done tell how long they took; those that are not, at least so long.
        let oldest = match counters.oldest_us.load(Ordering::Relaxed) {
            0 => Span::ZERO,
            since => Span::from_nanos(tick.now_us.saturating_sub(since) * 1_000),
        };
        let sojourn_us = reading.sojourn_us - before.sojourn_us;
        self.sojourn_us += weight * (sojourn_us as f64 / passed - self.sojourn_us);
        let mean = sojourn_us.checked_div(done);
        sample.latency = match mean {
            Some(mean) => Span::from_nanos(mean * 1_000).max(oldest),
            None => little(sample.depth, sample.leaving, oldest).max(oldest),
        };
        let soonest = match counters.soonest.load(Ordering::Relaxed) {
            0 => None,
            _ => Some(!counters.soonest.swap(0, Ordering::Relaxed)),
        };
        let soonest = soonest.map(|us| Span::from_nanos(us.saturating_mul(1_000)));
        self.queue.push(soonest, sample.work, sample.depth);
        let room = counters.room.load(Ordering::Relaxed) as f64;
        sample.capacity = room / (counters.mean_bytes() + HEAD);
    }

    /// It has another owner: what is remembered of each is brought up to date.
    fn settle(&mut self, owner: u32) {
        for place in 0..self.candidates.len() {
            self.candidates[place].taken = self.taken(place);
        }
        let taken = self.candidates.get(owner as usize).map_or(0.0, |candidate| candidate.taken);
        (self.owner, self.owned, self.taken) = (owner, 0, taken);
    }

    /// Bytes of the last minute that this one took, as of the last look.
    pub(super) fn taken(&self, place: usize) -> f64 {
        match place == self.owner as usize {
            true => self.taken,
            false => self.candidates[place].taken * fading(self.owned),
        }
    }

    /// What is left by now of what a minute's worth was at the last look.
    pub(super) fn faded(&self, now: Instant) -> f64 {
        fading(since(self.looked_at, now).1)
    }

    /// Items in it, averaged over about a second, and how long those of that second took: by their
    /// stamps, and by Little's law from how many are in it and how many leave.
    pub(crate) fn sojourn(&self) -> (f64, Span, Span) {
        let leaving = self.sample.leaving;
        let stamped = if leaving > 0.0 { self.sojourn_us / 1e6 / leaving } else { 0.0 };
        (self.depth, Span::from_secs_f64(stamped), little(self.depth, leaving, Span::ZERO))
    }

    /// Items of the usual size that its lanes can hold, and the work of one.
    pub(crate) fn usual(&self) -> (f64, Span) {
        (self.sample.capacity, self.sample.work)
    }

    /// The same without who else could own it, for those who ask; `usage` is of its owner.
    pub(crate) fn glance(&self, fifo: FifoId, usage: f64) -> Glance<'_> {
        Glance {
            fifo,
            sample: &self.sample,
            usage,
            rested: 0,
            memory_is_short: false,
            is_cramped: false,
            is_held: false,
            is_native: false,
            still: Span::ZERO,
            is_failing: self.is_failing,
            is_alone: self.is_alone(),
        }
    }

    /// The number of the function that owns it; nothing if it is a native process.
    pub(crate) fn owner(&self) -> Option<usize> {
        self.candidates.get(self.owner as usize)?.function
    }

    /// What bears on the core that its owner works on.
    pub(crate) fn traffic(&self, feeder: Option<CoreId>) -> Traffic {
        let leaving = if self.rests() { 0.0 } else { self.sample.leaving };
        let busy = (leaving * self.sample.work.secs_f64()).min(1.0);
        Traffic { leaving, busy, feeder }
    }

    /// For how long items had waited while none was done with, when it was looked at last.
    pub(crate) fn still(&self) -> Span {
        self.still
    }

    /// Whether its owner had failed with all of the last items, when it was looked at last.
    pub(crate) fn is_failing(&self) -> bool {
        self.is_failing
    }

    /// Whether nobody but its owner could own it.
    pub(crate) fn is_alone(&self) -> bool {
        self.candidates.len() == 1
    }

    /// Items put in so far.
    pub(crate) fn put(&self) -> u64 {
        self.reading.put
    }

    /// Whether a lane was short of room: somebody was turned away, or had to wait for long.
    pub(crate) fn is_cramped(&mut self, counters: &Counters) -> bool {
        let turned_away = [&counters.rejected, &counters.dropped, &counters.spilled];
        let turned_away =
            turned_away.iter().map(|count| count.load(Ordering::Relaxed)).sum::<u64>()
                + counters.overwritten.load(Ordering::Relaxed);
        let is_cramped = turned_away > self.turned_away || self.blocked_ns > TICK.nanos() / 10;
        self.turned_away = turned_away;
        is_cramped
    }

    /// Whether more items are in it than there were when somebody looked how many bytes those are.
    pub(crate) fn is_fuller(&self) -> bool {
        self.reading.depth > self.peak
    }

    /// Somebody looks.
    pub(crate) fn on_looked(&mut self) {
        self.peak = self.reading.depth;
    }

    /// Rates over the last second.
    pub(crate) fn rates(&self, now: Instant) -> Rates {
        self.shots.rates(now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flow::alone::{flow_alone, tick};
    use crate::flow::news::News;
    use crate::registry::Registry;

    #[test]
    fn it_is_told_for_how_long_items_waited_while_none_was_done_with() {
        let (news, registry) = (News::default(), Registry::default());
        let (line, _folder) = flow_alone(&news, 0, 16 << 10);
        let mut sight = LineSight::new(&line, &mut Functions::default());
        let counters = line.meter.counters();
        for (number, put, done, expected) in [
            (1, 0, 0, 0),
            (600, 3, 0, 0),
            (700, 0, 0, 10_000),
            (701, 0, 1, 0),
            (800, 5, 0, 9_900),
            (801, 0, 7, 0),
            (900, 1, 0, 0),
        ] {
            counters.put.fetch_add(put, Ordering::Relaxed);
            counters.done.fetch_add(done, Ordering::Relaxed);
            let tick = tick(number, &registry);
            sight.read(&tick, counters);
            assert_eq!(sight.still(), Span::from_millis(expected), "{number}");
        }
    }
}
