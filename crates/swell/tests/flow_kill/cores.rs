//! The play of a flow that functions own: it goes from function to function, and each works on a
//! thread of its own that is moved from core to core, and the node is killed in the middle of that.
//!
//! The functions keep what they are sent in one key-value store, which is the account here: two
//! that had the flow at once would write over what the other kept.

use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use rand::{RngExt as _, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;
use swell_flow_client::producer::Producer;
use swell_samples::samples;

use crate::node::{Node, Running, until};

const PATIENCE: Duration = Duration::from_secs(120);
/// Between two items: the list that the functions keep is read and written for each.
const PACE: Duration = Duration::from_millis(5);
const APP: &str = "version = 1\n[[function]]\nname = \"detect\"\ncode = \"detect.wasm\"\n\
    memory = \"8MiB\"\nkey-value = [\"seen\"]\n[[function]]\nname = \"lite\"\n\
    code = \"detect.wasm\"\nmemory = \"8MiB\"\nkey-value = [\"seen\"]\n[[flow]]\nname = \"frames\"\n\
    from = \"native:left\"\nto = \"detect\"\nowners = [\"lite\"]\nitem = \"64B\"\nack = \"consume\"\n";
/// Who can own the flow.
const OWNERS: [&str; 2] = ["detect", "lite"];

pub(crate) fn run(kills: u64, seed: u64) -> ExitCode {
    let start = Instant::now();
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(seed);
    let mut node = Node::up("--set flow.cores=on");
    node.write("detect.wasm", samples::COLLECT);
    node.write("app.toml", APP.as_bytes());
    node.fine("deploy -f app.toml");
    let (stop, producing) = produce(&node);
    let cores = std::thread::available_parallelism().map_or(1, usize::from) as u64;
    for _ in 0..kills {
        let order = match rng.random_range(0..=cores) {
            core if core < cores => format!("flow pin frames --core {core}"),
            _ => "flow unpin frames".to_string(),
        };
        let to = OWNERS[rng.random_range(0..OWNERS.len())];
        let _changing = Running::start(node.command(&order));
        let _handing = Running::start(node.command(&format!("flow migrate frames {to}")));
        std::thread::sleep(Duration::from_micros(rng.random_range(0..150_000)));
        let folder = node.kill();
        node = Node::on(folder, "--set flow.cores=on");
    }
    stop.store(true, Ordering::Relaxed);
    let accepted = producing.join().expect("the node comes back");
    let flow = until("all items are done", || {
        let flow = node.fine("flow show frames -o json").json();
        (flow["depth"] == 0).then_some(flow)
    });
    let answer = node.call("detect", b"");
    let checked = check(&answer.text(), accepted);
    println!(
        "between functions and cores: {kills} kills of the node in {:.1} s, changes {}, {accepted} \
         items, {} given out again and recognised: {}",
        start.elapsed().as_secs_f64(),
        flow["migrations"],
        checked.as_ref().copied().unwrap_or(0),
        match &checked {
            Ok(_) => "nothing lost, torn, duplicated in effect or out of order",
            Err(_) => "BROKEN",
        },
    );
    match checked {
        Ok(_) => ExitCode::SUCCESS,
        Err(why) => {
            let words = format!("--cores --kills {kills} --seed {seed}");
            eprintln!("{why}\nreplay: cargo test --workspace --test flow_kill -- {words}");
            ExitCode::FAILURE
        }
    }
}

/// Puts in numbers until it is told to stop, then tells how many were accepted.
fn produce(node: &Node) -> (Arc<AtomicBool>, JoinHandle<u64>) {
    let stop = Arc::new(AtomicBool::new(false));
    let (asked, socket) = (stop.clone(), node.folder.0.join("data/flow.sock"));
    let producing = std::thread::spawn(move || {
        let producer = Producer::connect(&socket, "frames", "left", PATIENCE);
        let mut producer = producer.expect("the node comes back");
        while !asked.load(Ordering::Relaxed) {
            let number = producer.next().to_string();
            producer.push(number.as_bytes(), None).expect("the node comes back");
            std::thread::sleep(PACE);
        }
        producer.flush(Some(PATIENCE)).expect("the node comes back");
        producer.next()
    });
    (stop, producing)
}

/// Holds what the function kept against what was accepted; how often something came again.
fn check(seen: &str, accepted: u64) -> Result<u64, String> {
    let (mut due, mut again) = (0, 0);
    for line in seen.lines() {
        let number: u64 = line.parse().map_err(|_| format!("`{line}` came torn"))?;
        if number > due {
            return Err(format!("item {number} came where {due} was due"));
        }
        again += u64::from(number < due);
        due += u64::from(number == due);
    }
    if due == accepted {
        Ok(again)
    } else {
        Err(format!("{accepted} were accepted, {due} had their effect"))
    }
}
