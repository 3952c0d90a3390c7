//! The node is killed under processes that take part; they wait for it and go on.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::node::{Node, until};
use crate::stage::{PATIENCE, consumer, frames, number, producer, seen, with_flow};

#[test]
fn a_producer_outlives_its_node() {
    let mut node = with_flow("from = \"native:sensor\"\nto = \"detect\"\nitem = \"256B\"\n");
    let mut sensor = producer(&node, "sensor");
    let putting = std::thread::spawn(move || {
        for number in 0..400u32 {
            sensor.push(number.to_string().as_bytes(), None).expect("the node comes back");
            std::thread::sleep(Duration::from_millis(2));
        }
        sensor.flush(Some(PATIENCE)).expect("the node comes back");
        (sensor.next(), sensor.lost())
    });
    for round in 1..=3u64 {
        until("some are done", || {
            (frames(&node)["items"]["done"].as_u64() >= Some(20 * round)).then_some(())
        });
        node = Node::on(node.kill(), "");
    }
    assert_eq!(putting.join().expect("it ends well"), (400, 0));
    until("all are done", || (frames(&node)["depth"] == 0).then_some(()));
    let seen = seen(&node);
    // What was being done when the node was killed may be done again, at once.
    assert!(seen.is_sorted(), "{seen:?}");
    let mut once = seen.clone();
    once.dedup();
    assert_eq!(once, (0..400).collect::<Vec<_>>());
    assert!(seen.len() - once.len() <= 3, "one for each kill: {seen:?}");
    node.stop();
}

#[test]
fn a_consumer_outlives_its_node() {
    let mut node = with_flow("from = \"camera\"\nto = \"native:viewer\"\nitem = \"256B\"\n");
    let mut viewer = consumer(&node, "viewer");
    let taking = std::thread::spawn(move || {
        // The effect of an item is recorded under its name.
        let (mut effects, mut order) = (BTreeMap::new(), Vec::new());
        while effects.len() < 120 {
            let item = viewer.pop(Some(PATIENCE)).expect("the node comes back").expect("in time");
            if effects.insert(item.name(), item.payload.clone()).is_none() {
                order.push(item.sequence);
            }
            if order.len() % 3 == 0 {
                viewer.done();
            }
        }
        viewer.done();
        order
    });
    let mut acknowledged = 0;
    for _ in 0..4 {
        for _ in 0..30 {
            assert_eq!(node.call("camera", b"x").status, 200);
            acknowledged += 1;
        }
        if acknowledged < 120 {
            node = Node::on(node.kill(), "");
        }
    }
    let order = taking.join().expect("it ends well");
    assert_eq!(order, (0..120).collect::<Vec<_>>(), "each once and in order");
    until("all are done", || (frames(&node)["depth"] == 0).then_some(()));
    node.stop();
}

#[test]
fn commands_say_what_they_wait_for_and_end_where_it_does_not_come() {
    use std::io::{BufRead, BufReader, Write};
    use std::process::{Child, Stdio};
    let waits = |child: &mut Child, what: &str| {
        let errors = child.stderr.take().expect("it is piped");
        let lines = BufReader::new(errors).lines().map(|line| line.expect("text"));
        let lines: Vec<String> = lines.collect();
        assert!(lines.iter().any(|line| line.contains("waiting for up to")), "{what}: {lines:?}");
        lines
    };
    let node = with_flow("from = \"native:sensor\"\nto = \"native:viewer\"\n");
    let end = format!("--patience 5s --socket {}", crate::stage::socket(&node).display());
    let start = |words: &str| {
        let mut command = node.command(&format!("flow {words} {end}"));
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command.spawn().expect("it starts")
    };
    let mut send = start("send frames --as sensor");
    let mut receive = start("receive frames --as viewer --idle 60s");
    let mut lines = send.stdin.take().expect("it is piped");
    lines.write_all(b"one\n").expect("it reads");
    let mut out = BufReader::new(receive.stdout.take().expect("it is piped"));
    let mut line = String::new();
    out.read_line(&mut line).expect("text");
    assert_eq!(line, "one\n", "both take part");
    let node = Node::on(node.kill(), "");
    lines.write_all(b"two\n").expect("it reads");
    line.clear();
    // Given out again, if the node was killed before it had heard that it was done.
    while line != "two\n" {
        line.clear();
        assert_ne!(out.read_line(&mut line).expect("text"), 0, "it goes on with the next node");
    }
    drop(node.kill());
    lines.write_all(b"three\n").expect("it reads");
    drop(lines);
    for (mut child, what) in [(send, "`send`"), (receive, "`receive`")] {
        let rest = waits(&mut child, what);
        assert!(rest.iter().any(|line| line.contains("no node answers")), "{what}: {rest:?}");
        assert_eq!(child.wait().expect("it ends").code(), Some(1), "{what}");
    }
}

#[test]
fn what_a_killed_node_had_not_accepted_is_told_with_append() {
    let node = with_flow("from = \"native:sensor\"\nto = \"native:viewer\"\nack = \"append\"\n");
    let (mut sensor, mut viewer) = (producer(&node, "sensor"), consumer(&node, "viewer"));
    sensor.push(b"1", None).expect("there is room");
    sensor.flush(Some(PATIENCE)).expect("it is accepted");
    assert_eq!(number(&mut viewer), Some(1));
    let folder = node.kill();
    // Nobody has noticed yet; these lie in memory that nobody reads any more.
    sensor.push(b"2", None).expect("there is room");
    sensor.push(b"3", None).expect("there is room");
    // Neither waits longer for the node than it is told.
    let short = Some(Duration::from_millis(30));
    let away = sensor.flush(short).expect_err("the node is away");
    assert!(away.to_string().contains("no node answers"), "{away}");
    assert_eq!(viewer.pop(short).expect("it may come back"), None);
    let node = Node::on(folder, "");
    sensor.flush(Some(PATIENCE)).expect("the node is back");
    assert_eq!(sensor.lost(), 2);
    sensor.push(b"4", None).expect("there is room");
    assert_eq!(number(&mut viewer), Some(4));
    node.stop();
}
