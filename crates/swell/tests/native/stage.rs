//! A node with a flow that native processes take part in.

use std::path::PathBuf;
use std::time::Duration;

use serde_json::Value;
use swell_flow_client::consumer::Consumer;
use swell_flow_client::producer::Producer;
use swell_samples::samples;

use crate::node::{Node, until};

/// Longer than anything takes.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

pub(crate) const FUNCTIONS: &str = "version = 1\n\
    [[function]]\nname = \"camera\"\ncode = \"camera.wasm\"\nmemory = \"8MiB\"\n\
    [[function]]\nname = \"detect\"\ncode = \"detect.wasm\"\nmemory = \"8MiB\"\n\
    key-value = [\"seen\"]\n";

/// A node with a flow `frames` of these lines, beside the functions `camera`, which passes on
/// what it is sent, and `detect`, which keeps what it is sent.
pub(crate) fn with_flow(lines: &str) -> Node {
    let node = Node::up("");
    node.write("camera.wasm", samples::ECHO);
    node.write("detect.wasm", samples::COLLECT);
    let flow = format!("{FUNCTIONS}[[flow]]\nname = \"frames\"\n{lines}");
    node.write("app.toml", flow.as_bytes());
    node.fine("deploy -f app.toml");
    node
}

/// The socket of a node.
pub(crate) fn socket(node: &Node) -> PathBuf {
    node.folder.0.join("data/flow.sock")
}

pub(crate) fn producer(node: &Node, name: &str) -> Producer {
    Producer::connect(socket(node), "frames", name, PATIENCE).expect("it may take part")
}

pub(crate) fn consumer(node: &Node, name: &str) -> Consumer {
    Consumer::connect(socket(node), "frames", name, PATIENCE).expect("it may take part")
}

/// One that owns the flow: the node hands it over soon after it has answered, not before.
pub(crate) fn owner(node: &Node, name: &str) -> Consumer {
    let mut consumer = consumer(node, name);
    until("it owns the flow", || {
        let early = consumer.pop(Some(Duration::from_millis(20))).expect("the node is there");
        assert!(early.is_none(), "nothing was put in yet");
        consumer.owns().then_some(())
    });
    consumer
}

/// The next item's payload, as a number.
pub(crate) fn number(consumer: &mut Consumer) -> Option<u32> {
    let item = consumer.pop(Some(PATIENCE)).expect("the node is there")?;
    Some(std::str::from_utf8(&item.payload).expect("text").parse().expect("a number"))
}

pub(crate) fn frames(node: &Node) -> Value {
    node.fine("flow show frames -o json").json()
}

/// What `detect` was called with.
pub(crate) fn seen(node: &Node) -> Vec<u32> {
    let answer = node.call("detect", b"");
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.text().lines().map(|line| line.parse().expect("a number")).collect()
}
