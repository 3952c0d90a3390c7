//! A trace that breaks off is an error, not a short trace.

use std::sync::atomic::AtomicBool;

use swell_core::ids::FunctionId;
use swell_core::time::{Instant, Span};
use swell_core::units::Bytes;
use swell_sim::error::SimError;
use swell_sim::simulate::{Case, simulate};
use swell_trace::arrival::{Arrival, ArrivalStream};
use swell_trace::error::TraceError;
use swell_trace::problems::Problems;
use swell_trace::profile::FunctionProfile;
use swell_trace::reading::Reading;
use swell_trace::trace::{Calls, Trace, TraceParts};

use crate::threads_do_not_matter::experiment;
use crate::traffic::{Traffic, scenario};

/// Gives one chunk, then fails; or fails to open.
struct Breaks {
    opens: bool,
}

impl Calls for Breaks {
    fn open(&self, _: &Reading) -> Result<Box<dyn ArrivalStream>, TraceError> {
        if self.opens { Ok(Box::new(Stream { given: false })) } else { Err(broken()) }
    }
}

struct Stream {
    given: bool,
}

impl ArrivalStream for Stream {
    fn fill(&mut self, chunk: &mut Vec<Arrival>) -> Result<(), TraceError> {
        chunk.clear();
        if std::mem::replace(&mut self.given, true) {
            return Err(broken());
        }
        let run = Span::from_millis(100);
        let call = |second: u64| Arrival {
            at: Instant::from_millis(second * 1000),
            function: FunctionId(0),
            run,
        };
        chunk.extend((0..100).map(call));
        Ok(())
    }
}

fn broken() -> TraceError {
    TraceError::Format("the file ends in the middle of a row".into())
}

fn traffic(opens: bool) -> Traffic {
    let function = FunctionProfile {
        name: "f".into(),
        app: None,
        trigger: None,
        memory: Bytes::from_mb(100),
        warm: Span::from_millis(100),
        longest: None,
        cold: None,
    };
    let trace = Trace::new(TraceParts {
        name: "broken".into(),
        functions: vec![function],
        call_counts: None,
        span: Span::from_mins(60),
        problems: Problems::default(),
        recipe: None,
        calls: Box::new(Breaks { opens }),
    });
    let memories = [500, 1_000].map(Bytes::from_mb).to_vec();
    Traffic { scenario: scenario(trace, "1s"), memories, placements: vec![Default::default()] }
}

#[test]
fn a_run_over_a_broken_stream_is_an_error() {
    for opens in [true, false] {
        let traffic = traffic(opens);
        let case =
            Case { policy: "lru".into(), memory: Bytes::from_mb(500), reading: Reading::default() };
        let result = simulate(&traffic.scenario, &case, &AtomicBool::new(false));
        assert!(matches!(result, Err(SimError::Trace(_))));
    }
}

#[test]
fn an_experiment_over_a_broken_stream_is_an_error() {
    for (opens, bounds, threads) in [(true, true, 1), (true, false, 2), (false, false, 1)] {
        let mut experiment = experiment(traffic(opens), 1, threads);
        experiment.bounds = bounds;
        let result = experiment.run(&AtomicBool::new(false), &|_| {});
        let error = result.expect_err("the trace breaks off").to_string();
        assert!(error.contains("in the middle of a row"), "{error}");
    }
}
