//! What passing an item from process to process takes, through a node of the real program.

use std::process::ExitCode;
use std::time::{Duration, Instant};

use swell_flow_client::consumer::Consumer;
use swell_flow_client::producer::Producer;

use crate::node::Node;

const PATIENCE: Duration = Duration::from_secs(60);
/// Items that are sent alone.
const LONE: usize = 1_000;
const SIZES: [usize; 3] = [64, 4 << 10, 64 << 10];

/// Prints a row for each size and promise: items a second, and the time of a lone item.
pub(crate) fn run(items: u64) -> ExitCode {
    println!("{:>8} {:>8} {:>12} {:>10} {:>10}", "bytes", "ack", "items/s", "p50 us", "p99 us");
    for ack in ["append", "consume"] {
        for size in SIZES {
            let node = Node::up("");
            let app = format!(
                "version = 1\n[[flow]]\nname = \"frames\"\nfrom = \"native:left\"\n\
                 to = \"native:viewer\"\nitem = \"64KiB\"\nrate = 200\nack = \"{ack}\"\n"
            );
            node.write("app.toml", app.as_bytes());
            node.fine("deploy -f app.toml");
            let socket = node.folder.0.join("data/flow.sock");
            let left = Producer::connect(&socket, "frames", "left", PATIENCE).expect("it may");
            let viewer = Consumer::connect(&socket, "frames", "viewer", PATIENCE).expect("it may");
            let items = items.min((1 << 30) / size as u64);
            let (rate, times) = pass(left, viewer, size, items);
            let at = |share: usize| times[(times.len() - 1) * share / 100].as_micros();
            println!("{size:>8} {ack:>8} {rate:>12.0} {:>10} {:>10}", at(50), at(99));
            node.stop();
        }
    }
    ExitCode::SUCCESS
}

/// Passes items as fast as they go, then a thousand with nothing else under way.
fn pass(mut left: Producer, mut viewer: Consumer, size: usize, items: u64) -> (f64, Vec<Duration>) {
    let begun = Instant::now();
    let putting = std::thread::spawn(move || {
        let item = vec![7; size];
        for _ in 0..items / 32 {
            left.push_batch([&item[..]; 32], None).expect("the node is there");
        }
        left
    });
    for count in 1..=items / 32 * 32 {
        viewer.peek(Some(PATIENCE)).expect("the node is there").expect("an item");
        if count % 32 == 0 {
            viewer.done();
        }
    }
    let rate = (items / 32 * 32) as f64 / begun.elapsed().as_secs_f64();
    let mut left = putting.join().expect("it ends well");
    let (tell, told) = std::sync::mpsc::channel();
    let taking = std::thread::spawn(move || {
        let mut times = Vec::new();
        for _ in 0..LONE {
            let sent: Instant = told.recv().expect("it tells of each");
            viewer.peek(Some(PATIENCE)).expect("the node is there").expect("an item");
            let time = sent.elapsed();
            viewer.done();
            times.push(time);
        }
        times.sort_unstable();
        times
    });
    let item = vec![7; size];
    for _ in 0..LONE {
        tell.send(Instant::now()).expect("it listens");
        left.push(&item, None).expect("the node is there");
        left.flush(None).expect("the node is there");
        std::thread::sleep(Duration::from_millis(1));
    }
    (rate, taking.join().expect("it ends well"))
}
