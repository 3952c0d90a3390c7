//! What is expected of one function, and what came of it so far.
//!
//! Calls are counted in the steps of the forecast itself, so that what came can be held
//! against what was said. Without a forecast they are counted all the same, in the steps of
//! the settings: a function that nobody foresees is the one that needs an emergency path.

use crate::demand::{FunctionDemand, StepDemand};
use crate::time::{Instant, Span};

/// Calls of the last two seconds are counted in slices of that length.
const SLICE: Span = Span::from_millis(250);
const SLICES: u64 = 8;
/// From so many calls beyond what was said on, and so many standard deviations of chance beyond it
/// (their square), the calls of two seconds are a surge.
const SURGE_LEAST: f64 = 10.0;
const SURGE_SIGMAS: f64 = 25.0;

/// Calls of the last two seconds: averaged over a step, a jump inside of it is seen late.
#[derive(Debug, Clone, Copy, Default)]
struct Recent {
    /// The newest slice.
    slice: u64,
    counts: [u32; SLICES as usize],
}

impl Recent {
    fn count(&mut self, now: Instant) {
        let slice = now.since(Instant::ZERO).nanos() / SLICE.nanos();
        let passed = slice.saturating_sub(self.slice).min(SLICES);
        self.slice = self.slice.max(slice);
        for back in 0..passed {
            self.counts[Self::place(self.slice - back)] = 0;
        }
        let newest = &mut self.counts[Self::place(self.slice)];
        *newest = newest.saturating_add(1);
    }

    fn place(slice: u64) -> usize {
        (slice % SLICES) as usize
    }

    /// Calls of the newest so many slices.
    fn last(&self, slices: u64) -> u32 {
        let newest = (0..slices).filter_map(|back| self.slice.checked_sub(back));
        newest.fold(0, |sum: u32, slice| sum.saturating_add(self.counts[Self::place(slice)]))
    }
}

/// A forecast of one function and the calls since.
#[derive(Debug, Clone)]
pub struct Expected {
    origin: Instant,
    step: Span,
    /// How much its forecasts are believed, in thousandths.
    pub confidence: u16,
    steps: Vec<StepDemand>,
    known: Vec<Instant>,
    /// The step whose calls are counted, and how many they are.
    place: u64,
    calls: u32,
    /// Calls of the first step, which are what the forecast is judged by.
    first: u32,
    recent: Recent,
}

/// How a step turned out beside its forecast.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Outcome {
    /// What was said.
    pub said: StepDemand,
    /// Calls that came.
    pub came: u32,
}

impl Expected {
    /// Nothing is known: calls are counted in steps of that length.
    pub fn nothing(step: Span) -> Self {
        Self {
            origin: Instant::ZERO,
            step: step.max(Span::from_millis(1)),
            confidence: 0,
            steps: Vec::new(),
            known: Vec::new(),
            place: u64::MAX,
            calls: 0,
            first: 0,
            recent: Recent::default(),
        }
    }

    /// Takes in a new forecast; tells how the one before turned out, if a whole step of it
    /// has passed.
    pub fn renew(
        &mut self,
        origin: Instant,
        step: Span,
        demand: &FunctionDemand,
    ) -> Option<Outcome> {
        let judged = self.steps.first().filter(|_| origin >= self.origin + self.step);
        let outcome = judged.map(|&said| Outcome { said, came: self.first });
        let FunctionDemand { confidence, ref steps, ref known, .. } = *demand;
        let step = step.max(Span::from_millis(1));
        let (steps, known) = (steps.clone(), known.clone());
        let (place, calls, first, recent) = (0, 0, 0, self.recent);
        *self = Self { origin, step, confidence, steps, known, place, calls, first, recent };
        outcome
    }

    /// A call came.
    pub fn count(&mut self, now: Instant) {
        let place = self.place_of(now);
        if place != self.place {
            self.place = place;
            self.calls = 0;
        }
        self.calls = self.calls.saturating_add(1);
        self.recent.count(now);
        if place == 0 {
            self.first = self.calls;
        }
    }

    /// Calls in the step of `now` so far.
    pub fn calls(&self, now: Instant) -> u32 {
        if self.place_of(now) == self.place { self.calls } else { 0 }
    }

    /// Calls a second, if so many came in the two seconds before the last call that it is neither what
    /// was said of the step, nor chance, nor one burst that is over; more than in both if it is in the
    /// second of them that they came.
    pub fn surge(&self, said: Option<StepDemand>) -> Option<u32> {
        let came = self.recent.last(SLICES);
        let share = (SLICE * SLICES).secs_f64() / self.step.secs_f64();
        let usual = said.map_or(0.0, |said| f64::from(said.q95) / 1e3) * share;
        let beyond = f64::from(came) - usual;
        let is_beyond = beyond >= SURGE_LEAST && beyond * beyond > SURGE_SIGMAS * usual;
        let most = self.recent.counts.iter().copied().max().unwrap_or(0);
        let is_spread = u64::from(most) * 4 <= u64::from(came) * 3;
        (is_beyond && is_spread).then(|| self.recent.last(SLICES / 2).max(came / 2))
    }

    /// How long the step of `now` has lasted.
    pub fn elapsed(&self, now: Instant) -> Span {
        now.since(self.begins(self.place_of(now)))
    }

    /// How long a step is.
    pub fn step(&self) -> Span {
        self.step
    }

    /// The number of the step that `at` falls into.
    pub fn place_of(&self, at: Instant) -> u64 {
        at.since(self.origin).nanos() / self.step.nanos()
    }

    /// When a step begins.
    pub fn begins(&self, place: u64) -> Instant {
        self.origin + self.step * place
    }

    /// What is said of a step; nothing beyond the forecast.
    pub fn said(&self, place: u64) -> Option<StepDemand> {
        usize::try_from(place).ok().and_then(|place| self.steps.get(place)).copied()
    }

    /// What is said of the steps after one.
    pub fn after(&self, place: u64) -> &[StepDemand] {
        let next = usize::try_from(place).map_or(usize::MAX, |place| place.saturating_add(1));
        self.steps.get(next..).unwrap_or(&[])
    }

    /// When it is surely called, from `from` on and before `to`.
    pub fn known(&self, from: Instant, to: Instant) -> &[Instant] {
        let start = self.known.partition_point(|&at| at < from);
        let end = self.known.partition_point(|&at| at < to);
        &self.known[start..end.max(start)]
    }

    /// Whether anything is said of a time from `now` on.
    pub fn is_current(&self, now: Instant) -> bool {
        self.place_of(now) < self.steps.len() as u64
            || self.known.last().is_some_and(|&at| at >= now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is made of calls at these milliseconds, where `q95` was said of a minute.
    fn surge(q95: u32, calls: impl Iterator<Item = u64>) -> Option<u32> {
        let mut expected = Expected::nothing(Span::from_secs(60));
        calls.for_each(|at| expected.count(Instant::from_millis(at)));
        expected.surge(Some(StepDemand { q95: q95 * 1000, ..StepDemand::default() }))
    }

    #[test]
    fn a_jump_is_seen_within_a_second_and_a_burst_is_none() {
        let calm = |seconds: u64| (0..seconds).map(|second| 1000 * second);
        let jump = |calls: u64| calm(70).chain((0..calls).map(|call| 70_000 + 30 * call));
        assert_eq!(surge(60, calm(70)), None);
        assert_eq!(surge(60, jump(8)), None, "after a quarter of a second");
        let found = surge(60, jump(33)).expect("after a second");
        assert!((24..=34).contains(&found), "{found}");
        assert_eq!(surge(2_000, jump(33)), None, "as many were said");
        assert_eq!(surge(0, (0..100).map(|_| 70_000)), None, "all at once, and that is all");
        let waves = |size: u64| (60..70).flat_map(move |second| vec![1000 * second; size as usize]);
        assert_eq!(surge(0, waves(8)), Some(8));
        assert_eq!(surge(900, waves(16)), None, "by chance");
    }
}
