//! One world's forecasting: which steps, by which method, from which counts.
//!
//! Invariant: what is told at the end of a step depends on the calls counted until then.

use std::collections::BTreeMap;

use swell_core::cloning::lead::steps_to_tell;
use swell_core::demand::{DemandForecast, FunctionDemand};
use swell_core::ids::FunctionId;
use swell_core::parameters::UnknownPolicy;
use swell_core::time::{Instant, Span};

use crate::bands::{LEVELS, Quantiles};
use crate::catalogue;
use crate::foresight::counted::Counted;
use crate::foresight::occurrence::Occurrence;
use crate::foresight::quantized;
use crate::foresight::truth::Truth;

/// The method that speaks of minutes, by whether anything comes in them.
pub const OCCURRENCE: &str = "occurrence";
/// Steps it speaks of: the one that begins, and the next, for clones that must begin before.
const MINUTES: usize = 2;
/// Least chance for which a function is spoken of.
const SPOKEN: f32 = 0.02;

enum Method {
    Occurrence(Box<Occurrence>),
    Counted(Box<Counted>),
    Truth(Truth),
}

/// Counts, and what follows from them.
pub struct Foresight {
    step: Span,
    horizon: usize,
    origin: Instant,
    counts: Vec<u32>,
    /// By function, how long its starts take at most, as far as that is more than usual.
    starts: BTreeMap<FunctionId, Span>,
    method: Method,
}

impl Foresight {
    /// Forecasts by `occurrence`, or by a method of the catalogue in steps of five minutes.
    pub fn new(method: &str, seed: u64) -> Result<Self, UnknownPolicy> {
        let (step, horizon, method) = if method == OCCURRENCE {
            (Span::from_mins(1), MINUTES, Method::Occurrence(Box::default()))
        } else {
            let found = catalogue::entries().find(|entry| entry.name == method);
            let names: Vec<&'static str> = std::iter::once(OCCURRENCE)
                .chain(catalogue::entries().map(|entry| entry.name))
                .collect();
            let entry = found.ok_or_else(|| UnknownPolicy::forecaster(method, &names))?;
            (Span::from_mins(5), 12, Method::Counted(Box::new(Counted::new(entry, 12, seed))))
        };
        Ok(Self::of(step, horizon, method))
    }

    /// Forecasts by what will come, in minutes.
    pub fn knowing(truth: Truth) -> Self {
        Self::of(Span::from_mins(1), MINUTES, Method::Truth(truth))
    }

    fn of(step: Span, horizon: usize, method: Method) -> Self {
        let (origin, counts, starts) = (Instant::ZERO, Vec::new(), BTreeMap::new());
        Self { step, horizon, origin, counts, starts, method }
    }

    /// A start of a function took so long: as many steps are told of it as clones need to begin in
    /// time.
    pub fn started(&mut self, function: FunctionId, took: Span) {
        if steps_to_tell(took, self.step) > self.horizon {
            let longest = self.starts.entry(function).or_default();
            *longest = took.max(*longest);
        }
    }

    /// How long a step is.
    pub fn step(&self) -> Span {
        self.step
    }

    /// A function was called.
    pub fn count(&mut self, function: FunctionId) {
        let index = function.index();
        if index >= self.counts.len() {
            self.counts.resize(index + 1, 0);
        }
        self.counts[index] = self.counts[index].saturating_add(1);
    }

    /// When the step ends whose calls are being counted.
    pub fn due(&self) -> Instant {
        self.origin + self.step
    }

    /// What is expected of the next steps of a function, however little that is, and further ahead
    /// than others are told; none for a method that does not speak of whether anything comes.
    pub fn ahead(&self, function: FunctionId, steps: usize) -> Option<FunctionDemand> {
        match &self.method {
            Method::Occurrence(occurrence) => minutes(occurrence, function.index(), steps, 0.0),
            _ => None,
        }
    }

    /// How many calls each of the next steps of a function brings: quantiles that go with the chances
    /// of [`Foresight::ahead`], each of a step before which no call came.
    pub fn counts_ahead(&self, function: FunctionId, steps: usize) -> Option<Vec<Quantiles>> {
        let Method::Occurrence(occurrence) = &self.method else { return None };
        let chances = occurrence.chances(function.index(), steps)?;
        let habit = occurrence.habit(function.index())?;
        Some(chances.iter().map(|&chance| habit.quantiles(chance, LEVELS)).collect())
    }

    /// Ends the step, and tells what is expected of the next ones.
    pub fn close(&mut self) -> DemandForecast {
        self.origin = self.due();
        let functions = match &mut self.method {
            Method::Occurrence(occurrence) => {
                occurrence.note(&self.counts);
                let each = 0..occurrence.functions();
                let horizon = |function: usize| {
                    let longest = self.starts.get(&FunctionId(function as u32));
                    longest.map_or(self.horizon, |&took| steps_to_tell(took, self.step))
                };
                let told = |function| minutes(occurrence, function, horizon(function), SPOKEN);
                each.filter_map(told).collect()
            }
            Method::Counted(counted) => {
                counted.note(&self.counts);
                counted.foresee(self.horizon)
            }
            Method::Truth(truth) => {
                let step = self.origin.nanos() / self.step.nanos();
                let longest = self.starts.values().max();
                let most = longest.map_or(0, |&took| steps_to_tell(took, self.step));
                truth.foresee(step as usize, self.horizon.max(most))
            }
        };
        self.counts.fill(0);
        DemandForecast { origin: self.origin, step: self.step, functions }
    }
}

/// What is expected of a function's next minutes: the chance that anything comes, and how
/// much by what came of late. None if no chance is as much as `least`.
fn minutes(
    occurrence: &Occurrence,
    function: usize,
    horizon: usize,
    least: f32,
) -> Option<FunctionDemand> {
    let chances = occurrence.chances(function, horizon)?;
    if chances.iter().all(|&chance| chance < least) {
        return None;
    }
    let habit = occurrence.habit(function)?;
    let step = |&chance: &f32| quantized::step(&habit.quantiles(chance, LEVELS), Some(chance));
    let steps = chances.iter().map(step);
    Some(FunctionDemand {
        function: FunctionId(function as u32),
        confidence: quantized::per_mille(occurrence.confidence(function)),
        steps: steps.collect(),
        known: Vec::new(),
    })
}

/// Whether `method` is one.
pub fn check(method: &str) -> Result<(), UnknownPolicy> {
    Foresight::new(method, 0).map(|_| ())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Calls of two functions per minute, by dice of the given seed from minute `from` on.
    fn told(method: &str, minutes: u64, from: u64, seed: u64) -> Vec<DemandForecast> {
        let mut foresight = Foresight::new(method, 1).expect("it is a method");
        let mut told = Vec::new();
        let mut rng = swell_core::rng::split(seed, "noise");
        for minute in 0..minutes {
            while foresight.due() <= Instant::ZERO + Span::from_mins(minute) {
                told.push(foresight.close());
            }
            let calls = match minute < from {
                true => [u64::from(minute % 7 == 0), minute % 3],
                false => [0, 1].map(|_| swell_core::rng::below(&mut rng, 9)),
            };
            for (function, calls) in (0..).zip(calls) {
                (0..calls).for_each(|_| foresight.count(FunctionId(function)));
            }
        }
        told
    }

    #[test]
    fn a_timer_is_foreseen_in_its_minute() {
        let told = told(OCCURRENCE, 400, 400, 0);
        let chance = |forecast: &DemandForecast| {
            let own = forecast.functions.iter().find(|own| own.function == FunctionId(0));
            own.map_or(0, |own| own.steps[0].chance)
        };
        for forecast in &told[300..] {
            let minute = forecast.origin.nanos() / 60_000_000_000;
            let chance = chance(forecast);
            match minute % 7 == 0 {
                true => assert!(chance > 800, "minute {minute}: {chance}"),
                false => assert!(chance < 200, "minute {minute}: {chance}"),
            }
        }
    }

    #[test]
    fn more_is_told_of_what_takes_longer_than_a_step_to_start() {
        let mut foresight = Foresight::new(OCCURRENCE, 1).expect("it is a method");
        let mut told = Vec::new();
        for minute in 0..400u64 {
            let calls = u64::from(minute % 7 == 0);
            (0..2).for_each(|function| {
                (0..calls).for_each(|_| foresight.count(FunctionId(function)))
            });
            foresight.started(FunctionId(1), Span::from_secs(90));
            foresight.started(FunctionId(1), Span::from_secs(1));
            foresight.started(FunctionId(0), Span::from_secs(1));
            told.push(foresight.close());
        }
        for forecast in &told[300..] {
            let steps = |function| {
                let own =
                    forecast.functions.iter().find(|own| own.function == FunctionId(function));
                own.map_or(&[][..], |own| &own.steps)
            };
            let minute = forecast.origin.nanos() / 60_000_000_000;
            assert!([0, 2].contains(&steps(0).len()) && [0, 4].contains(&steps(1).len()));
            if minute % 7 == 4 {
                assert!(steps(0).is_empty(), "nothing is expected of the next two");
                assert!(steps(1)[3].chance > 700, "minute {minute}: {:?}", steps(1));
            }
        }
    }

    #[test]
    fn no_forecast_changes_when_the_future_does() {
        for method in [OCCURRENCE, "window-1h", "idle-histogram"] {
            let (one, other) = (told(method, 200, 100, 1), told(method, 200, 100, 2));
            let end = Instant::ZERO + Span::from_mins(100);
            let before = |told: &[DemandForecast]| {
                told.iter().filter(|told| told.origin <= end).cloned().collect::<Vec<_>>()
            };
            assert_eq!(before(&one), before(&other), "{method}");
            assert_ne!(one, other, "{method} takes in what comes");
        }
    }

    #[test]
    fn unknown_methods_are_refused_with_the_nearest() {
        let error = check("ocurrence").expect_err("it is misspelled").to_string();
        assert!(error.contains("did you mean `occurrence`?"), "{error}");
    }
}
