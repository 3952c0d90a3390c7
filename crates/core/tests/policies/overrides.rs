//! A function's own rules, which outrank every policy.

use crate::table::{check, compare};

#[test]
fn a_floor_of_warm_instances_is_kept() {
    let functions = "a 100MB min_warm=1; b 100MB; c 100MB";
    let script = "10s a; 20s b; 30s c";
    let expected = "warm cold cold; evicts b; starts a 0s";
    let policies =
        ["lru", "lfu", "fifo", "random", "landlord", "greedy-dual", "cold-cost", "hazard"];
    compare("200MB", functions, script, &policies.map(|policy| (policy, expected)));
    check(
        "fixed-ttl",
        "200MB",
        functions,
        &[
            ("1h", "starts a 0s"),
            ("10s a; 10s a; 1h", "warm cold; expires a 610.1s; starts a 0s"),
            ("10s crash a; 20s a", "warm; starts a 0s, a 10s"),
        ],
    );
    check("lru", "200MB", "a 100MB min_warm=2", &[("1s a; 1s a", "warm warm; starts a 0s, a 0s")]);
}

#[test]
fn a_floor_makes_room_and_yields_to_none() {
    let functions = "a 100MB min_warm=1; b 100MB";
    check(
        "lru",
        "100MB",
        functions,
        &[
            ("5s b", "drop; starts a 0s"),
            (
                "5s remove a; 10s b; 20s deploy a; 30s a",
                "cold warm; evicts b; exits a 5s; starts a 0s, a 20s",
            ),
        ],
    );
}

#[test]
fn nothing_idles_for_longer_than_it_may() {
    let functions = "a 100MB max_idle=5m; floor 100MB max_idle=5m min_warm=1";
    let rows = [
        ("0s a; 10m", "cold; expires a 301.1s; starts floor 0s"),
        ("0s a; 5m a; 10m", "cold warm; starts floor 0s"),
    ];
    for policy in ["lru", "fixed-ttl", "greedy-dual", "hazard", "hybrid-histogram"] {
        check(policy, "200MB", functions, &rows);
    }
    let sooner = "cold; expires a 61.1s; starts floor 0s";
    check("fixed-ttl:ttl=1m", "200MB", functions, &[("0s a; 10m", sooner)]);
}

#[test]
fn the_pinned_stay() {
    let functions = "a 100MB pinned; b 100MB; c 100MB";
    for policy in ["lru", "lfu", "random", "size", "cip", "hazard:wait=0s"] {
        let rows = [("0s a; 10s b; 20s c", "cold*3; evicts b")];
        check(policy, "200MB", functions, &rows);
        check(policy, "100MB", functions, &[("0s a; 10s b", "cold drop")]);
    }
    check("fixed-ttl", "100MB", functions, &[("0s a; 1h a", "cold warm")]);
    let both = "a 100MB pinned max_idle=5m";
    check("lru", "100MB", both, &[("0s a; 1h a", "cold warm")]);
}

#[test]
fn run_and_exit_takes_a_fresh_instance_each_time() {
    check(
        "lru",
        "100MB",
        "a 100MB run_and_exit",
        &[("0s a; 10s a", "cold cold; exits a 1.1s, a 11.1s")],
    );
    check(
        "lru",
        "100MB",
        "a 100MB run_and_exit min_warm=1",
        &[("10s a; 20s a", "warm warm; exits a 10.1s, a 20.1s; starts a 0s, a 10.1s, a 20.1s")],
    );
    // Even if others wait: the instance that ends is not handed on.
    check(
        "lru:wait=30s",
        "100MB",
        "a 100MB run=5s run_and_exit",
        &[("0s a; 2s a", "cold cold; exits a 6s, a 12s")],
    );
}

#[test]
fn one_instance_takes_several() {
    let functions = "a 100MB run=10s concurrency=2; b 100MB run=10s";
    check(
        "lru",
        "200MB",
        functions,
        &[
            ("0s a; 5s a; 6s a; 7s a; 8s a", "cold warm cold warm drop"),
            ("0s b; 5s b; 6s b", "cold cold drop"),
        ],
    );
    check("lru:wait=30s", "100MB", functions, &[("0s a; 5s a; 6s a", "cold warm delayed")]);
}

#[test]
fn instances_have_a_ceiling() {
    compare(
        "300MB",
        "a 100MB run=10s max_instances=1",
        "0s a; 5s a",
        &[("lru", "cold limit"), ("lru:wait=30s", "cold delayed")],
    );
}

#[test]
fn the_paused_give_back_memory_and_resume() {
    let functions = "a 100MB pause_after=10s paused_memory=10MB; b 100MB; c 100MB";
    check(
        "lru",
        "210MB",
        functions,
        &[
            ("0s a; 5s a; 14s a", "cold warm warm"),
            ("0s a; 20s b; 40s a", "cold cold resumed; pauses a 11.1s"),
            ("0s a; 20s b; 30s c", "cold*3; pauses a 11.1s"),
            // No room to thaw: a new instance, for which the longest idle go.
            ("0s a; 20s b; 30s c; 40s a", "cold*4; evicts a b; pauses a 11.1s"),
        ],
    );
    check("lru", "200MB", functions, &[("0s a; 20s b; 30s c", "cold*3; evicts a; pauses a 11.1s")]);
    check(
        "fixed-ttl:ttl=1m",
        "200MB",
        functions,
        &[("0s a; 2m", "cold; expires a 61.1s; pauses a 11.1s")],
    );
}

#[test]
fn a_pause_feeds_who_waits_for_memory() {
    check(
        "lru:wait=60s",
        "150MB",
        "a 100MB pinned pause_after=30s paused_memory=10MB; b 100MB",
        &[("0s a; 5s b", "cold cold; pauses a 31.1s")],
    );
}
