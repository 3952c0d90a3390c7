//! What goes wrong around a site: memory taken away, starts that fail, instances that die,
//! functions that are removed.

use crate::table::check;

const SMALL: &str = "a 100MB; b 100MB; c 100MB; long 100MB run=60s";

#[test]
fn memory_can_be_raised_and_lowered() {
    check("lru", "100MB", SMALL, &[("0s a; 10s memory 200MB; 20s b", "cold cold")]);
    check(
        "lru",
        "300MB",
        SMALL,
        &[("0s a; 10s b; 20s c; 30s memory 100MB; 40s b", "cold*4; evicts a b c")],
    );
    check("lru:wait=30s", "100MB", SMALL, &[("0s long; 5s a; 10s memory 200MB", "cold cold")]);
}

#[test]
fn memory_in_use_is_given_back_when_it_can_be() {
    check(
        "lru",
        "300MB",
        SMALL,
        &[
            // What idles goes at once, though it is less than what was taken away.
            ("0s a; 10s long; 10s long; 20s memory 100MB; 30s a", "cold*3 drop; evicts a long"),
            // What works goes when it rests, without being asked again.
            ("0s long; 5s long; 20s memory 100MB; 70s", "cold cold; evicts long"),
        ],
    );
}

#[test]
fn a_limit_outranks_the_policy_but_not_the_function() {
    let functions = "a 100MB; b 100MB; floor 100MB min_warm=1; fixed 100MB pinned";
    let script = "10s a; 20s b; 30s fixed; 40s memory 100MB";
    for policy in ["lru", "dynamic-ttl", "hazard", "hybrid-histogram"] {
        let rows = [(script, "cold*3; evicts a b; starts floor 0s")];
        check(policy, "400MB", functions, &rows);
    }
}

#[test]
fn a_start_that_fails_costs_one_request_its_answer() {
    check("lru", "100MB", SMALL, &[("0s spoil a; 0s a; 10s a", "failed cold")]);
    check("lru:wait=30s", "100MB", SMALL, &[("0s spoil a; 0s a; 0s a", "failed cold")]);
    check(
        "lru",
        "100MB",
        "a 100MB min_warm=1",
        &[("4s spoil a; 5s crash a; 20s a", "warm; starts a 0s, a 5s, a 7s")],
    );
}

#[test]
fn an_instance_that_dies_is_forgotten() {
    check(
        "lru",
        "100MB",
        "a 100MB run=10s",
        &[
            ("0s a; 5s crash a; 8s a", "cold cold"),
            ("0s a; 500ms crash a; 5s a", "failed cold"),
            ("0s a; 20s crash a; 30s a", "cold cold"),
        ],
    );
    check("lru:wait=30s", "100MB", SMALL, &[("0s long; 5s a; 6s crash long", "cold cold")]);
}

#[test]
fn a_removed_function_answers_no_more() {
    check(
        "lru",
        "100MB",
        SMALL,
        &[
            ("0s a; 10s remove a; 20s a; 30s deploy a; 40s a", "cold unknown cold; exits a 10s"),
            ("0s long; 5s remove long; 70s a", "cold cold; exits long 61s"),
        ],
    );
    check("lru:wait=30s", "100MB", SMALL, &[("0s long; 5s a; 6s remove a", "cold removed")]);
}
