//! What is expected of one function, and what came of it so far.
//!
//! Calls are counted in the steps of the forecast itself, so that what came can be held
//! against what was said. Without a forecast they are counted all the same, in the steps of
//! the settings: a function that nobody foresees is the one that needs an emergency path.

use crate::demand::{FunctionDemand, StepDemand};
use crate::time::{Instant, Span};

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
        *self = Self { origin, step, confidence, steps, known, place: 0, calls: 0, first: 0 };
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
        if place == 0 {
            self.first = self.calls;
        }
    }

    /// Calls in the step of `now` so far.
    pub fn calls(&self, now: Instant) -> u32 {
        if self.place_of(now) == self.place { self.calls } else { 0 }
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
