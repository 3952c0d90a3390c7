//! What is known beforehand, played: schedules that call functions, and events of a calendar.
//!
//! As a node does it, so that what is simulated is what comes: times of a schedule are told as
//! certain, and events change what minutes tell, as far as the last half hour does not show it
//! yet. What events of a kind did in the past is not learned here; what is announced is believed.

use std::collections::BTreeMap;

use swell_core::demand::{DemandForecast, FunctionDemand, KNOWN_MAX, StepDemand, WHOLE};
use swell_core::ids::FunctionId;
use swell_core::time::{Instant, Span};
use swell_forecast::calendar::grid::Grid;
use swell_forecast::calendar::occasion::Occasion;
use swell_forecast::calendar::plan::{Plan, plan};
use swell_forecast::effects::turn::{SAME, Turn};
use swell_forecast::event::EventEffect;
use swell_trace::profile::FunctionProfile;
use swell_trace::trace::Trace;

/// How far ahead times of schedules are told.
const AHEAD: Span = Span::from_mins(10);
/// What forecasts of minutes rest on.
const RESTS: Span = Span::from_mins(30);
/// A call so soon after a time of its schedule is taken to be by it.
const LATE: Span = Span::from_secs(2);

/// What is known beforehand of a trace.
#[derive(Debug, Clone, Default)]
pub struct Announced {
    /// When the trace begins, in Unix milliseconds.
    pub begins_ms: u64,
    /// Events.
    pub occasions: Vec<Occasion>,
    /// By function, when a schedule calls it, ascending.
    pub known: Vec<Vec<Instant>>,
}

impl Announced {
    /// Whether nothing is.
    pub fn is_nothing(&self) -> bool {
        self.occasions.is_empty() && self.known.iter().all(Vec::is_empty)
    }

    /// What takes place in steps of that length, from the beginning of a trace on.
    pub(crate) fn plan(&self, trace: &Trace, step: Span) -> Plan {
        let grid = Grid { first_ms: self.begins_ms, step_ms: step.nanos() / 1_000_000 };
        let names: Vec<&str> = trace.functions().iter().map(|own| own.name.as_str()).collect();
        let len = trace.span().nanos().div_ceil(step.nanos().max(1)) as usize;
        plan(&self.occasions, grid, len, &names)
    }
}

/// The same, in the steps in which a world forecasts.
pub struct Notice<'a> {
    announced: &'a Announced,
    functions: &'a [FunctionProfile],
    step: Span,
    /// By function, what touches it.
    events: Vec<Vec<EventEffect>>,
    plan: Plan,
}

impl<'a> Notice<'a> {
    /// What is announced of a trace that is forecast in steps of that length.
    pub fn new(announced: &'a Announced, trace: &'a Trace, step: Span) -> Self {
        let plan = announced.plan(trace, step);
        let mut events = vec![Vec::new(); trace.functions().len()];
        for occurrence in &plan.occurrences {
            let event = occurrence.as_announced();
            occurrence.members.iter().for_each(|&member| events[member].push(event.clone()));
        }
        Self { announced, functions: trace.functions(), step, events, plan }
    }

    fn place_of(&self, at: Instant) -> usize {
        (at.nanos() / self.step.nanos()) as usize
    }

    /// Whether a call is by a schedule.
    pub fn is_known(&self, function: FunctionId, at: Instant) -> bool {
        let known = self.announced.known.get(function.index()).map_or(&[][..], Vec::as_slice);
        let before = known.partition_point(|&known| known <= at);
        known[..before].last().is_some_and(|&last| at.since(last) <= LATE)
    }

    /// Whether a call comes while an event lasts that touches its function.
    pub fn is_during_event(&self, function: FunctionId, at: Instant) -> bool {
        let place = self.place_of(at);
        self.events[function.index()].iter().any(|event| event.start <= place && place < event.end)
    }

    /// Puts it into a forecast. `ahead` is what is expected of a function of which nothing is told, as
    /// it is hardly ever called: an event may change that.
    pub fn tell(
        &self,
        forecast: &mut DemandForecast,
        ahead: &dyn Fn(FunctionId, usize) -> Option<FunctionDemand>,
    ) {
        let (origin, horizon) = (forecast.origin, 2);
        let place = self.place_of(origin);
        let rests = RESTS.nanos().div_ceil(self.step.nanos()) as usize;
        let told = std::mem::take(&mut forecast.functions).into_iter();
        let mut told: BTreeMap<FunctionId, FunctionDemand> =
            told.map(|own| (own.function, own)).collect();
        for (number, events) in self.events.iter().enumerate() {
            let function = FunctionId(number as u32);
            let near: Vec<&EventEffect> = events
                .iter()
                .filter(|event| event.end + rests > place && event.start < place + horizon + rests)
                .collect();
            let turn = |ahead: usize| Turn::of(&near, number, place + ahead, place, rests);
            let is_turned = !near.is_empty() && (0..horizon).any(|ahead| turn(ahead) != SAME);
            if is_turned && !told.contains_key(&function) {
                told.extend(ahead(function, horizon).map(|own| (function, own)));
            }
            if let Some(own) = told.get_mut(&function).filter(|_| is_turned) {
                for (ahead, step) in own.steps.iter_mut().enumerate() {
                    *step = turn(ahead).of_step(*step);
                }
            }
            let floor = if near.is_empty() { 0 } else { self.plan.floor(number, place) };
            let known = self.known_from(number, origin);
            if floor == 0 && known.is_empty() {
                continue;
            }
            let own = told.entry(function).or_insert_with(|| FunctionDemand {
                function,
                confidence: 0,
                steps: Vec::new(),
                known: Vec::new(),
            });
            own.known = known.to_vec();
            if floor > 0 {
                let calls = self.calls_of(floor, number);
                own.steps.resize(own.steps.len().max(horizon), StepDemand::default());
                own.steps.iter_mut().for_each(|step| *step = raised(*step, calls));
            }
        }
        forecast.functions = told.into_values().collect();
    }

    fn known_from(&self, number: usize, origin: Instant) -> &[Instant] {
        let known = self.announced.known.get(number).map_or(&[][..], Vec::as_slice);
        let from = known.partition_point(|&at| at < origin);
        let to = known.partition_point(|&at| at < origin + AHEAD.max(self.step + self.step));
        &known[from..to.min(from + KNOWN_MAX)]
    }

    /// So many thousandths of calls in a step that they keep that many instances busy.
    fn calls_of(&self, floor: u32, number: usize) -> u32 {
        let run = self.functions[number].warm.secs_f64().max(1e-3);
        (f64::from(floor) * self.step.secs_f64() / run * 1e3).min(f64::from(u32::MAX)) as u32
    }
}

/// A step in which at least so many thousandths of a call are expected.
fn raised(step: StepDemand, calls: u32) -> StepDemand {
    let StepDemand { q10, q50, q90, q95, .. } = step;
    let (q10, q50) = (q10.max(calls), q50.max(calls));
    StepDemand { chance: WHOLE, q10, q50, q90: q90.max(calls), q95: q95.max(calls) }
}
