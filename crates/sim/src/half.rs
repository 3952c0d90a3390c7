//! Half of a trace's functions, the even ones or the odd ones: tune on one, report on the
//! other.

use swell_core::ids::FunctionId;
use swell_trace::arrival::{Arrival, ArrivalStream};
use swell_trace::error::TraceError;
use swell_trace::problems::Problems;
use swell_trace::reading::Reading;
use swell_trace::trace::{Calls, Trace, TraceParts};

/// The functions whose number leaves `half` when divided by two.
pub fn of(whole: &Trace, half: usize) -> Trace {
    let chosen = whole.functions().iter().skip(half).step_by(2);
    Trace::new(TraceParts {
        name: format!("{}/{half}", whole.name()),
        functions: chosen.cloned().collect(),
        call_counts: None,
        span: whole.span(),
        problems: Problems::default(),
        recipe: None,
        calls: Box::new(Half { whole: whole.clone(), half }),
    })
}

struct Half {
    whole: Trace,
    half: usize,
}

impl Calls for Half {
    fn open(&self, reading: &Reading) -> Result<Box<dyn ArrivalStream>, TraceError> {
        Ok(Box::new(Stream { whole: self.whole.arrivals(reading)?, half: self.half }))
    }

    fn needs_placement(&self) -> bool {
        !self.whole.is_recorded()
    }
}

struct Stream {
    whole: Box<dyn ArrivalStream>,
    half: usize,
}

impl ArrivalStream for Stream {
    fn fill(&mut self, chunk: &mut Vec<Arrival>) -> Result<(), TraceError> {
        loop {
            self.whole.fill(chunk)?;
            if chunk.is_empty() {
                return Ok(());
            }
            chunk.retain_mut(|call| {
                let number = call.function.index();
                call.function = FunctionId((number / 2) as u32);
                number % 2 == self.half
            });
            if !chunk.is_empty() {
                return Ok(());
            }
        }
    }
}
