//! Functions of a workload on three nodes: calls go to the nodes of its group, where the data is,
//! and to others only if no member is suitable; these join. And `swell cache why` says so.

use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use swell_samples::samples;
use ureq::Agent;

use crate::callers::get;
use crate::circle::{Circle, Making, PATIENCE};

/// How long a picture is.
const PICTURE: usize = 1 << 20;

/// Nodes fetch slowly, so that a picture takes longer than a call to another node, however busy
/// this machine is.
fn slowly(_: &Path, _: &str) -> Vec<(String, String)> {
    vec![("SWELL__CACHE__BANDWIDTH".to_string(), "64KiB".to_string())]
}

pub(crate) fn agent() -> Agent {
    let config = Agent::config_builder()
        .http_status_as_error(false)
        .timeout_global(Some(Duration::from_secs(60)));
    config.build().into()
}

fn put(url: &str, body: &[u8]) -> u16 {
    let put = agent().put(url).content_type("application/json").send(body);
    put.expect("the node answers").status().as_u16()
}

/// Deploys the function that keeps and shows pictures.
pub(crate) fn deploy(circle: &Circle, node: usize, name: &str, change: &Value) {
    let url = circle.url(node);
    let mut sent = agent().post(format!("{url}/v1/code")).send(samples::ALBUM).expect("it answers");
    let code: Value = serde_json::from_slice(&sent.body_mut().read_to_vec().expect("a body"))
        .expect("it is JSON");
    let mut spec = json!({
        "name": name,
        "code": code["digest"],
        "memory_bytes": 32 << 20,
        "key_value": ["album=content:shop"],
    });
    let object = spec.as_object_mut().expect("it is an object");
    object.extend(change.as_object().expect("it is an object").clone());
    let status = put(&format!("{url}/v1/functions/{name}"), spec.to_string().as_bytes());
    assert!((200..300).contains(&status), "{status}");
}

/// Calls the function at a node for a picture; who ran it, and how long the picture is. A call that
/// was on its way to a node that died is told so, and made again.
fn show(circle: &Circle, node: usize, picture: &str) -> (String, usize) {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let called = agent().post(format!("{}/function/album/{picture}", circle.url(node)));
        let mut answer = called.send_empty().expect("the node answers");
        let ran = answer.headers().get("x-swell-node").map(|node| node.to_str().expect("a name"));
        let ran = ran.map_or_else(|| circle.name(node).to_string(), str::to_string);
        let status = answer.status();
        let read = answer.body_mut().with_config().limit(64 << 20).read_to_vec();
        let body = read.expect("all of it comes");
        if status == 200 {
            return (ran, body.len());
        }
        let told = String::from_utf8_lossy(&body).into_owned();
        assert!(status == 503 && told.contains("ran elsewhere"), "{status} by {ran}: {told}");
        assert!(Instant::now() < deadline, "{told}");
    }
}

/// What `swell cache why` says at a node, once it says what it should.
fn why(circle: &Circle, node: usize, asked: &str, expected: &[&str]) -> String {
    told(circle, node, &format!("why {asked}"), expected)
}

/// What a node tells, once it tells all of this.
pub(crate) fn told(circle: &Circle, node: usize, asked: &str, expected: &[&str]) -> String {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let words = format!("cache {asked} --node {}", circle.url(node));
        let ran = circle.command(&words).output().expect("the program runs");
        let (out, err) = (ran.stdout, ran.stderr);
        let said = [out, err].map(|text| String::from_utf8_lossy(&text).into_owned()).concat();
        if expected.iter().all(|part| said.contains(part)) {
            return said;
        }
        assert!(Instant::now() < deadline, "{asked}: no {expected:?} in\n{said}");
        std::thread::sleep(Duration::from_millis(100));
    }
}

/// A call that is left for later goes the same way.
fn later(circle: &Circle, left: usize, ran: usize) {
    let calls = |node| {
        let page = circle.page(node, "/v1/functions/album").expect("the node answers");
        page["calls"]["total"].as_u64().expect("a count")
    };
    let before = [left, ran].map(calls);
    let url = circle.url(left);
    let called = agent().post(format!("{url}/async-function/album/cat")).send_empty();
    let called = called.expect("the node answers");
    assert_eq!(called.status(), 202);
    let place = called.headers().get("location").expect("it says where");
    let place = format!("{url}{}/result", place.to_str().expect("a path"));
    let deadline = Instant::now() + PATIENCE;
    loop {
        let mut result = agent().get(&place).call().expect("the node answers");
        if result.status() == 200 {
            let body = result.body_mut().with_config().limit(64 << 20).read_to_vec();
            assert_eq!(body.expect("all of it comes").len(), PICTURE);
            break;
        }
        assert!(Instant::now() < deadline, "no result: {}", result.status());
        std::thread::sleep(Duration::from_millis(50));
    }
    assert_eq!([left, ran].map(calls), [before[0], before[1] + 1]);
}

fn pause(circle: &Circle, node: usize, paused: bool) {
    let patch = agent().patch(format!("{}/v1/functions/album", circle.url(node)));
    let patch = patch.content_type("application/json").send(json!({"paused": paused}).to_string());
    assert_eq!(patch.expect("the node answers").status(), 200);
}

#[test]
fn calls_go_where_their_data_is_and_others_join_when_no_member_is_suitable() {
    let circle = Circle::made(Making { environment: Some(slowly), ..Making::default() });
    let (berlin, oslo, paris) = (circle.node("berlin"), circle.node("oslo"), circle.node("paris"));
    for node in [berlin, oslo, paris] {
        deploy(&circle, node, "album", &json!({"workload": "shop"}));
    }
    // Nobody has anything: the first call runs where it came, and makes that node a member.
    let picture = vec![b'x'; PICTURE];
    let made = format!("{}/v1/content/shop/cat", circle.url(berlin));
    assert_eq!(put(&made, &picture), 201);
    assert_eq!(show(&circle, berlin, "cat"), ("berlin".to_string(), PICTURE));

    // From then on calls that come elsewhere go there.
    let to_berlin = ["named by its author", "would go to `berlin`, which is in its group"];
    why(&circle, oslo, "album", &to_berlin);
    assert_eq!(show(&circle, oslo, "cat"), ("berlin".to_string(), PICTURE));
    let said = why(&circle, oslo, "album", &["1048576 bytes to fetch", "usually reads `shop/cat`"]);
    println!("{said}");
    why(
        &circle,
        berlin,
        "shop/cat",
        &["`shop` (its workload): this node is in it, as it caches 1"],
    );

    later(&circle, oslo, berlin);

    // Another member without the data is a member, and yet the data decides.
    assert_eq!(put(&format!("{}/v1/content/shop/dog", circle.url(oslo)), b"a dog"), 201);
    why(&circle, oslo, "album", &["`oslo`: processing", "in the group: it caches 1"]);
    assert_eq!(show(&circle, oslo, "cat"), ("berlin".to_string(), PICTURE));

    // It is the next best where the best has no room.
    pause(&circle, berlin, true);
    // Also while that is not known there yet: what was not tried comes back.
    assert_eq!(show(&circle, oslo, "cat"), ("oslo".to_string(), PICTURE));
    why(&circle, paris, "album", &["`berlin`: no room", "would go to `oslo`"]);
    assert_eq!(show(&circle, paris, "cat"), ("oslo".to_string(), PICTURE));

    // No member is suitable: another node runs the call, and has joined the group by it.
    pause(&circle, oslo, true);
    why(&circle, oslo, "album", &["would go to `paris`, which joins its group by it"]);
    assert_eq!(show(&circle, oslo, "cat"), ("paris".to_string(), PICTURE));
    why(&circle, paris, "shop/cat", &["taken from outside by `oslo`"]);
    let groups = told(&circle, oslo, "groups", &["berlin", "paris"]);
    println!("{groups}");

    let page = |node: usize| {
        let (_, body) = get(&format!("{}/metrics", circle.url(node))).expect("it answers");
        String::from_utf8(body).expect("it is text")
    };
    assert!(!page(oslo).contains("swell_cache_placements_total{went=\"passed\"} 0"));
    assert!(!page(berlin).contains("swell_cache_placements_total{went=\"taken\"} 0"));
    assert!(page(berlin).contains("swell_cache_placements_total{went=\"taken\"}"));

    // A node that is gone costs nobody an answer.
    pause(&circle, paris, true);
    pause(&circle, berlin, false);
    why(&circle, oslo, "album", &["would go to `berlin`, which is in its group"]);
    pause(&circle, oslo, false);
    circle.kill(berlin);
    for _ in 0..5 {
        assert_eq!(show(&circle, oslo, "cat"), ("oslo".to_string(), PICTURE));
    }
}

#[test]
fn what_a_function_declares_counts_before_its_first_call() {
    let circle = Circle::made(Making { environment: Some(slowly), ..Making::default() });
    let (berlin, oslo, paris) = (circle.node("berlin"), circle.node("oslo"), circle.node("paris"));
    for node in [berlin, oslo, paris] {
        deploy(&circle, node, "album", &json!({"workload": "shop", "inputs": ["cat", "gone"]}));
    }
    let made = format!("{}/v1/content/shop/cat", circle.url(berlin));
    assert_eq!(put(&made, &vec![b'x'; PICTURE]), 201);
    // Another member, where the call comes, and yet not where its data is.
    assert_eq!(put(&format!("{}/v1/content/shop/dog", circle.url(oslo)), b"a dog"), 201);
    let expected = [
        "would go to `berlin`, which is in its group",
        "1048576 bytes to fetch; in the group: it caches 1",
        "reads `shop/cat` (1048576 bytes)",
    ];
    println!("{}", why(&circle, oslo, "album", &expected));
    assert_eq!(show(&circle, oslo, "cat"), ("berlin".to_string(), PICTURE));
}

#[test]
fn groups_that_nobody_named_are_found_in_what_calls_read() {
    let circle = Circle::made(Making { workloads: "shop", ..Making::default() });
    let (berlin, oslo) = (circle.node("berlin"), circle.node("oslo"));
    for node in [berlin, oslo] {
        deploy(&circle, node, "album", &json!({}));
    }
    why(&circle, berlin, "album", &["nothing is known of the workload"]);
    for picture in ["a", "b", "c"] {
        let url = format!("{}/v1/content/shop/{picture}", circle.url(berlin));
        assert_eq!(put(&url, picture.as_bytes()), 201);
    }
    for _ in 0..6 {
        assert_eq!(show(&circle, berlin, "a+b+c"), ("berlin".to_string(), 3));
    }
    let found = ["`shared-", "it reads what others read too: 3 contents found together"];
    println!("{}", why(&circle, berlin, "album", &found));
    why(
        &circle,
        berlin,
        "shop/b",
        &["`shop` (its workload)", "(3 contents that are read together)"],
    );
    // The other node, where none of it ran, knows it as well, and that the first has the data.
    let elsewhere = [&found[..], &["would go to `berlin`, which is in its group"]].concat();
    why(&circle, oslo, "album", &elsewhere);
    assert_eq!(show(&circle, oslo, "a+b+c"), ("berlin".to_string(), 3));
    // Sorted by its label where nothing is read together.
    deploy(&circle, oslo, "sensor", &json!({"labels": {"location": "u33d"}}));
    why(&circle, oslo, "sensor", &["`location-u33d`", "it is about the place `u33d`"]);
    deploy(&circle, oslo, "sensor", &json!({"labels": {"warning": "flood", "location": "u33d"}}));
    why(&circle, oslo, "sensor", &["`warning-flood`"]);
    deploy(&circle, oslo, "sensor", &json!({"labels": {"freshness": "5s"}}));
    why(&circle, oslo, "sensor", &["`fresh-3`"]);
}
