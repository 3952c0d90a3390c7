//! How is a part of a trace taken?
//!
//! Some of the functions, some of the time, as a view: a sample is a trace itself, its
//! calls are those of the whole, with the same times and lengths, only fewer. Functions
//! keep their order and get new ids; time starts again at zero. Calls of a function are
//! never thinned, since what caches and forecasts live on is in the gaps between them.

use swell_core::ids::FunctionId;
use swell_core::rng::{Rng, below, split};
use swell_core::time::{Instant, Span};

use crate::arrival::{Arrival, ArrivalStream};
use crate::durations::RunQuantiles;
use crate::error::TraceError;
use crate::placement::Placement;
use crate::reading::Reading;
use crate::trace::{Calls, Trace, TraceParts};

/// How many functions to take.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub enum Share {
    /// All of them.
    #[default]
    All,
    /// So many, or all if there are fewer.
    Count(usize),
    /// This part of them, from 0 to 1, at least one.
    Fraction(f64),
}

/// What to take of a trace.
#[derive(Debug, Clone, Copy, Default)]
pub struct Selection {
    /// How many functions.
    pub share: Share,
    /// Take as many busy as quiet ones as the trace has: functions are ordered by their
    /// number of calls, cut into as many strata as are wanted, and one is drawn of each.
    pub stratified: bool,
    /// The seed of the draw.
    pub seed: u64,
    /// Take calls from here on.
    pub from: Span,
    /// Take calls before this; to the end when not given.
    pub until: Option<Span>,
}

impl Trace {
    /// A part of this trace.
    pub fn sample(&self, selection: &Selection) -> Result<Trace, TraceError> {
        let until = selection.until.unwrap_or(Span::FOREVER).min(self.span());
        if selection.from >= until && self.span() > Span::ZERO {
            return Err(TraceError::Format(format!(
                "nothing lies between {} and {until} in a trace of {}",
                selection.from,
                self.span()
            )));
        }
        let chosen = self.choose(selection)?;
        let mut ids = vec![None; self.functions().len()];
        for (id, &function) in chosen.iter().enumerate() {
            ids[function] = Some(id as u32);
        }
        let whole = selection.from == Span::ZERO && until == self.span();
        let of_all = self.call_counts().filter(|_| whole);
        Ok(Trace::new(TraceParts {
            name: self.name().to_string(),
            functions: chosen.iter().map(|&function| self.functions()[function].clone()).collect(),
            call_counts: of_all.map(|all| chosen.iter().map(|&function| all[function]).collect()),
            span: until - selection.from,
            problems: self.problems().clone(),
            // A part is not what the recipe makes.
            recipe: None,
            calls: Box::new(Part { whole: self.clone(), chosen, ids, from: selection.from, until }),
        }))
    }

    /// The chosen functions, in order.
    fn choose(&self, selection: &Selection) -> Result<Vec<usize>, TraceError> {
        let all = self.functions().len();
        let count = match selection.share {
            Share::All => all,
            Share::Count(count) => count.min(all),
            Share::Fraction(part) if (0.0..=1.0).contains(&part) => {
                ((all as f64 * part).round() as usize).clamp(1.min(all), all)
            }
            Share::Fraction(part) => {
                let message = format!("`{part}` is not a part of the functions; write 0 to 1");
                return Err(TraceError::Format(message));
            }
        };
        if count == all {
            return Ok((0..all).collect());
        }
        let mut rng = split(selection.seed, "trace sample");
        let mut order: Vec<usize> = (0..all).collect();
        if selection.stratified {
            let calls = self.count_calls()?;
            order.sort_by_key(|&function| (calls[function], function));
            // Strata of nearly equal size; `count` is below `all`, so none is empty.
            let draw = |stratum| {
                let (from, to) = (stratum * all / count, (stratum + 1) * all / count);
                order[from + below(&mut rng, (to - from) as u64) as usize]
            };
            order = (0..count).map(draw).collect();
        } else {
            shuffle_front(&mut order, count, &mut rng);
        }
        order.truncate(count);
        order.sort_unstable();
        Ok(order)
    }

    /// Calls of each function over the whole trace, counted if they are not known.
    pub fn count_calls(&self) -> Result<Vec<u64>, TraceError> {
        if let Some(counts) = self.call_counts() {
            return Ok(counts.to_vec());
        }
        let mut counts = vec![0; self.functions().len()];
        let reading = Reading { placement: Placement::Start, ..Reading::default() };
        let mut stream = self.arrivals(&reading)?;
        let mut chunk = Vec::new();
        loop {
            stream.fill(&mut chunk)?;
            if chunk.is_empty() {
                return Ok(counts);
            }
            chunk.iter().for_each(|call| counts[call.function.index()] += 1);
        }
    }
}

/// Brings `count` random elements to the front.
fn shuffle_front(order: &mut [usize], count: usize, rng: &mut Rng) {
    for index in 0..count {
        let other = index + below(rng, (order.len() - index) as u64) as usize;
        order.swap(index, other);
    }
}

/// The calls of a part.
struct Part {
    whole: Trace,
    chosen: Vec<usize>,
    ids: Vec<Option<u32>>,
    from: Span,
    until: Span,
}

impl Calls for Part {
    fn needs_placement(&self) -> bool {
        !self.whole.is_recorded()
    }

    fn open(&self, reading: &Reading) -> Result<Box<dyn ArrivalStream>, TraceError> {
        Ok(Box::new(PartStream {
            whole: self.whole.arrivals(reading)?,
            ids: self.ids.clone(),
            from: Instant::ZERO + self.from,
            until: Instant::ZERO + self.until,
            ended: false,
        }))
    }

    fn run_quantiles(&self, function: FunctionId) -> Option<RunQuantiles> {
        self.whole.run_quantiles(FunctionId(self.chosen[function.index()] as u32))
    }
}

struct PartStream {
    whole: Box<dyn ArrivalStream>,
    ids: Vec<Option<u32>>,
    from: Instant,
    until: Instant,
    ended: bool,
}

impl ArrivalStream for PartStream {
    fn fill(&mut self, chunk: &mut Vec<Arrival>) -> Result<(), TraceError> {
        chunk.clear();
        while chunk.is_empty() && !self.ended {
            self.whole.fill(chunk)?;
            self.ended = chunk.last().is_none_or(|call| call.at >= self.until);
            chunk.retain_mut(|call| {
                let Some(id) = self.ids[call.function.index()] else { return false };
                let within = call.at >= self.from && call.at < self.until;
                call.at = Instant::ZERO + call.at.since(self.from);
                call.function = FunctionId(id);
                within
            });
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::generator::generate;

    fn trace() -> Trace {
        generate(&"gen:poisson,functions=40,calls=9000,hours=2,seed=5".parse().unwrap())
    }

    fn read(trace: &Trace) -> Vec<(u64, String, Span)> {
        let mut stream = trace.arrivals(&Reading::default()).unwrap();
        let (mut all, mut chunk) = (Vec::new(), Vec::new());
        loop {
            stream.fill(&mut chunk).unwrap();
            if chunk.is_empty() {
                return all;
            }
            all.extend(chunk.iter().map(|call| {
                let name = trace.functions()[call.function.index()].name.clone();
                (call.at.nanos(), name, call.run)
            }));
        }
    }

    #[test]
    fn a_part_has_the_calls_of_the_whole() {
        let whole = trace();
        for selection in [
            Selection::default(),
            Selection { share: Share::Count(7), ..Selection::default() },
            Selection { share: Share::Fraction(0.3), stratified: true, ..Selection::default() },
            Selection {
                share: Share::Count(20),
                from: Span::from_mins(30),
                until: Some(Span::from_mins(60)),
                ..Selection::default()
            },
        ] {
            let part = whole.sample(&selection).unwrap();
            let names: Vec<&str> = part.functions().iter().map(|f| f.name.as_str()).collect();
            let from = selection.from.nanos();
            let until = selection.until.unwrap_or(Span::FOREVER).min(whole.span()).nanos();
            let expected: Vec<_> = read(&whole)
                .into_iter()
                .filter(|(at, name, _)| {
                    (from..until).contains(at) && names.contains(&name.as_str())
                })
                .map(|(at, name, run)| (at - from, name, run))
                .collect();
            assert!(!expected.is_empty());
            assert_eq!(read(&part), expected, "{selection:?}");
            assert_eq!(part.span().nanos(), until - from);
        }
    }

    #[test]
    fn draws_follow_the_seed_and_strata_the_volume() {
        let whole = trace();
        let names = |seed, stratified| {
            let selection =
                Selection { share: Share::Count(10), seed, stratified, ..Selection::default() };
            let part = whole.sample(&selection).unwrap();
            part.functions().iter().map(|f| f.name.clone()).collect::<Vec<_>>()
        };
        assert_eq!(names(1, false), names(1, false));
        assert_ne!(names(1, false), names(2, false));
        let calls = whole.count_calls().unwrap();
        let mut sorted = calls.clone();
        sorted.sort_unstable();
        for seed in 0..20 {
            let quiet = names(seed, true)
                .iter()
                .filter(|name| {
                    let id = whole.functions().iter().position(|f| &f.name == *name).unwrap();
                    calls[id] <= sorted[19]
                })
                .count();
            assert!((5..=6).contains(&quiet), "{quiet}");
        }
    }

    #[test]
    fn empty_parts_are_refused() {
        let (whole, hour) = (trace(), Span::from_mins(60));
        for selection in [
            Selection { from: hour, until: Some(hour), ..Selection::default() },
            Selection { from: hour * 2, ..Selection::default() },
            Selection { share: Share::Fraction(1.5), ..Selection::default() },
            Selection { share: Share::Fraction(f64::NAN), ..Selection::default() },
        ] {
            assert!(whole.sample(&selection).is_err(), "{selection:?}");
        }
    }
}
