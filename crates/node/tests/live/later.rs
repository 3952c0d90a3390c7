//! Calls that are left for later, over a real socket and a real disk.

use std::time::{Duration, Instant};

use http::{Method, Request};
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use swell_api::spec::Retry;
use swell_samples::samples;

use crate::house::{Answer, House};

const QUICK: Retry = Retry { attempts_max: 3, backoff_ms: 20, backoff_ms_max: 40 };

/// Leaves a call for later.
async fn leave(house: &House, name: &str, body: &'static str, headers: &[(&str, &str)]) -> Answer {
    let mut request = Request::builder().method(Method::POST);
    request = request.uri(format!("/async-function/{name}/deep?a=b"));
    for (header, value) in headers {
        request = request.header(*header, *value);
    }
    house.request(request, body).await
}

/// Leaves a call that is taken; its id.
async fn left(house: &House, name: &str, body: &'static str) -> String {
    let answer = leave(house, name, body, &[]).await;
    assert_eq!(answer.status, 202, "{answer:?}");
    let accepted = answer.json();
    let id = accepted["id"].as_str().expect("it has an id").to_string();
    assert_eq!(answer.header("location"), format!("/v1/invocations/{id}"));
    id
}

/// Asks until `fits`, which must come true.
pub(crate) async fn until(house: &House, path: &str, fits: impl Fn(&Value) -> bool) -> Value {
    let patience = Instant::now() + Duration::from_secs(60);
    loop {
        let answer = house.get(path).await;
        let value = if answer.status.is_success() { answer.json() } else { Value::Null };
        if fits(&value) {
            return value;
        }
        assert!(Instant::now() < patience, "{path} never came to be as wanted: {value}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

async fn pause(house: &House, name: &str, paused: bool) {
    let body = serde_json::json!({ "paused": paused }).to_string();
    let answer = house.send(Method::PATCH, &format!("/v1/functions/{name}"), body).await;
    assert_eq!(answer.status, 200, "{answer:?}");
}

async fn settled(house: &House, id: &str) -> Value {
    let ended = |call: &Value| call["state"] == "done" || call["state"] == "dead";
    until(house, &format!("/v1/invocations/{id}"), ended).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_is_made_later_and_its_answer_kept() {
    let house = House::up().await;
    house.deploy("echo", samples::ECHO, |_| {}).await;
    let id = left(&house, "echo", "hello").await;
    let call = settled(&house, &id).await;
    assert_eq!(call["state"], "done", "{call}");
    assert_eq!((&call["attempts"], &call["status"]), (&1.into(), &200.into()), "{call}");
    assert_eq!(call["trigger"], "http");
    let result = house.get(&format!("/v1/invocations/{id}/result")).await;
    assert_eq!((result.status.as_u16(), result.text()), (200, "hello"));
    let gone = house.send(Method::DELETE, &format!("/v1/invocations/{id}"), "").await;
    assert_eq!(gone.status, 204);
    assert_eq!(house.get(&format!("/v1/invocations/{id}")).await.status, 404);
    house.down().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_that_fails_is_tried_again_given_up_and_replayed() {
    let house = House::up().await;
    house.deploy("job", samples::TRAP, |spec| spec.retry = QUICK).await;
    let id = left(&house, "job", "hello").await;
    let call = settled(&house, &id).await;
    assert_eq!((&call["state"], &call["attempts"]), (&"dead".into(), &3.into()), "{call}");
    assert!(call["error"].as_str().is_some_and(|error| error.contains("job")), "{call}");
    let dead = house.get("/v1/invocations?state=dead&function=job").await.json();
    assert_eq!(dead[0]["id"], id);
    assert_eq!(house.get(&format!("/v1/invocations/{id}/result")).await.status, 409);

    // Mended, it works with the request that was kept.
    house.deploy("job", samples::ECHO, |spec| spec.retry = QUICK).await;
    let again = house.send(Method::POST, &format!("/v1/invocations/{id}/replay"), "").await;
    assert_eq!(again.status, 202, "{again:?}");
    let call = settled(&house, &id).await;
    assert_eq!((&call["state"], &call["attempts"]), (&"done".into(), &1.into()), "{call}");
    assert_eq!(house.get(&format!("/v1/invocations/{id}/result")).await.text(), "hello");
    let again = house.send(Method::POST, &format!("/v1/invocations/{id}/replay"), "").await;
    assert_eq!(again.status, 409, "it is not dead any longer");
    let metrics = house.get("/metrics").await;
    for line in [
        r#"swell_queue_attempts_total{outcome="again"} 2"#,
        r#"swell_queue_attempts_total{outcome="dead"} 1"#,
        r#"swell_queue_attempts_total{outcome="done"} 1"#,
    ] {
        assert!(metrics.text().contains(line), "{line}");
    }
    house.down().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn calls_survive_a_restart() {
    let house = House::up().await;
    house.deploy("echo", samples::ECHO, |_| {}).await;
    pause(&house, "echo", true).await;
    let id = left(&house, "echo", "kept").await;
    let path = format!("/v1/invocations/{id}");
    until(&house, &path, |call| call["error"].as_str().is_some()).await;
    let folder = house.down().await;

    let house = House::up_in(folder, |_| {}).await;
    let call = house.get(&path).await.json();
    assert_eq!((&call["state"], &call["attempts"]), (&"queued".into(), &0.into()), "{call}");
    pause(&house, "echo", false).await;
    let call = settled(&house, &id).await;
    assert_eq!(call["state"], "done", "{call}");
    assert_eq!(house.get(&format!("{path}/result")).await.text(), "kept");
    house.down().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repetition_is_known_by_its_key() {
    let house = House::up().await;
    house.deploy("echo", samples::ECHO, |_| {}).await;
    let mut ids = Vec::new();
    for key in ["one", "one", "two"] {
        let answer = leave(&house, "echo", "x", &[("idempotency-key", key)]).await;
        ids.push(answer.json()["id"].clone());
    }
    assert_eq!(ids[0], ids[1]);
    assert_ne!(ids[0], ids[2]);
    assert_eq!(house.get("/v1/invocations").await.json().as_array().map(Vec::len), Some(2));
    house.down().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_queue_says_so() {
    let house = House::up_with(|settings| {
        settings.queue.entries_max = 2;
        settings.queue.bytes_max = swell_core::units::Bytes::new(1_000);
    })
    .await;
    house.deploy("echo", samples::ECHO, |_| {}).await;
    pause(&house, "echo", true).await;
    let long: &'static str = Box::leak("x".repeat(1_001).into_boxed_str());
    let answer = leave(&house, "echo", long, &[]).await;
    assert_eq!((answer.status.as_u16(), answer.code()), (507, "storage".to_string()));
    for _ in 0..2 {
        left(&house, "echo", "x").await;
    }
    let answer = leave(&house, "echo", "x", &[]).await;
    assert_eq!((answer.status.as_u16(), answer.code()), (429, "queue-full".to_string()));
    assert_eq!(answer.header("retry-after"), "5");
    let unknown = leave(&house, "nobody", "x", &[]).await;
    assert_eq!(unknown.status, 404);
    house.down().await;
}

/// Accepts posts and answers each with the next of `statuses`; what came.
async fn listen(statuses: Vec<u16>) -> (String, tokio::task::JoinHandle<Vec<String>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let url = format!("http://{}/done", listener.local_addr().expect("it has one"));
    let task = tokio::spawn(async move {
        let mut seen = Vec::new();
        for status in statuses {
            let (mut socket, _) = listener.accept().await.expect("somebody comes");
            let mut text = Vec::new();
            let mut chunk = [0; 4_096];
            while !String::from_utf8_lossy(&text).contains("\r\n\r\n") {
                let read = socket.read(&mut chunk).await.expect("it can be read");
                text.extend_from_slice(&chunk[..read]);
            }
            seen.push(String::from_utf8_lossy(&text).into_owned());
            let answer =
                format!("HTTP/1.1 {status} X\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
            socket.write_all(answer.as_bytes()).await.expect("it can be written");
        }
        seen
    });
    (url, task)
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_waits_is_told_until_he_hears() {
    let house = House::up().await;
    house.deploy("hello", samples::HELLO, |spec| spec.retry = QUICK).await;
    let (url, posts) = listen(vec![503, 200]).await;
    let answer = leave(&house, "hello", "Ada", &[("x-callback-url", &url)]).await;
    let id = answer.json()["id"].as_str().expect("it has an id").to_string();
    let posts = posts.await.expect("both came");
    for post in &posts {
        assert!(post.starts_with("POST /done HTTP/1.1"), "{post}");
        assert!(post.contains(&format!("x-call-id: {id}")), "{post}");
        assert!(post.contains("x-function-name: hello"), "{post}");
        assert!(post.contains("x-function-status: 200"), "{post}");
    }
    until(&house, &format!("/v1/invocations/{id}"), |call| call["state"] == "done").await;
    for (url, words) in [
        ("ftp://127.0.0.1/x", "http or https"),
        ("nonsense", "http or https"),
        ("http://elsewhere.example/", "posts no answers"),
    ] {
        let answer = leave(&house, "hello", "x", &[("x-callback-url", url)]).await;
        assert_eq!(answer.status, 400, "{url}");
        assert!(answer.text().contains(words), "{url}: {}", answer.text());
    }
    house.down().await;
}
