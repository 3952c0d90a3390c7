//! A client of a node's API, in the same process, and small stand-ins for the parts of a
//! node that are not the control plane's.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::ConnectInfo;
use bytes::Bytes;
use http::{HeaderMap, Request, Response};
use http_body_util::BodyExt;
use parking_lot::Mutex;
use serde_json::{Value, json};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;

use swell_api::calendar::{Imported, Occasion};
use swell_api::forecast::{Anomaly, ForecastModel, Forecasts, FunctionForecast};
use swell_api::invocation::{Invocation, InvocationState};
use swell_api::log::{LogLine, LogStream};
use swell_api::receipt::Receipt;
use swell_node::api::context::{
    ApiContext, CalendarDefaults, Events, Foretold, LogSource, Publishing, Queued,
};
use swell_node::api::router::router;
use swell_node::flow::flows::{Flows, Parts};
use swell_node::flow::shown::Shown;
use swell_node::flow::watch::Watch;
use swell_node::invoker::{Answering, Invoker};
use swell_node::observe::function_metrics::TriggerKind;
use swell_node::outflow::{Doing, Grave, Graves};
use swell_node::refusal::{Reason, Refusal};
use swell_node::settings::FlowSettings;
use swell_outlook::heeded::Heeding;

use crate::world::{MAGIC, World};

/// A node with its API.
pub(crate) struct Api {
    pub(crate) world: World,
    router: axum::Router,
    pub(crate) logs: Arc<Ring>,
    pub(crate) stopping: CancellationToken,
}

/// An answer, whole.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).expect("it is JSON")
    }

    /// A failure in the one shape that failures have; its code.
    pub(crate) fn problem(&self) -> String {
        assert_eq!(self.headers["content-type"], "application/problem+json");
        let problem: swell_api::problem::Problem =
            serde_json::from_slice(&self.body).expect("it is a problem");
        assert_eq!(problem.status, self.status);
        assert!(!problem.title.is_empty());
        problem.code
    }
}

impl Api {
    pub(crate) fn new() -> Self {
        Self::with(None)
    }

    pub(crate) fn with(token: Option<&str>) -> Self {
        let (world, logs) = (World::new(), Arc::new(Ring::default()));
        let stopping = CancellationToken::new();
        let context = ApiContext {
            contents: None,
            deployer: world.deployer.clone(),
            code: world.code.clone(),
            hands: world.hands.clone(),
            flows: flows(&world),
            logs: logs.clone(),
            queued: Arc::new(One),
            events: Arc::new(Counted),
            foretold: Arc::new(Oracle),
            sited: None,
            crew: None,
            token: token.map(str::to_string),
            listen: "127.0.0.1:7070".parse().expect("an address"),
            tls: false,
            code_bytes_max: 1_000,
            stopping: stopping.clone(),
        };
        Self { world, router: router(Arc::new(context)), logs, stopping }
    }

    pub(crate) fn request(method: &str, path: &str, body: impl Into<Body>) -> Request<Body> {
        let peer: SocketAddr = "127.0.0.1:4711".parse().expect("an address");
        let request = Request::builder().method(method).uri(path).header("host", "localhost:7070");
        request.extension(ConnectInfo(peer)).body(body.into()).expect("a request")
    }

    pub(crate) async fn open(&self, request: Request<Body>) -> Response<Body> {
        self.router.clone().oneshot(request).await.expect("a router never fails")
    }

    pub(crate) async fn answer(&self, request: Request<Body>) -> Answer {
        let (parts, body) = self.open(request).await.into_parts();
        let body = body.collect().await.expect("it is whole").to_bytes();
        Answer { status: parts.status.as_u16(), headers: parts.headers, body }
    }

    pub(crate) async fn send(&self, method: &str, path: &str, body: impl Into<Body>) -> Answer {
        self.answer(Self::request(method, path, body)).await
    }

    pub(crate) async fn upload(&self, text: &str) -> String {
        let answer = self.send("POST", "/v1/code", format!("{MAGIC}{text}")).await;
        assert_eq!(answer.status, 201);
        answer.json()["digest"].as_str().expect("a digest").to_string()
    }

    pub(crate) async fn deploy(&self, name: &str, text: &str) -> Answer {
        let spec = json!({ "code": self.upload(text).await });
        self.send("PUT", &format!("/v1/functions/{name}"), spec.to_string()).await
    }
}

/// A ring that keeps everything.
#[derive(Default)]
pub(crate) struct Ring {
    lines: Mutex<Vec<LogLine>>,
    changed: Arc<Notify>,
}

impl Ring {
    pub(crate) fn write(&self, function: &str, text: &str) {
        let mut lines = self.lines.lock();
        let number = lines.len() as u64 + 1;
        lines.push(LogLine {
            number,
            at_ms: 0,
            function: function.to_string(),
            version: 1,
            request_id: "r".to_string(),
            stream: LogStream::Stdout,
            text: text.to_string(),
        });
        self.changed.notify_waiters();
    }
}

impl LogSource for Ring {
    fn since(&self, number: u64, function: Option<&str>, limit: usize) -> Vec<LogLine> {
        let lines = self.lines.lock();
        let wanted = |line: &&LogLine| {
            line.number > number && function.is_none_or(|name| line.function == name)
        };
        lines.iter().filter(wanted).take(limit).cloned().collect()
    }

    fn changed(&self) -> Arc<Notify> {
        self.changed.clone()
    }
}

/// A queue with one dead call, `a`, and one that waits, `b`.
struct One;

impl One {
    fn call(id: &str) -> Option<Invocation> {
        let state = match id {
            "a" => InvocationState::Dead,
            "b" => InvocationState::Queued,
            _ => return None,
        };
        Some(Invocation {
            id: id.to_string(),
            function: "hello".to_string(),
            state,
            attempts: 5,
            accepted_at_ms: 1,
            next_at_ms: None,
            status: Some(503),
            error: Some("it was busy".to_string()),
            trigger: "http".to_string(),
        })
    }
}

impl Queued for One {
    fn list(
        &self,
        state: Option<InvocationState>,
        function: Option<&str>,
        limit: usize,
    ) -> Result<Vec<Invocation>, Refusal> {
        let all = ["a", "b"].into_iter().filter_map(Self::call);
        let fits = |call: &Invocation| {
            state.is_none_or(|state| call.state == state)
                && function.is_none_or(|name| call.function == name)
        };
        Ok(all.filter(fits).take(limit).collect())
    }

    fn get(&self, id: &str) -> Result<Option<Invocation>, Refusal> {
        Ok(Self::call(id))
    }

    fn result(&self, id: &str) -> Result<Option<Response<Bytes>>, Refusal> {
        let answer = Response::builder().status(207).header("x-guest", "yes");
        Ok((id == "done").then(|| answer.body(Bytes::from("so be it")).expect("an answer")))
    }

    fn replay(&self, id: &str) -> Result<Option<Invocation>, Refusal> {
        match id {
            "b" => Err(Refusal::new(Reason::Conflict, "the call was not given up")),
            id => Ok(Self::call(id)),
        }
    }

    fn discard(&self, id: &str) -> Result<bool, Refusal> {
        Ok(Self::call(id).is_some())
    }
}

/// Counts the letters of an event.
struct Counted;

impl Events for Counted {
    fn publish(&self, request: Request<Bytes>) -> Publishing<'_> {
        Box::pin(async move {
            match request.headers().get("content-type") {
                Some(kind) if kind == "application/cloudevents+json" => Ok(request.body().len()),
                _ => Err(Refusal::new(Reason::BadRequest, "it is no CloudEvent")),
            }
        })
    }
}

/// Expects nothing, and holds that against nobody.
struct Oracle;

impl Foretold for Oracle {
    fn forecasts(&self) -> Forecasts {
        Forecasts {
            mode: swell_api::spec::ForecastMode::Off,
            step_ms: 300_000,
            horizon_steps: 12,
            model: ForecastModel::default(),
            functions: Vec::new(),
            followed: Vec::new(),
        }
    }

    fn forecast(&self, name: &str) -> Result<FunctionForecast, Refusal> {
        Err(Refusal::new(Reason::NotFound, format!("nothing is forecast of `{name}`")))
    }

    fn occasions(&self) -> Vec<Occasion> {
        Vec::new()
    }

    fn announce(&self, occasion: Occasion, _: &Heeding) -> Result<Occasion, Refusal> {
        Ok(occasion)
    }

    fn import(
        &self,
        _: &[u8],
        _: bool,
        _: &CalendarDefaults,
        _: &Heeding,
    ) -> Result<Imported, Refusal> {
        Ok(Imported::default())
    }

    fn withdraw(&self, id: &str) -> Result<bool, Refusal> {
        Ok(id == "known")
    }

    fn anomalies(&self, _: Option<&str>, _: usize) -> Vec<Anomaly> {
        Vec::new()
    }

    fn record(&self) -> Result<Vec<u8>, Refusal> {
        Ok(Vec::new())
    }

    fn receipt(&self, _: u64) -> Receipt {
        Receipt::default()
    }
}

/// Flows whose functions nobody calls.
fn flows(world: &World) -> Arc<Shown> {
    let flows = Flows::open(Parts {
        data: world.path().to_path_buf(),
        registry: world.registry.clone(),
        graves: Arc::new(Nobody),
        settings: FlowSettings {
            memory_max: swell_core::units::Bytes::new(64 << 20),
            function_memory_max: swell_core::units::Bytes::new(32 << 20),
            policy: "measured".to_string(),
            cores: Default::default(),
            link: None,
            nodes: Default::default(),
            socket: None,
            socket_group: false,
        },
        memory: 1 << 30,
        drain: std::time::Duration::from_secs(1),
        links: Arc::default(),
    });
    let flows = flows.expect("the store opens");
    flows.start(Arc::new(Nobody)).expect("the store is sound");
    let watch =
        Watch::new(flows.clone(), ("measured", 1), Box::new(|_| false)).expect("it is a rule");
    Arc::new(Shown { flows, watch })
}

/// Calls nobody, and keeps nothing.
struct Nobody;

impl Invoker for Nobody {
    fn call<'a>(
        &'a self,
        _: &'a str,
        _: TriggerKind,
        _: http::Request<bytes::Bytes>,
    ) -> Answering<'a> {
        Box::pin(async { Err(Refusal::new(Reason::Busy, "nobody is called here")) })
    }
}

impl Graves for Nobody {
    fn bury(&self, _: Grave) -> Doing<'_> {
        Box::pin(async { Err(Refusal::new(Reason::Storage, "nothing is kept here")) })
    }
}
