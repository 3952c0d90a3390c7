//! Under load: updates drop nothing, and what is too much is turned away with a time to
//! come again.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};

use swell_samples::samples;

use crate::node::{Node, until};

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
    node.deploy("work", samples::WORK, "--max-instances 1 --queue 2");
    assert_eq!(node.call("work", b"").status, 200);
    let answers = std::thread::scope(|scope| {
        let calls = [(); 8].map(|()| scope.spawn(|| node.get("/function/work?m=500")));
        calls.map(|call| call.join().expect("it was answered"))
    });
    let refused: Vec<_> = answers.iter().filter(|answer| answer.status != 200).collect();
    assert!(!refused.is_empty() && refused.len() <= 5, "{answers:?}");
    for answer in refused {
        assert_eq!((answer.status, answer.code().as_str()), (429, "queue-full"));
        let pause: u64 = answer.header("retry-after").parse().expect("whole seconds");
        assert!(pause >= 1);
    }
    until("nobody waits any longer", || {
        (node.metric("swell_waiting_requests") == 0.0).then_some(())
    });
    assert_eq!(node.call("work", b"").status, 200);
    node.stop();
}
