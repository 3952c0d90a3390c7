//! What observing costs a request, in nanoseconds: `cargo bench -p swell-node --bench
//! observe`. Each piece runs in rounds; the fastest round is the machine's truth, the rest
//! is noise of its neighbours.

use std::hint::black_box;
use std::sync::Arc;
use std::time::{Duration, Instant};

use http::{HeaderMap, Method};
use swell_core::action::{Action, StartKind};
use swell_core::ids::{InstanceId, RequestId as MindRequest};
use swell_node::observe::call_log::VersionLog;
use swell_node::observe::function_metrics::{CallOutcome, Finished, TriggerKind};
use swell_node::observe::logs::Logs;
use swell_node::observe::metrics::Metrics;
use swell_node::observe::otlp::Spans;
use swell_node::observe::request_id::RequestId;
use swell_node::observe::span::{CallTrace, Fate};
use swell_node::observe::trace_context::{TRACEPARENT, TraceContext};
use swell_node::observe::usage::Usage;
use swell_sandbox::log::Stream;

const ROUNDS: usize = 20;
const CALLS: u32 = 50_000;

fn measure(name: &str, mut work: impl FnMut()) {
    let mut best = f64::INFINITY;
    for _ in 0..ROUNDS {
        let began = Instant::now();
        for _ in 0..CALLS {
            work();
        }
        best = best.min(began.elapsed().as_nanos() as f64 / f64::from(CALLS));
    }
    println!("{name:<58} {best:>8.1} ns");
}

fn main() {
    let metrics = Metrics::default();
    let hello = metrics.function("hello");
    let logs = Logs::new(10_000, 10 << 20);
    let version = VersionLog::new(logs, "hello".into(), 1);
    let now = Instant::now();
    let id = RequestId::fresh(now);
    let finished = Finished {
        trigger: TriggerKind::Http,
        outcome: CallOutcome::Answered,
        start: StartKind::Warm,
        waited: Duration::ZERO,
        ran: Duration::from_micros(120),
    };
    let instance = InstanceId { slot: 1, generation: 1 };
    let invoke = Action::Invoke { request: MindRequest(1), instance, start: StartKind::Warm };
    let mut given = HeaderMap::new();
    let parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    given.insert(TRACEPARENT, parent.parse().expect("a legal header"));

    let usage = Usage::default();
    measure("counting a call and what it used, for forecasts", || {
        usage.carried(black_box(512));
        usage.ended(black_box(Duration::from_micros(120)), black_box(Some(1 << 20)));
    });
    measure("metrics of a warm call", || hello.call(black_box(&finished)));
    measure("count of an order of the mind", || metrics.decided(black_box(&[invoke])));
    measure("log sink of a call that writes nothing", || {
        black_box(version.call(black_box(&id)));
    });
    measure("request id, made, with two headers of it", || {
        let id = RequestId::of(None, black_box(now));
        black_box((id.header(), id.header(), id));
    });
    measure("request id, the caller's", || {
        black_box(RequestId::of(Some(&id.header()), black_box(now)));
    });
    measure("trace context, begun here", || {
        let mut headers = HeaderMap::with_capacity(4);
        TraceContext::of(&headers, false).pass_on(&mut headers);
        black_box(headers);
    });
    measure("trace context, the caller's, not reported", || {
        TraceContext::of(black_box(&given), false).pass_on(&mut given);
    });
    measure("all of metrics and logs of a warm call", || {
        let id = RequestId::of(None, black_box(now));
        let sink = version.call(&id);
        metrics.decided(black_box(&[invoke]));
        black_box(&sink);
        drop(sink);
        hello.call(black_box(&finished));
    });
    measure("a line of log", || {
        version.call(&id).write(Stream::Stdout, black_box(b"a line of 32 bytes, or nearly so\n"));
    });
    report(&id, now);
    scrape(&metrics);
}

/// What a recorded call costs while a collector is away: the list fills up, then calls are
/// counted only.
fn report(id: &RequestId, now: Instant) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.expect("the machine has a runtime");
    let _inside = runtime.enter();
    let spans = Spans::start("http://127.0.0.1:9").expect("a fine address");
    let function: Arc<str> = "hello".into();
    let context = TraceContext::begin(true);
    measure("a recorded call, collector away", || {
        spans.record(CallTrace {
            context,
            function: function.clone(),
            version: 1,
            request_id: id.clone(),
            trigger: TriggerKind::Http,
            method: Method::GET,
            path: "/function/hello".to_string(),
            status: Some(200),
            began: now,
            waited: Duration::ZERO,
            fate: Fate::Refused(swell_node::refusal::Reason::Busy),
        });
    });
}

fn scrape(metrics: &Metrics) {
    for number in 0..2_000 {
        let finished = Finished {
            trigger: TriggerKind::Http,
            outcome: CallOutcome::Answered,
            start: StartKind::Cold,
            waited: Duration::ZERO,
            ran: Duration::from_millis(1),
        };
        metrics.function(&format!("function-{number}")).call(&finished);
    }
    let began = Instant::now();
    let length = metrics.encode().len();
    println!("a scrape of 2,000 called functions: {:?}, {length} bytes", began.elapsed());
}
