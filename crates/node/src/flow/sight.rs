//! What the analyzer is shown of a flow and of those who could own it, from counters that are
//! read once per tick.

use std::collections::VecDeque;
use std::sync::atomic::Ordering;

use swell_core::flow::affinity::{CoreId, Traffic};
use swell_core::flow::size::Sizing;
use swell_core::flow::view::{Distance, OwnerId, Party, Sample, TICK};
use swell_core::flow::wait::little;
use swell_core::time::{Instant, Span};

use crate::flow::functions::{FunctionSight, Functions, SECOND, Tick};
use crate::flow::line::Line;
use crate::flow::news::Counters;
use crate::flow::rates::{Rates, SHOWN, Shot, Shots};

/// How much a tick counts for what is averaged over about a minute.
const MINUTE: f64 = 1.0 / 600.0;
/// Gaps and work vary like chance: both squared coefficients are those of an exponential
/// distribution, which is what is assumed of what was not measured.
const VARIATION: f64 = 2.0;
/// Moves to an owner count as recent for so long.
const RECENT: Span = Span::from_mins(1);
/// A flow rests once nothing happened in so many ticks: what is shown of it is nothing by then.
const RESTS_AFTER: u32 = SHOWN as u32;
/// Bytes that each item takes beside its own.
const HEAD: f64 = 32.0;

/// Counters at a moment.
#[derive(Debug, Clone, Copy, Default)]
struct Reading {
    put: u64,
    done: u64,
    depth: u64,
    worked_ns: u64,
    blocked_ns: u64,
    sojourn_us: u64,
}

/// One who could own a flow.
struct Candidate {
    /// The number of the function; a native process has none.
    function: Option<usize>,
    /// Share of the flow's bytes of the last minute that it took, as of when the owner changed.
    dependency: f64,
    /// When the flow moved to it.
    recent: VecDeque<Instant>,
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
    /// Ticks that it had rested when it was looked at last.
    rested: u32,
    owner: u32,
    /// Ticks in which items went to that owner since it became that.
    served: u32,
    turned_away: u64,
    /// The most items that were in it when somebody looked how many bytes those are.
    peak: u64,
    sizing: Sizing,
    /// In their order.
    candidates: Box<[Candidate]>,
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
            variation: VARIATION,
        };
        let candidate = |(place, name)| Candidate {
            function: (!line.is_native(place)).then(|| functions.number(name)),
            dependency: 0.0,
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
            rested: 0,
            owner: 0,
            served: 0,
            turned_away: 0,
            peak: 0,
            sizing: Sizing::default(),
            candidates: line.owners().enumerate().map(candidate).collect(),
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
            depth: counters.depth(),
            worked_ns: load(&counters.worked),
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
        self.quiet = if is_quiet { self.quiet.saturating_add(1) } else { 0 };
        self.sample.at = tick.now;
        if self.rests() {
            return false;
        }
        let before = if looked_at.is_some() { before } else { reading };
        self.measure(tick, (passed, ticks), &before, &reading, counters);
        let owner = counters.owner.load(Ordering::Relaxed);
        if owner != self.owner {
            self.settle(owner);
        }
        self.served += u32::from(reading.done > before.done);
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
        }
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
        let room = counters.room.load(Ordering::Relaxed) as f64;
        sample.capacity = room / (counters.mean_bytes() + HEAD);
    }

    /// It has another owner: what is remembered of the one before is brought up to date.
    fn settle(&mut self, owner: u32) {
        for place in 0..self.candidates.len() {
            self.candidates[place].dependency = self.dependency(place);
        }
        (self.owner, self.served) = (owner, 0);
    }

    /// Share of the flow's bytes of the last minute that this one took.
    fn dependency(&self, place: usize) -> f64 {
        let share = if place == self.owner as usize { 1.0 } else { 0.0 };
        let before = self.candidates[place].dependency;
        share + (before - share) * (1.0 - MINUTE).powf(f64::from(self.served))
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

    /// The number of the function that owns it; nothing if it is a native process.
    pub(crate) fn owner(&self) -> Option<usize> {
        self.candidates.get(self.owner as usize)?.function
    }

    /// Those who can own it, in their order; `function` tells how one of that number is.
    pub(crate) fn parties<'a>(
        &self,
        now: Instant,
        line: &Line,
        memory: f64,
        function: impl Fn(usize) -> &'a FunctionSight,
    ) -> Vec<Party> {
        let pause = line.pause_next();
        let candidates = self.candidates.iter().enumerate();
        let party = |(place, candidate): (usize, &Candidate)| {
            let is_recent = |moved: &&Instant| now.since(**moved) < RECENT;
            let common = Party {
                owner: OwnerId(place as u32),
                cpu: 0.0,
                memory,
                pressure: 0.0,
                processors: 1.0,
                is_alive: true,
                may_own: true,
                // The region stays where it is and with whom it is charged to.
                has_room: true,
                dependency: self.dependency(place),
                proximity: Distance::Process.proximity(),
                pause,
                recent: candidate.recent.iter().filter(is_recent).count() as u32,
            };
            match candidate.function.map(&function) {
                Some(function) => Party {
                    cpu: function.cpu(),
                    pressure: function.pressure(),
                    processors: function.processors,
                    is_alive: function.is_alive,
                    ..common
                },
                // A native process has the flow when it connects, and not because somebody judged
                // so; what else it does nobody knows.
                None => {
                    let is_alive = line.natives.consumer(line.owner_name(place)).is_some();
                    let cpu = if is_alive { 0.0 } else { 1.0 };
                    Party { cpu, is_alive, may_own: false, ..common }
                }
            }
        };
        candidates.map(party).collect()
    }

    /// What bears on the core that its owner works on.
    pub(crate) fn traffic(&self, feeder: Option<CoreId>) -> Traffic {
        let leaving = if self.rests() { 0.0 } else { self.sample.leaving };
        let busy = (leaving * self.sample.work.secs_f64()).min(1.0);
        Traffic { leaving, busy, feeder }
    }

    /// The flow went to this owner.
    pub(crate) fn on_moved(&mut self, now: Instant, place: usize) {
        if let Some(candidate) = self.candidates.get_mut(place) {
            candidate.recent.retain(|&moved| now.since(moved) < RECENT);
            candidate.recent.push_back(now);
        }
    }

    /// Whether its lanes are to go on in larger regions.
    pub(crate) fn wants_room(&mut self, now: Instant, counters: &Counters) -> bool {
        let turned_away = [&counters.rejected, &counters.dropped, &counters.spilled];
        let turned_away =
            turned_away.iter().map(|count| count.load(Ordering::Relaxed)).sum::<u64>()
                + counters.overwritten.load(Ordering::Relaxed);
        let is_short = turned_away > self.turned_away || self.blocked_ns > TICK.nanos() / 10;
        self.turned_away = turned_away;
        let wants = self.sizing.wants_more(now, is_short, self.sample.saturation());
        if wants {
            self.sizing.on_changed(now);
        }
        wants
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

/// Seconds that passed since a look, a tenth of a tick at least, and whole ticks.
fn since(looked_at: Option<Instant>, now: Instant) -> (f64, u32) {
    let passed = looked_at.map_or(Span::ZERO, |at| now.since(at));
    // A tick that comes late is one still.
    let ticks = (passed.nanos() + TICK.nanos() / 2) / TICK.nanos();
    let seconds = passed.secs_f64().max(TICK.secs_f64() / 10.0);
    (seconds, u32::try_from(ticks).unwrap_or(u32::MAX))
}
