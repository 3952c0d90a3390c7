//! `swell bench` against a real server in this process, which tells what it was sent.

mod shell;

use std::convert::Infallible;
use std::net::SocketAddr;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use shell::Folder;

/// A request as the server saw it: method, path, header `x-mark`, body.
type Seen = (String, String, String, Bytes);

struct Server {
    runtime: Runtime,
    address: SocketAddr,
    seen: UnboundedReceiver<Seen>,
}

#[derive(Clone)]
struct Script {
    calls: Arc<AtomicU64>,
    seen: UnboundedSender<Seen>,
}

impl Script {
    /// The first call is cold; `/busy` refuses every second; `/hang` never answers.
    async fn answer(self, request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
        let path = request.uri().path().to_string();
        if path == "/metrics" {
            let calls = self.calls.load(Ordering::Relaxed);
            let text = format!("process_cpu_seconds_total {}\n", calls as f64 * 1e-5);
            return Ok(Response::new(Full::from(text)));
        }
        let method = request.method().to_string();
        let mark = request.headers().get("x-mark").map_or("", |mark| mark.to_str().expect("text"));
        let mark = mark.to_string();
        let body = request.into_body().collect().await.expect("a whole body").to_bytes();
        let number = self.calls.fetch_add(1, Ordering::Relaxed);
        self.seen.send((method, path.clone(), mark, body)).expect("the test listens");
        if path == "/hang" {
            std::future::pending::<()>().await;
        }
        let refused = path == "/busy" && number % 2 == 1;
        let response = Response::builder()
            .status(if refused { 503 } else { 200 })
            .header("x-swell-start", if number == 0 { "cold" } else { "warm" });
        Ok(response.body(Full::from("hello")).expect("a fine answer"))
    }
}

impl Server {
    fn start() -> Self {
        let runtime = Runtime::new().expect("the machine has a runtime");
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).expect("a port is free");
        let address = listener.local_addr().expect("it is bound");
        let (sender, seen) = unbounded_channel();
        let script = Script { calls: Arc::default(), seen: sender };
        runtime.spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let script = script.clone();
                let service = service_fn(move |request| script.clone().answer(request));
                tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
            }
        });
        Self { runtime, address, seen }
    }

    fn all_seen(&mut self) -> Vec<Seen> {
        std::iter::from_fn(|| self.seen.try_recv().ok()).collect()
    }
}

fn json(words: &str) -> Value {
    let output = Folder::new().run(words);
    assert!(output.status.success(), "{words}: {output:?}");
    serde_json::from_slice(&output.stdout).expect("JSON")
}

#[test]
fn answers_are_counted_by_start_and_cpu_is_learned() {
    let mut server = Server::start();
    let node = server.address;
    let report = json(&format!(
        "bench http hello --node http://{node} --connections 3 --duration 300ms -o json"
    ));
    let seen = server.all_seen();
    let answers = report["answers"].as_u64().expect("a number");
    assert_eq!(answers, seen.len() as u64);
    assert!(answers > 3, "{report}");
    assert!(seen.iter().all(|seen| seen.1 == "/function/hello" && seen.0 == "GET"));
    assert_eq!(report["latency"]["count"], answers);
    assert_eq!(report["latency_by_start"]["cold"]["count"], 1);
    assert_eq!(report["latency_by_start"]["warm"]["count"], answers - 1);
    assert_eq!(report["statuses"]["200"], answers);
    assert_eq!(report["bytes"], answers * 5);
    let cpu = report["server_cpu"]["us_per_answer"].as_f64().expect("a number");
    assert!((cpu - 10.0).abs() < 0.1, "{report}");
}

#[test]
fn a_rate_sends_its_number_of_requests() {
    let server = Server::start();
    let address = server.address;
    let report = json(&format!(
        "bench http http://{address}/busy --rate 400 --duration 250ms --connections 4 -o json"
    ));
    let count = |value: &Value| value.as_u64().expect("a number");
    assert_eq!(count(&report["answers"]) + count(&report["unsent"]), 100);
    let (good, bad) = (&report["statuses"]["200"], &report["statuses"]["503"]);
    assert_eq!(count(good) + count(bad), count(&report["answers"]));
    assert_eq!(report["error_latency"]["count"], *bad);
    assert_eq!(report["failures"], serde_json::json!({}));
}

#[test]
fn what_is_asked_for_is_sent() {
    let mut server = Server::start();
    let folder = Folder::new();
    std::fs::write(folder.0.join("order.json"), "{\"a\":1}").expect("the folder can be written");
    let words = format!(
        "bench http http://{}/order --duration 50ms --body @order.json --header x-mark:7 -c 1",
        server.address
    );
    let output = folder.run(&words);
    assert!(output.status.success(), "{output:?}");
    let seen = server.all_seen();
    assert!(!seen.is_empty());
    for (method, path, mark, body) in seen {
        assert_eq!(
            (&*method, &*path, &*mark, &body[..]),
            ("POST", "/order", "7", b"{\"a\":1}".as_slice())
        );
    }
    let text = String::from_utf8(output.stdout).expect("text");
    assert!(text.contains("answers") && text.contains("p99.9"), "{text}");
    assert!(text.contains("server CPU: "), "{text}");
}

#[test]
fn late_answers_are_failures_and_an_interrupt_prints_what_is_done() {
    let server = Server::start();
    let words = format!("bench http http://{}/hang --duration 100ms", server.address);
    let output = Folder::new().run(&format!("{words} --timeout 100ms -c 2"));
    assert_eq!(output.status.code(), Some(1));
    let text = String::from_utf8(output.stdout).expect("text");
    assert!(text.contains("no answer, no answer in time: "), "{text}");

    let mut server = Server::start();
    let folder = Folder::new();
    let words = format!("bench http http://{}/hang --duration 1h -c 1", server.address);
    let child = folder.command(&words).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
    let child = child.expect("the program starts");
    server.runtime.block_on(server.seen.recv()).expect("a request arrives");
    let interrupt = format!("kill -INT {}", child.id());
    let sent = Command::new("sh").args(["-c", &interrupt]).status().expect("a shell");
    assert!(sent.success());
    let output = child.wait_with_output().expect("it ends");
    assert_eq!(output.status.code(), Some(130), "{output:?}");
    assert!(String::from_utf8_lossy(&output.stdout).contains("0 answers"), "{output:?}");
}

#[test]
fn what_cannot_be_is_told_kindly() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port is free");
    let away = listener.local_addr().expect("it is bound");
    drop(listener);
    for (words, code, expected) in [
        (format!("bench http http://{away}/ --duration 50ms -c 1"), 1, "gave no answer"),
        ("bench http https://box/".to_string(), 2, "plain HTTP only"),
        ("bench http ftp://box/".to_string(), 2, "is no address"),
        ("bench http hello --header nonsense".to_string(), 2, "name: value"),
        ("bench http hello --body @missing".to_string(), 1, "cannot read `missing`"),
        ("bench http hello --pid 4294967295".to_string(), 2, "does not tell of a process"),
        ("bench http hello --connections 0".to_string(), 2, "connections"),
    ] {
        let output = Folder::new().run(&words);
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(code), "{words}: {text}");
        assert!(text.contains(expected), "{words}: {text}");
    }
}
