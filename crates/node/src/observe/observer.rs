//! One call as everybody who watches sees it: its name, its place in a trace, what it
//! waited for, and how it ended.
//!
//! The gateway tells a call's story to one [`CallSpan`]; figures and lines are made from
//! that here, so that the path of a request knows neither.

use std::sync::Arc;
use std::time::{Duration, Instant};

use http::HeaderMap;
use http::header::HeaderValue;
use tokio::sync::Notify;
use tokio::time::Instant as Deadline;

use swell_api::log::LogLine;
use swell_core::action::StartKind;
use swell_sandbox::call::{End, Outcome};
use swell_sandbox::log::LogSink;

use crate::api::context::LogSource;
use crate::observe::call_log::VersionLog;
use crate::observe::function_metrics::{CallOutcome, Finished, TriggerKind};
use crate::observe::logs::Logs;
use crate::observe::metrics::Metrics;
use crate::observe::observed::Observed;
use crate::observe::request_id::{REQUEST_ID, RequestId};
use crate::observe::trace_context::TraceContext;
use crate::refusal::Refusal;
use crate::registry::Version;

/// Bytes of guests' lines that are kept in memory.
const LOG_BYTES_MAX: usize = 16 << 20;

/// Watches calls.
pub struct Observer {
    /// Figures of the node.
    pub metrics: Arc<Metrics>,
    /// Lines of its guests.
    pub logs: Arc<Logs>,
}

impl Observer {
    /// An observer that counts in `metrics` and keeps so many lines.
    pub fn new(metrics: Arc<Metrics>, lines_max: usize) -> Self {
        Self { metrics, logs: Logs::new(lines_max, LOG_BYTES_MAX) }
    }

    /// A call of `version` begins.
    pub fn begin(&self, version: &Arc<Version>, source: Source) -> CallSpan {
        let observed = version.observed.get_or_init(|| {
            let Version { name, version, .. } = &**version;
            let log = VersionLog::new(self.logs.clone(), name.clone(), *version);
            Arc::new(Observed { metrics: self.metrics.function(name), log })
        });
        CallSpan { source, observed: observed.clone(), met: None }
    }
}

impl LogSource for Observer {
    fn since(&self, number: u64, function: Option<&str>, limit: usize) -> Vec<LogLine> {
        self.logs.since(number, function, limit).lines
    }

    fn changed(&self) -> Arc<Notify> {
        self.logs.changed()
    }
}

/// Where a call comes from and how it is known.
pub struct Source {
    request_id: RequestId,
    trace: TraceContext,
    trigger: TriggerKind,
}

impl Source {
    /// A call by `trigger`, whose headers may name it and place it in a trace.
    pub fn new(trigger: TriggerKind, headers: &HeaderMap) -> Self {
        Self {
            request_id: RequestId::of(headers.get(REQUEST_ID), Instant::now()),
            trace: TraceContext::of(headers, false),
            trigger,
        }
    }

    /// The request's name.
    pub fn request_id(&self) -> &RequestId {
        &self.request_id
    }
}

/// A call under way.
pub struct CallSpan {
    source: Source,
    observed: Arc<Observed>,
    /// How it met its instance, once it has.
    met: Option<(StartKind, Duration)>,
}

impl CallSpan {
    /// It was refused, or it failed.
    pub fn refused(&self, refusal: &Refusal) {
        match self.met {
            // Calls that met an instance are counted when that is done with them.
            Some(_) => self.observed.log.note(&self.source.request_id, &refusal.title),
            None => self.observed.metrics.refuse(refusal.reason),
        }
    }

    /// It met an instance.
    pub fn admitted(&mut self, start: StartKind, waited: Duration) {
        self.met = Some((start, waited));
    }

    /// Adds the headers that tell the function how the call is known.
    pub fn pass_on(&self, headers: &mut HeaderMap) {
        headers.insert(REQUEST_ID, self.source.request_id.header());
        self.source.trace.pass_on(headers);
    }

    /// Where the guest's lines go.
    pub fn log(&self) -> Arc<dyn LogSink> {
        self.observed.log.call(&self.source.request_id)
    }

    /// What is to hear of its end.
    pub fn ending(&self, deadline: Deadline) -> Ending {
        let (start, waited) = self.met.expect("it met the instance that ends it");
        let trigger = self.source.trigger;
        Ending { observed: self.observed.clone(), trigger, start, waited, deadline }
    }

    /// The request's name, as a header.
    pub fn request_id(&self) -> HeaderValue {
        self.source.request_id.header()
    }
}

/// Hears of the end of a call.
pub struct Ending {
    observed: Arc<Observed>,
    trigger: TriggerKind,
    start: StartKind,
    waited: Duration,
    deadline: Deadline,
}

impl Ending {
    /// The instance is done with it.
    pub fn ended(self, end: &End, ran: Duration) {
        let outcome = match end.outcome {
            Outcome::Answered => CallOutcome::Answered,
            Outcome::Failed => CallOutcome::Failed,
            // The node itself lets go of a call whose time is up.
            Outcome::Cancelled if Deadline::now() >= self.deadline => CallOutcome::TimedOut,
            Outcome::Cancelled => CallOutcome::Cancelled,
        };
        let Self { observed, trigger, start, waited, .. } = self;
        observed.metrics.call(&Finished { trigger, outcome, start, waited, ran });
    }
}
