//! Flows change hands, by a person and by the analyzer, and what makes no sense leaves them
//! as they were.

use std::time::Duration;

use http::{Method, StatusCode};
use serde_json::{Value, json};

use swell_api::spec::FunctionSpec;
use swell_samples::samples;

use crate::house::House;

async fn with_two_owners() -> House {
    let small = swell_core::units::Bytes::new(1 << 20);
    let house = House::up_with(|settings| settings.flow.function_memory_max = small).await;
    house.camera_and_detect().await;
    house.deploy("lite", samples::ECHO, |_| {}).await;
    let answer = house.flow(json!({ "owners": ["lite"], "item_bytes": 64 })).await;
    assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
    house
}

pub(crate) async fn patch(house: &House, change: Value) -> (StatusCode, Value) {
    let answer = house.send(Method::PATCH, "/v1/flows/frames", change.to_string()).await;
    (answer.status, answer.json())
}

pub(crate) async fn migrate(house: &House, to: &str) -> (StatusCode, Value) {
    let order = json!({ "to": to }).to_string();
    let answer = house.send(Method::POST, "/v1/flows/frames/migrate", order).await;
    (answer.status, answer.json())
}

/// Waits until `detect` is called with something.
pub(crate) async fn until_busy(house: &House) {
    until_so_many_are_busy(house, 1).await;
}

/// Waits until so many instances of `detect` have a call.
pub(crate) async fn until_so_many_are_busy(house: &House, count: u32) {
    for _ in 0..3_000 {
        if house.get("/v1/functions/detect").await.json()["instances"]["busy"] == count {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("in vain: {count} of `detect` never have a call");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_person_moves_pins_and_freezes() {
    let house = with_two_owners().await;
    for round in 0..10u32 {
        let to = if round % 2 == 0 { "lite" } else { "detect" };
        let (status, flow) = migrate(&house, to).await;
        assert_eq!((status, &flow["owner"]), (StatusCode::OK, &to.into()), "{flow:#}");
        assert_eq!(flow["epoch"], round + 2);
        assert_eq!(house.call("camera", round.to_string()).await.status, StatusCode::OK);
        house.until("it is done", |flow| flow["items"]["done"] == round + 1).await;
    }
    let flow = house.frames().await;
    assert_eq!(flow["migrations"]["person"], 10, "{flow:#}");
    assert!(flow["pause_us_last"].is_u64(), "{flow:#}");
    // Each second item went to `detect`, which has nothing else to do with the flow.
    let seen = house.call("detect", "").await.text().to_string();
    assert_eq!(seen, "1\n3\n5\n7\n9\n");

    let (status, flow) = patch(&house, json!({ "pinned": "lite" })).await;
    assert_eq!((status, &flow["owner"]), (StatusCode::OK, &"lite".into()));
    assert!(flow["explanation"].as_str().is_some_and(|why| why.contains("pinned")), "{flow:#}");
    let (status, problem) = migrate(&house, "detect").await;
    assert_eq!((status, &problem["code"]), (StatusCode::CONFLICT, &"conflict".into()));
    let (_, flow) = patch(&house, json!({ "pinned": "", "frozen": true })).await;
    assert!(flow["explanation"].as_str().is_some_and(|why| why.contains("froze")), "{flow:#}");
    assert_eq!(migrate(&house, "detect").await.0, StatusCode::OK);

    // Who owned it, and what a person said, outlive the node.
    let epoch = house.frames().await["epoch"].as_u64();
    let house = House::up_in(house.down().await, |_| {}).await;
    let flow = house.frames().await;
    assert!(epoch > Some(10) && flow["epoch"].as_u64() > epoch, "owners are counted on: {flow:#}");
    for rate in [2, 3] {
        let epoch = house.frames().await["epoch"].as_u64();
        let keys = json!({ "owners": ["lite"], "item_bytes": 64, "rate": rate });
        assert_eq!(house.flow(keys).await.status, StatusCode::OK);
        let flow = house.frames().await;
        assert!(flow["epoch"].as_u64() > epoch, "deployed anew it has another: {flow:#}");
    }
    assert_eq!((&flow["owner"], &flow["frozen"]), (&"detect".into(), &true.into()), "{flow:#}");
    house.down().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_analyzer_moves_a_flow_from_who_has_no_room() {
    let house = with_two_owners().await;
    // The only instance of `detect` is busy with somebody else for good.
    let one = |spec: &mut FunctionSpec| (spec.max_instances, spec.timeout_ms) = (Some(1), 60_000);
    house.deploy("detect", samples::SPIN, one).await;
    let busy = async { house.call("detect", "").await };
    let watched = async {
        tokio::time::sleep(Duration::from_millis(200)).await;
        for number in 0..5u32 {
            assert_eq!(house.call("camera", number.to_string()).await.status, StatusCode::OK);
        }
        let late = house.until("it is late", |flow| flow["oldest_us"].as_u64() > Some(500_000));
        assert_eq!(late.await["owner"], "detect");
        house.until("it is with `lite`", |flow| flow["owner"] == "lite").await
    };
    let flow = tokio::select! {
        flow = watched => flow,
        answer = busy => panic!("it never ends: {answer:?}"),
    };
    let moves = |why: &str| flow["migrations"][why].as_u64().unwrap_or(0);
    assert_eq!(moves("analyzer-relief") + moves("analyzer-stuck"), 1, "{flow:#}");
    // The call that waits for an instance gives up its place; its item is not lost.
    let flow = house.until("all are done", |flow| flow["items"]["done"] == 5).await;
    assert_eq!((&flow["depth"], &flow["items"]["dead"]), (&0.into(), &0.into()), "{flow:#}");
    drop(house);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_owner_that_fails_with_all_loses_the_flow_to_one_that_may_do_better() {
    let house = with_two_owners().await;
    let hangs = |spec: &mut FunctionSpec| spec.timeout_ms = 50;
    house.deploy("detect", samples::SPIN, hangs).await;
    let keys = json!({ "owners": ["lite"], "item_bytes": 64, "retry": { "attempts_max": 1 } });
    assert_eq!(house.flow(keys).await.status, StatusCode::OK);
    for number in 0..20u32 {
        assert_eq!(house.call("camera", number.to_string()).await.status, StatusCode::OK);
    }
    let flow = house.until("it is with `lite`", |flow| flow["owner"] == "lite").await;
    assert_eq!(flow["migrations"]["analyzer-stuck"], 1, "{flow:#}");
    let why = flow["explanation"].as_str().unwrap_or_default();
    assert!(why.contains("as its owner failed with all of the last items; `lite` is"), "{why}");
    let flow = house.until("the rest is done", |flow| flow["depth"] == 0).await;
    let dead = flow["items"]["dead"].as_u64();
    assert!(dead >= Some(3) && dead < Some(20), "{flow:#}");
    drop(house);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backlog_leaves_an_owner_without_room_though_nothing_comes_any_more() {
    let house = with_two_owners().await;
    // What an item takes is known by now, and rates are not nothing.
    for number in 0..3u32 {
        assert_eq!(house.call("camera", number.to_string()).await.status, StatusCode::OK);
    }
    house.until("they are done", |flow| flow["items"]["done"] == 3).await;
    patch(&house, json!({ "frozen": true })).await;
    let one = |spec: &mut FunctionSpec| (spec.max_instances, spec.timeout_ms) = (Some(1), 60_000);
    house.deploy("detect", samples::SPIN, one).await;
    let busy = async { house.call("detect", "").await };
    let watched = async {
        until_busy(&house).await;
        for number in 0..20u32 {
            assert_eq!(house.call("camera", number.to_string()).await.status, StatusCode::OK);
        }
        // Nothing comes for so long that all rates are about nothing.
        let rings = |flow: &Value, name: &str| {
            let alarms = flow["alarms"].as_array();
            alarms.is_some_and(|all| all.iter().any(|alarm| alarm["alarm"] == name))
        };
        let late = house.until("it is late, and told so", |flow| {
            flow["oldest_us"].as_u64() > Some(4_000_000)
                && rings(flow, "standing-queue")
                && rings(flow, "oldest-item")
        });
        assert_eq!(late.await["owner"], "detect", "a person froze it");
        patch(&house, json!({ "frozen": false })).await;
        house.until("it is with `lite`", |flow| flow["owner"] == "lite").await
    };
    let flow = tokio::select! {
        flow = watched => flow,
        answer = busy => panic!("it never ends: {answer:?}"),
    };
    assert_eq!(flow["last_move"]["from"], "detect", "{flow:#}");
    let flow = house.until("all are done", |flow| flow["items"]["done"] == 23).await;
    // Why it moved is told for as long as it stays.
    let why = flow["explanation"].as_str().unwrap_or_default();
    assert!(why.contains("It came from `detect`") && why.contains("by analyzer, as "), "{why}");
    let came = why.split("It came from").nth(1).unwrap_or_default();
    // By what it saw first: that items wait for long, or that nothing moves at all.
    let grounds = ["relief is wanted", "its owner got nothing done although items waited"];
    assert!(grounds.iter().any(|words| came.contains(words)), "{why}");
    for words in ["`lite` is worth", "headroom", "dependency", "nearness"] {
        assert!(came.contains(words), "`{words}` is not in: {why}");
    }
    assert!(!came.contains("little flows through"), "that is no reason for relief: {why}");
    drop(house);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_change_of_hands_waits_for_the_call_under_way() {
    let house = with_two_owners().await;
    let patient = json!({ "owners": ["lite"], "item_bytes": 64, "cut": "off" });
    assert_eq!(house.flow(patient).await.status, StatusCode::OK);
    let slow = |spec: &mut FunctionSpec| spec.timeout_ms = 8_000;
    house.deploy("detect", samples::SPIN, slow).await;
    assert_eq!(house.call("camera", "1").await.status, StatusCode::OK);
    until_busy(&house).await;
    let (status, flow) = migrate(&house, "lite").await;
    assert_eq!((status, &flow["waits_for"]), (StatusCode::OK, &"detect".into()), "{flow:#}");
    let why = flow["explanation"].as_str().unwrap_or_default();
    assert!(why.contains("`detect` has it until the call under way ends"), "{why}");
    let flow = house.until("it is done", |flow| flow["items"]["done"] == 1).await;
    assert!(flow["waits_for"].is_null() && flow["owner"] == "lite", "{flow:#}");
    let (moved, pause) = (&flow["last_move"], &flow["pause_us_last"]);
    let part = |name: &str| moved[name].as_u64().unwrap_or_default();
    assert_eq!(pause.as_u64(), Some(part("waited_us") + part("paused_us")), "{flow:#}");
    assert!(part("waited_us") > part("paused_us"), "{flow:#}");
    // A flow that nobody pinned and that has no core of its own stays as it is when unpinned.
    let (_, after) = patch(&house, json!({ "pinned": "", "core": "" })).await;
    assert_eq!(after["epoch"], flow["epoch"], "{after:#}");
    assert!(after["migrations"]["core"].is_null(), "{after:#}");
    house.down().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flow_whose_owner_is_gone_goes_on_with_another() {
    let house = with_two_owners().await;
    assert_eq!(house.call("camera", "1").await.status, StatusCode::OK);
    house.until("it is done", |flow| flow["items"]["done"] == 1).await;
    let house = house.again_without("detect").await;
    for item in ["2", "3"] {
        assert_eq!(house.call("camera", item).await.status, StatusCode::OK);
    }
    let flow = house.until("all are done", |flow| flow["items"]["done"] == 2).await;
    assert_eq!((&flow["owner"], &flow["items"]["dead"]), (&"lite".into(), &0.into()), "{flow:#}");
    house.down().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_makes_no_sense_leaves_a_flow_as_it_was() {
    let house = with_two_owners().await;
    let before = house.frames().await["spec"].clone();
    for (keys, words) in [
        (json!({ "to": "nobody" }), "`to` names `nobody`"),
        (json!({ "item_bytes": 9 << 20 }), "half of the largest size class"),
        (json!({ "rate": 10_000, "item_bytes": 1 << 20 }), "the lanes of one function may hold"),
        (json!({ "to": "camera" }), "go round in a circle"),
        (json!({ "batch": 100_000 }), "`batch` is 100000"),
        (json!({ "ful": "block" }), "did you mean `full`?"),
        (json!({ "full": "vanish" }), "no value `vanish`"),
    ] {
        let answer = house.flow(keys).await;
        assert_eq!((answer.status, answer.code()), (StatusCode::BAD_REQUEST, "bad-request".into()));
        assert!(answer.text().contains(words), "`{words}` is not in {}", answer.text());
    }
    assert_eq!(migrate(&house, "camera").await.0, StatusCode::BAD_REQUEST);
    let (status, problem) = patch(&house, json!({ "pinned": "camera" })).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    assert!(
        problem["hint"].as_str().is_some_and(|hint| hint.contains("detect, lite")),
        "{problem}"
    );
    // An answer that is no item is told to whoever called for it.
    let answer = house.call("camera", "x".repeat(65)).await;
    assert_eq!((answer.status, answer.code()), (StatusCode::BAD_GATEWAY, "bad-answer".into()));
    assert!(answer.text().contains("has up to 64"), "{}", answer.text());
    let flow = house.frames().await;
    assert_eq!((&flow["spec"], &flow["epoch"], &flow["depth"]), (&before, &1.into(), &0.into()));
    assert_eq!(house.call("camera", "fine").await.status, StatusCode::OK);
    house.until("it is done", |flow| flow["items"]["done"] == 1).await;

    let plan = json!({
        "flows": [{ "name": "other", "from": ["later"], "to": "detect" }],
        "functions": ["later"],
    });
    let steps = house.send(Method::POST, "/v1/flow-plan?prune=true", plan.to_string()).await.json();
    assert_eq!((&steps[0]["action"], &steps[1]["action"]), (&"create".into(), &"remove".into()));
    assert_eq!(steps[0]["problems"], Value::Null, "{steps}");
    house.down().await;
}
