//! The processes at the flow: they go on from wherever their predecessors were, for ever.

use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use swell_flow_client::consumer::Consumer;
use swell_flow_client::producer::Producer;

use crate::account::{Effects, item};

/// The processes of the flow; with two nodes, consumers are at both.
pub(crate) const PRODUCERS: [&str; 2] = ["left", "right"];
pub(crate) const CONSUMERS: [&str; 2] = ["viewer", "spare"];
/// The flow that is played with.
pub(crate) const APP: &str = "version = 1\n[[flow]]\nname = \"frames\"\n\
    from = [\"native:left\", \"native:right\"]\nto = \"native:viewer\"\n\
    owners = [\"native:spare\"]\nitem = \"1KiB\"\nack = \"consume\"\n";

/// Longer than a node needs to come back on the slowest machine, and a flow from another node.
const PATIENCE: Duration = Duration::from_secs(600);

/// Puts in items, numbered as the node counts them.
pub(crate) fn produce(socket: &str, name: &str) -> ExitCode {
    let producer = Producer::connect(socket, "frames", name, PATIENCE);
    let mut producer = producer.expect("the node comes back");
    for number in producer.next().. {
        producer.push(&item(name, number), None).expect("the node comes back");
        if number.is_multiple_of(32) {
            producer.flush(Some(PATIENCE)).expect("the node comes back");
        }
    }
    ExitCode::SUCCESS
}

/// Has the effect of each item, and says so a few at a time.
pub(crate) fn consume(socket: &str, name: &str, account: &str) -> ExitCode {
    let mut effects = Effects::open(Path::new(account));
    let consumer = Consumer::connect(socket, "frames", name, PATIENCE);
    let mut consumer = consumer.expect("the node comes back");
    for count in 1u64.. {
        let wait = Some(Duration::from_millis(20));
        let Some(received) = consumer.pop(wait).expect("the node comes back") else {
            consumer.done();
            continue;
        };
        let from = received.from.trim_start_matches("native:");
        let is_whole = received.payload == item(from, received.sequence);
        effects.have(from, received.sequence, is_whole);
        if count.is_multiple_of(5) {
            consumer.done();
        }
    }
    ExitCode::SUCCESS
}
