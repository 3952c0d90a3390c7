//! Policies that look at when: of being made, of the last use, of the end of a lease.

use crate::table::{check, compare, outcome};

const SMALL: &str = "a 100MB; b 100MB; c 100MB; big 200MB";

#[test]
fn lru_evicts_the_longest_idle() {
    check(
        "lru",
        "200MB",
        SMALL,
        &[
            ("0s a; 10s b; 20s c", "cold*3; evicts a"),
            ("0s a; 10s b; 20s a; 30s c", "cold cold warm cold; evicts b"),
            ("0s a; 10s b; 20s c; 30s a; 40s c", "cold*4 warm; evicts a b"),
            ("0s a; 10s b; 20s big; 30s a", "cold*4; evicts a b big"),
        ],
    );
}

#[test]
fn lru_counts_from_the_end_of_a_call() {
    let functions = "a 100MB run=30s; b 100MB; c 100MB";
    let rows = [("lru", "cold*3; evicts b"), ("fifo", "cold*3; evicts a")];
    compare("200MB", functions, "0s a; 10s b; 40s c", &rows);
}

#[test]
fn only_the_shortfall_is_evicted_and_nothing_in_vain() {
    let functions = "a 100MB; b 100MB; c 100MB; big 200MB; long 100MB run=60s";
    let rows = [
        ("0s a; 10s b; 20s c; 30s big", "cold*4; evicts a b"),
        ("0s a; 10s b; 20s big", "cold*3; evicts a"),
        ("0s long; 5s long; 10s a; 20s big", "cold*3 drop"),
    ];
    for policy in ["lru", "fifo", "random", "landlord", "greedy-dual", "hazard:wait=0s"] {
        check(policy, "300MB", functions, &rows[2..]);
    }
    check("lru", "300MB", functions, &rows);
}

#[test]
fn fifo_evicts_the_first_made_used_or_not() {
    check(
        "fifo",
        "200MB",
        SMALL,
        &[("0s a; 10s b; 20s a; 30s c", "cold cold warm cold; evicts a")],
    );
    let rows = [("fifo", "cold*3 warm cold; evicts a b"), ("lru", "cold*3 warm cold; evicts a c")];
    compare("200MB", SMALL, "0s a; 10s b; 20s c; 30s b; 40s a", &rows);
}

#[test]
fn dynamic_ttl_refuses_rather_than_evict_the_young() {
    check(
        "dynamic-ttl",
        "200MB",
        SMALL,
        &[
            ("0s a; 10s b; 5m c", "cold cold drop"),
            ("0s a; 10s b; 361.1s c", "cold cold drop"),
            ("0s a; 10s b; 361.2s c", "cold*3; evicts a"),
            ("0s a; 10s b; 365s big", "cold cold drop"),
            ("0s a; 10s b; 372s big", "cold*3; evicts a b"),
            ("0s a; 10s b; 1h", "cold cold"),
        ],
    );
}

#[test]
fn dynamic_ttl_is_a_minute_per_400_mb() {
    check(
        "dynamic-ttl",
        "4GB",
        "a 2GB; b 2GB; c 2GB",
        &[("0s a; 10s b; 601s c", "cold cold drop"), ("0s a; 10s b; 602s c", "cold*3; evicts a")],
    );
}

#[test]
fn dynamic_ttl_expires_where_asked() {
    check(
        "dynamic-ttl:expire=true",
        "200MB",
        SMALL,
        &[
            ("0s a; 10s b; 5m c", "cold cold drop"),
            ("0s a; 60s a; 10m", "cold warm; expires a 420.1s"),
            ("0s a; 10s b; 362s c", "cold*3; expires a 361.1s"),
        ],
    );
}

#[test]
fn fixed_ttl_expires_what_nobody_calls() {
    check(
        "fixed-ttl",
        "200MB",
        SMALL,
        &[
            ("0s a; 20m", "cold; expires a 601.1s"),
            ("0s a; 10m a; 20m", "cold warm"),
            ("0s a; 10m a; 21m", "cold warm; expires a 1200.1s"),
            ("0s a; 601.1s a", "cold cold; expires a 601.1s"),
            ("0s a; 0s a; 5m a; 20m", "cold cold warm; expires a 601.1s, a 900.1s"),
            ("0s a; 10s b; 20s a; 30s c", "cold cold warm cold; evicts b"),
        ],
    );
    check(
        "fixed-ttl:ttl=1m",
        "200MB",
        SMALL,
        &[("0s a; 61s a; 2m a", "cold warm warm"), ("0s a; 62s a", "cold cold; expires a 61.1s")],
    );
    check("lru", "200MB", SMALL, &[("0s a; 24h a", "cold warm")]);
}

#[test]
fn random_evicts_each_as_often_and_the_same_under_the_same_seed() {
    let functions = "a 100MB; b 100MB; c 100MB; d 100MB";
    let victim = |seed| outcome("random", seed, "300MB", functions, "0s a; 5s b; 10s c; 15s d");
    for name in ["a", "b", "c"] {
        let expected = format!("cold*4; evicts {name}");
        let count = (0..300).filter(|&seed| victim(seed) == expected).count();
        assert!((70..130).contains(&count), "{name} goes in {count} of 300 runs");
    }
    assert!((0..20).all(|seed| victim(seed) == victim(seed)));
}

#[test]
fn random_evicts_as_many_as_needed() {
    let expected = ["cold*4; evicts a b big", "cold*4; evicts b a big"];
    for seed in 0..20 {
        let found = outcome("random", seed, "200MB", SMALL, "0s a; 10s b; 20s big; 30s a");
        assert!(expected.contains(&found.as_str()), "{found}");
    }
}
