//! Functions that are called by the clock, by events, by brokers and by other calls' ends.

use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use http::{Method, Request};
use serde_json::{Value, json};

use swell_api::trigger::{CallEnd, Missed, Trigger};
use swell_samples::samples;

use crate::house::House;
use crate::later::until;

/// The answers of all calls of `function` that are done, once there are so many.
async fn results(house: &House, function: &str, count: usize) -> Vec<String> {
    let path = format!("/v1/invocations?state=done&function={function}");
    let done =
        until(house, &path, |calls| calls.as_array().is_some_and(|calls| calls.len() >= count));
    let mut results = Vec::new();
    for call in done.await.as_array().expect("it is a list") {
        let id = call["id"].as_str().expect("it has an id");
        let result = house.get(&format!("/v1/invocations/{id}/result")).await;
        results.push(result.text().to_string());
    }
    results.sort();
    results
}

#[tokio::test(flavor = "multi_thread")]
async fn events_reach_those_who_want_them_once() {
    let house = House::up().await;
    for (name, matches, source) in [
        ("orders", "order.*", None),
        ("shop", "order.made", Some("/shop")),
        ("other", "stock.*", None),
    ] {
        let trigger =
            Trigger::Event { matches: matches.to_string(), source: source.map(str::to_string) };
        house.deploy(name, samples::ECHO, |spec| spec.triggers = vec![trigger.clone()]).await;
    }
    let event = json!({"specversion": "1.0", "id": "1", "source": "/shop", "type": "order.made",
        "data": {"total": 12}});
    for (body, count) in [(event.clone(), 2), (event, 2), (json!({}), 0)] {
        let request = Request::builder()
            .method(Method::POST)
            .uri("/v1/events")
            .header("content-type", "application/cloudevents+json");
        let answer = house.request(request, body.to_string()).await;
        match count {
            0 => assert_eq!(answer.status, 400, "{answer:?}"),
            _ => assert_eq!(answer.json()["count"], count, "{answer:?}"),
        }
    }
    for name in ["orders", "shop"] {
        assert_eq!(results(&house, name, 1).await, [r#"{"total":12}"#], "{name}");
    }
    let all = house.get("/v1/invocations").await.json();
    assert_eq!(all.as_array().map(Vec::len), Some(2), "what came twice is made once: {all}");
    assert!(all[0]["trigger"] == "event");
    house.down().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn ends_of_calls_set_off_others() {
    let house = House::up().await;
    house.deploy("hello", samples::HELLO, |_| {}).await;
    house.deploy("broken", samples::TRAP, |_| {}).await;
    for (name, of, on) in [
        ("after", "hello", CallEnd::Success),
        ("never", "hello", CallEnd::Failure),
        ("sorry", "broken", CallEnd::Failure),
        ("chain", "after", CallEnd::Any),
    ] {
        let trigger = Trigger::Function { name: of.to_string(), on };
        house.deploy(name, samples::ECHO, |spec| spec.triggers = vec![trigger.clone()]).await;
    }
    assert_eq!(house.call("hello", "Ada").await.text(), "Hello, Ada!\n");
    assert_eq!(house.call("broken", "").await.status, 502);
    assert_eq!(results(&house, "after", 1).await, ["Hello, Ada!\n"]);
    assert_eq!(results(&house, "chain", 1).await, ["Hello, Ada!\n"]);
    let sorry: Value = serde_json::from_str(&results(&house, "sorry", 1).await[0]).expect("JSON");
    assert_eq!(sorry["code"], "function-failed");
    let never = house.get("/v1/invocations?function=never").await.json();
    assert_eq!(never, json!([]));

    // Nobody outside says how many calls led to one; whether they go by other nodes or not.
    let far = Request::builder().method(Method::POST).uri("/function/hello");
    let far = far.header("x-swell-depth", "16").header("x-swell-hops", "1");
    let answer = house.request(far, "Bob").await;
    assert_eq!(answer.text(), "Hello, Bob!\n");
    assert_eq!(results(&house, "after", 2).await, ["Hello, Ada!\n", "Hello, Bob!\n"]);
    assert_eq!(results(&house, "chain", 2).await, ["Hello, Ada!\n", "Hello, Bob!\n"]);
    house.down().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_clock_calls_and_makes_up_for_what_was_missed() {
    let house = House::up().await;
    let trigger = Trigger::Cron {
        schedule: "* * * * * *".to_string(),
        timezone: "Europe/Berlin".to_string(),
        missed: Missed::All,
        body: "tick".to_string(),
    };
    let deployed =
        house.deploy("clock", samples::ECHO, |spec| spec.triggers = vec![trigger.clone()]).await;
    assert!(deployed.status.is_success(), "{deployed:?}");
    let ticks = results(&house, "clock", 2).await;
    assert!(ticks.iter().all(|tick| tick == "tick"), "{ticks:?}");
    let before = count(&house).await;
    let folder = house.down().await;
    // Real time has to pass for runs to be missed.
    tokio::time::sleep(Duration::from_secs(3)).await;
    let house = House::up_in(folder, |_| {}).await;
    let after = results(&house, "clock", before + 3).await;
    assert!(after.len() >= before + 3);
    // Taken out, it is called no more.
    house.deploy("clock", samples::ECHO, |_| {}).await;
    let still = count(&house).await;
    tokio::time::sleep(Duration::from_millis(2_200)).await;
    assert!(count(&house).await <= still + 1);
    house.down().await;
}

async fn count(house: &House) -> usize {
    let all = house.get("/v1/invocations").await.json();
    all.as_array().map_or(0, Vec::len)
}

/// A broker of its own for a test, if this machine has one.
struct Mosquitto {
    child: Child,
    port: u16,
}

impl Mosquitto {
    fn start(port: Option<u16>, folder: &std::path::Path) -> Option<Self> {
        let free = || {
            let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
            listener.local_addr().expect("it has one").port()
        };
        let port = port.unwrap_or_else(free);
        let file = folder.join("mosquitto.conf");
        let text = format!("listener {port} 127.0.0.1\nallow_anonymous true\nuser root\n");
        std::fs::write(&file, text).expect("it is written");
        let command = Command::new("mosquitto")
            .arg("-c")
            .arg(&file)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        match command {
            Ok(child) => Some(Self { child, port }),
            Err(error) => {
                assert!(std::env::var_os("CI").is_none(), "no mosquitto in CI: {error}");
                println!("SKIPPED: this machine has no `mosquitto` ({error})");
                None
            }
        }
    }
}

impl Drop for Mosquitto {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Publishes until the broker takes it; it may still be coming up.
async fn publish(port: u16, topic: &str, text: &str) {
    for _ in 0..500 {
        let status = Command::new("mosquitto_pub")
            .args(["-p", &port.to_string(), "-q", "1", "-t", topic, "-m", text])
            .stderr(Stdio::null())
            .status()
            .expect("it comes with the broker");
        if status.success() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("the broker never came up");
}

#[tokio::test(flavor = "multi_thread")]
async fn messages_of_a_broker_become_calls() {
    let folder = tempfile::tempdir().expect("a folder for the test");
    let Some(broker) = Mosquitto::start(None, folder.path()) else { return };
    let port = broker.port;
    let house = House::up().await;
    let trigger = |topic: &str| Trigger::Mqtt {
        broker: format!("mqtt://127.0.0.1:{port}"),
        topic: topic.to_string(),
        qos: 1,
        username: None,
        password_secret: None,
    };
    for (name, topic) in [("heat", "box/+/heat"), ("all", "box/#")] {
        house.deploy(name, samples::ECHO, |spec| spec.triggers = vec![trigger(topic)]).await;
    }
    // Until a subscription stands, a message reaches nobody.
    let subscribed = async {
        while count(&house).await == 0 {
            publish(port, "box/hello", "hello").await;
        }
    };
    subscribed.await;
    publish(port, "box/1/heat", "21").await;
    publish(port, "box/1/dust", "3").await;
    publish(port, "shop/1/heat", "0").await;
    assert_eq!(results(&house, "heat", 1).await, ["21"]);
    let path = "/v1/invocations?function=all&state=done";
    until(&house, path, |calls| calls.as_array().is_some_and(|calls| calls.len() >= 3)).await;

    // What comes while the node is away comes afterwards.
    let away = house.down().await;
    publish(port, "box/2/heat", "22").await;
    let house = House::up_in(away, |_| {}).await;
    assert_eq!(results(&house, "heat", 2).await, ["21", "22"]);
    house.down().await;
}
