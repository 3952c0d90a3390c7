//! A backlog behind a call that hangs moves to who has room, and the call that is cut short for it
//! counts for nothing.

use std::time::Duration;

use http::{Method, StatusCode};
use serde_json::{Value, json};

use swell_api::spec::FunctionSpec;
use swell_core::units::Bytes;
use swell_node::settings::NodeSettings;
use swell_samples::samples;

use crate::flow_moving::{Cluster, meeting, numbers};
use crate::handing::{migrate, patch, until_busy, until_so_many_are_busy};
use crate::house::House;

const BACKLOG: u32 = 50;

/// A backlog behind a call of `detect` that hangs, and `lite`, which keeps what it is given.
async fn with_a_backlog(keys: Value) -> House {
    let house = House::up().await;
    backlog(&house, keys).await;
    house
}

async fn backlog(house: &House, keys: Value) {
    house.camera_and_detect().await;
    house.deploy("lite", samples::COLLECT, |spec| spec.key_value = vec!["seen".to_string()]).await;
    let mut all = json!({ "owners": ["lite"], "item_bytes": 64 });
    for (key, value) in keys.as_object().expect("keys are a table") {
        all[key] = value.clone();
    }
    assert_eq!(house.flow(all).await.status, StatusCode::OK);
    // Until a person says so it goes nowhere.
    assert_eq!(patch(house, json!({ "frozen": true })).await.0, StatusCode::OK);
    let hangs = |spec: &mut FunctionSpec| spec.timeout_ms = 600_000;
    house.deploy("detect", samples::SPIN, hangs).await;
    for number in 0..BACKLOG {
        assert_eq!(house.call("camera", number.to_string()).await.status, StatusCode::OK);
    }
    until_busy(house).await;
}

async fn kept(house: &House) -> Vec<String> {
    house.call("lite", "").await.text().lines().map(str::to_string).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backlog_moves_from_behind_a_call_that_hangs() {
    // Of what `detect` takes nothing is known, so it has as long as items may wait.
    let house = with_a_backlog(json!({ "stall_ms": 200 })).await;
    let (status, flow) = migrate(&house, "lite").await;
    assert_eq!((status, &flow["waits_for"]), (StatusCode::OK, &"detect".into()), "{flow:#}");
    let why = flow["explanation"].as_str().unwrap_or_default();
    assert!(why.contains("and for 200 ms from the order on at most"), "{why}");
    let flow = house.until("all are done", |flow| flow["items"]["done"] == BACKLOG).await;
    assert_eq!(flow["last_move"]["cut"], true, "{flow:#}");
    let why = flow["explanation"].as_str().unwrap_or_default();
    assert!(why.contains("for the call under way, which was cut short, and"), "{why}");
    let items = &flow["items"];
    let count = |what: &str| items[what].as_u64();
    assert_eq!((count("again"), count("lost"), count("dead")), (Some(1), Some(0), Some(0)));
    let all: Vec<String> = (0..BACKLOG).map(|number| number.to_string()).collect();
    assert_eq!(kept(&house).await, all, "each once and in order");
    until_so_many_are_busy(&house, 0).await;
    house.down().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_item_that_is_tried_once_is_lost_with_its_call() {
    let house = with_a_backlog(json!({ "ack": "append", "cut": { "after_ms": 100 } })).await;
    migrate(&house, "lite").await;
    let flow = house.until("all are done", |flow| flow["items"]["done"] == BACKLOG).await;
    assert_eq!(flow["items"]["lost"], 1, "{flow:#}");
    let rest: Vec<String> = (1..BACKLOG).map(|number| number.to_string()).collect();
    assert_eq!(kept(&house).await, rest, "the others once and in order");
    house.down().await;
}

/// Deploys the flow with another rate, and goes away while the call under way is waited for.
async fn begin_to_deploy(house: &House, mut keys: Value) {
    (keys["rate"], keys["item_bytes"]) = (7.into(), 64.into());
    let mut deploying = Box::pin(house.flow(keys));
    loop {
        tokio::select! {
            biased;
            _ = &mut deploying => panic!("a call that hangs was not waited for"),
            flow = house.frames() => {
                if flow["trouble"].as_str().is_some_and(|why| why.contains("being changed")) {
                    break;
                }
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_that_goes_down_during_a_change_keeps_what_is_in_memory_only() {
    let soon = |settings: &mut NodeSettings| settings.drain = Duration::from_millis(300);
    let house = House::up_with(soon).await;
    backlog(&house, json!({ "ack": "append" })).await;
    begin_to_deploy(&house, json!({ "ack": "append" })).await;
    let house = House::up_in(house.down().await, soon).await;
    let flow = house.until("it is up again", |flow| flow["items"]["put"] != 0).await;
    let kept = flow["depth"].as_u64().unwrap_or_default();
    assert!(kept >= u64::from(BACKLOG) - 1, "but for the one of the call: {flow:#}");
    assert_eq!(flow["spec"]["rate"], 7, "{flow:#}");
    house.down().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_deploys_may_leave_and_the_flow_comes_up_all_the_same() {
    let house = with_a_backlog(json!({ "cut": { "after_ms": 700 } })).await;
    begin_to_deploy(&house, json!({ "cut": { "after_ms": 700 } })).await;
    let flow = house.until("it is up again", |flow| flow["depth"] == BACKLOG).await;
    assert_eq!((&flow["spec"]["rate"], &flow["trouble"]), (&7.into(), &Value::Null), "{flow:#}");
    house.down().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_analyzer_takes_a_flow_from_a_call_that_hangs() {
    let house = with_a_backlog(json!({ "cut": { "after_ms": 50 } })).await;
    patch(&house, json!({ "frozen": false })).await;
    let flow = house.until("all are done", |flow| flow["items"]["done"] == BACKLOG).await;
    assert_eq!((&flow["owner"], &flow["last_move"]["cut"]), (&"lite".into(), &true.into()));
    let moves = &flow["migrations"];
    let counted = ["analyzer-stuck", "analyzer-relief"].map(|why| moves[why].as_u64().unwrap_or(0));
    assert_eq!(counted.iter().sum::<u64>(), 1, "{flow:#}");
    assert_eq!(kept(&house).await.len(), BACKLOG as usize);
    house.down().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_person_gave_away_stays_so_while_the_former_owners_call_is_waited_for() {
    let house = with_a_backlog(json!({ "cut": { "after_ms": 1_500 } })).await;
    assert_eq!(migrate(&house, "lite").await.0, StatusCode::OK);
    // From here on the analyzer may do what it likes, and `detect` does nothing to the end.
    patch(&house, json!({ "frozen": false })).await;
    let flow = house.until("all are done", |flow| flow["items"]["done"] == BACKLOG).await;
    assert_eq!(flow["migrations"], json!({ "person": 1 }), "{flow:#}");
    assert_eq!(kept(&house).await.len(), BACKLOG as usize);
    house.down().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flow_that_does_not_come_up_is_not_removed_with_what_it_holds() {
    let house = with_a_backlog(json!({})).await;
    // No lane is as small as that.
    let none = |settings: &mut NodeSettings| settings.flow.function_memory_max = Bytes::new(64);
    let house = House::up_in(house.down().await, none).await;
    let flow = house.frames().await;
    assert!(flow["trouble"].is_string(), "{flow:#}");
    let answer = house.send(Method::DELETE, "/v1/flows/frames", "").await;
    let why = answer.text();
    assert_eq!(answer.status, StatusCode::CONFLICT, "{why}");
    assert!(why.contains("holds 50 items that are not done with"), "{why}");
    // What it holds is there once it has room again.
    let house = House::up_in(house.down().await, |_| {}).await;
    let flow = house.until("it is up", |flow| flow["depth"] == BACKLOG).await;
    assert_eq!(flow["trouble"], Value::Null, "{flow:#}");
    let answer = house.send(Method::DELETE, "/v1/flows/frames?discard=true", "").await;
    assert!(answer.status.is_success(), "{answer:?}");
    house.down().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backlog_goes_to_another_node_from_behind_a_call_that_hangs() {
    let cluster = Cluster::found();
    let (berlin, paris) = (meeting(&cluster.link("berlin")).await, cluster.node("paris").await);
    backlog(&berlin, json!({ "owners": [], "stall_ms": 200 })).await;
    // The call hangs for ten minutes: where it is waited for, this ends in no time of any test.
    let answer = berlin.send_to("paris", &paris).await;
    assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
    paris.until("all are done", |flow| flow["items"]["done"] == BACKLOG).await;
    assert_eq!(paris.seen().await, numbers(0..BACKLOG), "each once and in order");
    until_so_many_are_busy(&berlin, 0).await;
    berlin.down().await;
    paris.down().await;
}
