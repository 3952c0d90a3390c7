//! Guests that put items into flows and take them out while they run: many at a time, in
//! order, once, and only where the flow names their function.

use http::StatusCode;
use serde_json::json;

use swell_core::units::Bytes as Memory;
use swell_samples::samples;

use crate::house::House;

impl House {
    /// Deploys `camera`, which puts lines into `frames`, and `detect`, which takes all there is.
    async fn scatter_and_drain(&self) {
        for (name, code) in [("camera", samples::SCATTER), ("detect", samples::DRAIN)] {
            let keep = |spec: &mut swell_api::spec::FunctionSpec| {
                spec.key_value = vec!["seen".to_string()];
            };
            let answer = self.deploy(name, code, keep).await;
            assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
        }
    }

    async fn scatter(&self, lines: &[String]) -> StatusCode {
        let body: String = lines.iter().map(|line| format!("{line}\n")).collect();
        self.call("camera", body).await.status
    }
}

fn lines(range: std::ops::Range<u32>) -> Vec<String> {
    range.map(|number| number.to_string()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_takes_many_items_and_all_come_once_and_in_order() {
    for ack in ["consume", "append"] {
        let house = House::up().await;
        house.scatter_and_drain().await;
        let answer = house.flow(json!({ "item_bytes": 64, "ack": ack })).await;
        assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
        house.pause(true).await;
        assert_eq!(house.scatter(&lines(0..200)).await, StatusCode::NO_CONTENT, "{ack}");
        house.pause(false).await;
        house.until("all are done", |flow| flow["items"]["done"] == 200).await;
        // With `append` they are done with once they were given out.
        while house.seen().await.len() < 200 {
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
        assert_eq!(house.seen().await, lines(0..200), "{ack}");
        let metrics = house.get("/metrics").await;
        let counted = r#"function="detect",trigger="flow",outcome="answered"} "#;
        let calls = metrics.text().lines().find_map(|line| line.split_once(counted));
        let calls: u64 = calls.expect("it was called").1.parse().expect("it is a number");
        assert!(calls <= 3, "200 items took {calls} calls");
        house.down().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_call_took_shares_its_fate_unless_it_said_that_it_is_done() {
    let house = House::up().await;
    house.scatter_and_drain().await;
    let retry = json!({ "attempts_max": 3, "backoff_ms": 1, "backoff_ms_max": 1 });
    assert_eq!(house.flow(json!({ "item_bytes": 64, "retry": retry })).await.status, 200);
    let mut expected = Vec::new();
    for first in ["!", "?"] {
        let mut batch = lines(1..20);
        batch.insert(0, first.to_string());
        house.pause(true).await;
        assert_eq!(house.scatter(&batch).await, StatusCode::NO_CONTENT);
        house.pause(false).await;
        expected.extend(batch);
        let count = expected.len();
        let flow = house.until("all are done", |flow| flow["items"]["done"] == count).await;
        assert_eq!((&flow["items"]["dead"], &flow["depth"]), (&0.into(), &0.into()), "{flow:#}");
        assert_eq!(house.seen().await, expected, "{first}");
    }
    house.down().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn items_that_are_put_in_wait_are_refused_or_dropped_as_the_flow_says() {
    // Four items of this size fit into the smallest class, and nothing larger may be had.
    let small = Memory::new(16 << 10);
    let house = House::up_with(|settings| settings.flow.function_memory_max = small).await;
    house.scatter_and_drain().await;
    let items: Vec<String> = (0..10).map(|number| format!("{number:0>3000}")).collect();
    for (full, ack, status, put, dropped) in [
        ("reject", "append", StatusCode::TOO_MANY_REQUESTS, 4, 0),
        ("drop-newest", "append", StatusCode::NO_CONTENT, 4, 6),
        ("spill", "consume", StatusCode::NO_CONTENT, 10, 0),
    ] {
        house.pause(true).await;
        let keys = json!({
            "full": full, "ack": ack, "item_bytes": 3000, "rate": 1, "stall_ms": 1,
        });
        assert_eq!(house.flow(keys).await.status, StatusCode::OK);
        assert_eq!(house.scatter(&items).await, status, "{full}");
        let flow = house.frames().await;
        let found = (&flow["items"]["put"], &flow["items"]["dropped"]);
        assert_eq!(found, (&put.into(), &dropped.into()), "{full}: {flow:#}");
        house.pause(false).await;
        house.until("it is empty", |flow| flow["depth"] == 0).await;
        let answer = house.send(http::Method::DELETE, "/v1/flows/frames", "").await;
        assert_eq!(answer.status, StatusCode::NO_CONTENT, "{full}: {answer:?}");
    }
    // One that waits gets all in, as room is made meanwhile.
    let before = house.seen().await.len();
    let keys = json!({ "full": "block", "item_bytes": 3000, "rate": 1, "stall_ms": 1 });
    assert_eq!(house.flow(keys).await.status, StatusCode::OK);
    assert_eq!(house.scatter(&items).await, StatusCode::NO_CONTENT);
    house.until("all are done", |flow| flow["items"]["done"] == 10).await;
    assert_eq!(house.seen().await[before..], items);
    house.down().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn flows_are_closed_to_functions_that_they_do_not_name() {
    let house = House::up().await;
    house.scatter_and_drain().await;
    for name in ["other", "lost"] {
        house.deploy(name, samples::SCATTER, |_| {}).await;
    }
    let refused = |name: &'static str, words: &'static str| {
        let house = &house;
        async move {
            let answer = house.call(name, "line\n").await;
            assert_eq!(answer.status, StatusCode::CONFLICT, "{name}: {answer:?}");
            assert!(answer.text().contains(words), "{name}: {}", answer.text());
        }
    };
    refused("camera", "no flow names this function").await;
    assert_eq!(house.flow(json!({ "item_bytes": 64 })).await.status, StatusCode::OK);
    let next = json!({ "name": "next", "from": ["other"], "to": "detect", "item_bytes": 64 });
    let answer = house.send(http::Method::PUT, "/v1/flows/next", next.to_string()).await;
    assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
    refused("lost", "no flow names this function").await;
    refused("other", "does not name `other` in `from`").await;
    // A call over HTTP is not made for items, so it is given none.
    assert_eq!(house.call("detect", "line").await.status, StatusCode::BAD_GATEWAY);
    let answer = house.send(http::Method::DELETE, "/v1/flows/frames", "").await;
    assert_eq!(answer.status, StatusCode::NO_CONTENT, "{answer:?}");
    refused("other", "no reason was given").await;
    house.down().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flow_works_on_a_core_of_its_own_and_keeps_its_order() {
    let house = House::up().await;
    house.scatter_and_drain().await;
    assert_eq!(house.flow(json!({ "item_bytes": 64, "full": "spill" })).await.status, 200);
    let pin = |core: &str| {
        let change = json!({ "core": core }).to_string();
        house.send(http::Method::PATCH, "/v1/flows/frames", change)
    };
    let refused = pin("100000").await;
    assert_eq!(refused.status, StatusCode::BAD_REQUEST, "{refused:?}");
    assert!(refused.text().contains("is no core that this node may use"), "{}", refused.text());
    let hint = refused.json()["hint"].as_str().expect("a hint").to_string();
    let cores = hint.strip_prefix("those are ").expect("it tells the cores");
    let seats: Vec<&str> = cores.split(", ").chain([""]).collect();
    let mut count = 0;
    for (round, seat) in seats.iter().cycle().take(3 * seats.len()).enumerate() {
        assert_eq!(house.scatter(&lines(count..count + 20)).await, StatusCode::NO_CONTENT);
        count += 20;
        let flow = pin(seat).await.json();
        assert_eq!(flow["core"].as_u64().map(|core| core.to_string()).unwrap_or_default(), *seat);
        assert_eq!(flow["migrations"]["core"], round + 1, "{flow:#}");
    }
    house.until("all are done", |flow| flow["items"]["done"] == count).await;
    assert_eq!(house.seen().await, lines(0..count));
    // It is where it was put after a restart, too.
    pin(seats[0]).await;
    let house = House::up_in(house.down().await, |_| {}).await;
    assert_eq!(
        house.frames().await["core"].as_u64().map(|core| core.to_string()).as_deref(),
        Some(seats[0])
    );
    assert_eq!(house.scatter(&lines(count..count + 20)).await, StatusCode::NO_CONTENT);
    house.until("all are done", |flow| flow["items"]["done"] == 20).await;
    assert_eq!(house.seen().await, lines(0..count + 20));
    house.down().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flow_begins_as_large_as_its_last_run_needed() {
    let house = House::up().await;
    house.scatter_and_drain().await;
    let keys = || json!({ "item_bytes": 3000, "rate": 1, "stall_ms": 1 });
    assert_eq!(house.flow(keys()).await.status, StatusCode::OK);
    let class = |flow: &serde_json::Value| flow["lanes"][0]["class_bytes"].as_u64();
    assert_eq!(class(&house.frames().await), Some(16 << 10), "as the hint says");
    house.pause(true).await;
    let items: Vec<String> = (0..20).map(|number| format!("{number:0>3000}")).collect();
    assert_eq!(house.scatter(&items).await, StatusCode::NO_CONTENT);
    house.pause(false).await;
    house.until("it is empty", |flow| flow["depth"] == 0).await;
    // Gone, and deployed again in another run of the node.
    let answer = house.send(http::Method::DELETE, "/v1/flows/frames", "").await;
    assert_eq!(answer.status, StatusCode::NO_CONTENT, "{answer:?}");
    let house = House::up_in(house.down().await, |_| {}).await;
    assert_eq!(house.flow(keys()).await.status, StatusCode::OK);
    assert!(class(&house.frames().await) >= Some(64 << 10), "{:#}", house.frames().await);
    house.down().await;
}
