//! Flows that go from node to node: by themselves where nobody here can help; and whoever feeds them
//! finds them, even if a node in between is gone for good.

use http::StatusCode;
use serde_json::json;

use swell_api::spec::FunctionSpec;
use swell_core::units::Bytes as Memory;
use swell_samples::samples;

use crate::flow_moving::{Cluster, again, meeting, numbers};
use crate::handing::until_busy;
use crate::house::House;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flow_that_went_on_is_found_without_the_node_in_between() {
    let cluster = Cluster::found();
    let link = cluster.link("berlin");
    let berlin = meeting(&link).await;
    berlin.camera_and_detect().await;
    let (paris, rome) = (cluster.node("paris").await, cluster.node("rome").await);
    let answer = berlin.flow(json!({ "item_bytes": 64 })).await;
    assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
    berlin.pause(true).await;
    paris.pause(true).await;
    berlin.put_numbers(0..10).await;
    let answer = berlin.send_to("paris", &paris).await;
    assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
    berlin.put_numbers(10..20).await;

    // While it goes on, who feeds it is away; and when that is back, paris is gone.
    let (door, folder) = (berlin.door(), berlin.down().await);
    let answer = paris.send_to("rome", &rome).await;
    assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
    paris.down().await;
    let berlin = again(folder, door, &link).await;
    let known = berlin.until("it is told", |flow| flow["moved"]["node"] == "rome").await;
    assert_eq!(known["moved"]["term"], 2, "{known}");
    berlin.put_numbers(20..30).await;
    rome.until("all are done", |flow| flow["items"]["done"] == 30).await;
    assert_eq!(rome.seen().await, numbers(0..30));

    // It has that on its disk.
    let berlin = berlin.again(&link).await;
    assert_eq!(berlin.frames().await["moved"]["node"], "rome");
    berlin.down().await;
    rome.down().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flow_goes_by_itself_to_a_node_that_has_room_for_it() {
    let cluster = Cluster::found();
    let (link, paris) = (cluster.link("berlin"), cluster.node("paris").await);
    let door = paris.door().to_string();
    let berlin = House::up_with(|settings| {
        settings.flow.link = Some(link.clone());
        settings.flow.nodes = [("paris".to_string(), door.clone())].into();
    });
    let berlin = berlin.await;
    berlin.camera_and_detect().await;
    // The only instance of `detect` is busy with somebody else for good, and nobody else could have
    // the flow here.
    let one = |spec: &mut FunctionSpec| (spec.max_instances, spec.timeout_ms) = (Some(1), 60_000);
    berlin.deploy("detect", samples::SPIN, one).await;
    assert_eq!(berlin.flow(json!({ "item_bytes": 64 })).await.status, StatusCode::OK);
    let busy = async { berlin.call("detect", "").await };
    let watched = async {
        until_busy(&berlin).await;
        berlin.put_numbers(0..5).await;
        berlin.until("it is at paris", |flow| flow["moved"]["node"] == "paris").await
    };
    let flow = tokio::select! {
        flow = watched => flow,
        answer = busy => panic!("it never ends: {answer:?}"),
    };
    assert_eq!(flow["migrations"], json!({ "analyzer-node": 1 }), "{flow:#}");
    let why = flow["explanation"].as_str().expect("it is explained");
    assert!(why.contains("the analyzer let it go there, as "), "{why}");
    assert!(why.contains("`detect` at the node `paris` is worth "), "{why}");
    paris.until("all are done", |flow| flow["items"]["done"] == 5).await;
    assert_eq!(paris.seen().await, numbers(0..5));
    assert_eq!(berlin.decided_again().await, 0);
    drop(berlin);
    paris.down().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_waits_in_memory_and_on_disk_goes_along_each_time() {
    let cluster = Cluster::found();
    let small = async |name: &str| {
        let link = cluster.link(name);
        let house = House::up_with(|settings| {
            settings.flow.link = Some(link.clone());
            // A few items fill a lane, which cannot grow.
            settings.flow.function_memory_max = Memory::new(32 << 10);
        });
        let house = house.await;
        house.camera_and_detect().await;
        house.pause(true).await;
        house
    };
    let (berlin, paris) = (small("berlin").await, small("paris").await);
    let rome = cluster.node("rome").await;
    let keys = json!({
        "ack": "append", "full": "spill", "item_bytes": 3000, "rate": 1, "stall_ms": 1,
    });
    assert_eq!(berlin.flow(keys).await.status, StatusCode::OK);
    let items: Vec<String> = (0..10).map(|number| format!("{number:0>3000}")).collect();
    for item in &items {
        assert_eq!(berlin.call("camera", item.clone()).await.status, StatusCode::OK);
    }
    let spilled = berlin.frames().await["spilled"].as_u64();
    assert!(spilled > Some(0) && spilled < Some(10), "{spilled:?}");
    for (from, node, to) in [(&berlin, "paris", &paris), (&paris, "rome", &rome)] {
        let answer = from.send_to(node, to).await;
        assert_eq!((answer.status, &answer.json()["moved"]["items"]), (StatusCode::OK, &10.into()));
    }
    rome.until("all are done", |flow| flow["items"]["done"] == 10).await;
    assert_eq!(rome.seen().await, items);
    for house in [berlin, paris, rome] {
        house.down().await;
    }
}
