//! The backend that runs nothing and pretends durations: the second tenant of the seam,
//! for tests, demos and replays of traces whose functions are not here.

use std::sync::Arc;
use std::time::Duration;

use http::{HeaderMap, HeaderName, Response};

use crate::backend::{Backend, Costs, Doing, Instance, PrepareError, StartError, Template};
use crate::body::{Body, full};
use crate::call::{Call, CallError, End, Outcome};
use crate::code::{Code, Source};
use crate::processor::ProcessorTime;

/// How long this call runs, in microseconds, where the caller knows better than the model.
pub const RUN: HeaderName = HeaderName::from_static("swell-run-us");

/// Pretends; `speed` times as fast as it is told.
pub struct Modelled {
    speed: f64,
}

impl Modelled {
    /// A backend in which time goes `speed` times as fast. A speed that is none (0 or less,
    /// or not a number) is 1.
    pub fn new(speed: f64) -> Self {
        Self { speed: if speed > 0.0 { speed } else { 1.0 } }
    }
}

impl Backend for Modelled {
    fn name(&self) -> &'static str {
        "modelled"
    }

    fn describe(&self) -> String {
        "runs nothing: starts and calls take the time they are said to take".to_string()
    }

    fn prepare(&self, code: Code) -> Doing<'_, Result<Arc<dyn Template>, PrepareError>> {
        let prepared = match code.source {
            Source::Modelled { start, run } => {
                let name = code.name;
                let (speed, time) = (self.speed, Arc::default());
                Ok(Arc::new(Model { name, start, run, speed, time }) as Arc<dyn Template>)
            }
            Source::File { .. } => Err(PrepareError::NotCode(
                "the backend `modelled` runs no code: give it a model, or use `wasm`".to_string(),
            )),
        };
        Box::pin(std::future::ready(prepared))
    }
}

/// The durations of one function.
#[derive(Clone)]
struct Model {
    name: String,
    start: Duration,
    run: Duration,
    speed: f64,
    time: Arc<ProcessorTime>,
}

impl Template for Model {
    fn start(&self) -> Doing<'_, Result<Arc<dyn Instance>, StartError>> {
        Box::pin(async move {
            pass(self.start, self.speed).await;
            Ok(Arc::new(self.clone()) as Arc<dyn Instance>)
        })
    }

    fn costs(&self) -> Costs {
        Costs { clone: self.start, ..Costs::default() }
    }

    fn processor_time(&self) -> Duration {
        self.time.read()
    }

    fn guest_memory(&self) -> Option<u64> {
        None
    }
}

impl Instance for Model {
    fn invoke(self: Arc<Self>, call: Call) -> Doing<'static, Result<Response<Body>, CallError>> {
        Box::pin(async move {
            let Call { request, end, .. } = call;
            let run = run_of(request.headers()).unwrap_or(self.run);
            pass(run, self.speed).await;
            // It pretends to compute all the while.
            self.time.add(real(run, self.speed));
            end.tell(End { outcome: Outcome::Answered, instance_lost: false, memory: None });
            let text = format!("{{\"function\":{:?},\"run_us\":{}}}\n", self.name, run.as_micros());
            Ok(Response::new(full(text)))
        })
    }

    fn probe(self: Arc<Self>) -> Doing<'static, Result<(), String>> {
        Box::pin(std::future::ready(Ok(())))
    }
}

fn run_of(headers: &HeaderMap) -> Option<Duration> {
    let micros = headers.get(RUN)?.to_str().ok()?.parse().ok()?;
    Some(Duration::from_micros(micros))
}

/// What takes longer than there are seconds takes for ever.
fn real(time: Duration, speed: f64) -> Duration {
    Duration::try_from_secs_f64(time.as_secs_f64() / speed).unwrap_or(Duration::MAX)
}

async fn pass(time: Duration, speed: f64) {
    let real = real(time, speed);
    if !real.is_zero() {
        tokio::time::sleep(real).await;
    }
}
