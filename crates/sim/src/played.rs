//! A trace with what was announced: the calls of schedules are added, and functions that an event
//! touches are called as many times as often as it says.
//!
//! Whoever else calls does so by himself: further calls fall anywhere within five minutes of one of the
//! trace, before or after it, as far as the event lasts. So they come at the rate that the function has
//! about then, many times over, and not beside the calls that came anyway. An event that does not say
//! how many times changes nothing.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::sync::Arc;

use swell_core::ids::FunctionId;
use swell_core::rng::{self, Rng, unit};
use swell_core::time::{Instant, Span};
use swell_forecast::event::{Effect, EventEffect};
use swell_trace::arrival::{Arrival, ArrivalStream};
use swell_trace::error::TraceError;
use swell_trace::problems::Problems;
use swell_trace::reading::Reading;
use swell_trace::trace::{Calls, Trace, TraceParts};

use crate::announced::Announced;

const MINUTE: Span = Span::from_mins(1);
/// How far further calls are from the call of the trace that stands for them.
const APART: Span = Span::from_mins(5);

/// The trace with what is announced of it.
pub fn with(whole: &Trace, announced: &Announced) -> Trace {
    let mut events = vec![Vec::new(); whole.functions().len()];
    for occurrence in &announced.plan(whole, MINUTE).occurrences {
        let event = occurrence.as_announced();
        occurrence.members.iter().for_each(|&member| events[member].push(event.clone()));
    }
    let mut known: Vec<(Instant, FunctionId)> = Vec::new();
    for (number, times) in (0..).zip(&announced.known) {
        known.extend(times.iter().map(|&at| (at, FunctionId(number))));
    }
    known.sort_unstable();
    Trace::new(TraceParts {
        name: format!("{} as announced", whole.name()),
        functions: whole.functions().to_vec(),
        call_counts: None,
        span: whole.span(),
        problems: Problems::default(),
        recipe: None,
        calls: Box::new(Played { whole: whole.clone(), plan: Arc::new(Planned { events, known }) }),
    })
}

struct Planned {
    /// By function, in minutes.
    events: Vec<Vec<EventEffect>>,
    known: Vec<(Instant, FunctionId)>,
}

impl Planned {
    /// How many times as often a function is called as without events.
    fn times(&self, function: FunctionId, at: Instant) -> f64 {
        let minute = (at.nanos() / MINUTE.nanos()) as usize;
        let own = self.events[function.index()].iter();
        let lasting = own.filter(|event| event.start <= minute && minute < event.end);
        let times = lasting.map(|event| match event.effect {
            Effect::Times(times) => f64::from(times),
            _ => 1.0,
        });
        times.product()
    }

    /// The same, at most, of all moments so near to one that its call stands for further ones there.
    fn times_near(&self, function: FunctionId, at: Instant) -> f64 {
        let minute = |at: Instant| (at.nanos() / MINUTE.nanos()) as usize;
        let (from, to) = (minute(before(at)), minute(at + APART));
        let is_near = |event: &EventEffect| event.start <= to && from < event.end;
        if !self.events[function.index()].iter().any(is_near) {
            return 1.0;
        }
        let minutes = (from..=to).map(|minute| Instant::ZERO + MINUTE * minute as u64);
        minutes.map(|minute| self.times(function, minute)).fold(1.0, f64::max)
    }
}

/// The moment from which on further calls fall that a call at `at` stands for.
fn before(at: Instant) -> Instant {
    Instant::from_nanos(at.nanos().saturating_sub(APART.nanos()))
}

struct Played {
    whole: Trace,
    plan: Arc<Planned>,
}

impl Calls for Played {
    fn open(&self, reading: &Reading) -> Result<Box<dyn ArrivalStream>, TraceError> {
        Ok(Box::new(Stream {
            whole: self.whole.arrivals(reading)?,
            runs: self.whole.functions().iter().map(|own| own.warm).collect(),
            plan: self.plan.clone(),
            next_known: 0,
            coming: BinaryHeap::new(),
            rng: rng::split(reading.seed, "world/events"),
            read: Vec::new(),
            is_over: false,
        }))
    }

    fn needs_placement(&self) -> bool {
        !self.whole.is_recorded()
    }
}

struct Stream {
    whole: Box<dyn ArrivalStream>,
    runs: Vec<Span>,
    plan: Arc<Planned>,
    next_known: usize,
    /// Calls that are still to come: when, of whom, how long.
    coming: BinaryHeap<Reverse<(Instant, FunctionId, Span)>>,
    rng: Rng,
    read: Vec<Arrival>,
    is_over: bool,
}

impl Stream {
    /// Appends what comes up to and at a moment.
    fn add_until(&mut self, until: Instant, chunk: &mut Vec<Arrival>) {
        loop {
            let known = self.plan.known.get(self.next_known).copied();
            let coming = self.coming.peek().map(|Reverse(call)| *call);
            let is_known = match (known, coming) {
                (Some((known, _)), Some((at, ..))) => known <= at,
                (known, _) => known.is_some(),
            };
            let (at, function, run) = match (is_known, known, coming) {
                (true, Some((at, function)), _) => (at, function, self.runs[function.index()]),
                (_, _, Some(call)) => call,
                _ => return,
            };
            if at > until {
                return;
            }
            match is_known {
                true => self.next_known += 1,
                false => drop(self.coming.pop()),
            }
            chunk.push(Arrival { at, function, run });
        }
    }

    fn take(&mut self, call: Arrival) {
        let Arrival { at, function, run } = call;
        let times = self.plan.times(function, at);
        if times >= 1.0 || unit(&mut self.rng) < times {
            self.coming.push(Reverse((at, function, run)));
        }
        let more = self.plan.times_near(function, at) - 1.0;
        let whole = more as u32;
        let count = whole + u32::from(more > 0.0 && unit(&mut self.rng) < more - f64::from(whole));
        for _ in 0..count {
            let after = (unit(&mut self.rng) * 2.0 * APART.nanos() as f64) as u64;
            let then = (at + Span::from_nanos(after)).nanos().checked_sub(APART.nanos());
            let Some(then) = then.map(Instant::from_nanos) else { continue };
            if unit(&mut self.rng) * more < self.plan.times(function, then) - 1.0 {
                self.coming.push(Reverse((then, function, run)));
            }
        }
    }
}

impl ArrivalStream for Stream {
    fn fill(&mut self, chunk: &mut Vec<Arrival>) -> Result<(), TraceError> {
        chunk.clear();
        while chunk.is_empty() && !self.is_over {
            let mut read = std::mem::take(&mut self.read);
            read.clear();
            self.whole.fill(&mut read)?;
            for &call in &read {
                self.add_until(before(call.at), chunk);
                self.take(call);
            }
            if read.is_empty() {
                self.add_until(Instant::NEVER, chunk);
                self.is_over = true;
            }
            self.read = read;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use swell_forecast::calendar::announced::Announced as Effect;
    use swell_forecast::calendar::occasion::Occasion;
    use swell_trace::open::Options;

    use super::*;

    #[test]
    fn events_multiply_calls_while_they_last_and_schedules_add_theirs() {
        let recipe = "gen:poisson,functions=4,calls=8000,hours=4,seed=2";
        let whole = Trace::named_or_open(&[recipe.into()], &Options::default()).expect("a recipe");
        let touched = whole.functions()[1].name.clone();
        let hour = 3_600_000;
        let sale = Occasion {
            id: "a".to_string(),
            kind: "sale".to_string(),
            start_ms: hour,
            end_ms: 2 * hour,
            functions: vec![touched],
            effect: Effect::Times(3.5),
            ..Occasion::default()
        };
        let known = vec![vec![Instant::from_millis(5_000), Instant::from_millis(hour + 1)]];
        let announced = Announced { begins_ms: 0, occasions: vec![sale], known };
        let calls = |trace: &Trace| {
            let reading = Reading { seed: 3, ..Reading::default() };
            let mut stream = trace.arrivals(&reading).expect("it opens");
            let (mut all, mut chunk) = (Vec::new(), Vec::new());
            loop {
                stream.fill(&mut chunk).expect("it is generated");
                if chunk.is_empty() {
                    return all;
                }
                all.append(&mut chunk);
            }
        };
        let (before, after) = (calls(&whole), calls(&with(&whole, &announced)));
        assert!(after.windows(2).all(|pair| pair[0].at <= pair[1].at), "in order of time");
        let count = |calls: &[Arrival], function: u32, hours: std::ops::Range<u64>| {
            let span =
                Instant::from_millis(hours.start * hour)..Instant::from_millis(hours.end * hour);
            let own = calls.iter().filter(|call| call.function == FunctionId(function));
            own.filter(|call| span.contains(&call.at)).count()
        };
        for hours in [0..1, 2..4] {
            assert_eq!(count(&after, 1, hours.clone()), count(&before, 1, hours));
        }
        let times = count(&after, 1, 1..2) as f64 / count(&before, 1, 1..2) as f64;
        assert!((3.0..4.0).contains(&times), "{times} times as many");
        assert_eq!(count(&after, 0, 0..4), count(&before, 0, 0..4) + 2);
    }
}
