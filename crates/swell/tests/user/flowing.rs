//! Functions hand data on through flows: a thousand items, kills, and a person who looks and
//! moves them.

use std::thread::JoinHandle;

use swell_samples::samples;

use crate::node::{Node, Ran, until};
use crate::wire::request;

const FUNCTIONS: &str = "version = 1\n\
    [[function]]\nname = \"camera\"\ncode = \"camera.wasm\"\nmemory = \"8MiB\"\n\
    [[function]]\nname = \"detect\"\ncode = \"detect.wasm\"\nmemory = \"8MiB\"\n\
    key-value = [\"seen\"]\n\
    [[function]]\nname = \"lite\"\ncode = \"camera.wasm\"\nmemory = \"8MiB\"\n";

/// A node with a flow `frames` from `camera`, which passes on what it is sent, to `detect`,
/// which keeps it; with more lines of the flow's manifest.
fn with_flow(lines: &str) -> Node {
    let node = Node::up("");
    node.write("camera.wasm", samples::ECHO);
    node.write("detect.wasm", samples::COLLECT);
    let flow = "[[flow]]\nname = \"frames\"\nfrom = \"camera\"\nto = \"detect\"\n";
    node.write("app.toml", format!("{FUNCTIONS}{flow}{lines}").as_bytes());
    node.fine("deploy -f app.toml");
    node
}

fn frames(node: &Node) -> serde_json::Value {
    node.fine("flow show frames -o json").json()
}

/// What `detect` was called with.
fn seen(node: &Node) -> Vec<u32> {
    let answer = node.call("detect", b"");
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.text().lines().map(|line| line.parse().expect("a number")).collect()
}

#[test]
fn a_thousand_items_arrive_once_and_in_order() {
    let node = with_flow("item = \"4KiB\"\nrate = 200\n");
    for number in 0..1_000u32 {
        let answer = node.call("camera", number.to_string().as_bytes());
        assert_eq!(answer.status, 200, "{number}: {answer:?}");
    }
    until("all are done", || (frames(&node)["items"]["done"] == 1_000).then_some(()));
    assert_eq!(seen(&node), (0..1_000).collect::<Vec<_>>());
    assert_eq!(node.metric("swell_flow_items_total{flow=\"frames\",outcome=\"done\"}"), 1_000.0);
    assert_eq!(node.metric("swell_flow_items_total{flow=\"frames\",outcome=\"again\"}"), 0.0);
    node.stop();
}

/// Calls `camera` with one number after the other until the node is gone; how many calls it
/// answered.
fn film(address: String, from: u32) -> JoinHandle<u32> {
    std::thread::spawn(move || {
        for number in from.. {
            let body = number.to_string();
            let length = format!("content-length: {}\r\n", body.len());
            let call = std::panic::catch_unwind(|| {
                request(&address, "POST", "/function/camera", &length, body.as_bytes())
            });
            match call {
                Ok(answer) if answer.status == 200 && answer.whole => {}
                _ => return number,
            }
        }
        unreachable!("numbers do not end before the node")
    })
}

#[test]
fn what_was_acknowledged_is_done_after_kills_and_in_order() {
    let mut node = with_flow("item = \"256B\"\nack = \"consume\"\n");
    let mut next = 0;
    let mut acknowledged = Vec::new();
    for round in 1..=3u64 {
        let filming = film(node.address.clone(), next);
        let enough = round * 30;
        until("items are done", || {
            (frames(&node)["items"]["done"].as_u64() >= Some(enough)).then_some(())
        });
        let folder = node.kill();
        let first_lost = filming.join().expect("it ends with the node");
        acknowledged.extend(next..first_lost);
        // Whether the last call made an item nobody knows; the next has another number.
        next = first_lost + 1;
        node = Node::on(folder, "");
        node.running.told("1 flow");
    }
    until("all are done", || (frames(&node)["depth"] == 0).then_some(()));
    let seen = seen(&node);
    // In order; what was being done when the node was killed may be done again, at once.
    assert!(seen.is_sorted(), "{seen:?}");
    let mut once = seen.clone();
    once.dedup();
    assert!(seen.len() - once.len() <= 3, "one for each kill: {seen:?}");
    let missing: Vec<_> = acknowledged.iter().filter(|number| !once.contains(number)).collect();
    assert!(missing.is_empty(), "{missing:?} of {acknowledged:?} are missing in {seen:?}");
    let surplus = once.iter().filter(|number| !acknowledged.contains(number)).count();
    assert!(surplus <= 3, "{surplus} that nobody was told of: {seen:?}");
    node.stop();
}

#[test]
fn flows_are_planned_looked_at_and_moved() {
    let node = with_flow("owners = [\"lite\"]\nitem = \"64B\"\nfull = \"spill\"\n");
    assert_eq!(node.run("plan").code, Some(0));
    assert_eq!(node.fine("flow list -o name").out, "frames\n");
    assert!(node.fine("flow list -o wide").out.contains("16KiB"));
    let top = node.fine("top -n 2 --every 100ms").out;
    for (shown, often) in [("frames ", 2), ("camera ", 2), ("detect ", 3), ("requests wait", 2)] {
        assert!(top.matches(shown).count() >= often, "no {shown:?} in\n{top}");
    }
    let explained = node.fine("flow explain frames").out;
    assert!(explained.starts_with("`frames` is with `detect`: it stays: "), "{explained}");

    assert!(node.fine("flow migrate frames lite").told.contains("goes to `lite`, in epoch 2"));
    assert_eq!(node.call("camera", b"1").status, 200);
    until("it is done", || (frames(&node)["items"]["done"] == 1).then_some(()));
    assert_eq!(seen(&node), [0u32; 0], "`lite` had it");
    node.run("flow migrate frames camera").ended(1, "cannot own the flow");
    node.fine("flow pin frames detect");
    node.run("flow migrate frames lite").ended(1, "is pinned to `detect`");
    assert!(node.fine("flow show frames").out.contains("pinned"));
    node.fine("flow unpin frames");
    node.fine("flow freeze frames");
    assert!(node.fine("flow explain frames").out.contains("a person froze it"));
    node.fine("flow unfreeze frames");
    node.run("flow show other").ended(1, "no flow `other`");

    let flow = "[[flow]]\nname = \"frames\"\nfrom = \"camera\"\nto = \"detect\"\nbatch = 9\n";
    node.write("app.toml", format!("{FUNCTIONS}{flow}").as_bytes());
    let planned = node.run("plan");
    planned.ended(1, "~ flow/frames: a new version\n    batch: 1 -> 9");
    for (lines, words) in [
        ("to = \"nobody\"\n", "`to` names `nobody`"),
        ("to = \"camera\"\n", "go round in a circle"),
        ("to = \"detect\"\nitem = \"9MiB\"\n", "half of the largest size class"),
        ("to = \"detect\"\nfull = \"melt\"\n", "`melt` is none of `block`"),
        ("to = \"detect\"\nrat = 3\n", "did you mean `rate`?"),
    ] {
        let flow = format!("[[flow]]\nname = \"frames\"\nfrom = \"camera\"\n{lines}");
        node.write("app.toml", format!("{FUNCTIONS}{flow}").as_bytes());
        let ran = node.run("deploy -f app.toml");
        assert!(ran.code != Some(0) && ran.told.contains(words), "{words}: {ran:?}");
    }
    assert_eq!(frames(&node)["spec"]["batch"], 1);
    node.write("app.toml", FUNCTIONS.as_bytes());
    assert!(node.fine("deploy -f app.toml --prune").told.contains("flow/frames: removed"));
    assert_eq!(node.fine("flow list -o name").out, "");
    node.stop();
}

#[test]
fn flows_are_recorded_and_played() {
    let node = with_flow("owners = [\"lite\"]\nitem = \"64B\"\n");
    node.run("flow record other --for 1s -o flows.csv").ended(2, "no flow `other`");
    let recorder = {
        let mut command = node.command("flow record --for 2s -o flows.csv");
        std::thread::spawn(move || Ran::with(command.output().expect("the program starts")))
    };
    for number in 0..100u32 {
        assert_eq!(node.call("camera", number.to_string().as_bytes()).status, 200);
    }
    let ran = recorder.join().expect("it ends");
    ran.ended(0, "rows in 2.");
    let played = node.fine("sim flow --recording flows.csv --seeds 1 -o json -o flows.html").json();
    let rules: Vec<_> = played.as_array().expect("rows").iter().map(|row| &row["rule"]).collect();
    assert_eq!(rules.len(), 8, "{rules:?}");
    let page = std::fs::read_to_string(node.folder.0.join("flows.html")).expect("a page");
    assert!(page.contains("1 flows and 2 owners for"), "it says what was played");
    let own = "--policy never --policy measured:latency=5ms --bound 5ms --pause 1ms";
    let played = node.fine(&format!("sim flow --recording flows.csv --seeds 1 {own} -o json"));
    let rules: Vec<_> = played.json().as_array().expect("rows").clone();
    assert_eq!(rules[1]["rule"], "measured:latency=5ms", "{rules:?}");
    node.run("sim flow --policy measurd").ended(2, "did you mean `measured`?");
    node.write("flows.csv", b"at_ms,flow\n");
    node.run("sim flow --recording flows.csv").ended(2, "nothing to play");
    node.write("flows.csv", b"hello\n1\n");
    node.run("sim flow --recording flows.csv").ended(2, "not a recording of flows");
    node.run("flow migrate frames --to-node nowhere").ended(1, "is no node");
    node.run("flow migrate frames --to-node berlin=127.0.0.1:1")
        .ended(1, "this node speaks to no others");
    node.stop();
}
