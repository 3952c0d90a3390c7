//! Clients that are slow or leave: their guests are stopped in time, and others are unhurt.

use std::io::{Read, Write};
use std::sync::{Mutex, Weak};

use swell_samples::samples;

use crate::node::{Node, until};
use crate::wire::{connect, head, read};

static NODE: Mutex<Weak<Node>> = Mutex::new(Weak::new());

/// What the node has, and a function beside that is well.
fn node() -> std::sync::Arc<Node> {
    let node = Node::shared(&NODE);
    node.deploy("well", samples::HELLO, "");
    node
}

fn idle_again(node: &Node, name: &str) {
    until(&format!("no instance of `{name}` is busy"), || {
        (node.about(name)["instances"]["busy"] == 0).then_some(())
    });
}

fn outcome(node: &Node, name: &str, outcome: &str) -> f64 {
    let lines = format!("function=\"{name}\"");
    let text = node.get("/metrics").text();
    let wanted = format!("outcome=\"{outcome}\"");
    let samples = text.lines().filter(|line| {
        line.starts_with("swell_invocations_total")
            && line.contains(&lines)
            && line.contains(&wanted)
    });
    samples.filter_map(|line| line.rsplit(' ').next()?.parse::<f64>().ok()).sum()
}

#[test]
fn a_request_that_trickles_is_ended_by_the_deadline() {
    let node = node();
    // One reads all before it answers, the other answers piece by piece.
    for (name, code) in [("trickle", samples::SHOUT), ("trickle-on", samples::ECHO)] {
        node.deploy(name, code, "--timeout 500ms");
        let mut stream = connect(&node.address);
        let path = format!("/function/{name}");
        let head = head(&node.address, "POST", &path, "content-length: 1000000\r\n");
        stream.write_all(head.as_bytes()).expect("the node reads");
        let mut trickling = stream.try_clone().expect("sockets can be shared");
        let answer = std::thread::scope(|scope| {
            scope.spawn(move || {
                until("the node has had enough", || trickling.write_all(b"x").err());
            });
            until("the function is called", || {
                (node.about(name)["calls"]["total"] == 1).then_some(())
            });
            assert_eq!(node.call("well", b"").status, 200);
            read(stream)
        });
        match name {
            "trickle" => assert_eq!((answer.status, answer.code().as_str()), (504, "timed-out")),
            _ => assert!(answer.status == 200 && !answer.whole, "{answer:?}"),
        }
        idle_again(&node, name);
        assert_eq!(outcome(&node, name, "timed-out"), 1.0, "{name}");
    }
}

#[test]
fn an_answer_that_nobody_takes_is_ended_by_the_deadline() {
    let node = node();
    // More ticks than sockets and buffers hold.
    node.deploy("stalled", samples::EVENTS, "--timeout 1s");
    let mut stream = connect(&node.address);
    let head = head(&node.address, "GET", "/function/stalled?n=1000000000", "");
    stream.write_all(head.as_bytes()).expect("the node reads");
    stream.read_exact(&mut [0; 12]).expect("the answer begins");
    assert_eq!(node.call("well", b"").status, 200);
    idle_again(&node, "stalled");
    assert_eq!(outcome(&node, "stalled", "timed-out"), 1.0);
    // Whoever begins to read then finds that it breaks off.
    let mut rest = Vec::new();
    let _ = stream.read_to_end(&mut rest);
    assert!(!rest.ends_with(b"0\r\n\r\n"));
}

#[test]
fn who_leaves_stops_the_guest() {
    let node = node();
    node.deploy("left", samples::WORK, "--timeout 1h");
    node.deploy("left-midway", samples::EVENTS, "--timeout 1h");
    for (name, path) in [
        ("left", "/function/left?m=3000000"),
        ("left-midway", "/function/left-midway?n=1000&m=3000"),
    ] {
        let mut stream = connect(&node.address);
        let head = head(&node.address, "GET", path, "");
        stream.write_all(head.as_bytes()).expect("the node reads");
        until("the guest is at work", || {
            let instances = node.fine(&format!("ps {name} -o json")).json();
            let mut states = instances.as_array().expect("a list").iter();
            states.any(|one| one["state"] == "busy" && one["active"] == 1).then_some(())
        });
        drop(stream);
        idle_again(&node, name);
        assert_eq!(outcome(&node, name, "cancelled"), 1.0, "{name}");
        until("the node works on nothing any longer", || {
            (node.metric("swell_inflight_requests") == 0.0).then_some(())
        });
    }
}
