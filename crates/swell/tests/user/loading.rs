//! Under load: updates drop nothing, and what is too much is turned away with a time to
//! come again.

use std::collections::BTreeSet;
use std::io::Write;
use std::sync::atomic::{AtomicBool, Ordering};

use swell_samples::samples;

use crate::node::{Node, until};
use crate::wire::{connect, head};

#[test]
fn updates_under_load_drop_nothing() {
    const VERSIONS: u32 = 12;
    let node = Node::up("");
    node.deploy("app", samples::HELLO, "--env V=1");
    let done = AtomicBool::new(false);
    let seen = std::thread::scope(|scope| {
        let clients = [(); 8].map(|()| {
            scope.spawn(|| {
                let mut seen = BTreeSet::new();
                while !done.load(Ordering::Relaxed) {
                    let answer = node.call("app", b"Ada");
                    assert_eq!(answer.status, 200, "{answer:?}");
                    let version: u32 = answer.header("x-swell-version").parse().expect("a number");
                    // Odd versions greet, even ones echo.
                    let expected = if version % 2 == 1 { "Hello, Ada!\n" } else { "Ada" };
                    assert_eq!(answer.text(), expected, "version {version}");
                    seen.insert(version);
                }
                seen
            })
        });
        for version in 2..=VERSIONS {
            let code = if version % 2 == 1 { samples::HELLO } else { samples::ECHO };
            node.deploy("app", code, &format!("--env V={version}"));
            let answer = node.call("app", b"Ada");
            assert_eq!(answer.header("x-swell-version"), version.to_string());
        }
        done.store(true, Ordering::Relaxed);
        let seen = clients.map(|client| client.join().expect("every call was answered"));
        seen.into_iter().flatten().collect::<BTreeSet<_>>()
    });
    assert!(seen.iter().all(|version| (1..=VERSIONS).contains(version)), "{seen:?}");
    let calls = &node.about("app")["calls"];
    assert_eq!((&calls["failed"], &calls["refused"]), (&0.into(), &0.into()), "{calls}");
    node.stop();
}

#[test]
fn a_full_queue_says_when_to_come_again() {
    let node = Node::up("");
    node.deploy("work", samples::WORK, "--max-instances 1 --queue 2 --timeout 1h");
    // One is at work, two wait, one is too many.
    let slow = || {
        let mut stream = connect(&node.address);
        let head = head(&node.address, "GET", "/function/work?m=3000000", "");
        stream.write_all(head.as_bytes()).expect("the node reads");
        stream
    };
    let first = slow();
    until("the guest is at work", || (node.about("work")["instances"]["busy"] == 1).then_some(()));
    let (second, third) = (slow(), slow());
    let wait = |number: f64| {
        until(&format!("{number} wait"), || {
            (node.metric("swell_waiting_requests") == number).then_some(())
        });
    };
    wait(2.0);
    for _ in 0..3 {
        let answer = node.get("/function/work");
        assert_eq!((answer.status, answer.code().as_str()), (429, "queue-full"));
        let pause: u64 = answer.header("retry-after").parse().expect("whole seconds");
        assert!(pause >= 1);
    }
    // Who waits may leave, and the place is free again.
    drop(third);
    wait(1.0);
    drop(second);
    wait(0.0);
    drop(first);
    assert_eq!(node.get("/function/work").status, 200);
    assert_eq!(node.about("work")["calls"]["refused"], 3);
    node.stop();
}
