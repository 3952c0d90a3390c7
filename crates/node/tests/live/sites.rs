//! Three nodes that are sites of one cluster: real sockets, certificates, logs on disk.

use std::time::Duration;

use http::Method;
use serde_json::{Value, json};
use swell_api::spec::{BackendName, FunctionSpec};
use swell_samples::samples;

use crate::house::House;

/// Long enough for a machine that has other things to do.
const PATIENCE: Duration = Duration::from_secs(60);

pub(crate) struct Town {
    pub(crate) houses: Vec<House>,
}

const NAMES: [&str; 3] = ["oslo", "lima", "kobe"];

impl Town {
    pub(crate) async fn up() -> Self {
        Self::of([House::up().await, House::up().await, House::up().await]).await
    }

    /// These nodes, as the sites of a cluster.
    pub(crate) async fn of([first, second, third]: [House; 3]) -> Self {
        let capacity = json!({ "cpu_milli": 1_000 });
        let init = json!({
            "cluster": "test", "site": "oslo", "capacity": capacity, "slot_ms": 500,
        });
        let answer = post(&first, "/v1/site/init", &init).await;
        assert_eq!(answer["state"], "deciding", "{answer}");
        let mut houses = vec![first];
        for (name, house) in NAMES[1..].iter().zip([second, third]) {
            let invite = json!({ "site": name });
            let invitation = post(&houses[0], "/v1/site/invitations", &invite).await;
            let join = json!({ "invitation": invitation, "capacity": capacity });
            let answer = post(&house, "/v1/site/join", &join).await;
            assert_eq!(answer["state"], "deciding", "{answer}");
            houses.push(house);
        }
        Self { houses }
    }

    pub(crate) async fn until(
        &self,
        what: &str,
        path: &str,
        at: usize,
        is_so: impl Fn(&Value) -> bool,
    ) -> Value {
        let deadline = tokio::time::Instant::now() + PATIENCE;
        loop {
            let shown = self.houses[at].get(path).await.json();
            if is_so(&shown) {
                return shown;
            }
            assert!(tokio::time::Instant::now() < deadline, "{what}: {shown:#}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    pub(crate) async fn down(self) {
        for house in self.houses {
            house.down().await;
        }
    }
}

pub(crate) async fn post(house: &House, path: &str, body: &Value) -> Value {
    let answer = house.send(Method::POST, path, body.to_string()).await;
    assert!(answer.status.is_success(), "{path}: {}", answer.text());
    answer.json()
}

pub(crate) async fn deploy(house: &House, name: &str) {
    let mut spec = FunctionSpec::plain(name, BackendName::Wasm);
    spec.code = house.upload(samples::WORK).await;
    let body = serde_json::to_vec(&spec).expect("it is JSON");
    let answer = house.send(Method::PUT, &format!("/v1/functions/{name}"), body).await;
    assert!(answer.status.is_success(), "{}", answer.text());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_function_moves_to_another_site_and_its_callers_do_not_notice() {
    let town = Town::up().await;
    let cluster = town
        .until("all sites are reached", "/v1/site", 2, |shown| {
            let sites = shown["sites"].as_array().map_or(0, Vec::len);
            let reached = |site: &Value| site["is_reached"] == true;
            sites == 3 && shown["sites"].as_array().is_some_and(|all| all.iter().all(reached))
        })
        .await;
    assert_eq!(cluster["cluster"], Value::Null);
    assert_eq!(cluster["name"], "test");
    deploy(&town.houses[0], "shop").await;
    let mut second = FunctionSpec::plain("shop", BackendName::Wasm);
    second.code = town.houses[0].upload(samples::WORK).await;
    second.environment.insert("MOOD".to_string(), "new".to_string());
    let answer = town.houses[0].put(&second).await;
    assert!(answer.status.is_success(), "{}", answer.text());
    let shares = json!([{ "version": 1, "percent": 40 }]);
    let path = "/v1/functions/shop/traffic";
    let answer = town.houses[0].send(Method::PUT, path, shares.to_string()).await;
    assert!(answer.status.is_success(), "{}", answer.text());
    let before = town.houses[0].get("/v1/functions/shop/versions").await.json();
    let holds = |site: &'static str| {
        move |shown: &Value| {
            shown["authorities"].as_array().is_some_and(|all| {
                all.iter().any(|one| one["workload"] == "shop" && one["holder"] == site)
            })
        }
    };
    town.until("it is registered", "/v1/authorities", 1, holds("oslo")).await;
    let file = json!({ "workloads": ["shop"], "destination": "lima", "check_slots": 1 });
    let id = post(&town.houses[2], "/v1/proposals", &file).await["id"].as_u64().expect("an id");
    let path = format!("/v1/proposals/{id}");
    // What was filed at one site is shown at every other one from then on.
    for house in &town.houses {
        let answer = house.get(&format!("{path}?consistency=linearizable")).await;
        assert_eq!(answer.status.as_u16(), 200, "{}", answer.text());
        assert_eq!(answer.header("swell-consistency"), "linearizable");
        assert_eq!(answer.json()["consistency"], "linearizable");
    }
    let answer = town.houses[1].get("/v1/authorities?consistency=local").await;
    assert_eq!(answer.header("swell-consistency"), "local");
    assert_eq!(answer.json()["consistency"], "local");
    let answer = town.houses[1].get("/v1/ledger?consistency=perhaps").await;
    assert_eq!(answer.status.as_u16(), 400, "{}", answer.text());
    let deadline = tokio::time::Instant::now() + PATIENCE;
    loop {
        let answer = town.houses[0].call("shop?m=5", "").await;
        assert_eq!(answer.status.as_u16(), 200, "{}", answer.text());
        let shown = town.houses[1].get(&path).await.json();
        if shown["is_ended"] == true {
            assert_eq!(shown["state"], "done", "{shown:#}");
            break;
        }
        assert!(tokio::time::Instant::now() < deadline, "{shown:#}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    town.until("authority has moved", "/v1/authorities", 0, holds("lima")).await;
    town.until("the source has stopped it", "/v1/functions", 0, |shown| {
        shown.as_array().is_some_and(Vec::is_empty)
    })
    .await;
    let after = town.houses[1].get("/v1/functions/shop/versions").await.json();
    let lineage = |shown: &Value| -> Vec<Value> {
        let all = shown.as_array().expect("versions").iter();
        all.map(|one| json!([one["version"], one["percent"], one["deployed_at_ms"], one["spec"]]))
            .collect()
    };
    assert_eq!(lineage(&after), lineage(&before), "all versions came, with their shares");
    assert_eq!(lineage(&after).len(), 2);
    for house in &town.houses {
        let answer = house.call("shop?m=1", "").await;
        assert_eq!(answer.status.as_u16(), 200, "{}", answer.text());
    }
    let passed = town.houses[0].call("shop?m=1", "").await;
    assert_eq!(passed.header("x-swell-site"), "lima");
    let spec = FunctionSpec::plain("shop", BackendName::Modelled);
    let twice = town.houses[0].put(&spec).await;
    assert_eq!((twice.status.as_u16(), twice.code().as_str()), (409, "conflict"));
    town.down().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_makes_no_sense_is_refused_with_a_reason() {
    let house = House::up().await;
    let alone = house.get("/v1/site").await;
    assert_eq!((alone.status.as_u16(), alone.code().as_str()), (404, "not-found"));
    let bad = json!({ "cluster": "test", "site": "Oslo!", "capacity": { "cpu_milli": 1 } });
    let answer = house.send(Method::POST, "/v1/site/init", bad.to_string()).await;
    assert_eq!(answer.status.as_u16(), 400, "{}", answer.text());
    let mut init = json!({
        "cluster": "test", "site": "oslo", "capacity": { "cpu_milli": 1_000 }, "slot_ms": 500,
        "method": "thetta",
    });
    let answer = house.send(Method::POST, "/v1/site/init", init.to_string()).await;
    assert_eq!(answer.status.as_u16(), 400, "{}", answer.text());
    assert!(answer.text().contains("`theta`"), "{}", answer.text());
    init["method"] = json!("arima");
    post(&house, "/v1/site/init", &init).await;
    let again = house.send(Method::POST, "/v1/site/init", init.to_string()).await;
    assert_eq!(again.status.as_u16(), 409, "{}", again.text());
    let unknown = json!({ "workloads": ["shop"], "destination": "lima" });
    let answer = house.send(Method::POST, "/v1/proposals", unknown.to_string()).await;
    assert_eq!(answer.status.as_u16(), 404, "{}", answer.text());
    let overfull = json!({ "workloads": ["shop"], "destination": "oslo", "at_most": 5 });
    let answer = house.send(Method::POST, "/v1/proposals", overfull.to_string()).await;
    assert_eq!(answer.status.as_u16(), 400, "{}", answer.text());
    let none = json!({ "mode": "inherit" });
    let answer = house.send(Method::PUT, "/v1/site/mode", none.to_string()).await;
    assert_eq!(answer.status.as_u16(), 400, "{}", answer.text());
    assert_eq!(house.get("/v1/proposals/x").await.status.as_u16(), 400);
    assert_eq!(house.get("/v1/proposals/99").await.status.as_u16(), 404);
    let last = house.send(Method::DELETE, "/v1/site", "").await;
    assert_eq!(last.status.as_u16(), 409, "{}", last.text());
    house.down().await;
}
