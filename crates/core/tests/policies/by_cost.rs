//! Policies that look at what a cold start costs: the founding report's two, which let go
//! first what gains most from being warm, and `landlord`.

use crate::table::{check, compare};

#[test]
fn runtime_diff_evicts_the_smallest_share_of_work() {
    // a: 1 / (1 + 1); b: 9 / (1 + 9).
    compare(
        "200MB",
        "a 100MB run=1s; b 100MB run=9s; c 100MB",
        "0s a; 20s b; 40s a; 60s c",
        &[
            ("runtime-diff", "cold cold warm cold; evicts a"),
            ("cold-cost", "cold cold warm cold; evicts b"),
            ("lru", "cold cold warm cold; evicts b"),
        ],
    );
}

#[test]
fn cold_cost_evicts_the_longest_cold_call() {
    // a: 1 + 9, most of it work; b: 5 + 1, most of it the start.
    compare(
        "200MB",
        "a 100MB run=9s; b 100MB start=5s run=1s; c 100MB",
        "0s a; 20s b; 40s a; 60s c",
        &[
            ("cold-cost", "cold cold warm cold; evicts a"),
            ("runtime-diff", "cold cold warm cold; evicts b"),
            ("lru", "cold cold warm cold; evicts b"),
        ],
    );
    // The start counts as much as the run: 8 + 1 against 1 + 5.
    check(
        "cold-cost",
        "200MB",
        "a 100MB start=8s run=1s; b 100MB run=5s; c 100MB",
        &[("0s a; 20s b; 40s a; 60s c", "cold cold warm cold; evicts a")],
    );
}

#[test]
fn the_founding_orders_do_not_count_calls() {
    let functions = "a 100MB start=3s; b 100MB start=2s; c 100MB";
    let script = "0s a; 10s..100s/10s a; 110s b; 120s c";
    let rows = [
        ("cold-cost", "cold warm*10 cold cold; evicts a"),
        ("runtime-diff", "cold warm*10 cold cold; evicts a"),
        ("lfu", "cold warm*10 cold cold; evicts b"),
    ];
    compare("200MB", functions, script, &rows);
}

#[test]
fn landlord_takes_credit_not_frequency() {
    // Credit 5 for a, used once; 1 for b, however often it is used.
    compare(
        "200MB",
        "a 100MB start=5s; b 100MB; c 100MB",
        "0s a; 10s..60s/10s b; 70s c",
        &[
            ("landlord", "cold cold warm*5 cold; evicts b"),
            ("greedy-dual", "cold cold warm*5 cold; evicts a"),
        ],
    );
    // Rent is per MB: 3/200 against 2/100.
    check(
        "landlord",
        "300MB",
        "large 200MB start=3s; small 100MB start=2s; c 100MB",
        &[("0s large; 10s small; 20s c", "cold*3; evicts large")],
    );
}

#[test]
fn landlord_collects_rent() {
    check(
        "landlord",
        "200MB",
        "a 100MB start=2500ms; b 100MB; c 100MB; d 100MB; e 100MB",
        &[
            // b pays 1, c enters with 1 + 1 and pays 2, d enters with 2 + 1: more than a.
            ("0s a; 10s b; 20s c; 30s d; 40s e", "cold*5; evicts b c a"),
            // Used at a rent of 1, a is good for 3.5.
            ("0s a; 10s b; 20s c; 25s a; 30s d; 40s e", "cold*3 warm cold cold; evicts b c d"),
        ],
    );
}
