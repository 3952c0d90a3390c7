//! A node that has no room for clones asks one nearby to make them, and calls go there.

use std::path::Path;
use std::time::{Duration, Instant};

use ureq::Agent;

use crate::callers::get;
use crate::circle::{Circle, Making, PATIENCE};

/// A second of the wall's is ten of a node's.
fn fast(_: &Path, _: &str) -> Vec<(String, String)> {
    let settings = [
        ("SWELL__NODE__SPEED", "10"),
        ("SWELL__FORECAST__MODE", "on"),
        ("SWELL__FORECAST__STEP", "1m"),
    ];
    settings.map(|(key, value)| (key.to_string(), value.to_string())).to_vec()
}

/// Called each second by a clock, where it has one; starts take half a second of the wall's, which
/// is more than the way to any node of this machine.
const TICK: &str = r#"
[[function]]
name = "tick"
backend = "modelled"
model = { start = "5s", run = "500ms" }
memory = "32MiB"
max-idle = "4s"
workload = "shop"
"#;
const CLOCK: &str = "triggers = [{ type = \"cron\", schedule = \"* * * * * *\" }]\n";
/// Has nearly all of the memory of a node, and never gives it up.
const FULL: &str = r#"
[[function]]
name = "full"
backend = "modelled"
model = { start = "1s", run = "1s" }
memory = "240MiB"
min-warm = 1
pinned = true
"#;

fn deploy(circle: &Circle, node: usize, manifest: &str) {
    let file = format!("{}.toml", circle.name(node));
    let text = format!("version = 1\n{manifest}");
    std::fs::write(circle.folder.0.join(&file), text).expect("the folder can be written");
    let words = format!("deploy -f {file} --node {}", circle.url(node));
    let ran = circle.command(&words).output().expect("the program runs");
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
}

/// A figure of a node; 0 while it does not tell.
fn figure(circle: &Circle, node: usize, name: &str) -> f64 {
    let page = get(&format!("{}/metrics", circle.url(node)));
    let page = page.map(|(_, body)| String::from_utf8(body).expect("it is text"));
    let page = page.unwrap_or_default();
    let line = page.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    line.and_then(|value| value.trim().parse().ok()).unwrap_or(0.0)
}

fn until(what: &str, is_so: impl Fn() -> bool) {
    let begun = Instant::now();
    while !is_so() {
        assert!(begun.elapsed() < PATIENCE, "it never comes that {what}");
        std::thread::sleep(Duration::from_millis(100));
    }
    println!("{what}, after {:?}", begun.elapsed());
}

#[test]
fn a_node_without_room_has_clones_made_nearby_and_calls_follow_them() {
    let circle = Circle::made(Making { environment: Some(fast), ..Making::default() });
    let (berlin, oslo, paris) = (circle.node("berlin"), circle.node("oslo"), circle.node("paris"));
    deploy(&circle, oslo, TICK);
    deploy(&circle, berlin, FULL);
    until("its memory is full", || {
        figure(&circle, berlin, "swell_starts_total{cause=\"min-warm\"}") >= 1.0
    });
    deploy(&circle, berlin, &format!("{FULL}{TICK}{CLOCK}"));

    until("the node without room asks", || {
        figure(&circle, berlin, "swell_decisions_total{action=\"ask-nearby\"}") >= 1.0
    });
    until("the one nearby makes clones", || {
        figure(&circle, oslo, "swell_starts_total{cause=\"clone\"}") >= 1.0
    });
    until("calls go there and find them", || {
        figure(&circle, oslo, "swell_clones_total{fate=\"used\"}") >= 2.0
    });
    until("the node without room hears of their ends", || {
        figure(&circle, berlin, "swell_cache_placements_total{went=\"passed\"}") >= 1.0
    });
    assert_eq!(figure(&circle, berlin, "swell_starts_total{cause=\"clone\"}"), 0.0);
    // Who does not serve it is not asked.
    assert_eq!(figure(&circle, paris, "swell_starts_total{cause=\"clone\"}"), 0.0);

    // What was asked and promised is news of the mind, so a journal of it replays.
    for node in [berlin, oslo] {
        let name = circle.name(node);
        let words = format!("journal save {name}.bin --node {}", circle.url(node));
        let saved = circle.command(&words).output().expect("the program runs");
        assert!(saved.status.success(), "{}", String::from_utf8_lossy(&saved.stderr));
        let replayed = circle.command(&format!("replay {name}.bin")).output();
        let replayed = replayed.expect("the program runs");
        let said = String::from_utf8_lossy(&replayed.stdout).into_owned();
        assert!(said.starts_with("identical: "), "{name}: {said}");
    }

    // Who calls at the full node while others have clones is answered by them.
    let agent: Agent = Agent::config_builder()
        .http_status_as_error(false)
        .timeout_global(Some(PATIENCE))
        .build()
        .into();
    until("a call of a person goes there", || {
        let called = agent.post(format!("{}/function/tick", circle.url(berlin))).send_empty();
        let ran = called.ok().and_then(|called| called.headers().get("x-swell-node").cloned());
        ran.is_some_and(|node| node == "oslo")
    });
}
