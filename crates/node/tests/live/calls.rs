//! Calls over a real socket: to functions that answer, and to functions that do not.

use http::{Method, Request, StatusCode};

use swell_api::spec::{Isolation, Route};
use swell_samples::samples;

use crate::house::House;

#[tokio::test(flavor = "multi_thread")]
async fn a_function_is_deployed_and_called() {
    let house = House::up().await;
    let deployed = house.deploy("hello", samples::HELLO, |_| {}).await;
    assert_eq!(deployed.status, StatusCode::OK, "{deployed:?}");
    let first = house.call("hello", r#"{"name":"Ada"}"#).await;
    assert_eq!((first.status, first.text()), (StatusCode::OK, "Hello, Ada!\n"));
    assert_eq!(first.header("x-swell-start"), "cold");
    let second = house.call("hello", "Grace").await;
    assert_eq!(second.text(), "Hello, Grace!\n");
    assert_eq!(second.header("x-swell-start"), "warm");
    assert_eq!(second.header("x-swell-version"), "1");
    assert!(!second.header("x-request-id").is_empty());
    house.down().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn failures_are_letters_with_a_status() {
    let house = House::up().await;
    for (name, code) in [
        ("trap", samples::TRAP),
        ("hog", samples::HOG),
        ("silent", samples::SILENT),
        ("spin", samples::SPIN),
        ("echo", samples::ECHO),
    ] {
        let deployed = house
            .deploy(name, code, |spec| {
                spec.timeout_ms = if name == "spin" { 100 } else { 30_000 };
                spec.body_bytes_max = 1_000;
            })
            .await;
        assert!(deployed.status.is_success(), "{deployed:?}");
    }
    for round in 0..2 {
        for (name, status, code) in [
            ("trap", 502, "function-failed"),
            ("hog", 502, "function-failed"),
            ("silent", 502, "bad-answer"),
            ("spin", 504, "timed-out"),
            ("nobody", 404, "not-found"),
        ] {
            let answer = house.call(name, "").await;
            assert_eq!(answer.status.as_u16(), status, "{name}, round {round}: {answer:?}");
            assert_eq!(answer.code(), code, "{name}");
            assert_eq!(answer.header("content-type"), "application/problem+json");
            assert_eq!(answer.json()["request_id"], answer.header("x-request-id"));
        }
    }
    let long = house.call("echo", vec![b'x'; 1_001]).await;
    assert_eq!((long.status.as_u16(), long.code()), (413, "too-large".to_string()));
    let short = house.call("echo", vec![b'x'; 1_000]).await;
    assert_eq!((short.status.as_u16(), short.body.len()), (200, 1_000));
    house.down().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn functions_answer_at_hosts_and_paths() {
    let house = House::up().await;
    let deployed = house
        .deploy("events", samples::EVENTS, |spec| {
            let route = |host: Option<&str>, path: &str| Route {
                host: host.map(str::to_string),
                path: path.to_string(),
            };
            spec.routes = vec![route(None, "/ticks"), route(Some("*.example"), "/")];
        })
        .await;
    assert!(deployed.status.is_success(), "{deployed:?}");
    assert_eq!(house.get("/ticks?n=2").await.text(), "data: tick\n\n".repeat(2));
    let request = Request::get("/?n=1").header("host", "shop.example:7070");
    assert_eq!(house.request(request, "").await.text(), "data: tick\n\n");
    assert_eq!(house.get("/other").await.status, StatusCode::NOT_FOUND);
    assert_eq!(house.get("/healthz").await.status, StatusCode::OK);
    house.down().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reused_guest_keeps_its_state_and_others_do_not() {
    let house = House::up().await;
    house.deploy("fresh", samples::COUNTER, |_| {}).await;
    house.deploy("kept", samples::COUNTER, |spec| spec.isolation = Isolation::Instance).await;
    for round in 1..=3 {
        assert_eq!(house.call("fresh", "").await.text(), "1\n");
        assert_eq!(house.call("kept", "").await.text(), format!("{round}\n"));
    }
    house.down().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_queue_says_when_to_come_again() {
    let house = House::up().await;
    let deployed = house
        .deploy("work", samples::WORK, |spec| {
            spec.max_instances = Some(1);
            spec.queue_max = 1;
        })
        .await;
    assert!(deployed.status.is_success(), "{deployed:?}");
    assert_eq!(house.call("work", "").await.status, StatusCode::OK);
    let slow = || house.send(Method::GET, "/function/work?m=300", "");
    let (one, other, third) = tokio::join!(slow(), slow(), slow());
    let mut answers = [one, other, third];
    answers.sort_by_key(|answer| answer.status.as_u16());
    let [one, other, refused] = &answers;
    assert_eq!((one.status.as_u16(), other.status.as_u16()), (200, 200));
    assert_eq!((refused.status.as_u16(), refused.code()), (429, "queue-full".to_string()));
    assert_eq!(refused.header("retry-after"), "1");
    house.down().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_websocket_is_refused_kindly() {
    let house = House::up().await;
    house.deploy("hello", samples::HELLO, |_| {}).await;
    let request = Request::get("/function/hello")
        .header("connection", "upgrade")
        .header("upgrade", "websocket");
    let answer = house.request(request, "").await;
    assert_eq!((answer.status.as_u16(), answer.code()), (501, "unsupported".to_string()));
    house.down().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_function_is_charged_with_the_processor_time_that_its_guests_take() {
    let house = House::up().await;
    house.deploy("work", samples::WORK, |_| {}).await;
    let taken = async || {
        let shown = house.get("/v1/functions/work").await.json();
        shown["calls"]["cpu_us"].as_u64().expect("it is counted")
    };
    assert_eq!(house.send(Method::GET, "/function/work?m=150", "").await.status, StatusCode::OK);
    let waited = taken().await;
    assert!(waited > 0 && waited < 75_000, "{waited} us");
    assert_eq!(house.send(Method::GET, "/function/work?k=60000", "").await.status, StatusCode::OK);
    // No processor counts faster than ten times in a nanosecond.
    let computed = taken().await - waited;
    assert!(computed > 6_000, "{computed} us");
    let metrics = house.get("/metrics").await;
    let seconds = metrics.text().lines().find_map(|line| {
        line.strip_prefix("swell_function_cpu_seconds_total{function=\"work\"} ")?
            .parse::<f64>()
            .ok()
    });
    assert!(
        seconds.is_some_and(|seconds| seconds * 1e6 >= (waited + computed) as f64),
        "{metrics:?}"
    );
    house.down().await;
}
