//! Coming up again: everything is there, and code is made ready when it is wanted.

use std::sync::atomic::Ordering;
use std::time::Duration;

use swell_api::function::{Change, Share};
use swell_node::refusal::Reason;

use crate::world::World;

async fn two() -> World {
    let world = World::new();
    for number in 1..=2 {
        let spec = world.spec("hello", &number.to_string()).await;
        world.deployer.deploy(spec).await.expect("it works");
    }
    world
}

#[tokio::test]
async fn everything_is_there_again() {
    let world = two().await;
    world.deployer.traffic("hello", vec![Share { version: 1, percent: 30 }]).await.expect("fine");
    let change = Change { paused: Some(true), min_warm: Some(3), max_instances: None };
    world.deployer.patch("hello", change).await.expect("fine");
    let before = world.deployer.list(str::to_string);
    let versions = world.deployer.versions("hello");
    let answers: Vec<String> = [world.call("hello", 1).await, world.call("hello", 2).await].into();
    let world = world.restart();
    assert_eq!(world.deployer.list(str::to_string), before);
    assert_eq!(world.deployer.versions("hello"), versions);
    assert_eq!([world.call("hello", 1).await, world.call("hello", 2).await], answers[..]);
    let change = Change { paused: Some(false), ..Change::default() };
    world.deployer.patch("hello", change).await.expect("fine");
    assert_eq!(world.hands.settings("hello", 2).map(|told| told.min_warm), Some(3));
}

/// Waits until the mind was told to keep so many instances of a version.
async fn kept_warm(world: &World, version: u32, count: u32) {
    loop {
        let told = world.hands.news.notified();
        let settings = world.hands.settings("hello", version).expect("it is known");
        if settings.min_warm == count {
            return;
        }
        told.await;
    }
}

#[tokio::test]
async fn what_is_to_be_warm_is_made_ready_unasked() {
    let world = two().await;
    let mut spec = world.spec("hello", "3").await;
    spec.min_warm = 2;
    world.deployer.deploy(spec).await.expect("it works");
    let world = World::pausing(world.leave(), Duration::from_millis(1));
    let min_warm = |world: &World| world.hands.settings("hello", 3).map(|told| told.min_warm);
    assert_eq!(min_warm(&world), Some(0), "a start would fail before its code is ready");
    // The machine fails twice before the code is ready; that is no reason to give up.
    world.hands.backend.failures.store(2, Ordering::SeqCst);
    kept_warm(&world, 3, 2).await;
    assert_eq!(world.hands.backend.prepared.load(Ordering::SeqCst), 3);

    // An old version that is to be warm gets there by rolling back to it.
    world.deployer.rollback("hello", Some(2)).await.expect("it works");
    let world = world.restart();
    world.deployer.rollback("hello", Some(3)).await.expect("it works");
    assert_eq!(min_warm(&world), Some(2));
}

#[tokio::test]
async fn nobody_is_sent_to_code_that_does_not_work() {
    let world = two().await.restart();
    let first = world.registry.get("hello").expect("it is here").versions[0].clone();
    let path = world.code.path(&first.spec.code).expect("it is a digest");
    std::fs::write(path, "rubbish").expect("it is writable");
    let refusal = world.deployer.rollback("hello", None).await.err().expect("it is broken");
    assert_eq!(refusal.reason, Reason::NotReady);
    assert_eq!(world.call("hello", 1).await, "2");
}

#[tokio::test]
async fn code_is_made_ready_once_and_when_wanted() {
    let world = two().await.restart();
    let prepared = || world.hands.backend.prepared.load(Ordering::SeqCst);
    assert_eq!(prepared(), 0);
    world.hands.backend.hold();
    let version = world.registry.get("hello").expect("it is here").newest().clone();
    let calls: Vec<_> = (0..50)
        .map(|_| {
            let (deployer, version) = (world.deployer.clone(), version.clone());
            tokio::spawn(async move { deployer.ready(&version).await.is_ok() })
        })
        .collect();
    // A caller who gives up does not end the work of the others.
    calls[0].abort();
    tokio::task::yield_now().await;
    world.hands.backend.gate.add_permits(1);
    for call in calls.into_iter().skip(1) {
        assert!(call.await.expect("it ends"));
    }
    assert_eq!(prepared(), 1);
}

#[tokio::test]
async fn what_may_pass_is_tried_again_after_a_pause() {
    for (pause, tries) in [(Duration::from_secs(3_600), 1), (Duration::ZERO, 2)] {
        let folder = two().await.folder;
        let world = World::pausing(folder, pause);
        let version = world.registry.get("hello").expect("it is here").newest().clone();
        world.hands.backend.failures.store(1, Ordering::SeqCst);
        let refusal = world.deployer.ready(&version).await.err().expect("the machine fails");
        assert_eq!(refusal.reason, Reason::NotReady);
        assert_eq!(refusal.detail.as_deref(), Some("out of patience"));
        assert_eq!(refusal.retry_after, Some(pause));
        assert_eq!(world.deployer.ready(&version).await.is_ok(), tries == 2);
        assert_eq!(world.hands.backend.prepared.load(Ordering::SeqCst), tries);
    }
}

#[tokio::test]
async fn code_that_was_lost_or_hurt_is_told() {
    let world = two().await.restart();
    let function = world.registry.get("hello").expect("it is here");
    let [first, second] = &function.versions[..] else { panic!("two versions") };
    let path = |digest: &str| world.code.path(digest).expect("it is a digest");
    std::fs::remove_file(path(&first.spec.code)).expect("it is there");
    std::fs::write(path(&second.spec.code), "rubbish").expect("it is writable");
    let lost = world.deployer.ready(first).await.err().expect("it is lost");
    assert!(lost.detail.is_some_and(|detail| detail.contains("deploy it again")));
    let hurt = world.deployer.ready(second).await.err().expect("it is hurt");
    assert!(hurt.hint.is_some_and(|hint| hint.contains("roll back")));
    assert!(matches!(second.template.get(), Some(Err(_))), "it is not tried for ever");
}

#[tokio::test]
async fn secrets_are_those_of_the_file() {
    let world = World::new();
    let file = world.path().join("secrets");
    std::fs::write(&file, "KEY=old\n").expect("it is writable");
    let mut spec = world.spec("hello", "told").await;
    spec.environment.insert("MODE".to_string(), "test".to_string());
    spec.secrets.insert("TOKEN".to_string(), "KEY".to_string());
    world.deployer.deploy(spec).await.expect("it works");
    assert_eq!(world.call("hello", 1).await, "told MODE=test TOKEN=old");
    std::fs::write(&file, "KEY=new\n").expect("it is writable");
    let world = world.restart();
    assert_eq!(world.call("hello", 1).await, "told MODE=test TOKEN=new");
    // What it was deployed with names the secret and does not hold it.
    let stored = std::fs::read(world.store.path()).expect("it is there");
    assert!(!stored.windows(3).any(|bytes| bytes == b"new"));
}

#[tokio::test]
async fn functions_are_told_where_contents_are() {
    let world = World::with_contents("http://127.0.0.1:7070/v1/content");
    let mut spec = world.spec("hello", "told").await;
    world.deployer.deploy(spec.clone()).await.expect("it works");
    let told = "told SWELL_CONTENT_URL=http://127.0.0.1:7070/v1/content";
    assert_eq!(world.call("hello", 1).await, told);
    // Who says it otherwise is believed.
    spec.environment.insert("SWELL_CONTENT_URL".to_string(), "http://elsewhere".to_string());
    world.deployer.deploy(spec).await.expect("it works");
    assert_eq!(world.call("hello", 1).await, "told SWELL_CONTENT_URL=http://elsewhere");
}
