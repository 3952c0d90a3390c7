//! Several flows of one function, and what those who call it from outside can do to them.

use http::{Method, Request, StatusCode};
use serde_json::json;

use swell_core::units::Bytes as Memory;
use swell_samples::samples;

use crate::house::House;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_one_flow_refuses_is_in_no_other() {
    // Four items of this size fit into the smallest class, and no lane can grow.
    let item = |number: u32| format!("{number:0>3000}");
    let small = Memory::new(32 << 10);
    let house = House::up_with(|settings| settings.flow.function_memory_max = small).await;
    house.camera_and_detect().await;
    house.deploy("slow", samples::ECHO, |_| {}).await;
    let paused = json!({ "paused": true }).to_string();
    let answer = house.send(Method::PATCH, "/v1/functions/slow", paused).await;
    assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
    let answer = house.flow(json!({ "item_bytes": 3000, "rate": 1, "stall_ms": 1 })).await;
    assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
    let other = json!({
        "name": "zzz", "from": ["camera"], "to": "slow", "full": "reject",
        "item_bytes": 3000, "rate": 1, "stall_ms": 1,
    });
    let answer = house.send(Method::PUT, "/v1/flows/zzz", other.to_string()).await;
    assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
    let mut statuses = Vec::new();
    for number in 0..7 {
        statuses.push(house.call("camera", item(number)).await.status.as_u16());
    }
    assert_eq!(statuses, [200, 200, 200, 200, 429, 429, 429]);
    let flow = house.until("all are done", |flow| flow["items"]["done"] == 4).await;
    assert_eq!(flow["items"]["put"], 4, "{flow:#}");
    assert_eq!(house.seen().await, (0..4).map(item).collect::<Vec<_>>());
    let other = house.get("/v1/flows/zzz").await.json();
    assert_eq!((&other["depth"], &other["items"]["rejected"]), (&4.into(), &3.into()), "{other:#}");
    house.down().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_outside_says_how_many_flows_led_to_a_call() {
    let house = House::up().await;
    house.camera_and_detect().await;
    let answer = house.flow(json!({ "item_bytes": 1024, "hops_max": 3 })).await;
    assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
    let forged = Request::builder().method(Method::POST).uri("/function/camera");
    let forged = forged.header("x-swell-depth", "3").header("x-swell-item", "camera/17");
    assert_eq!(house.request(forged, "1").await.status, StatusCode::OK);
    let flow = house.until("it is done", |flow| flow["items"]["done"] == 1).await;
    assert_eq!(flow["items"]["ended"], 0, "{flow:#}");
    house.down().await;
}
