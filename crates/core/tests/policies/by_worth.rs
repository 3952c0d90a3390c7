//! `hazard`: what is least likely to be needed soon goes first, per byte.

use crate::table::{check, compare};

#[test]
fn a_habit_is_kept_over_a_single_call() {
    // At 590 s the next call of a is due; b was called once, and more recently.
    compare(
        "200MB",
        "a 100MB; b 100MB; c 100MB",
        "0s..540s/60s a; 570s b; 590s c; 600s a",
        &[
            ("hazard", "cold warm*9 cold cold warm; evicts b"),
            ("hazard:wait=0s", "cold warm*9 cold cold warm; evicts b"),
            ("lru", "cold warm*9 cold*3; evicts a b"),
        ],
    );
}

#[test]
fn a_surplus_clone_goes_before_an_only_instance() {
    // Two instances of a were needed at once ten minutes ago, and never again.
    // The only one of a is due at 660 s, that of b at 690 s.
    let calls = "0s a; 0s a; 60s..660s/60s a; 90s..690s/60s b; 650s c";
    let kept = "cold cold warm cold warm*18 cold warm warm; evicts a";
    compare(
        "300MB",
        "a 100MB; b 100MB; c 100MB",
        calls,
        &[("hazard", kept), ("lfu", "cold cold warm cold warm*18 cold warm cold; evicts b c")],
    );
}

#[test]
fn memory_counts() {
    // Large and small are called alike; what large holds would keep two of small.
    let functions = "small 100MB; large 200MB; c 100MB";
    let expected = "cold cold warm*20 cold; evicts large";
    check(
        "hazard",
        "300MB",
        functions,
        &[
            ("0s..600s/60s small; 5s..605s/60s large; 620s c", expected),
            ("0s..600s/60s large; 5s..605s/60s small; 620s c", expected),
        ],
    );
}

#[test]
fn the_length_of_a_start_counts_where_asked() {
    // b is due a little later than a, but ten times as dear.
    compare(
        "200MB",
        "a 100MB; b 100MB start=10s; c 100MB",
        "0s..600s/60s a; 5s..605s/60s b; 620s c",
        &[
            ("hazard", "cold cold warm*20 cold; evicts b"),
            ("hazard:by-cost=true", "cold cold warm*20 cold; evicts a"),
        ],
    );
}

#[test]
fn what_turns_out_not_to_be_needed_is_spared() {
    // small is worth least, but large, which must go too, frees enough by itself.
    compare(
        "300MB",
        "small 100MB; large 200MB; big 200MB",
        "0s small; 100s large; 130s big; 140s small",
        &[("hazard", "cold*3 warm; evicts large"), ("lru", "cold*4; evicts small large")],
    );
}

#[test]
fn the_precious_is_spared_while_a_request_can_wait() {
    // To let long in, a single call of ten minutes ago had to go: that is the usual price.
    // x would cost an instance that is needed every five seconds, and waits until 119 s.
    compare(
        "200MB",
        "once 100MB; often 100MB; long 100MB run=15s run_and_exit; x 100MB",
        "0s once; 10s..130s/5s often; 103s long; 106s x",
        &[
            ("hazard", "cold cold warm*18 cold warm cold warm*5; evicts once; exits long 119s"),
            (
                "hazard:patience=0s",
                "cold cold warm*18 cold warm cold cold warm*4; evicts once often x; exits long 119s",
            ),
        ],
    );
}

#[test]
fn a_start_that_costs_more_than_it_serves_is_not_made() {
    // While x starts, often is called once a second: one late call is worth less than that.
    check(
        "hazard:patience=0s",
        "100MB",
        "often 100MB; x 100MB start=1s",
        &[("0s..60s/1s often; 30.5s x", "cold delayed warm*29 late warm*30")],
    );
}

#[test]
fn a_busy_instance_is_waited_for_if_that_is_sooner() {
    compare(
        "100MB",
        "a 100MB start=5s run=1s",
        "0s a; 10s a; 10.5s a",
        &[("hazard", "cold warm delayed"), ("hazard:wait=0s", "cold warm drop")],
    );
}

#[test]
fn a_request_waits_before_it_is_dropped() {
    let functions = "long 100MB run=10s; longer 100MB run=60s; x 100MB";
    check(
        "hazard",
        "100MB",
        functions,
        &[("0s long; 5s x", "cold cold; evicts long"), ("0s longer; 5s x", "cold late")],
    );
}
