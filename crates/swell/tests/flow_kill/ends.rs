//! The processes at the flow: they go on from wherever their predecessors were, for ever.

use std::path::Path;
use std::process::ExitCode;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use swell_flow_client::consumer::Consumer;
use swell_flow_client::producer::Producer;

use crate::account::{Ack, Effects, item, number_of, numbered};

/// The processes of the flow; with two nodes, consumers are at both.
pub(crate) const PRODUCERS: [&str; 2] = ["left", "right"];
pub(crate) const CONSUMERS: [&str; 2] = ["viewer", "spare"];
/// The flow that is played with, up to its `ack`.
pub(crate) const APP: &str = "version = 1\n[[flow]]\nname = \"frames\"\n\
    from = [\"native:left\", \"native:right\"]\nto = \"native:viewer\"\n\
    owners = [\"native:spare\"]\nitem = \"1KiB\"\n";

/// Longer than a node needs to come back on the slowest machine, and a flow from another node.
const PATIENCE: Duration = Duration::from_secs(600);

/// Numbers that nobody outruns: the time in microseconds.
pub(crate) fn now_us() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).expect("it is after 1970");
    since.as_micros() as u64
}

/// Puts in items: numbered as the node counts them, or from the time on where it begins anew.
pub(crate) fn produce(socket: &str, name: &str, ack: Ack) -> ExitCode {
    let producer = Producer::connect(socket, "frames", name, PATIENCE);
    let mut producer = producer.expect("the node comes back");
    let first = if ack == Ack::Consume { producer.next() } else { now_us() };
    for number in first.. {
        let item = if ack == Ack::Consume { item(name, number) } else { numbered(name, number) };
        producer.push(&item, None).expect("the node comes back");
        if number.is_multiple_of(32) {
            producer.flush(Some(PATIENCE)).expect("the node comes back");
        }
    }
    ExitCode::SUCCESS
}

/// Has the effect of each item, and says so a few at a time.
pub(crate) fn consume(socket: &str, name: &str, ack: Ack, account: &str) -> ExitCode {
    let mut effects = Effects::open(Path::new(account), name);
    let consumer = Consumer::connect(socket, "frames", name, PATIENCE);
    let mut consumer = consumer.expect("the node comes back");
    for count in 1u64.. {
        let wait = Some(Duration::from_millis(20));
        let Some(received) = consumer.pop(wait).expect("the node comes back") else {
            consumer.done();
            continue;
        };
        let from = received.from.trim_start_matches("native:");
        // With several nodes it goes by its own as well, which its producer does not know.
        let (name, _) = from.split_once('@').unwrap_or((from, ""));
        let (number, is_whole) = match ack {
            Ack::Consume => (received.sequence, received.payload == item(name, received.sequence)),
            Ack::Append => number_of(name, &received.payload),
        };
        effects.have(from, number, is_whole);
        if count.is_multiple_of(5) {
            consumer.done();
        }
    }
    ExitCode::SUCCESS
}
