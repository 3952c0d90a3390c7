//! Forecasts in a journal, each with what came of it.
//!
//! A journal holds what the mind was told and every call, so the outcome of a forecast need not
//! be written down beside it: it is counted here, step by step, as the journal is read.

use std::collections::VecDeque;

use serde::Serialize;
use swell_core::demand::{DemandForecast, StepDemand};
use swell_core::event::Event;
use swell_core::ids::FunctionId;
use swell_core::time::{Instant, Span};

/// How late a forecast may be told after its first step began; what came before is counted.
const LATE: Span = Span::from_mins(60);
/// Calls of a function that are remembered for that, and steps of it that are open.
const REMEMBERED: usize = 1 << 16;
const OPEN: usize = 1 << 12;

/// One step of one forecast.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Told {
    /// When the step begins, in seconds of the journal.
    pub at_s: f64,
    /// How long it is, in seconds.
    pub step_s: f64,
    /// How many steps after the first of its forecast it is.
    pub ahead: u32,
    /// The function.
    pub function: u32,
    /// Chance of any call if none came in the steps before, in thousandths.
    pub chance: u16,
    /// Calls in at most one case of ten, in half of all, in nine of ten, in nineteen of twenty.
    pub q10: f64,
    /// The median.
    pub q50: f64,
    /// The ninetieth percentile.
    pub q90: f64,
    /// The ninety-fifth percentile.
    pub q95: f64,
    /// Calls that came.
    pub came: u32,
}

/// A step that is not over.
#[derive(Debug, Clone, Copy)]
struct Open {
    begin: Instant,
    end: Instant,
    ahead: u32,
    said: StepDemand,
    came: u32,
}

/// One function, as far as is needed.
#[derive(Debug, Default)]
struct Function {
    calls: VecDeque<Instant>,
    open: VecDeque<Open>,
}

/// Reads a journal event by event, and tells of steps that are over.
#[derive(Debug, Default)]
pub struct Outcomes {
    functions: Vec<Function>,
    told: u64,
    over: u64,
}

impl Outcomes {
    /// Takes in an event; steps that are over are put into `out`, in the order of functions.
    pub fn hear(&mut self, at: Instant, event: &Event, out: &mut Vec<Told>) {
        match event {
            Event::RequestArrived { function, .. } => {
                let known = self.of(*function);
                while known.calls.front().is_some_and(|&call| call + LATE < at)
                    || known.calls.len() >= REMEMBERED
                {
                    known.calls.pop_front();
                }
                known.calls.push_back(at);
                let open = known.open.iter_mut();
                open.filter(|open| (open.begin..open.end).contains(&at))
                    .for_each(|open| open.came += 1);
            }
            Event::DemandForeseen { forecast } | Event::DemandForecast { forecast } => {
                self.end(at, out);
                self.take(forecast);
            }
            _ => {}
        }
    }

    /// Tells of the steps that are over at the end of a journal.
    pub fn end(&mut self, at: Instant, out: &mut Vec<Told>) {
        let before = out.len();
        for (number, known) in (0..).zip(&mut self.functions) {
            // Forecasts overlap, so what ends first need not stand first.
            known.open.retain(|open| {
                let is_over = open.end <= at;
                if is_over {
                    out.push(open.told(number));
                }
                !is_over
            });
        }
        self.over += (out.len() - before) as u64;
    }

    /// Steps that were told of, and of these those that are over and whose outcome was told.
    pub fn counts(&self) -> (u64, u64) {
        (self.told, self.over)
    }

    fn of(&mut self, function: FunctionId) -> &mut Function {
        let index = function.index();
        if index >= self.functions.len() {
            self.functions.resize_with(index + 1, Function::default);
        }
        &mut self.functions[index]
    }

    fn take(&mut self, forecast: &DemandForecast) {
        let mut told = 0;
        for demand in &forecast.functions {
            let known = self.of(demand.function);
            for (ahead, &said) in (0..).zip(&demand.steps) {
                let begin = forecast.origin + forecast.step * u64::from(ahead);
                let end = begin + forecast.step;
                let from = known.calls.partition_point(|&call| call < begin);
                let to = known.calls.partition_point(|&call| call < end);
                let came = to.saturating_sub(from) as u32;
                if known.open.len() >= OPEN {
                    known.open.pop_front();
                }
                known.open.push_back(Open { begin, end, ahead, said, came });
                told += 1;
            }
        }
        self.told += told;
    }
}

impl Open {
    fn told(&self, function: u32) -> Told {
        let calls = |thousandths: u32| f64::from(thousandths) / 1e3;
        let StepDemand { chance, q10, q50, q90, q95 } = self.said;
        Told {
            at_s: self.begin.secs_f64(),
            step_s: self.end.since(self.begin).secs_f64(),
            ahead: self.ahead,
            function,
            chance,
            q10: calls(q10),
            q50: calls(q50),
            q90: calls(q90),
            q95: calls(q95),
            came: self.came,
        }
    }
}

#[cfg(test)]
mod tests {
    use swell_core::demand::FunctionDemand;
    use swell_core::ids::RequestId;

    use super::*;

    const F: FunctionId = FunctionId(1);

    fn at(seconds: u64) -> Instant {
        Instant::ZERO + Span::from_secs(seconds)
    }

    fn forecast(origin: u64, medians: &[u32]) -> Event {
        let step = |&q50: &u32| StepDemand { chance: 500, q10: 0, q50, q90: 9000, q95: 9000 };
        let steps = medians.iter().map(step).collect();
        let demand = FunctionDemand { function: F, confidence: 900, steps, known: Vec::new() };
        let step = Span::from_secs(60);
        let functions = vec![demand];
        let forecast = Box::new(DemandForecast { origin: at(origin), step, functions });
        Event::DemandForeseen { forecast }
    }

    /// What is told of these events, as (begin, ahead, median, came).
    fn check(events: &[(u64, Event)], end: u64, expected: &[(u64, u32, f64, u32)]) {
        let (mut outcomes, mut out) = (Outcomes::default(), Vec::new());
        for (second, event) in events {
            outcomes.hear(at(*second), event, &mut out);
        }
        outcomes.end(at(end), &mut out);
        let seen = out.iter().map(|told| (told.at_s as u64, told.ahead, told.q50, told.came));
        assert_eq!(seen.collect::<Vec<_>>(), expected);
        assert_eq!(outcomes.counts().1, expected.len() as u64);
    }

    fn call(second: u64) -> (u64, Event) {
        (second, Event::RequestArrived { request: RequestId(second), function: F })
    }

    #[test]
    fn each_step_is_told_once_with_the_calls_that_came_in_it() {
        let events = [
            (60, forecast(60, &[1000, 2000])),
            call(60),
            call(119),
            (120, forecast(120, &[3000])),
            call(120),
        ];
        check(&events, 180, &[(60, 0, 1.0, 2), (120, 1, 2.0, 1), (120, 0, 3.0, 1)]);
    }

    #[test]
    fn what_came_before_a_late_forecast_counts_and_open_steps_are_not_told() {
        let events = [call(59), call(60), call(70), (75, forecast(60, &[1000, 2000])), call(80)];
        check(&events, 179, &[(60, 0, 1.0, 3)]);
    }
}
