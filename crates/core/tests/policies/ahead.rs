//! `hybrid-histogram`: away at once, back shortly before the next call is due.
//!
//! Called every 1830 s, `a` is idle for 30 whole minutes and a bit. From the second such
//! gap on it stays away for 0.9 x 30 min = 1620 s after a call and is then kept until
//! 1.1 x 31 min = 2046 s after it.

use crate::table::check;

const PERIODIC: &str = "0s a; 1830s a; 3660s a";

fn after_three_calls(rest: &str, expected: &str) {
    let functions = "a 100MB; b 100MB; exits 200MB run=100s run_and_exit";
    let script = format!("{PERIODIC}; {rest}");
    check("hybrid-histogram", "200MB", functions, &[(&script, expected)]);
}

#[test]
fn the_unknown_is_kept_for_the_whole_range() {
    let functions = "a 100MB; b 100MB; c 100MB";
    check(
        "hybrid-histogram:range=10m",
        "200MB",
        functions,
        &[
            ("0s a; 20m", "cold; expires a 601.1s"),
            ("0s a; 10m a; 10m b", "cold warm cold"),
            ("0s a; 10s b; 20s a; 30s c", "cold cold warm cold; evicts b"),
        ],
    );
    check("hybrid-histogram", "200MB", functions, &[("0s a; 5h", "cold; expires a 14401.1s")]);
}

#[test]
fn the_periodic_is_unloaded_and_comes_back_in_time() {
    after_three_calls(
        "5490s a; 6000s",
        "cold warm*3; expires a 3660.1s, a 5490.1s; starts a 5280.1s",
    );
    after_three_calls("8000s", "cold warm warm; expires a 3660.1s, a 5706.1s; starts a 5280.1s");
}

#[test]
fn a_call_before_it_is_due_is_cold_and_teaches() {
    // Now 5 min are the 5th percentile of gaps: away for 270 s, kept until 2046 s.
    after_three_calls(
        "4000s a; 8000s",
        "cold warm warm cold; expires a 3660.1s, a 4001.1s, a 6047.1s; starts a 4271.1s",
    );
}

#[test]
fn nothing_warm_is_evicted_for_an_expectation() {
    check(
        "hybrid-histogram",
        "100MB",
        "a 100MB; b 100MB",
        &[(
            "0s a; 1830s a; 3660s a; 5000s b; 5490s a",
            "cold warm warm cold cold; evicts b; expires a 3660.1s, a 5491.1s",
        )],
    );
}

#[test]
fn a_wish_that_was_withdrawn_starts_nothing() {
    // The call at 4000 s is dropped; what was expected at 5490 s is expected no more.
    after_three_calls(
        "3950s exits; 4000s a; 8000s",
        "cold warm warm cold drop; expires a 3660.1s; exits exits 4051s",
    );
}

#[test]
fn beyond_the_range_the_mean_decides() {
    // Idle for 1198.9 s each time: away for 0.85 of it, kept for 0.3 of it.
    check(
        "hybrid-histogram:range=10m",
        "200MB",
        "a 100MB",
        &[(
            "0s a; 20m a; 40m a; 1h a; 4000s",
            "cold*3 warm; expires a 601.1s, a 1801.1s, a 2401.1s, a 3600.1s; starts a 3420.165s",
        )],
    );
}
