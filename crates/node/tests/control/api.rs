//! The API as a client sees it: requests in, statuses and bodies out.

use std::net::SocketAddr;

use axum::body::Body;
use axum::extract::ConnectInfo;
use bytes::Bytes;
use http_body_util::BodyExt;
use serde_json::json;

use crate::client::Api;
use crate::world::MAGIC;

#[tokio::test]
async fn a_function_lives_and_dies() {
    let api = Api::new();
    assert_eq!(api.send("GET", "/v1/functions", "").await.json(), json!([]));
    let answer = api.deploy("hello", "one").await;
    let url = "http://localhost:7070/function/hello";
    let deployed = json!({ "name": "hello", "version": 1, "changed": true, "url": url });
    assert_eq!((answer.status, answer.json()), (200, deployed));
    assert_eq!(api.deploy("hello", "one").await.json()["changed"], false);
    assert_eq!(api.deploy("hello", "two").await.json()["version"], 2);

    let shown = api.send("GET", "/v1/functions/hello", "").await.json();
    assert_eq!((&shown["state"], &shown["url"]), (&json!("ready"), &json!(url)));
    assert_eq!(api.send("GET", "/v1/functions", "").await.json(), json!([shown]));
    let versions = api.send("GET", "/v1/functions/hello/versions", "").await.json();
    assert_eq!((&versions[0]["version"], &versions[1]["percent"]), (&json!(2), &json!(0)));

    let shares = json!([{ "version": 1, "percent": 20 }]).to_string();
    let shown = api.send("PUT", "/v1/functions/hello/traffic", shares).await.json();
    let expected = json!([{ "version": 1, "percent": 20 }, { "version": 2, "percent": 80 }]);
    assert_eq!(shown["traffic"], expected);
    let shown = api.send("POST", "/v1/functions/hello/rollback", r#"{"version":1}"#).await.json();
    assert_eq!(shown["traffic"], json!([{ "version": 1, "percent": 100 }]));
    let shown = api.send("POST", "/v1/functions/hello/rollback", "").await.json();
    assert_eq!(shown["traffic"], json!([{ "version": 2, "percent": 100 }]));
    let shown = api.send("PATCH", "/v1/functions/hello", r#"{"paused":true}"#).await.json();
    assert_eq!(shown["state"], "paused");

    assert_eq!(api.send("DELETE", "/v1/functions/hello", "").await.status, 204);
    let answer = api.send("GET", "/v1/functions/hello", "").await;
    assert_eq!((answer.status, answer.problem().as_str()), (404, "not-found"));
}

#[tokio::test]
async fn code_goes_both_ways() {
    let api = Api::new();
    let digest = api.upload("hello").await;
    let path = format!("/v1/code/{digest}");
    let answer = api.send("GET", &path, "").await;
    assert_eq!(answer.body, format!("{MAGIC}hello"));
    assert_eq!(answer.headers["content-type"], "application/wasm");
    let answer = api.send("HEAD", &path, "").await;
    assert_eq!((answer.status, answer.body.len()), (200, 0));
    assert_eq!(answer.headers["content-length"], (MAGIC.len() + 5).to_string().as_str());
    assert_eq!(api.send("HEAD", "/v1/code/sha256:12", "").await.status, 404);
    // Whether its length is known beforehand or not, what is too long is not taken.
    let long = vec![b'x'; 1_001];
    assert_eq!(api.send("POST", "/v1/code", long.clone()).await.problem(), "too-large");
    let chunks = http_body_util::Full::new(Bytes::from(long)).map_frame(|frame| frame);
    assert_eq!(api.send("POST", "/v1/code", Body::new(chunks)).await.status, 413);
    assert_eq!(api.send("POST", "/v1/code", "").await.problem(), "bad-request");
}

#[tokio::test]
async fn every_failure_has_one_shape() {
    let api = Api::new();
    api.deploy("hello", "one").await;
    let long = " ".repeat(17 << 20);
    for (method, path, body, status, words) in [
        ("GET", "/v1", "", 404, "there is nothing"),
        ("GET", "/v1/", "", 404, "there is nothing"),
        ("GET", "/v1/nothing/here", "", 404, "/v1/openapi.json"),
        ("POST", "/v1/functions", "", 405, "`POST` does not go"),
        ("DELETE", "/v1/openapi.json", "", 405, "`DELETE`"),
        ("GET", "/v1/functions/none", "", 404, "no function `none`"),
        ("GET", "/v1/functions/%ff", "", 400, ""),
        ("DELETE", "/v1/functions/none", "", 404, "no function `none`"),
        ("PATCH", "/v1/functions/none", "{}", 404, "no function `none`"),
        ("PATCH", "/v1/functions/hello", r#"{"pause":true}"#, 400, "did you mean `paused`?"),
        ("PATCH", "/v1/functions/hello", "", 400, "not JSON"),
        ("PUT", "/v1/functions/hello", "{", 400, "not JSON"),
        ("PUT", "/v1/functions/hello", "[]", 400, "not what was expected"),
        ("PUT", "/v1/functions/hello", r#"{"memry_bytes":1}"#, 400, "did you mean `memory_bytes`?"),
        ("PUT", "/v1/functions/hello", r#"{"name":"other"}"#, 400, "different functions"),
        ("PUT", "/v1/functions/hello", "{}", 400, "`code` is missing"),
        ("PUT", "/v1/functions/hello", &long, 413, "16777216 bytes"),
        ("PUT", "/v1/functions/hello?wat=no", "{}", 400, "did you mean `wait`?"),
        ("PUT", "/v1/functions/hello?wait=perhaps", "{}", 400, "the query"),
        (
            "PUT",
            "/v1/functions/hello/traffic",
            r#"[{"version":7,"percent":1}]"#,
            404,
            "no version 7",
        ),
        ("POST", "/v1/functions/hello/rollback", "", 409, "no version before 1"),
        ("POST", "/v1/plan", r#"[{"name":1}]"#, 400, "not what was expected"),
        ("GET", "/v1/logs?folow=true", "", 400, "did you mean `follow`?"),
        ("GET", "/v1/invocations?state=deda", "", 400, "did you mean `dead`?"),
        ("GET", "/v1/invocations/none", "", 404, "no such call"),
        ("GET", "/v1/invocations/none/result", "", 404, "no such call"),
        ("GET", "/v1/invocations/a/result", "", 409, "it was busy"),
        ("GET", "/v1/invocations/b/result", "", 409, "not done yet"),
        ("POST", "/v1/invocations/none/replay", "", 404, "no such call"),
        ("POST", "/v1/invocations/b/replay", "", 409, "not given up"),
        ("DELETE", "/v1/invocations/none", "", 404, "no such call"),
    ] {
        let answer = api.send(method, path, body.to_string()).await;
        let text = String::from_utf8_lossy(&answer.body).to_string();
        assert_eq!(answer.status, status, "{method} {path}: {text}");
        assert!(text.contains(words), "{method} {path}: {text}");
        answer.problem();
        assert_eq!(answer.headers.contains_key("allow"), status == 405, "{method} {path}");
    }
    let mut request = Api::request("GET", "/v1/functions/none", "");
    request.headers_mut().insert("x-request-id", "abc".parse().expect("a header"));
    assert_eq!(api.answer(request).await.json()["request_id"], "abc");
}

#[tokio::test]
async fn nobody_has_to_wait() {
    let api = Api::new();
    api.world.hands.backend.hold();
    let mut changes = api.world.deployer.changes();
    changes.mark_unchanged();
    let spec = json!({ "code": api.upload("one").await }).to_string();
    let answer = api.send("PUT", "/v1/functions/hello?wait=false", spec).await;
    assert_eq!((answer.status, &answer.json()["version"]), (202, &json!(1)));
    let shown = api.send("GET", "/v1/functions/hello", "").await.json();
    assert_eq!(shown["state"], "preparing");
    api.world.hands.backend.gate.add_permits(1);
    changes.changed().await.expect("the deployer lives");
    let shown = api.send("GET", "/v1/functions/hello", "").await.json();
    assert_eq!((&shown["state"], &shown["version"]), (&json!("ready"), &json!(1)));
}

#[tokio::test]
async fn plans_say_what_would_change() {
    let api = Api::new();
    for name in ["same", "other", "gone"] {
        api.deploy(name, "one").await;
    }
    let code = api.upload("one").await;
    let unknown = format!("sha256:{:064}", 0);
    let specs = json!([
        { "name": "same", "code": code },
        { "name": "other", "code": code, "memory_bytes": 1 << 20 },
        { "name": "fresh", "code": unknown },
        { "name": "wrong", "code": code, "concurrency": 0 },
    ]);
    let plan = api.send("POST", "/v1/plan?prune=true", specs.to_string()).await.json();
    let steps: Vec<(&str, &str)> = plan
        .as_array()
        .expect("steps")
        .iter()
        .map(|step| (step["name"].as_str().unwrap_or(""), step["action"].as_str().unwrap_or("")))
        .collect();
    let expected = [
        ("same", "same"),
        ("other", "update"),
        ("fresh", "create"),
        ("wrong", "create"),
        ("gone", "remove"),
    ];
    assert_eq!(steps, expected);
    let difference = json!([{ "field": "memory_bytes", "from": 64 << 20, "to": 1 << 20 }]);
    assert_eq!(plan[1]["differences"], difference);
    assert_eq!(plan[2].get("problems"), None, "code that is not uploaded yet is no problem");
    assert!(plan[3]["problems"][0].as_str().is_some_and(|text| text.contains("`concurrency`")));
    let plan = api.send("POST", "/v1/plan", "[]").await.json();
    assert_eq!((plan, api.world.registry.len()), (json!([]), 3));
}

#[tokio::test]
async fn logs_are_read_and_followed() {
    let api = Api::new();
    (1..=1_200).for_each(|number| api.logs.write(["a", "b"][number % 2], &number.to_string()));
    for (query, first, count) in [
        ("", 1, 1_200),
        ("?tail=3", 1_198, 3),
        ("?since=1190", 1_191, 10),
        ("?function=a", 2, 600),
        ("?function=a&tail=2&since=5", 1_198, 2),
    ] {
        let lines = api.send("GET", &format!("/v1/logs{query}"), "").await.json();
        assert_eq!(lines.as_array().map(Vec::len), Some(count), "{query}");
        assert_eq!(lines[0]["number"], first, "{query}");
    }
    let request = Api::request("GET", "/v1/logs?follow=true&function=a&tail=1", "");
    let response = api.open(request).await;
    assert_eq!(response.headers()["content-type"], "application/x-ndjson");
    let mut body = response.into_body();
    let mut next = async || {
        let frame = body.frame().await?.expect("it goes on");
        let text = String::from_utf8(frame.into_data().expect("data").to_vec()).expect("text");
        Some(text.lines().map(str::to_string).collect::<Vec<_>>())
    };
    let line = |number: u64| number.to_string();
    assert!(next().await.is_some_and(|lines| lines.len() == 1 && lines[0].contains(&line(1_200))));
    api.logs.write("b", "not wanted");
    api.logs.write("a", "wanted");
    assert!(next().await.is_some_and(|lines| lines.len() == 1 && lines[0].contains("\"wanted\"")));
    api.stopping.cancel();
    assert_eq!(next().await, None, "it ends with the node");
}

#[tokio::test]
async fn calls_and_events_go_through() {
    let api = Api::new();
    let calls = api.send("GET", "/v1/invocations?state=dead&function=hello", "").await.json();
    assert_eq!((calls.as_array().map(Vec::len), &calls[0]["id"]), (Some(1), &json!("a")));
    let calls = api.send("GET", "/v1/invocations?limit=1", "").await.json();
    assert_eq!(calls.as_array().map(Vec::len), Some(1));
    assert_eq!(api.send("GET", "/v1/invocations/b", "").await.json()["state"], "queued");
    let answer = api.send("GET", "/v1/invocations/done/result", "").await;
    assert_eq!((answer.status, &answer.body[..]), (207, &b"so be it"[..]));
    assert_eq!(answer.headers["x-guest"], "yes");
    assert_eq!(api.send("POST", "/v1/invocations/a/replay", "").await.status, 202);
    assert_eq!(api.send("DELETE", "/v1/invocations/a", "").await.status, 204);
    let mut request = Api::request("POST", "/v1/events", "12345");
    let kind = "application/cloudevents+json".parse().expect("a header");
    request.headers_mut().insert("content-type", kind);
    let answer = api.answer(request).await;
    assert_eq!((answer.status, answer.json()), (202, json!({ "count": 5 })));
}

#[tokio::test]
async fn the_node_tells_of_itself() {
    let api = Api::new();
    assert_eq!(api.send("GET", "/v1/node", "").await.json()["policy"], "lru");
    assert_eq!(api.send("GET", "/v1/instances?function=a", "").await.json(), json!([]));
    let answer = api.send("GET", "/v1/journal", "").await;
    assert_eq!(answer.body, "journal");
    assert_eq!(answer.headers["content-type"], "application/octet-stream");
    let document = api.send("GET", "/v1/openapi.json", "").await;
    assert!(document.json()["paths"]["/v1/functions"].is_object());
}

#[tokio::test]
async fn strangers_are_refused() {
    let (open, closed) = (Api::new(), Api::with(Some("secret")));
    let stranger: SocketAddr = "192.168.1.7:4711".parse().expect("an address");
    for (api, peer, shown, expected) in [
        (&open, None, None, 200),
        (&open, Some(stranger), None, 401),
        (&open, Some(stranger), Some("Bearer secret"), 401),
        (&closed, None, None, 401),
        (&closed, None, Some("Bearer wrong"), 401),
        (&closed, None, Some("Bearer secret"), 200),
        (&closed, Some(stranger), Some("Bearer secret"), 200),
    ] {
        for (path, expected) in [
            ("/v1/functions", expected),
            ("/v1/nothing", if expected == 200 { 404 } else { 401 }),
            ("/v1/openapi.json", 200),
        ] {
            let mut request = Api::request("GET", path, "");
            if let Some(peer) = peer {
                request.extensions_mut().insert(ConnectInfo(peer));
            }
            if let Some(shown) = shown {
                let shown = shown.parse().expect("a header");
                request.headers_mut().insert("authorization", shown);
            }
            let answer = api.answer(request).await;
            assert_eq!(answer.status, expected, "{path} {peer:?} {shown:?}");
            if expected == 401 {
                assert_eq!(answer.problem(), "unauthorized");
                assert_eq!(answer.headers["www-authenticate"], "Bearer");
            }
        }
    }
}
