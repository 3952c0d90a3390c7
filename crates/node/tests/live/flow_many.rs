//! What it costs to watch many flows: deploys them, lets them rest, then puts an item into each, and
//! tells how long a tick of the analyzer took, and what the flows take of what a process may have.
//! A few, unless `SWELL_FLOWS` says how many.

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

/// Files that this process has open, and stretches of memory it has mapped.
fn held() -> (usize, usize) {
    let files = std::fs::read_dir("/proc/self/fd").expect("there is a /proc").count();
    let maps = std::fs::read_to_string("/proc/self/maps").expect("there is a /proc");
    (files, maps.lines().count())
}

/// Processor time that this process used so far.
fn used() -> Duration {
    let stat = std::fs::read_to_string("/proc/self/stat").expect("there is a /proc");
    let (_, figures) = stat.rsplit_once(')').expect("the name stands in brackets");
    let ticks = figures.split_whitespace().skip(11).take(2);
    let ticks = ticks.map(|ticks| ticks.parse::<u64>().expect("a number"));
    // In hundredths of a second, on every Linux.
    Duration::from_millis(10 * ticks.sum::<u64>())
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
    let before = held();
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
    let after = held();
    println!(
        "{count} flows take {} open files and {} mappings",
        after.0.saturating_sub(before.0),
        after.1.saturating_sub(before.1)
    );
    // Those of the pool and of connections come and go.
    assert!(after.0 < before.0 + 100 + count as usize / 2, "{before:?} {after:?}");
    // So long that all have come to rest.
    tokio::time::sleep(Duration::from_secs(4)).await;
    let (begun, since) = (used(), std::time::Instant::now());
    tokio::time::sleep(Duration::from_secs(2)).await;
    let share = (used() - begun).as_secs_f64() / since.elapsed().as_secs_f64();
    let (half, most) = ticks(&house).await;
    println!(
        "they rest: a tick takes {half:.0} us (p50), {most:.0} us at most; the node {:.1} % of a core",
        share * 100.0
    );
    let answer = house.call("camera", "all").await;
    assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
    let (half, most) = ticks(&house).await;
    println!("an item came in each: a tick takes {half:.0} us (p50), {most:.0} us at most");
    let done = |flows: &serde_json::Value| {
        let flows = flows.as_array().expect("a list");
        flows.iter().filter(|flow| flow["items"]["done"] == 1).count()
    };
    let deadline = std::time::Instant::now() + Duration::from_secs(120);
    while done(&house.get("/v1/flows").await.json()) < count as usize {
        assert!(std::time::Instant::now() < deadline, "not all items are done");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    house.down().await;
}
