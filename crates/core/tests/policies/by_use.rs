//! Policies that look at how often: `lfu` and the family of GreedyDual.
//!
//! With 100 MB and a start of 1 s, one use is worth 1 to `freq` and a hundredth to
//! `greedy-dual`; the sums below leave the hundredths out.

use crate::table::{check, compare};

const SMALL: &str = "a 100MB; b 100MB; c 100MB; d 100MB";

#[test]
fn the_often_called_stays() {
    let expected = "cold warm cold cold; evicts b";
    let rows = ["lfu", "freq", "size", "greedy-dual", "cip"].map(|policy| (policy, expected));
    compare("200MB", SMALL, "0s a; 10s a; 20s b; 30s c", &rows);
    compare(
        "200MB",
        SMALL,
        "0s a; 10s a; 20s b; 30s c",
        &[("lru", "cold warm cold cold; evicts a")],
    );
}

#[test]
fn lfu_never_ages_and_the_clock_does() {
    // freq: a 3 x 0.9 = 2.7 from the start; b 1, c 1 + 1 = 2, d 2 + 1 = 3, which is more.
    let script = "0s a; 10s a; 20s a; 30s b; 1h c; 2h d; 3h b; 4h a";
    let ages = "cold warm warm cold*5; evicts b c a d";
    compare(
        "200MB",
        "a 100MB start=900ms; b 100MB; c 100MB; d 100MB",
        script,
        &[
            ("lfu", "cold warm warm cold*4 warm; evicts b c d"),
            ("freq", ages),
            ("greedy-dual", ages),
            ("cip", ages),
        ],
    );
    compare("210MB", "a 110MB; b 100MB; c 100MB; d 100MB", script, &[("size", ages)]);
}

#[test]
fn lfu_counts_calls_ever() {
    // When c comes again, a has been called five times, two of them by what is there now.
    let script = "0s a; 10s a; 20s a; 30s..60s/10s b; 70s c; 80s a; 90s a; 100s c";
    check(
        "lfu",
        "200MB",
        SMALL,
        &[(script, "cold warm warm cold warm*3 cold cold warm cold; evicts a c b")],
    );
}

#[test]
fn memory_start_and_frequency_each_decide_for_some() {
    // Large and somewhat dearer: 3/200 against 2/100 for those that divide, 3 against 2.
    compare(
        "300MB",
        "large 200MB start=3s; small 100MB start=2s; c 100MB",
        "0s large; 10s small; 20s c",
        &[
            ("greedy-dual", "cold*3; evicts large"),
            ("size", "cold*3; evicts large"),
            ("freq", "cold*3; evicts small"),
        ],
    );
    // Large and much dearer: only who leaves the start out lets it go.
    compare(
        "300MB",
        "large 200MB start=10s; small 100MB; c 100MB",
        "0s large; 20s small; 40s c",
        &[
            ("greedy-dual", "cold*3; evicts small"),
            ("size", "cold*3; evicts large"),
            ("freq", "cold*3; evicts small"),
        ],
    );
}

#[test]
fn uses_of_an_instance_end_with_it() {
    // Two instances of a: one used four times, which goes at 50 s for 5 x 0.1; the other
    // used once, and again at 60 s, now worth 0.5 + 2 x 0.1. With the uses of the dead it
    // would be 0.5 + 6 x 0.1 and b with 0.9 would go.
    let expected = "cold warm*3 cold*3 warm cold; evicts a a";
    compare(
        "300MB",
        "a 100MB start=100ms; b 100MB start=900ms; c 100MB; d 100MB",
        "0s..30s/10s a; 30s a; 40s b; 50s c; 60s a; 70s d",
        &[("freq", expected), ("greedy-dual", expected)],
    );
}

#[test]
fn cip_lets_a_surplus_clone_go_before_an_only_instance() {
    // Four uses of two instances are less than three of one.
    compare(
        "300MB",
        SMALL,
        "0s a; 0s a; 10s a; 20s a; 30s..50s/10s b; 60s c; 70s a; 80s b",
        &[
            ("cip", "cold cold warm warm cold warm warm cold warm warm; evicts a"),
            ("greedy-dual", "cold cold warm warm cold warm warm cold warm cold; evicts b c"),
        ],
    );
    // Alone, both are GreedyDual.
    let expected = "cold warm cold cold; evicts b";
    let rows = [("cip", expected), ("greedy-dual", expected)];
    compare("200MB", SMALL, "0s a; 10s a; 20s b; 30s c", &rows);
}
