//! Moves between sites that must not go on, and what a source keeps while it is looked whether one
//! helps.

use serde_json::{Value, json};
use swell_core::units::Bytes;
use swell_samples::samples;

use crate::house::House;
use crate::sites::{Town, post};

/// Three sites that know the same secret, each by a value of its own, and whose memory is short.
async fn town(moods: [&str; 3]) -> Town {
    let mut houses = Vec::new();
    for mood in moods {
        let folder = tempfile::tempdir().expect("a folder for the test");
        let secrets = folder.path().join("secrets");
        std::fs::write(&secrets, format!("MOOD={mood}\n")).expect("it is writable");
        let up = House::up_in(folder, move |settings| {
            settings.secrets = Some(secrets.clone());
            settings.memory = Bytes::new(44 << 20);
        });
        houses.push(up.await);
    }
    let Ok(houses) = houses.try_into() else { unreachable!("there are three") };
    Town::of(houses).await
}

async fn deploy(house: &House, name: &str, health: Option<&str>) {
    let answer = house.deploy(name, samples::MOODY, |spec| {
        spec.secrets.insert("MOOD".to_string(), "MOOD".to_string());
        spec.labels.extend(health.map(|path| ("health".to_string(), path.to_string())));
    });
    let answer = answer.await;
    assert!(answer.status.is_success(), "{}", answer.text());
}

async fn moved(town: &Town, workload: &str, to: &str) -> String {
    let file = json!({ "workloads": [workload], "destination": to, "check_slots": 2 });
    let id = post(&town.houses[0], "/v1/proposals", &file).await["id"].as_u64().expect("an id");
    format!("/v1/proposals/{id}")
}

/// Calls a function until a proposal has come to a state; how many calls failed of how many.
async fn calling(
    town: &Town,
    name: &str,
    path: &str,
    is_over: impl Fn(&Value) -> bool,
) -> (Value, u32, u32) {
    let (mut calls, mut failed) = (0, 0);
    loop {
        for _ in 0..10 {
            calls += 1;
            failed += u32::from(!town.houses[0].call(name, "").await.status.is_success());
        }
        let shown = town.houses[0].get(path).await.json();
        if is_over(&shown) {
            return (shown, calls, failed);
        }
        assert!(calls < 100_000, "{shown:#}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_fails_at_the_destination_only_goes_back_before_many_notice() {
    let town = town(["good", "bad", "good"]).await;
    let source = &town.houses[0];
    let odd = source.deploy("odd", samples::MOODY, |spec| {
        spec.labels.insert("health".to_string(), "healthz".to_string());
    });
    let odd = odd.await;
    assert!(odd.status.as_u16() == 400 && odd.text().contains("such as `/healthz`"), "{odd:?}");
    deploy(source, "mail", Some("/")).await;
    deploy(source, "shop", None).await;
    for _ in 0..40 {
        assert!(source.call("shop", "").await.status.is_success());
    }
    town.until("both are registered", "/v1/authorities", 0, |shown| {
        let all = shown["authorities"].as_array().or_else(|| shown.as_array());
        all.is_some_and(|all| all.len() == 2)
    })
    .await;
    let has_ended = |shown: &Value| shown["is_ended"] == true;

    // What says how it is asked for its health is asked before anybody else is served.
    let path = moved(&town, "mail", "lima").await;
    let (shown, _, failed) = calling(&town, "mail", &path, has_ended).await;
    assert_eq!((&shown["state"], failed), (&json!("rolled-back"), 0), "{shown:#}");
    let why = shown["trouble"].as_str().expect("it went wrong");
    assert!(why.contains("healthy") && why.contains("`mail` is not well here"), "{why}");

    // Of others, the first calls tell.
    let path = moved(&town, "shop", "lima").await;
    let (shown, calls, failed) = calling(&town, "shop", &path, has_ended).await;
    assert_eq!(shown["state"], "rolled-back", "{shown:#}");
    let why = shown["trouble"].as_str().expect("it went wrong");
    assert!(why.contains("calls of `shop` failed where it moved to"), "{why}");
    assert!((1..=calls / 5).contains(&failed), "{failed} of {calls} failed");
    let told = town.houses[1].get("/v1/site").await.json();
    assert!(told["trouble"].as_str().is_some_and(|why| why.contains("`shop`")), "{told:#}");
    town.down().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_source_keeps_what_it_may_get_back_however_short_its_memory_is() {
    const OTHERS: [&str; 6] = ["ant", "bee", "cat", "dog", "eel", "fox"];
    let town = town(["good"; 3]).await;
    let source = &town.houses[0];
    deploy(source, "shop", None).await;
    for name in OTHERS {
        deploy(source, name, None).await;
    }
    source.call("shop", "").await;
    town.until("it is registered", "/v1/authorities", 0, |shown| {
        shown.to_string().contains("shop")
    })
    .await;
    let path = moved(&town, "shop", "kobe").await;
    town.until("it is watched", &path, 0, |shown| shown["state"] == "watching").await;
    let mut looks = 0;
    loop {
        for name in OTHERS {
            assert!(source.call(name, "").await.status.is_success(), "six do not fit");
        }
        // Read before the state: once it is over, the source may let go.
        let function = source.get("/v1/functions/shop").await;
        let shown = source.get(&path).await.json();
        if shown["state"] != "watching" {
            assert_eq!(shown["state"], "done", "{shown:#}");
            break;
        }
        let instances = function.json()["instances"].clone();
        let warm =
            instances["idle"].as_u64().unwrap_or(0) + instances["starting"].as_u64().unwrap_or(0);
        assert!(warm >= 1, "{instances:#}");
        looks += 1;
    }
    assert!(looks > 3, "it was looked at {looks} times");
    town.down().await;
}
