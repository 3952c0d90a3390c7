//! Callers that read and write at any node, each in a session, whatever happens to the nodes.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use ureq::Agent;

use crate::circle::Circle;
use crate::history::{Done, Version, version};

/// How long a caller waits for one answer; whether its write was made it does not know then.
const PATIENCE: Duration = Duration::from_secs(3);
/// Contents that callers have to do with.
const CONTENTS: u64 = 3;

fn agent() -> Agent {
    let config = Agent::config_builder()
        .http_status_as_error(false)
        .timeout_connect(Some(Duration::from_millis(500)))
        .timeout_global(Some(PATIENCE));
    config.build().into()
}

/// What is at an address, if anybody answers there.
pub(crate) fn get(url: &str) -> Option<(u16, Vec<u8>)> {
    let mut answer = agent().get(url).call().ok()?;
    let body = answer.body_mut().read_to_vec().ok()?;
    Some((answer.status().as_u16(), body))
}

/// One answer.
pub(crate) struct Told {
    pub(crate) status: u16,
    pub(crate) version: Option<Version>,
    pub(crate) session: String,
    pub(crate) source: String,
    pub(crate) text: String,
}

fn told(answer: Result<ureq::http::Response<ureq::Body>, ureq::Error>) -> Option<Told> {
    let mut answer = answer.ok()?;
    let header = |name: &str| {
        let value = answer.headers().get(name).and_then(|value| value.to_str().ok());
        value.unwrap_or_default().to_string()
    };
    let (tag, session) = (header("etag"), header("x-swell-content-session"));
    let source = header("x-swell-source");
    let text = answer.body_mut().read_to_string().ok()?;
    Some(Told { status: answer.status().as_u16(), version: version(&tag), session, source, text })
}

/// Reads a content at a node.
pub(crate) fn read(url: &str, content: &str, level: &str, session: &str) -> Option<Told> {
    let request = agent().get(format!("{url}/v1/content/shop/{content}"));
    let request = request.header("x-swell-read", level);
    told(request.header("x-swell-content-session", session).call())
}

/// Writes a content at a node.
pub(crate) fn write(
    url: &str,
    content: &str,
    text: &str,
    session: &str,
    acknowledge: &str,
) -> Option<Told> {
    let request = agent().put(format!("{url}/v1/content/shop/{content}"));
    let request = request.header("x-swell-acknowledge", acknowledge);
    told(request.header("x-swell-content-session", session).send(text))
}

/// Callers at work.
pub(crate) struct Callers {
    stop: Arc<AtomicBool>,
    done: Arc<AtomicU64>,
    callers: Vec<JoinHandle<(Vec<Done>, Vec<String>)>>,
}

impl Callers {
    /// So many begin.
    pub(crate) fn start(circle: &Arc<Circle>, count: u64) -> Self {
        let (stop, done) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
        let callers = (0..count).map(|number| {
            let (circle, stop, done) = (circle.clone(), stop.clone(), done.clone());
            std::thread::spawn(move || call(number, &circle, &stop, &done))
        });
        Self { callers: callers.collect(), stop, done }
    }

    /// How many operations were answered.
    pub(crate) fn done(&self) -> u64 {
        self.done.load(Ordering::Relaxed)
    }

    /// Waits until so many more are.
    pub(crate) fn go_on(&self, more: u64) {
        let (until, deadline) = (self.done() + more, Instant::now() + Duration::from_secs(90));
        while self.done() < until {
            assert!(Instant::now() < deadline, "nobody is answered any more");
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// All stop; what they were told, and what was wrong with it.
    pub(crate) fn end(self) -> (Vec<Done>, Vec<String>) {
        self.stop.store(true, Ordering::Relaxed);
        let (mut history, mut faults) = (Vec::new(), Vec::new());
        for caller in self.callers {
            let (done, wrong) = caller.join().expect("callers do not panic");
            history.extend(done);
            faults.extend(wrong);
        }
        (history, faults)
    }
}

fn call(
    number: u64,
    circle: &Circle,
    stop: &AtomicBool,
    count: &AtomicU64,
) -> (Vec<Done>, Vec<String>) {
    let (mut history, mut faults) = (Vec::new(), Vec::new());
    let mut session = String::new();
    let mut seen: BTreeMap<String, Version> = BTreeMap::new();
    let mut turn = number;
    while !stop.load(Ordering::Relaxed) {
        // Any order does, as long as callers meet at contents and wander over nodes.
        turn = turn.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let draw = turn >> 33;
        let content = format!("c{}", draw % CONTENTS);
        let node = (draw / 7) as usize % circle.len();
        let url = circle.url(node);
        circle.visit(node);
        let began = Instant::now();
        let kind = (draw / 50) % 3;
        let text = format!("{number}-{turn}");
        let told = match kind {
            0 => write(&url, &content, &text, &session, "committed"),
            1 => read(&url, &content, "strict", &session),
            _ => read(&url, &content, "causal", &session),
        };
        let ended = Instant::now();
        let Some(told) = told else {
            std::thread::sleep(Duration::from_millis(20));
            continue;
        };
        let version = match (told.status, told.version) {
            (200 | 201 | 204, Some(version)) => version,
            (404, _) => (0, 0, 0),
            (409 | 503 | 504, _) => continue,
            (status, _) => {
                faults.push(format!("{status} for {content} at {url}: {}", told.text));
                continue;
            }
        };
        count.fetch_add(1, Ordering::Relaxed);
        let is_write = kind == 0;
        let known = seen.entry(content.clone()).or_default();
        if !is_write && version < *known {
            faults.push(format!("a session goes back from {known:?} to {version:?} of {content}"));
        }
        *known = version.max(*known);
        session = told.session;
        let text = if is_write { text } else { told.text };
        let text = if told.status == 404 { String::new() } else { text };
        let is_strict = kind == 1;
        history.push(Done { content, version, text, is_write, is_strict, began, ended });
    }
    (history, faults)
}
