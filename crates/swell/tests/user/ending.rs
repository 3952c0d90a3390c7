//! How a node ends: in order when it is told to, at once when it is told twice.

use std::io::Write;

use rustix::process::Signal;
use swell_samples::samples;

use crate::node::{Node, until};
use crate::wire::{connect, head, read};

/// A node with a call under way, which takes so long.
fn at_work(ms: u32) -> (Node, std::net::TcpStream) {
    let node = Node::up("");
    node.deploy("work", samples::WORK, "--timeout 1h");
    let mut stream = connect(&node.address);
    let head = head(&node.address, "GET", &format!("/function/work?m={ms}"), "");
    stream.write_all(head.as_bytes()).expect("the node reads");
    until("the guest is at work", || (node.about("work")["instances"]["busy"] == 1).then_some(()));
    (node, stream)
}

#[test]
fn calls_under_way_finish_before_the_end() {
    for signal in [Signal::TERM, Signal::INT] {
        let (mut node, stream) = at_work(500);
        node.running.signal(signal);
        node.running.told("requests under way may finish");
        let answer = read(stream);
        assert_eq!((answer.status, answer.text().as_str()), (200, "done\n"));
        assert_eq!(node.running.ended().code(), Some(0), "{:?}", node.running.lines());
    }
}

#[test]
fn the_second_signal_ends_at_once() {
    let (mut node, _stream) = at_work(3_000_000);
    node.running.signal(Signal::TERM);
    node.running.told("requests under way may finish");
    assert!(node.running.is_running());
    node.running.signal(Signal::TERM);
    assert_eq!(node.running.ended().code(), Some(130));
    node.running.told("requests under way were cut off");
}

#[test]
fn the_drain_has_an_end() {
    let node = Node::up("--set node.drain=200ms");
    node.deploy("work", samples::WORK, "--timeout 1h");
    let mut stream = connect(&node.address);
    let head = head(&node.address, "GET", "/function/work?m=3000000", "");
    stream.write_all(head.as_bytes()).expect("the node reads");
    until("the guest is at work", || (node.about("work")["instances"]["busy"] == 1).then_some(()));
    node.stop();
}
