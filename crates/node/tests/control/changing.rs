//! Changes without new code: shares, rolling back, pausing, scaling, removing.

use swell_api::function::{Change, FunctionState, Share};
use swell_api::spec::Route;
use swell_node::refusal::Reason;

use crate::world::{World, modelled};

fn share(version: u32, percent: u8) -> Share {
    Share { version, percent }
}

/// A node with three versions of `hello`, which answer with their number.
async fn three() -> World {
    let world = World::new();
    for number in 1..=3 {
        let mut spec = world.spec("hello", &number.to_string()).await;
        spec.min_warm = number;
        spec.pinned = true;
        world.deployer.deploy(spec).await.expect("it works");
    }
    world
}

#[tokio::test]
async fn traffic_is_shared_as_asked() {
    let world = three().await;
    for (asked, expected) in [
        (vec![share(2, 10)], Ok(vec![share(2, 10), share(3, 90)])),
        (vec![share(1, 5), share(2, 5)], Ok(vec![share(1, 5), share(2, 5), share(3, 90)])),
        (vec![share(3, 0), share(1, 100)], Ok(vec![share(1, 100)])),
        (vec![share(3, 50), share(1, 50)], Ok(vec![share(1, 50), share(3, 50)])),
        (vec![], Ok(vec![share(3, 100)])),
        (vec![share(4, 10)], Err(Reason::NotFound)),
        (vec![share(2, 10), share(2, 10)], Err(Reason::BadRequest)),
        (vec![share(2, 60), share(1, 50)], Err(Reason::BadRequest)),
        (vec![share(3, 60), share(1, 30)], Err(Reason::BadRequest)),
        (vec![share(2, 255)], Err(Reason::BadRequest)),
    ] {
        let shared = world.deployer.traffic("hello", asked.clone()).await;
        let shared = shared.map(|function| function.traffic.clone());
        assert_eq!(shared.map_err(|refusal| refusal.reason), expected, "{asked:?}");
    }
}

#[tokio::test]
async fn only_versions_with_traffic_keep_instances() {
    let world = three().await;
    let told = |version| {
        let settings = world.hands.settings("hello", version).expect("it is known");
        (settings.min_warm, settings.pinned)
    };
    assert_eq!([told(1), told(2), told(3)], [(0, false), (0, false), (3, true)]);
    world.deployer.traffic("hello", vec![share(2, 10)]).await.expect("it is known");
    assert_eq!([told(1), told(2), told(3)], [(0, false), (2, true), (3, true)]);
    let change = Change { paused: Some(true), ..Change::default() };
    world.deployer.patch("hello", change).await.expect("it is known");
    assert_eq!([told(1), told(2), told(3)], [(0, false); 3]);
    let shown = world.deployer.describe("hello", str::to_string).expect("it is known");
    assert_eq!(shown.state, FunctionState::Paused);
    let change = Change { paused: Some(false), min_warm: Some(7), max_instances: Some(9) };
    world.deployer.patch("hello", change).await.expect("it is known");
    assert_eq!([told(1), told(2), told(3)], [(0, false), (7, true), (7, true)]);
    assert_eq!(world.hands.settings("hello", 3).map(|told| told.max_instances), Some(9));
}

#[tokio::test]
async fn rolling_back_goes_to_what_led_before() {
    let world = three().await;
    let leads = || world.registry.get("hello").expect("it is here").leading().version;
    for (to, expected) in [
        (None, Ok(2)),
        (None, Ok(3)),
        (Some(1), Ok(1)),
        (None, Ok(3)),
        (Some(3), Ok(3)),
        (None, Ok(1)),
        (Some(9), Err(Reason::NotFound)),
    ] {
        let result = world.deployer.rollback("hello", to).await;
        let led = result.map(|function| function.leading().version);
        assert_eq!(led.map_err(|refusal| refusal.reason), expected, "{to:?}");
    }
    assert_eq!((leads(), world.call("hello", 5).await.as_str()), (1, "1"));
    let world = world.restart();
    assert_eq!(world.call("hello", 5).await, "1");
    // The newest again: no new version, and none of its code is made again.
    let mut spec = world.spec("hello", "3").await;
    (spec.min_warm, spec.pinned) = (3, true);
    let outcome = world.deployer.deploy(spec).await.expect("it works");
    assert_eq!((outcome.version, outcome.changed), (3, true));
    assert_eq!(world.call("hello", 5).await, "3");
    let function = world.deployer.rollback("hello", None).await.expect("there is a former one");
    assert_eq!(function.leading().version, 1);
}

#[tokio::test]
async fn there_must_be_something_to_go_back_to() {
    let world = World::new();
    world.deployer.deploy(modelled("hello")).await.expect("it works");
    let refusal = world.deployer.rollback("hello", None).await.err().expect("it is refused");
    assert_eq!(refusal.reason, Reason::Conflict);
    let refusal = world.deployer.rollback("other", None).await.err().expect("it is refused");
    assert_eq!(refusal.reason, Reason::NotFound);
}

#[tokio::test]
async fn routes_follow_the_version_that_leads() {
    let world = World::new();
    let mut spec = modelled("hello");
    for path in ["/one", "/two"] {
        spec.routes = vec![Route { host: None, path: path.to_string() }];
        world.deployer.deploy(spec.clone()).await.expect("it works");
    }
    let routed = |path| world.registry.route("box", path).is_some();
    assert_eq!((routed("/one"), routed("/two")), (false, true));
    world.deployer.rollback("hello", None).await.expect("there is a former one");
    assert_eq!((routed("/one"), routed("/two")), (true, false));
}

#[tokio::test]
async fn scale_makes_sense_or_is_refused() {
    let world = World::new();
    world.deployer.deploy(modelled("hello")).await.expect("it works");
    for (min_warm, max_instances, words) in [
        (Some(2), Some(1), "exceeds"),
        (None, Some(0), "pause the function"),
        (Some(1_000), None, "this node has"),
    ] {
        let change = Change { min_warm, max_instances, paused: None };
        let refusal = world.deployer.patch("hello", change).await.err().expect("it is refused");
        let detail = refusal.detail.expect("it says why");
        assert!(detail.contains(words), "{detail}");
    }
    let change = Change { min_warm: Some(2), max_instances: Some(2), paused: None };
    world.deployer.patch("hello", change).await.expect("it fits");
    let shown = world.deployer.describe("hello", str::to_string).expect("it is known");
    assert_eq!((shown.version, shown.spec.min_warm, shown.spec.max_instances), (1, 2, Some(2)));
}

#[tokio::test]
async fn what_was_removed_is_gone() {
    let world = three().await;
    world.deployer.remove("hello").await.expect("it is here");
    assert!(world.registry.is_empty());
    assert_eq!(world.hands.known(), 0);
    let world = world.restart();
    assert!(world.registry.is_empty());
    let spec = world.spec("hello", "again").await;
    let outcome = world.deployer.deploy(spec).await.expect("the name is free");
    assert_eq!(outcome.version, 1);
}
