//! Rates of a flow over the last second, from its counters at the latest ticks.

use swell_core::flow::view::TICK;
use swell_core::time::{Instant, Span};

/// Ticks that rates are shown over.
pub(crate) const SHOWN: usize = 10;

/// How much a tick counts for what is averaged over about a minute.
const MINUTE: f64 = 1.0 / 600.0;

/// Rates over the last second.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Rates {
    pub(crate) arriving: f64,
    pub(crate) leaving: f64,
    /// Shares, from 0 to 1.
    pub(crate) blocked: f64,
    pub(crate) starved: f64,
}

/// What rates are made of.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Shot {
    pub(crate) at: Instant,
    pub(crate) put: u64,
    pub(crate) done: u64,
    pub(crate) blocked_ns: u64,
    pub(crate) starved_ns: u64,
}

/// The latest shots, one a tick.
pub(crate) struct Shots {
    all: [Shot; SHOWN + 1],
    taken: usize,
}

impl Shots {
    pub(crate) fn new() -> Self {
        let shot = Shot { at: Instant::ZERO, put: 0, done: 0, blocked_ns: 0, starved_ns: 0 };
        Self { all: [shot; SHOWN + 1], taken: 0 }
    }

    pub(crate) fn push(&mut self, shot: Shot) {
        self.all[self.taken % self.all.len()] = shot;
        self.taken += 1;
    }

    /// The oldest and the newest.
    fn ends(&self) -> Option<(&Shot, &Shot)> {
        let count = self.all.len();
        let newest = self.taken.checked_sub(1)? % count;
        let oldest = if self.taken > count { self.taken % count } else { 0 };
        Some((&self.all[oldest], &self.all[newest]))
    }

    /// Rates over the last second.
    pub(crate) fn rates(&self, now: Instant) -> Rates {
        let Some((from, to)) = self.ends() else { return Rates::default() };
        let passed = to.at.since(from.at).secs_f64();
        if passed <= 0.0 || now.since(to.at) > TICK * (SHOWN as u64) {
            return Rates { starved: 1.0, ..Rates::default() };
        }
        let share =
            |before: u64, after: u64| (after.saturating_sub(before) as f64 / 1e9 / passed).min(1.0);
        Rates {
            arriving: (to.put - from.put) as f64 / passed,
            leaving: (to.done - from.done) as f64 / passed,
            blocked: share(from.blocked_ns, to.blocked_ns),
            starved: share(from.starved_ns, to.starved_ns),
        }
    }
}

/// What is left of a minute's worth after so many ticks.
pub(crate) fn fading(ticks: u32) -> f64 {
    if ticks == 1 { 1.0 - MINUTE } else { (1.0 - MINUTE).powf(f64::from(ticks)) }
}

/// Seconds that passed since a look, a tenth of a tick at least, and whole ticks.
pub(crate) fn since(looked_at: Option<Instant>, now: Instant) -> (f64, u32) {
    let passed = looked_at.map_or(Span::ZERO, |at| now.since(at));
    // A tick that comes late is one still.
    let ticks = (passed.nanos() + TICK.nanos() / 2) / TICK.nanos();
    let seconds = passed.secs_f64().max(TICK.secs_f64() / 10.0);
    (seconds, u32::try_from(ticks).unwrap_or(u32::MAX))
}
