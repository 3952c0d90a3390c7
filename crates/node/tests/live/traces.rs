//! Traces on their way to a collector.

use std::collections::BTreeMap;

use http::Request;
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use swell_samples::samples;

use crate::house::House;

/// Takes posts as a collector does; spans by name, once there are so many.
async fn collect(listener: TcpListener, count: usize) -> BTreeMap<String, Value> {
    let mut spans = BTreeMap::new();
    while spans.len() < count {
        let (mut socket, _) = listener.accept().await.expect("somebody comes");
        let mut bytes = Vec::new();
        let body = loop {
            let mut chunk = [0; 4_096];
            let read = socket.read(&mut chunk).await.expect("it can be read");
            bytes.extend_from_slice(&chunk[..read]);
            let text = String::from_utf8_lossy(&bytes);
            let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
            let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
            let length: usize = length.expect("it has a length").parse().expect("a number");
            if body.len() >= length {
                break body.to_string();
            }
        };
        let answer = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\n{}";
        socket.write_all(answer.as_bytes()).await.expect("it can be written");
        let body: Value = serde_json::from_str(&body).expect("it is JSON");
        let all = &body["resourceSpans"][0]["scopeSpans"][0]["spans"];
        for span in all.as_array().expect("there are spans") {
            spans.insert(span["name"].as_str().expect("it has a name").to_string(), span.clone());
        }
    }
    spans
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_is_told_as_a_tree_below_the_callers_span() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let collector = format!("http://{}", listener.local_addr().expect("it has one"));
    let collected = tokio::spawn(collect(listener, 4));
    let house = House::up_with(|settings| settings.otlp = Some(collector.clone())).await;
    house.deploy("hello", samples::HELLO, |_| {}).await;
    let parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    let request = Request::post("/function/hello/there").header("traceparent", parent);
    assert_eq!(house.request(request, "Ada").await.status, 200);
    let spans = collected.await.expect("they came");
    let whole = &spans["hello"];
    for (name, parent) in [
        ("hello", "b7ad6b7169203331"),
        ("wait", whole["spanId"].as_str().expect("it has an id")),
        ("cold start", spans["wait"]["spanId"].as_str().expect("it has an id")),
        ("invoke", whole["spanId"].as_str().expect("it has an id")),
    ] {
        assert_eq!(spans[name]["parentSpanId"], parent, "{name}");
        assert_eq!(spans[name]["traceId"], "0af7651916cd43dd8448eb211c80319c", "{name}");
    }
    let attributes = whole["attributes"].to_string();
    for value in ["/function/hello/there", "\"200\"", "POST"] {
        assert!(attributes.contains(value), "{value}: {attributes}");
    }
    house.down().await;
}
