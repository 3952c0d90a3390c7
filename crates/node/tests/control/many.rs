//! Ten thousand functions: coming up and listing stay quick, and nothing is done for each
//! that could be left until it is wanted.

use std::sync::atomic::Ordering;
use std::time::Instant;

use swell_api::function::Share;
use swell_api::spec::Route;
use swell_node::store::record::{Head, Step, VersionRecord};

use crate::world::{World, modelled};

const FUNCTIONS: usize = 10_000;

#[tokio::test]
async fn ten_thousand_functions_come_up_and_are_listed() {
    let world = World::new();
    let head = Head { traffic: vec![Share { version: 1, percent: 100 }], ..Head::default() };
    let records: Vec<VersionRecord> = (0..FUNCTIONS)
        .map(|number| {
            let mut spec = modelled(&format!("function-{number}"));
            spec.routes = vec![Route { host: None, path: format!("/{number}") }];
            VersionRecord { version: 1, deployed_at_ms: 1, spec }
        })
        .collect();
    let steps: Vec<Step<'_>> = records
        .iter()
        .map(|added| Step { name: &added.spec.name, head: &head, added: Some(added), dropped: &[] })
        .collect();
    world.store.save_all(&steps).expect("there is room");

    let begun = Instant::now();
    let world = world.restart();
    let up = begun.elapsed();
    let begun = Instant::now();
    let listed = world.deployer.list(str::to_string);
    let text = serde_json::to_vec(&listed).expect("it is plain data");
    let list = begun.elapsed();
    println!("{FUNCTIONS} functions: up in {up:?}, listed in {list:?} ({} bytes)", text.len());

    assert_eq!(listed.len(), FUNCTIONS);
    assert_eq!(world.hands.known(), FUNCTIONS);
    assert_eq!(world.hands.backend.prepared.load(Ordering::SeqCst), 0);
    let routed = world.registry.route("box", "/9999/below").expect("it has a route");
    assert_eq!(&*routed.function.name, "function-9999");
    assert_eq!(world.call("function-77", 1).await, "modelled");
    assert_eq!(world.hands.backend.prepared.load(Ordering::SeqCst), 1);
    // One more is deployed as quickly as the first.
    let begun = Instant::now();
    for number in 0..50 {
        let spec = modelled(&format!("another-{number}"));
        world.deployer.deploy(spec).await.expect("there is room");
    }
    println!("one more deployed in {:?}", begun.elapsed() / 50);
}
