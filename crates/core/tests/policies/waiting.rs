//! `wait=` and `queue=`, which every policy takes: what a request does that finds no
//! instance ready.

use crate::table::{check, compare};

#[test]
fn a_busy_instance_is_waited_for_if_that_is_sooner() {
    // Half a second of work is left against a start of five, at the price of b.
    compare(
        "200MB",
        "a 100MB start=5s run=1s; b 100MB",
        "0s b; 10s a; 20s a; 20.5s a",
        &[
            ("lru", "cold cold warm cold; evicts b"),
            ("lru:wait=10s", "cold cold warm delayed"),
            ("landlord:wait=10s", "cold cold warm delayed"),
        ],
    );
    // Fifteen seconds of work are left against a start of one.
    compare(
        "200MB",
        "a 100MB run=20s; b 100MB",
        "0s b; 10s a; 40s a; 45s a",
        &[
            ("lru", "cold cold warm cold; evicts b"),
            ("lru:wait=30s", "cold cold warm cold; evicts b"),
        ],
    );
}

#[test]
fn without_memory_a_request_waits_before_it_is_dropped() {
    let functions = "long 100MB run=10s; x 100MB; y 100MB";
    let script = "0s long; 5s x";
    let rows = [("lru", "cold drop"), ("lru:wait=30s", "cold cold; evicts long")];
    compare("100MB", functions, script, &rows);
    check(
        "lru:wait=30s",
        "100MB",
        functions,
        &[
            ("0s long; 5s x; 6s y", "cold*3; evicts long x"),
            ("0s long; 5s y; 6s x", "cold*3; evicts long y"),
        ],
    );
}

#[test]
fn a_wait_has_an_end() {
    let functions = "long 100MB run=60s; x 100MB";
    check(
        "lru:wait=30s",
        "100MB",
        functions,
        &[
            ("0s long; 5s x", "cold late"),
            ("0s long; 5s x; 40s x", "cold late cold; evicts long"),
            ("0s long; 30.9s x", "cold late"),
            ("0s long; 31.1s x", "cold cold; evicts long"),
        ],
    );
    // At the deadline of 12 s the start, begun at 11 s, is under way.
    check(
        "lru:wait=10s",
        "100MB",
        "long 100MB run=10s; x 100MB start=3s",
        &[("0s long; 2s x", "cold cold; evicts long")],
    );
}

#[test]
fn a_queue_has_an_end() {
    let functions = "long 100MB run=10s; x 100MB";
    let script = "0s long; 5s x; 6s x; 7s x";
    compare(
        "100MB",
        functions,
        script,
        &[
            ("lru:wait=30s", "cold*4; evicts long"),
            ("lru:wait=30s,queue=2", "cold*3 full; evicts long"),
            ("lru:wait=30s,queue=1", "cold cold full full; evicts long"),
            ("hazard:queue=1", "cold cold full full; evicts long"),
        ],
    );
}

#[test]
fn starts_under_way_are_few_when_memory_is_short() {
    // One start of 20 s is enough for five requests that take next to nothing.
    compare(
        "500MB",
        "a 100MB start=20s run=100us; b 100MB start=20s run=100us; \
         c 100MB start=20s run=100us; d 100MB start=20s run=100us; \
         long 200MB start=20s run=200s",
        "0s long; 10s b; 20s c; 30s d; 100s a; 100s a; 100s a; 100s a; 100s a",
        &[
            ("lru", "cold*7 drop drop; evicts b c d"),
            ("lru:wait=30s", "cold*9; evicts b"),
            ("hazard", "cold*9; evicts b"),
        ],
    );
}

#[test]
fn who_gives_up_leaves_the_queue() {
    let functions = "long 100MB run=10s; x 100MB";
    check(
        "lru:wait=30s",
        "100MB",
        functions,
        &[
            ("0s long; 5s x; 6s cancel 2; 20s", "cold gone"),
            ("0s long; 5s x; 6s x; 7s cancel 2", "cold gone cold; evicts long"),
            // The start goes on, and serves the next.
            ("0s x; 500ms cancel 1; 5s x", "gone warm"),
        ],
    );
    // A start that is bound to its request serves it, whoever still listens.
    check("lru", "100MB", functions, &[("0s x; 500ms cancel 1; 5s x", "cold warm")]);
}
