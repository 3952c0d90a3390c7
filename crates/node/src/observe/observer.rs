//! One call as everybody who watches sees it: its name, its place in a trace, what it
//! waited for, and how it ended.
//!
//! The gateway tells a call's story to one [`CallSpan`]; figures, lines and traces are made
//! from that here, so that the path of a request knows none of them.

use std::sync::Arc;
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::{Duration, Instant};

use http::header::HeaderValue;
use http::{HeaderMap, Method, Request};
use parking_lot::Mutex;
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
use crate::observe::otlp::Spans;
use crate::observe::request_id::{REQUEST_ID, RequestId};
use crate::observe::span::{CallTrace, Fate};
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
    /// Where traces go, if anywhere.
    pub spans: Option<Arc<Spans>>,
}

impl Observer {
    /// An observer that counts in `metrics`, keeps so many lines, and sends traces to `spans`.
    pub fn new(metrics: Arc<Metrics>, lines_max: usize, spans: Option<Arc<Spans>>) -> Self {
        Self { metrics, logs: Logs::new(lines_max, LOG_BYTES_MAX), spans }
    }

    /// Where a call by `trigger` comes from; the headers of its request may name it and
    /// place it in a trace.
    pub fn source<B>(&self, trigger: TriggerKind, request: &Request<B>) -> Source {
        let now = Instant::now();
        let headers = request.headers();
        let trace = TraceContext::of(headers, self.spans.is_some());
        let told = self.spans.as_ref().filter(|_| trace.recorded).map(|spans| {
            let (method, path) = (request.method().clone(), request.uri().path().to_string());
            Box::new(Told { spans: spans.clone(), method, path, began: now })
        });
        let request_id = RequestId::of(headers.get(REQUEST_ID), now);
        Source { request_id, trace, trigger, told }
    }

    /// A call of `version` begins.
    pub fn begin(&self, version: &Arc<Version>, source: Source) -> CallSpan {
        let observed = version.observed.get_or_init(|| {
            let Version { name, version, .. } = &**version;
            let log = VersionLog::new(self.logs.clone(), name.clone(), *version);
            Arc::new(Observed { metrics: self.metrics.function(name), log })
        });
        let told = source.told.as_ref();
        let traced = told.map(|told| Arc::new(Traced::new(told, &source, version)));
        CallSpan { source, observed: observed.clone(), met: None, traced }
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
    /// What a trace of it tells, if it is recorded.
    told: Option<Box<Told>>,
}

/// What a trace tells of a request.
#[derive(Clone)]
struct Told {
    spans: Arc<Spans>,
    method: Method,
    path: String,
    began: Instant,
}

/// A call whose trace is recorded, when everybody is done with it: the instance may be
/// before its answer is on its way, or long after.
struct Traced {
    told: Told,
    context: TraceContext,
    request_id: RequestId,
    trigger: TriggerKind,
    version: Arc<Version>,
    /// Status of the answer; 0 as long as there is none.
    status: AtomicU16,
    /// How long the request waited, and what came of it.
    fate: Mutex<Option<(Duration, Fate)>>,
}

impl Traced {
    fn new(told: &Told, source: &Source, version: &Arc<Version>) -> Self {
        Self {
            told: told.clone(),
            context: source.trace,
            request_id: source.request_id.clone(),
            trigger: source.trigger,
            version: version.clone(),
            status: AtomicU16::new(0),
            fate: Mutex::new(None),
        }
    }
}

impl Drop for Traced {
    fn drop(&mut self) {
        let Some((waited, fate)) = self.fate.get_mut().take() else { return };
        let status = *self.status.get_mut();
        self.told.spans.record(CallTrace {
            context: self.context,
            function: self.version.name.clone(),
            version: self.version.version,
            request_id: self.request_id.clone(),
            trigger: self.trigger,
            method: self.told.method.clone(),
            path: std::mem::take(&mut self.told.path),
            status: (status != 0).then_some(status),
            began: self.told.began,
            waited,
            fate,
        });
    }
}

impl Source {
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
    traced: Option<Arc<Traced>>,
}

impl CallSpan {
    /// It was refused, or it failed.
    pub fn refused(&self, refusal: &Refusal) {
        match self.met {
            // Calls that met an instance are counted when that is done with them.
            Some(_) => {
                self.observed.log.note(&self.source.request_id, &refusal.title);
                self.answered(refusal.reason.status());
            }
            None => {
                self.observed.metrics.refuse(refusal.reason);
                self.answered(refusal.reason.status());
                if let Some(traced) = &self.traced {
                    let waited = traced.told.began.elapsed();
                    *traced.fate.lock() = Some((waited, Fate::Refused(refusal.reason)));
                }
            }
        }
    }

    /// Its answer begins, with that status.
    pub fn answered(&self, status: u16) {
        if let Some(traced) = &self.traced {
            traced.status.store(status, Ordering::Relaxed);
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
        let (observed, traced) = (self.observed.clone(), self.traced.clone());
        Ending { observed, trigger, start, waited, deadline, traced }
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
    traced: Option<Arc<Traced>>,
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
        let Self { observed, trigger, start, waited, traced, .. } = self;
        observed.metrics.call(&Finished { trigger, outcome, start, waited, ran });
        if let Some(traced) = traced {
            let start_took = (start == StartKind::Cold).then_some(waited);
            *traced.fate.lock() = Some((waited, Fate::Served { start, start_took, ran, outcome }));
        }
    }
}
