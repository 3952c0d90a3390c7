//! Deploying: versions come, serve and go, and the mind hears of each in order.

use std::sync::atomic::Ordering;
use std::time::{Duration, SystemTime};

use swell_api::function::{FunctionState, Share};
use swell_node::deploy::deployer::Outcome;
use swell_node::deploy::shares::VERSIONS_KEPT;
use swell_node::refusal::Reason;

use crate::world::{World, modelled};

fn outcome(version: u32, changed: bool) -> Outcome {
    Outcome { version, changed }
}

#[tokio::test]
async fn a_new_version_gets_all_traffic() {
    let world = World::new();
    let mut spec = world.spec("hello", "one").await;
    spec.min_warm = 1;
    assert_eq!(world.deployer.deploy(spec.clone()).await, Ok(outcome(1, true)));
    assert_eq!(world.call("hello", 1).await, "one");
    assert_eq!(world.deployer.deploy(spec.clone()).await, Ok(outcome(1, false)));

    let second = world.upload("two").await;
    spec.code = second;
    assert_eq!(world.deployer.deploy(spec.clone()).await, Ok(outcome(2, true)));
    assert_eq!(world.call("hello", 1).await, "two");
    let function = world.registry.get("hello").expect("it is here");
    assert_eq!(function.traffic, [Share { version: 2, percent: 100 }]);
    // The former version stays to go back to, and keeps nothing warm.
    assert_eq!(function.versions.len(), 2);
    assert_eq!(world.hands.settings("hello", 1).map(|told| told.min_warm), Some(0));
    assert_eq!(world.hands.settings("hello", 2).map(|told| told.min_warm), Some(1));
}

#[tokio::test]
async fn code_that_does_not_work_leaves_what_served() {
    let world = World::new();
    let spec = world.spec("hello", "one").await;
    world.deployer.deploy(spec.clone()).await.expect("it works");
    let nonsense = world.code.receive(swell_sandbox::body::full("not plain"), 99).await;
    let mut broken = spec.clone();
    broken.code = nonsense.expect("it fits").digest;
    let refusal = world.deployer.deploy(broken.clone()).await.unwrap_err();
    assert_eq!(refusal.reason, Reason::BadRequest);
    assert_eq!(refusal.detail.as_deref(), Some("it is not plain text"));
    assert_eq!(world.call("hello", 1).await, "one");
    assert_eq!(world.registry.get("hello").map(|function| function.versions.len()), Some(1));
    assert_eq!(world.store.load().map(|all| all[0].versions.len()), Ok(1));
    assert_eq!(world.hands.known(), 1);
    // A machine that failed is no fault of the code.
    world.hands.backend.failures.store(1, Ordering::SeqCst);
    broken.code = world.upload("two").await;
    let refusal = world.deployer.deploy(broken.clone()).await.unwrap_err();
    assert_eq!(refusal.reason, Reason::Internal);
    assert_eq!(world.deployer.deploy(broken).await, Ok(outcome(2, true)));
}

#[tokio::test]
async fn nobody_has_to_wait_for_code() {
    let world = World::new();
    let mut changes = world.deployer.changes();
    let spec = world.spec("hello", "one").await;
    world.hands.backend.hold();
    changes.mark_unchanged();
    assert_eq!(world.deployer.deploy_later(spec.clone()).await, Ok(outcome(1, true)));
    let shown = world.deployer.describe("hello", str::to_string).expect("it is under way");
    assert_eq!((shown.state, shown.version, shown.versions), (FunctionState::Preparing, 0, 0));
    assert_eq!(world.deployer.list(str::to_string), [shown]);
    assert!(world.registry.is_empty());

    world.hands.backend.gate.add_permits(1);
    changes.changed().await.expect("the deployer lives");
    let shown = world.deployer.describe("hello", str::to_string).expect("it serves");
    assert_eq!((shown.state, shown.version), (FunctionState::Ready, 1));
    assert_eq!(world.call("hello", 1).await, "one");
}

#[tokio::test]
async fn a_failure_that_nobody_waited_for_shows() {
    let world = World::new();
    let mut spec = world.spec("hello", "one").await;
    spec.code =
        world.code.receive(swell_sandbox::body::full("?"), 9).await.expect("it fits").digest;
    world.deployer.deploy_later(spec.clone()).await.expect("the specification is fine");
    // One deployment of a function at a time: this one ends after the first.
    world.deployer.deploy(spec.clone()).await.unwrap_err();
    let shown = world.deployer.describe("hello", str::to_string).expect("its failure shows");
    assert_eq!(shown.state, FunctionState::Failed);
    assert!(shown.reason.is_some_and(|reason| reason.contains("not plain text")));
    world.deployer.remove("hello").await.expect("the failure can be removed");
    assert_eq!(world.deployer.list(str::to_string), []);
    let refusal = world.deployer.remove("hello").await.unwrap_err();
    assert_eq!(refusal.reason, Reason::NotFound);
}

#[tokio::test]
async fn deployments_of_a_function_keep_their_order() {
    let world = World::new();
    let mut deployments = Vec::new();
    for number in 1..=8u32 {
        let spec = world.spec("hello", &number.to_string()).await;
        let deployer = world.deployer.clone();
        deployments.push(tokio::spawn(async move { deployer.deploy(spec).await }));
        let name = format!("other{number}");
        let (deployer, other) = (world.deployer.clone(), modelled(&name));
        deployments.push(tokio::spawn(async move { deployer.deploy(other).await }));
    }
    let mut versions = Vec::new();
    for deployment in deployments {
        versions.push(deployment.await.expect("it ends").expect("it works").version);
    }
    versions.sort_unstable();
    // Eight first versions of the others, and eight of the one.
    assert_eq!(versions, [vec![1; 9], (2..=8).collect()].concat());
    assert_eq!(world.registry.len(), 9);
    assert_eq!(world.hands.known(), 16);
}

#[tokio::test]
async fn old_versions_go_and_their_code_with_them() {
    let world = World::new();
    let kept = VERSIONS_KEPT as u32;
    for number in 1..=kept + 3 {
        let spec = world.spec("hello", &number.to_string()).await;
        world.deployer.deploy(spec).await.expect("it works");
    }
    let function = world.registry.get("hello").expect("it is here");
    let numbers: Vec<u32> = function.versions.iter().map(|version| version.version).collect();
    assert_eq!(numbers, (4..=kept + 3).collect::<Vec<_>>());
    assert_eq!(world.hands.known(), VERSIONS_KEPT);
    assert_eq!(world.store.load().map(|all| all[0].versions.len()), Ok(VERSIONS_KEPT));
    let later = SystemTime::now() + Duration::from_secs(9);
    assert_eq!(world.deployer.collect(later), 3);
    assert_eq!(world.deployer.collect(later), 0);
    assert_eq!(world.call("hello", 1).await, (kept + 3).to_string());
}

#[tokio::test]
async fn a_version_that_requests_wait_for_does_not_go() {
    let world = World::new();
    let first = world.spec("hello", "first").await;
    world.deployer.deploy(first).await.expect("it works");
    let version = world.registry.get("hello").expect("it is here").newest().clone();
    version.waiting.fetch_add(1, Ordering::SeqCst);
    for number in 0..VERSIONS_KEPT + 2 {
        let spec = world.spec("hello", &number.to_string()).await;
        world.deployer.deploy(spec).await.expect("it works");
    }
    assert!(world.hands.settings("hello", 1).is_some());
    version.waiting.fetch_sub(1, Ordering::SeqCst);
    let spec = world.spec("hello", "last").await;
    world.deployer.deploy(spec).await.expect("it works");
    assert!(world.hands.settings("hello", 1).is_none());
    assert_eq!(world.hands.known(), VERSIONS_KEPT);
}

#[tokio::test]
async fn requests_always_find_a_version_that_works() {
    let world = World::new();
    let spec = world.spec("hello", "0").await;
    world.deployer.deploy(spec).await.expect("it works");
    let (registry, stop) = (world.registry.clone(), tokio_util::sync::CancellationToken::new());
    let done = stop.clone();
    let caller = std::thread::spawn(move || {
        let mut calls = 0u64;
        while !done.is_cancelled() {
            let function = registry.get("hello").expect("it never goes away");
            let version = function.pick(&calls.to_le_bytes()).clone();
            assert!(matches!(version.template.get(), Some(Ok(_))), "{}", version.version);
            calls += 1;
        }
        calls
    });
    for number in 1..=20 {
        let spec = world.spec("hello", &number.to_string()).await;
        world.deployer.deploy(spec).await.expect("it works");
    }
    stop.cancel();
    assert!(caller.join().expect("no call failed") > 0);
}
