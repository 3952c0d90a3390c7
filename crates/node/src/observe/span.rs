//! A call as a small tree of spans, in the JSON of OTLP.
//!
//! The tree is the call's path: the whole call at the gateway; below it the wait for an
//! instance, and in it the cold start if one was waited for; then the instance's work,
//! which is the parent of whatever the guest reports itself. Attributes are those of
//! OpenTelemetry's conventions for HTTP and FaaS. The JSON is written here and not by the
//! opentelemetry crates: these few fields do not earn nine more crates in every build.

use std::sync::Arc;
use std::time::{Duration, Instant};

use http::Method;
use serde_json::{Value, json};
use swell_core::action::StartKind;

use crate::observe::chance;
use crate::observe::function_metrics::{CallOutcome, TriggerKind, start_word};
use crate::observe::request_id::RequestId;
use crate::observe::trace_context::TraceContext;
use crate::observe::wall::wall;
use crate::refusal::Reason;

/// A call that has ended, with all that its spans tell.
#[derive(Debug, Clone)]
pub struct CallTrace {
    /// Its place in its trace.
    pub context: TraceContext,
    /// What was called.
    pub function: Arc<str>,
    /// In which version.
    pub version: u32,
    /// The request.
    pub request_id: RequestId,
    /// What called.
    pub trigger: TriggerKind,
    /// The request's method.
    pub method: Method,
    /// The request's path as the client named it.
    pub path: String,
    /// Status of the answer, if there was one.
    pub status: Option<u16>,
    /// When the request came.
    pub began: Instant,
    /// How long it waited for an instance.
    pub waited: Duration,
    /// What came of it.
    pub fate: Fate,
}

/// What came of a request.
#[derive(Debug, Clone)]
pub enum Fate {
    /// An instance worked on it.
    Served {
        /// How it met the instance.
        start: StartKind,
        /// How much of the wait was for that instance to become ready, if it was started
        /// for the request.
        start_took: Option<Duration>,
        /// How long it worked.
        ran: Duration,
        /// How it ended.
        outcome: CallOutcome,
    },
    /// It was turned away.
    Refused(Reason),
}

/// Kinds of spans, by OTLP's numbers.
const INTERNAL: u8 = 1;
const SERVER: u8 = 2;

/// The body of a request to a collector, for these calls, and how many spans are in it.
pub(crate) fn export_request(calls: &[CallTrace]) -> (Value, u64) {
    let spans: Vec<Value> = calls.iter().flat_map(spans).collect();
    let count = spans.len() as u64;
    let version = env!("CARGO_PKG_VERSION");
    let resource =
        attributes([("service.name", text("swell")), ("service.version", text(version))]);
    let body = json!({
        "resourceSpans": [{
            "resource": { "attributes": resource },
            "scopeSpans": [{
                "scope": { "name": "swell", "version": version },
                "spans": spans,
            }],
        }],
    });
    (body, count)
}

/// How many spans a call makes.
pub(crate) fn span_count(call: &CallTrace) -> u64 {
    let waited = u64::from(call.waited > Duration::ZERO);
    match &call.fate {
        Fate::Served { start_took, .. } => 2 + waited + u64::from(start_took.is_some()),
        Fate::Refused(_) => 1 + waited,
    }
}

fn spans(call: &CallTrace) -> Vec<Value> {
    let began = wall(call.began);
    let ready = began + call.waited;
    let ended = match &call.fate {
        Fate::Served { ran, .. } => ready + *ran,
        Fate::Refused(_) => ready,
    };
    let draw = |id: u64, parent: Option<u64>, name: &str, from: Duration, to: Duration| {
        json!({
            "traceId": format!("{:032x}", call.context.trace_id),
            "spanId": format!("{id:016x}"),
            "parentSpanId": parent.map(|id| format!("{id:016x}")).unwrap_or_default(),
            "name": name,
            "kind": INTERNAL,
            "startTimeUnixNano": from.as_nanos().to_string(),
            "endTimeUnixNano": to.as_nanos().to_string(),
        })
    };
    let own = call.context.span;
    let mut whole = draw(own, call.context.parent, &call.function, began, ended);
    whole["kind"] = json!(SERVER);
    whole["attributes"] = call_attributes(call);
    if let Some(message) = failure(call) {
        whole["status"] = json!({ "code": 2, "message": message });
    }
    let mut spans = vec![whole];
    let wait = chance::not_zero();
    if call.waited > Duration::ZERO {
        spans.push(draw(wait, Some(own), "wait", began, ready));
    }
    if let Fate::Served { start_took, .. } = &call.fate {
        if let Some(took) = start_took {
            // A start may have been under way before the request came.
            let from = ready.saturating_sub(*took).max(began);
            let parent = if call.waited > Duration::ZERO { wait } else { own };
            spans.push(draw(chance::not_zero(), Some(parent), "cold start", from, ready));
        }
        spans.push(draw(call.context.invoke_span, Some(own), "invoke", ready, ended));
    }
    spans
}

fn call_attributes(call: &CallTrace) -> Value {
    let mut rows = vec![
        ("faas.name", text(&call.function)),
        ("faas.version", text(&call.version.to_string())),
        ("faas.invocation_id", text(call.request_id.as_str())),
        ("faas.trigger", text(trigger(call.trigger))),
        ("http.request.method", text(call.method.as_str())),
        ("url.path", text(&call.path)),
    ];
    if let Some(status) = call.status {
        rows.push(("http.response.status_code", json!({ "intValue": status.to_string() })));
    }
    match &call.fate {
        Fate::Served { start, .. } => {
            rows.push(("faas.coldstart", json!({ "boolValue": *start == StartKind::Cold })));
            rows.push(("swell.start", text(start_word(*start))));
        }
        Fate::Refused(reason) => rows.push(("error.type", text(reason.code()))),
    }
    attributes(rows)
}

/// Why a call counts as failed, if it does. Who is told to come back later, or asked for
/// what is not there, met no failure of ours.
fn failure(call: &CallTrace) -> Option<&'static str> {
    match &call.fate {
        Fate::Served { outcome: CallOutcome::Failed, .. } => Some("the function failed"),
        Fate::Served { outcome: CallOutcome::TimedOut, .. } => Some("the function took too long"),
        Fate::Served { .. } => None,
        Fate::Refused(reason) if reason.status() >= 500 => Some(reason.code()),
        Fate::Refused(_) => None,
    }
}

/// The convention's word for what called.
fn trigger(kind: TriggerKind) -> &'static str {
    match kind {
        TriggerKind::Http => "http",
        TriggerKind::Cron => "timer",
        TriggerKind::Mqtt | TriggerKind::Event | TriggerKind::Flow => "pubsub",
        TriggerKind::Function => "other",
    }
}

fn attributes<'a>(rows: impl IntoIterator<Item = (&'a str, Value)>) -> Value {
    rows.into_iter().map(|(key, value)| json!({ "key": key, "value": value })).collect()
}

fn text(value: &str) -> Value {
    json!({ "stringValue": value })
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) fn call(fate: Fate, waited: Duration) -> CallTrace {
        let began = Instant::now();
        CallTrace {
            context: TraceContext::begin(true),
            function: "hello".into(),
            version: 2,
            request_id: RequestId::fresh(began),
            trigger: TriggerKind::Cron,
            method: Method::POST,
            path: "/function/hello/x".to_string(),
            status: Some(200),
            began,
            waited,
            fate,
        }
    }

    pub(crate) fn served(start: StartKind, start_took: Option<Duration>) -> Fate {
        let (ran, outcome) = (Duration::from_millis(7), CallOutcome::Answered);
        Fate::Served { start, start_took, ran, outcome }
    }

    /// Name, length in milliseconds, and name of the parent, of each span.
    fn tree(call: &CallTrace) -> Vec<(String, u64, String)> {
        let spans = spans(call);
        assert_eq!(spans.len() as u64, span_count(call));
        let name = |span: &Value| span["name"].as_str().expect("a name").to_string();
        let nanos = |value: &Value| -> u64 {
            value.as_str().and_then(|text| text.parse().ok()).expect("a number in a string")
        };
        let of = |span: &Value| {
            let parent = spans.iter().find(|other| other["spanId"] == span["parentSpanId"]);
            let length = nanos(&span["endTimeUnixNano"]) - nanos(&span["startTimeUnixNano"]);
            (name(span), length / 1_000_000, parent.map(name).unwrap_or_default())
        };
        spans.iter().map(of).collect()
    }

    fn check(call: &CallTrace, expected: &[(&str, u64, &str)]) {
        let found = tree(call);
        let found: Vec<_> = found.iter().map(|row| (&*row.0, row.1, &*row.2)).collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn calls_are_trees() {
        let ms = Duration::from_millis;
        let warm = call(served(StartKind::Warm, None), ms(0));
        check(&warm, &[("hello", 7, ""), ("invoke", 7, "hello")]);
        let cold = call(served(StartKind::Cold, Some(ms(4))), ms(5));
        check(
            &cold,
            &[
                ("hello", 12, ""),
                ("wait", 5, "hello"),
                ("cold start", 4, "wait"),
                ("invoke", 7, "hello"),
            ],
        );
        let begun_before = call(served(StartKind::Cold, Some(ms(40))), ms(5));
        assert_eq!(tree(&begun_before)[2], ("cold start".to_string(), 5, "wait".to_string()));
        let refused = call(Fate::Refused(Reason::QueueFull), ms(3));
        check(&refused, &[("hello", 3, ""), ("wait", 3, "hello")]);
    }

    #[test]
    fn the_conventions_find_their_attributes() {
        let cold = call(served(StartKind::Cold, None), Duration::ZERO);
        let (body, count) = export_request(std::slice::from_ref(&cold));
        assert_eq!(count, 2);
        let spans = &body["resourceSpans"][0]["scopeSpans"][0]["spans"];
        let whole = &spans[0];
        assert_eq!(whole["kind"], 2);
        assert_eq!(whole["traceId"].as_str().map(str::len), Some(32));
        let attribute = |key: &str| {
            let rows = whole["attributes"].as_array().expect("a list");
            let row = rows.iter().find(|row| row["key"] == key);
            row.unwrap_or_else(|| panic!("no {key}"))["value"].clone()
        };
        assert_eq!(attribute("faas.name"), text("hello"));
        assert_eq!(attribute("faas.coldstart"), json!({ "boolValue": true }));
        assert_eq!(attribute("faas.trigger"), text("timer"));
        assert_eq!(attribute("faas.invocation_id"), text(cold.request_id.as_str()));
        assert_eq!(attribute("http.response.status_code"), json!({ "intValue": "200" }));
        assert_eq!(spans[1]["spanId"], format!("{:016x}", cold.context.invoke_span));
    }

    #[test]
    fn only_failures_of_ours_are_failures() {
        for (fate, failed) in [
            (served(StartKind::Warm, None), false),
            (Fate::Refused(Reason::QueueFull), false),
            (Fate::Refused(Reason::NotFound), false),
            (Fate::Refused(Reason::NoMemory), true),
        ] {
            let call = call(fate, Duration::ZERO);
            assert_eq!(spans(&call)[0]["status"]["code"] == 2, failed, "{call:?}");
        }
    }
}
