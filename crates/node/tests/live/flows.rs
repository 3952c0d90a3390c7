//! Flows: answers become items, items become calls, in order and once, whatever is full,
//! fails or goes down meanwhile.

use std::time::Duration;

use http::{Method, StatusCode};
use serde_json::{Value, json};

use swell_core::units::Bytes as Memory;
use swell_node::store::functions::Store;
use swell_samples::samples;

use crate::house::{Answer, House};

/// How often something is looked for that takes its time.
const GLANCE: Duration = Duration::from_millis(10);

impl House {
    /// Deploys `camera`, which passes on what it is sent, and `detect`, which keeps it.
    pub(crate) async fn camera_and_detect(&self) {
        for (name, code) in [("camera", samples::ECHO), ("detect", samples::COLLECT)] {
            let keep = |spec: &mut swell_api::spec::FunctionSpec| {
                spec.key_value = vec!["seen".to_string()];
            };
            let answer = self.deploy(name, code, keep).await;
            assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
        }
    }

    /// Deploys a flow `frames` from `camera` to `detect`, with more keys.
    pub(crate) async fn flow(&self, keys: Value) -> Answer {
        let mut spec = json!({ "name": "frames", "from": ["camera"], "to": "detect" });
        for (key, value) in keys.as_object().expect("keys are a table") {
            spec[key] = value.clone();
        }
        self.send(Method::PUT, "/v1/flows/frames", spec.to_string()).await
    }

    pub(crate) async fn frames(&self) -> Value {
        self.get("/v1/flows/frames").await.json()
    }

    /// Looks at the flow until something is so.
    pub(crate) async fn until(&self, what: &str, so: impl Fn(&Value) -> bool) -> Value {
        for _ in 0..6_000 {
            let flow = self.frames().await;
            if so(&flow) {
                return flow;
            }
            tokio::time::sleep(GLANCE).await;
        }
        panic!("in vain: {what}: {:#}", self.frames().await);
    }

    /// What `detect` was called with.
    pub(crate) async fn seen(&self) -> Vec<String> {
        let answer = self.call("detect", "").await;
        assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
        answer.text().lines().map(str::to_string).collect()
    }

    /// Comes up again, and a function is gone whatever names it.
    pub(crate) async fn again_without(self, function: &str) -> Self {
        let folder = self.down().await;
        let store = Store::open(folder.path()).expect("nobody else has it open");
        store.remove(function).expect("there is room");
        drop(store);
        Self::up_in(folder, |_| {}).await
    }

    pub(crate) async fn pause(&self, paused: bool) {
        let change = json!({ "paused": paused }).to_string();
        let answer = self.send(Method::PATCH, "/v1/functions/detect", change).await;
        assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
    }
}

fn numbers(range: std::ops::Range<u32>) -> Vec<String> {
    range.map(|number| number.to_string()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn answers_become_calls_once_and_in_order() {
    let house = House::up().await;
    house.camera_and_detect().await;
    let answer = house.flow(json!({ "item_bytes": 1024 })).await;
    assert_eq!((answer.status, answer.json()["changed"].clone()), (StatusCode::OK, true.into()));
    assert_eq!(house.flow(json!({ "item_bytes": 1024 })).await.json()["changed"], false);
    let fresh = house.frames().await;
    assert_eq!((&fresh["last_put_ms"], &fresh["last_taken_ms"]), (&Value::Null, &Value::Null));
    for number in 0..100u32 {
        let answer = house.call("camera", number.to_string()).await;
        assert_eq!((answer.status, answer.text()), (StatusCode::OK, number.to_string().as_str()));
    }
    let flow = house.until("all are done", |flow| flow["items"]["done"] == 100).await;
    assert_eq!(house.seen().await, numbers(0..100));
    assert_eq!((&flow["depth"], &flow["owner"]), (&0.into(), &"detect".into()), "{flow:#}");
    assert!(flow["sojourn_us_p50"].as_u64() > Some(0), "{flow:#}");
    let metrics = house.get("/metrics").await;
    let line = r#"swell_flow_items_total{flow="frames",outcome="done"} 100"#;
    assert!(metrics.text().lines().any(|found| found == line), "{}", metrics.text());
    assert!(metrics.text().contains(r#"trigger="flow",outcome="answered"} 100"#));

    let told = house.until("it is told what detect uses", |flow| {
        let detect = &flow["parties"][0];
        let is_more = |key: &str, than: f64| detect[key].as_f64() > Some(than);
        flow["last_taken_ms"].is_u64()
            && is_more("dependency_percent", 99.0)
            && is_more("memory_percent", 0.0)
    });
    let flow = told.await;
    let at = |flow: &Value, key: &str| flow[key].as_u64().expect("it was accessed");
    let (put, taken) = (at(&flow, "last_put_ms"), at(&flow, "last_taken_ms"));
    assert!(put <= taken + 20 && taken - put < 60_000, "the clock is coarse: {put} {taken}");
    assert!(at(&flow["lanes"][0], "last_put_ms").abs_diff(put) < 20, "{flow:#}");
    let nearness = flow["parties"][0]["proximity_percent"].as_f64();
    assert!(nearness >= Some(40.0) && nearness <= Some(100.0), "{flow:#}");
    assert!(flow["pause_us_next"].as_u64() > Some(0), "{flow:#}");
    let accessed = r#"swell_flow_last_access_timestamp_seconds{flow="frames",access="done"}"#;
    assert!(house.get("/metrics").await.text().contains(accessed));

    let names = house.get("/v1/flows").await.json();
    assert_eq!(names[0]["name"], "frames");
    let answer = house.send(Method::DELETE, "/v1/flows/frames", "").await;
    assert_eq!(answer.status, StatusCode::NO_CONTENT, "{answer:?}");
    assert_eq!(house.call("camera", "after").await.status, StatusCode::OK);
    assert_eq!(house.get("/v1/flows/frames").await.status, StatusCode::NOT_FOUND);
    assert_eq!(house.seen().await, numbers(0..100));
    house.down().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_happens_where_there_is_no_room_is_what_was_asked_for() {
    // Four items of this size fit into the smallest class.
    let item = |number: u32| format!("{number:0>3000}");
    // With just enough memory for that: lanes that are short of room would grow.
    let small = Memory::new(16 << 10);
    let house = House::up_with(|settings| settings.flow.function_memory_max = small).await;
    house.camera_and_detect().await;
    let short = |spec: &mut swell_api::spec::FunctionSpec| spec.timeout_ms = 300;
    house.deploy("camera", samples::ECHO, short).await;
    for (full, ack, refused, kept) in [
        ("block", "consume", 429, 0..4),
        ("reject", "consume", 429, 0..4),
        ("drop-newest", "append", 200, 0..4),
        ("drop-oldest", "append", 200, 6..10),
        ("spill", "consume", 200, 0..10),
        ("spill", "append", 200, 0..10),
    ] {
        house.pause(true).await;
        let keys = json!({
            "full": full, "ack": ack, "item_bytes": 3000, "rate": 1, "stall_ms": 1,
        });
        let answer = house.flow(keys).await;
        assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
        let before = house.seen_while_paused().await;
        // The first is taken out at once and waits for `detect`, still in its place.
        let mut statuses = Vec::new();
        for number in 0..10 {
            statuses.push(house.call("camera", item(number)).await.status.as_u16());
        }
        let (in_time, late) = statuses.split_at(4);
        assert!(in_time.iter().all(|status| *status == 200), "{full} {ack}: {statuses:?}");
        assert!(late.iter().all(|status| *status == refused), "{full} {ack}: {statuses:?}");
        let flow = house.frames().await;
        let [put, depth, dropped] =
            [&flow["items"]["put"], &flow["depth"], &flow["items"]["dropped"]]
                .map(|count| count.as_u64().unwrap_or_default());
        if full == "drop-oldest" {
            assert!(depth <= 6 && depth + dropped == put, "what is overwritten is gone: {flow:#}");
        }
        house.pause(false).await;
        house.until("it is empty", |flow| flow["depth"] == 0).await;
        let seen = house.seen().await;
        let expected: Vec<String> = kept.map(item).collect();
        let seen = &seen[before..];
        match full {
            // The one that waits for its call is given out whatever is overwritten meanwhile.
            "drop-oldest" => assert!(seen.ends_with(&expected), "{full} {ack}: {seen:?}"),
            _ => assert_eq!(seen, expected, "{full} {ack}"),
        }
        let answer = house.send(Method::DELETE, "/v1/flows/frames", "").await;
        assert_eq!(answer.status, StatusCode::NO_CONTENT, "{full} {ack}: {answer:?}");
    }
    house.down().await;
}

impl House {
    /// How many items `detect` has kept so far, though it is paused.
    async fn seen_while_paused(&self) -> usize {
        self.pause(false).await;
        let seen = self.seen().await.len();
        self.pause(true).await;
        seen
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn items_that_cannot_be_done_become_dead_letters() {
    let house = House::up().await;
    house.camera_and_detect().await;
    house.deploy("detect", samples::TRAP, |_| {}).await;
    let retry = json!({ "attempts_max": 2, "backoff_ms": 1, "backoff_ms_max": 1 });
    assert_eq!(house.flow(json!({ "retry": retry })).await.status, StatusCode::OK);
    for item in ["one", "two"] {
        assert_eq!(house.call("camera", item).await.status, StatusCode::OK);
    }
    let flow = house.until("both are given up", |flow| flow["items"]["dead"] == 2).await;
    assert_eq!((&flow["depth"], &flow["items"]["again"]), (&0.into(), &2.into()), "{flow:#}");
    let dead = house.get("/v1/invocations?state=dead").await.json();
    assert_eq!((&dead[0]["trigger"], &dead[0]["attempts"]), (&"flow".into(), &2.into()), "{dead}");
    assert!(dead[1]["error"].as_str().is_some_and(|why| why.contains("flow `frames`")), "{dead}");

    // Mended, the letters can be played again.
    let keep = |spec: &mut swell_api::spec::FunctionSpec| {
        spec.key_value = vec!["seen".to_string()];
    };
    house.deploy("detect", samples::COLLECT, keep).await;
    for (count, letter) in dead.as_array().expect("a list").iter().rev().enumerate() {
        let path = format!("/v1/invocations/{}/replay", letter["id"].as_str().expect("an id"));
        assert_eq!(house.send(Method::POST, &path, "").await.status, StatusCode::ACCEPTED);
        for _ in 0..1_000 {
            if house.seen().await.len() > count {
                break;
            }
            tokio::time::sleep(GLANCE).await;
        }
    }
    assert_eq!(house.seen().await, ["one", "two"]);
    house.down().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn items_outlive_a_node_that_stops_in_order() {
    for ack in ["consume", "append"] {
        let mut house = House::up().await;
        house.camera_and_detect().await;
        let answer = house.flow(json!({ "ack": ack, "full": "spill", "item_bytes": 64 })).await;
        assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
        house.pause(true).await;
        for number in 0..30u32 {
            let answer = house.call("camera", number.to_string()).await;
            assert_eq!(answer.status, StatusCode::OK, "{ack}: {answer:?}");
        }
        // Between two stops they lie in memory again.
        for _ in 0..2 {
            house = House::up_in(house.down().await, |_| {}).await;
            let is_in_memory = |flow: &Value| flow["depth"] == 30 && flow["spilled"] == 0;
            house.until("all are there", is_in_memory).await;
        }
        assert_eq!(house.call("camera", "30").await.status, StatusCode::OK);
        house.pause(false).await;
        house.until("all are done", |flow| flow["items"]["done"] == 31).await;
        assert_eq!(house.seen().await, numbers(0..31), "{ack}");
        let folder = house.down().await;
        let house = House::up_in(folder, |_| {}).await;
        assert_eq!(house.frames().await["depth"], 0, "{ack}");
        house.down().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn flows_follow_flows_and_circles_come_to_their_end() {
    let house = House::up().await;
    house.camera_and_detect().await;
    house.deploy("filter", samples::ECHO, |_| {}).await;
    let first = json!({ "to": "filter", "item_bytes": 64 });
    assert_eq!(house.flow(first).await.status, StatusCode::OK);
    let next = |keys: Value| {
        let mut spec = json!({
            "name": "next", "from": ["filter"], "to": "detect", "item_bytes": 64, "batch": 3,
        });
        for (key, value) in keys.as_object().expect("keys are a table") {
            spec[key] = value.clone();
        }
        spec.to_string()
    };
    let put = |body: String| house.send(Method::PUT, "/v1/flows/next", body);
    assert_eq!(put(next(json!({}))).await.status, StatusCode::OK);
    assert_eq!(house.call("camera", "1").await.status, StatusCode::OK);
    house.until("it went on", |flow| flow["items"]["done"] == 1).await;
    for _ in 0..1_000 {
        if !house.seen().await.is_empty() {
            break;
        }
        tokio::time::sleep(GLANCE).await;
    }
    let seen = house.call("detect", "").await.text().to_string();
    assert!(seen.starts_with("--swell-item-0\r\n"), "a batch is multipart/mixed: {seen}");
    assert!(seen.contains("content-length: 1\r\nx-swell-item: filter/0\r\n\r\n1"), "{seen}");

    let circle = put(next(json!({ "to": "camera", "batch": 1 }))).await;
    assert_eq!(circle.status, StatusCode::BAD_REQUEST);
    assert!(circle.text().contains("next -> frames -> next"), "{}", circle.text());
    let bounded = json!({ "to": "camera", "batch": 1, "hops_max": 6, "full": "reject" });
    let answer = put(next(bounded)).await;
    assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
    assert_eq!(house.call("camera", "round").await.status, StatusCode::OK);
    for _ in 0..1_000 {
        let flow = house.get("/v1/flows/next").await.json();
        if flow["items"]["ended"] == 1 {
            assert_eq!(flow["items"]["put"], 3, "hops 2, 4 and 6: {flow:#}");
            return drop(house.down().await);
        }
        tokio::time::sleep(GLANCE).await;
    }
    panic!("the circle does not end: {:#}", house.get("/v1/flows/next").await.json());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lane_that_is_short_of_room_grows_and_keeps_its_order() {
    let house = House::up().await;
    house.camera_and_detect().await;
    let keys = json!({ "item_bytes": 3000, "rate": 1, "stall_ms": 1 });
    assert_eq!(house.flow(keys).await.status, StatusCode::OK);
    assert_eq!(house.frames().await["lanes"][0]["class_bytes"], 16 << 10);
    house.pause(true).await;
    for number in 0..20u32 {
        let answer = house.call("camera", format!("{number:0>3000}")).await;
        assert_eq!(answer.status, StatusCode::OK, "{number}: {answer:?}");
    }
    let flow = house.frames().await;
    assert!(flow["lanes"][0]["class_bytes"].as_u64() >= Some(64 << 10), "{flow:#}");
    let told = flow["explanation"].as_str().unwrap_or_default();
    for words in ["`detect` is paused", "the lane of `camera` went from ", "Core: "] {
        assert!(told.contains(words), "`{words}` is not in: {told}");
    }
    house.pause(false).await;
    house.until("all are done", |flow| flow["items"]["done"] == 20).await;
    let expected: Vec<String> = (0..20).map(|number| format!("{number:0>3000}")).collect();
    assert_eq!(house.seen().await, expected);
    let grown = &house.frames().await["migrations"]["grow"];
    assert_eq!(Some(house.decided_again().await), grown.as_u64());
    // It begins as large as it came to be, and is known to have grown.
    let house = House::up_in(house.down().await, |_| {}).await;
    let again = house.frames().await;
    assert_eq!(again["lanes"][0]["class_bytes"], flow["lanes"][0]["class_bytes"]);
    assert_eq!(&again["migrations"]["grow"], grown, "{again:#}");
    house.down().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_the_lane_that_is_short_of_room_grows() {
    let house = House::up().await;
    house.camera_and_detect().await;
    house.deploy("quiet", samples::ECHO, |_| {}).await;
    let from = ["quiet", "camera"];
    let keys = json!({ "from": from, "item_bytes": 3000, "rate": 1, "stall_ms": 1 });
    assert_eq!(house.flow(keys).await.status, StatusCode::OK);
    house.pause(true).await;
    for number in 0..8u32 {
        let answer = house.call("camera", format!("{number:0>3000}")).await;
        assert_eq!(answer.status, StatusCode::OK, "{number}: {answer:?}");
    }
    let flow = house.frames().await;
    let lanes = flow["lanes"].as_array().expect("there are two");
    assert_eq!((&lanes[0]["from"], &lanes[0]["class_bytes"]), (&"quiet".into(), &16_384.into()));
    assert!(lanes[1]["class_bytes"].as_u64() > Some(16_384), "{flow:#}");
    assert_eq!(flow["migrations"]["grow"], 1, "{flow:#}");
    house.down().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn functions_that_flows_name_stay_and_are_missed_if_they_are_gone() {
    let house = House::up().await;
    house.camera_and_detect().await;
    assert_eq!(house.flow(json!({ "item_bytes": 64 })).await.status, StatusCode::OK);
    let remove = async |house: &House, path: &str| house.send(Method::DELETE, path, "").await;
    for name in ["camera", "detect"] {
        let answer = remove(&house, &format!("/v1/functions/{name}")).await;
        assert_eq!(answer.status, StatusCode::CONFLICT, "{answer:?}");
        let told = answer.text();
        assert!(told.contains("`frames`") && told.contains("swell flow rm frames"), "{told}");
        assert_eq!(house.call(name, "here").await.status, StatusCode::OK);
    }
    house.until("it is done", |flow| flow["items"]["done"] == 1).await;

    // It goes all the same where its workload goes to another site.
    let house = house.again_without("detect").await;
    assert_eq!(house.call("camera", "waits").await.status, StatusCode::OK);
    let flow = house.until("it is missed", |flow| flow["alarms"][0].is_object()).await;
    let (alarm, told) = (&flow["alarms"][0], flow["explanation"].as_str().unwrap_or_default());
    assert_eq!(alarm["alarm"], "unknown-function", "{flow:#}");
    assert!(told.contains("no function `detect` is deployed here"), "{told}");
    let metrics = house.get("/metrics").await;
    let line = r#"swell_flow_alarm{flow="frames",alarm="unknown-function"} 1"#;
    assert!(metrics.text().lines().any(|found| found == line), "{}", metrics.text());

    // What names it can go, and then it can too.
    let answer = remove(&house, "/v1/flows/frames?discard=true").await;
    assert_eq!(answer.status, StatusCode::NO_CONTENT, "{answer:?}");
    let answer = remove(&house, "/v1/functions/camera").await;
    assert_eq!(answer.status, StatusCode::NO_CONTENT, "{answer:?}");
    house.down().await;
}
