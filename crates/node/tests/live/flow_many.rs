//! What it costs to watch many flows: deploys them, lets them rest, and tells how long a tick
//! of the analyzer took. A few, unless `SWELL_FLOWS` says how many.

use std::time::Duration;

use http::{Method, StatusCode};
use serde_json::json;

use swell_core::units::Bytes as Memory;

use crate::house::House;

/// How many, unless somebody says so.
const FLOWS: u32 = 50;

/// How long the last tick took at some moments, in microseconds: half of them no longer, and all.
async fn ticks(house: &House) -> (f64, f64) {
    let mut took = Vec::new();
    for _ in 0..30 {
        tokio::time::sleep(Duration::from_millis(130)).await;
        let metrics = house.get("/metrics").await;
        let line = metrics.text().lines().find_map(|line| {
            line.strip_prefix("swell_flow_tick_seconds{").filter(|line| line.contains("last"))
        });
        let value = line.and_then(|line| line.rsplit_once(' ')).expect("it is told").1;
        took.push(value.parse::<f64>().expect("a number") * 1e6);
    }
    took.sort_by(f64::total_cmp);
    (took[took.len() / 2], took[took.len() - 1])
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_flows_that_rest_are_watched() {
    let count = std::env::var("SWELL_FLOWS").ok().and_then(|text| text.parse().ok());
    let count: u32 = count.unwrap_or(FLOWS);
    let house = House::up_with(|settings| {
        settings.flow.memory_max = Memory::new(8 << 30);
        settings.flow.function_memory_max = Memory::new(8 << 30);
    })
    .await;
    house.camera_and_detect().await;
    for number in 0..count {
        let name = format!("flow-{number}");
        let spec = json!({
            "name": name, "from": ["camera"], "to": "detect", "item_bytes": 64, "rate": 1,
            "stall_ms": 1, "ack": "append", "full": "drop-oldest",
        });
        let path = format!("/v1/flows/{name}");
        let answer = house.send(Method::PUT, &path, spec.to_string()).await;
        assert_eq!(answer.status, StatusCode::OK, "{name}: {answer:?}");
    }
    // So long that all have come to rest.
    tokio::time::sleep(Duration::from_secs(4)).await;
    let (half, most) = ticks(&house).await;
    println!("{count} flows that rest: a tick takes {half:.0} us (p50), {most:.0} us at most");
    house.down().await;
}
