//! What the analyzer is shown of a flow and of those who could own it, from counters that are
//! read once per tick.
//!
//! A function's *processors* are the calls it can work on at a time: its instances allowed, by
//! the calls of each, or the node's processors where it may have as many as fit. Its *cpu* is
//! the share of them at work, its *pressure* the share of ticks in which calls waited for an
//! instance.

use std::collections::VecDeque;
use std::time::Duration;

use swell_core::flow::affinity::{CoreId, Traffic};
use swell_core::flow::size::Sizing;
use swell_core::flow::view::{Distance, OwnerId, Party, Sample, TICK};
use swell_core::flow::wait::little;
use swell_core::flow::window::Window;
use swell_core::time::{Instant, Span};

use crate::flow::line::Line;
use crate::flow::meter::Reading;
use crate::registry::Function;

/// Ticks that rates are shown over.
const SHOWN: usize = 10;
/// How much a tick counts for what is averaged over about a second.
const SECOND: f64 = 0.1;
/// How much a tick counts for what is averaged over about a minute.
const MINUTE: f64 = 1.0 / 600.0;
/// Gaps and work vary like chance: both squared coefficients are those of an exponential
/// distribution, which is what is assumed of what was not measured.
const VARIATION: f64 = 2.0;
/// Moves to an owner count as recent for so long.
const RECENT: Span = Span::from_mins(1);
/// A flow rests once nothing happened in so many ticks: what is shown of it is nothing by then.
const RESTS_AFTER: u32 = SHOWN as u32;

/// A function that could own flows.
pub(crate) struct FunctionSight {
    running: f64,
    waits: Window,
    processors: f64,
    is_alive: bool,
}

impl FunctionSight {
    pub(crate) fn new() -> Self {
        Self { running: 0.0, waits: Window::new(SHOWN), processors: 1.0, is_alive: false }
    }

    /// Takes in a tick; the function as it is now, if it is here.
    pub(crate) fn look(&mut self, function: Option<&Function>, processors: f64) {
        use std::sync::atomic::Ordering::Relaxed;
        self.is_alive = function.is_some_and(|function| !function.paused);
        let Some(function) = function else { return };
        let versions = || function.versions.iter();
        let running: u32 = versions().map(|version| version.running.load(Relaxed)).sum();
        let waiting: u32 = versions().map(|version| version.waiting.load(Relaxed)).sum();
        self.running += SECOND * (f64::from(running) - self.running);
        self.waits.push(waiting > 0);
        let leading = function.leading();
        let most = leading.scale.read().max_instances;
        self.processors = most.map_or(processors, |most| {
            f64::from(most.max(1)) * f64::from(leading.spec.concurrency.max(1))
        });
    }

    fn party(&self, place: usize, memory: f64, seen: &Seen, pause: Span) -> Party {
        let cpu = if self.is_alive { self.running / self.processors } else { 1.0 };
        Party {
            owner: OwnerId(place as u32),
            cpu: cpu.min(1.0),
            memory,
            pressure: self.waits.share(),
            processors: self.processors,
            is_alive: self.is_alive,
            may_own: true,
            // The region stays where it is and with whom it is charged to.
            has_room: true,
            dependency: seen.dependency,
            proximity: Distance::Process.proximity(),
            pause,
            recent: seen.recent.len() as u32,
        }
    }
}

/// A native process that could own a flow. It has the flow when it connects, and not because
/// somebody judged so; what else it does nobody knows.
fn process(line: &Line, place: usize, memory: f64, seen: &Seen, pause: Span) -> Party {
    let is_alive = line.natives.consumer(line.owner_name(place)).is_some();
    Party {
        owner: OwnerId(place as u32),
        cpu: if is_alive { 0.0 } else { 1.0 },
        memory,
        pressure: 0.0,
        processors: 1.0,
        is_alive,
        may_own: false,
        has_room: true,
        dependency: seen.dependency,
        proximity: Distance::Process.proximity(),
        pause,
        recent: seen.recent.len() as u32,
    }
}

/// What is remembered of one owner of a flow.
#[derive(Default)]
struct Seen {
    /// Share of the flow's bytes of the last minute that it took.
    dependency: f64,
    /// When the flow moved to it.
    recent: VecDeque<Instant>,
}

/// A flow, as it is watched.
pub(crate) struct LineSight {
    readings: VecDeque<(Instant, Reading)>,
    sample: Sample,
    /// Items in it, averaged over about a second.
    depth: f64,
    owner: Option<Party>,
    others: Vec<Party>,
    seen: Vec<Seen>,
    /// Per lane.
    sizing: Vec<Sizing>,
    /// Ticks in which nothing happened.
    quiet: u32,
    short: u64,
}

/// Rates over the last second.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Rates {
    pub(crate) arriving: f64,
    pub(crate) leaving: f64,
    /// Shares, from 0 to 1.
    pub(crate) blocked: f64,
    pub(crate) starved: f64,
}

impl LineSight {
    pub(crate) fn new(line: &Line) -> Self {
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
        Self {
            readings: VecDeque::new(),
            sample,
            depth: 0.0,
            owner: None,
            others: Vec::new(),
            seen: line.owners().map(|_| Seen::default()).collect(),
            sizing: line.lanes.iter().map(|_| Sizing::default()).collect(),
            quiet: 0,
            short: 0,
        }
    }

    /// Reads the counters of a flow; whether anything is to be judged.
    pub(crate) fn read(&mut self, now: Instant, line: &Line) -> bool {
        let reading = line.meter.read();
        let last = self.readings.back().copied();
        let is_quiet = reading.depth == 0
            && last.is_some_and(|(_, last)| (last.put, last.done) == (reading.put, reading.done));
        self.quiet = if is_quiet { self.quiet.saturating_add(1) } else { 0 };
        if self.quiet > RESTS_AFTER {
            return false;
        }
        let (at, before) = last.unwrap_or((now, reading));
        let passed = now.since(at).secs_f64().max(TICK.secs_f64() / 10.0);
        self.measure(passed, &before, &reading, line);
        self.sample.at = now;
        self.readings.push_back((now, reading));
        if self.readings.len() > SHOWN + 1 {
            self.readings.pop_front();
        }
        true
    }

    /// Whether nothing has happened for a while.
    pub(crate) fn rests(&self) -> bool {
        self.quiet > RESTS_AFTER
    }

    fn measure(&mut self, passed: f64, before: &Reading, reading: &Reading, line: &Line) {
        let sample = &mut self.sample;
        let (put, done) = (reading.put - before.put, reading.done - before.done);
        // A flow that rested has as many ticks to make up for.
        let weight = 1.0 - (1.0 - SECOND).powf(passed / TICK.secs_f64());
        sample.arriving += weight * (put as f64 / passed - sample.arriving);
        sample.leaving += weight * (done as f64 / passed - sample.leaving);
        sample.depth = (before.depth + reading.depth) as f64 / 2.0;
        self.depth += weight * (sample.depth - self.depth);
        let worked = reading.worked.saturating_sub(before.worked);
        if done > 0 && !worked.is_zero() {
            let each = worked.as_secs_f64() / done as f64;
            let known = sample.work.secs_f64();
            let each = if known > 0.0 { known + SECOND * (each - known) } else { each };
            sample.work = Span::from_secs_f64(each);
            sample.true_rate = 1.0 / each;
        }
        // Items that are done tell how long they took; those that are not, at least so long.
        let oldest = Span::from_nanos(line.meter.oldest_us() * 1_000);
        let mean = (reading.sojourn_us - before.sojourn_us).checked_div(done);
        sample.latency = match mean {
            Some(mean) => Span::from_nanos(mean * 1_000).max(oldest),
            None => little(sample.depth, sample.leaving, oldest).max(oldest),
        };
        // Each item has a head beside its bytes.
        sample.capacity = line.bytes() as f64 / (line.meter.mean_bytes() + 32.0);
    }

    /// Builds the parties: whoever owns the flow, and who could.
    pub(crate) fn assemble<'a>(
        &mut self,
        now: Instant,
        line: &Line,
        memory: f64,
        function: impl Fn(&str) -> Option<&'a FunctionSight>,
    ) {
        let (owner, pause) = (line.owner(), line.pause_next());
        let before = self.readings.iter().rev().nth(1).map_or(0, |(_, reading)| reading.done);
        let is_moving = self.readings.back().is_some_and(|(_, reading)| reading.done > before);
        self.others.clear();
        for (place, name) in line.owners().enumerate() {
            let seen = &mut self.seen[place];
            let is_owner = place == owner;
            let share = if is_owner { 1.0 } else { 0.0 };
            let weight = if is_moving { MINUTE } else { 0.0 };
            seen.dependency += weight * (share - seen.dependency);
            seen.recent.retain(|&moved| now.since(moved) < RECENT);
            let party = match function(name) {
                _ if line.is_native(place) => process(line, place, memory, seen, pause),
                Some(function) => function.party(place, memory, seen, pause),
                None => continue,
            };
            if is_owner {
                self.owner = Some(party);
            } else {
                self.others.push(party);
            }
        }
    }

    /// How long items are in it by Little's law, from how many are in it and how many leave: what
    /// their stamps say is held against that.
    pub(crate) fn by_little(&self) -> Span {
        little(self.depth, self.sample.leaving, Span::ZERO)
    }

    /// Items of the usual size that its lanes can hold, and the work of one.
    pub(crate) fn usual(&self) -> (f64, Span) {
        (self.sample.capacity, self.sample.work)
    }

    /// Those who can own it as they are now, in their order.
    pub(crate) fn parties<'a>(
        &self,
        line: &Line,
        memory: f64,
        function: impl Fn(&str) -> Option<&'a FunctionSight>,
    ) -> Vec<Party> {
        let pause = line.pause_next();
        let places = line.owners().enumerate().zip(&self.seen);
        let party = |((place, name), seen)| match function(name) {
            _ if line.is_native(place) => Some(process(line, place, memory, seen, pause)),
            function => Some(function?.party(place, memory, seen, pause)),
        };
        places.filter_map(party).collect()
    }

    /// What bears on the core that its owner works on.
    pub(crate) fn traffic(&self, feeder: Option<CoreId>) -> Traffic {
        let leaving = if self.rests() { 0.0 } else { self.sample.leaving };
        let busy = (leaving * self.sample.work.secs_f64()).min(1.0);
        Traffic { leaving, busy, feeder }
    }

    /// The flow went to this owner.
    pub(crate) fn on_moved(&mut self, now: Instant, place: usize) {
        if let Some(seen) = self.seen.get_mut(place) {
            seen.recent.push_back(now);
        }
    }

    /// Sample, owner and others, once they were assembled.
    pub(crate) fn parts(&self) -> Option<(&Sample, &Party, &[Party])> {
        Some((&self.sample, self.owner.as_ref()?, &self.others))
    }

    /// Lanes that are to go on in a larger region.
    pub(crate) fn short_lanes(&mut self, now: Instant, line: &Line) -> std::vec::IntoIter<usize> {
        let is_short = self.was_short(line);
        let saturation = self.sample.saturation();
        let mut lanes = Vec::new();
        for (lane, sizing) in self.sizing.iter_mut().enumerate() {
            if sizing.wants_more(now, is_short, saturation) {
                sizing.on_changed(now);
                lanes.push(lane);
            }
        }
        lanes.into_iter()
    }

    /// Whether the lanes were short of room since the last question.
    fn was_short(&mut self, line: &Line) -> bool {
        let items = line.meter.items();
        let turned_away = items.rejected + items.dropped + items.spilled;
        let blocked = match (self.readings.iter().rev().nth(1), self.readings.back()) {
            (Some((_, before)), Some((_, now))) => now.blocked.saturating_sub(before.blocked),
            _ => Duration::ZERO,
        };
        let was_short = turned_away > self.short || blocked.as_secs_f64() > 0.1 * TICK.secs_f64();
        self.short = turned_away;
        was_short
    }

    /// Rates over the last second.
    pub(crate) fn rates(&self, now: Instant) -> Rates {
        let (Some((from, before)), Some((to, after))) =
            (self.readings.front(), self.readings.back())
        else {
            return Rates::default();
        };
        let passed = to.since(*from).secs_f64();
        if passed <= 0.0 || now.since(*to) > TICK * (SHOWN as u64) {
            return Rates { starved: 1.0, ..Rates::default() };
        }
        let share = |before: Duration, after: Duration| {
            (after.saturating_sub(before).as_secs_f64() / passed).min(1.0)
        };
        Rates {
            arriving: (after.put - before.put) as f64 / passed,
            leaving: (after.done - before.done) as f64 / passed,
            blocked: share(before.blocked, after.blocked),
            starved: share(before.starved, after.starved),
        }
    }
}
