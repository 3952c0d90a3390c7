//! Cold starts (and drops) in percent, as another program found them.
//!
//! The expected figures were measured with an event-driven simulator written only for
//! that purpose, which agreed with FaasCache's own (ASPLOS 2021) within 0.01 % for LRU on
//! 200 functions in 8 GB (9.871 and 9.868). With all memory, a fixed time and never
//! letting go are the ends of the curve in "Serverless in the Wild" (ATC 2020).

use std::sync::atomic::AtomicBool;

use swell_core::units::Bytes;
use swell_sim::row::Row;
use swell_sim::simulate::{Case, Scenario, simulate};
use swell_trace::placement::Placement;
use swell_trace::reading::Reading;

use crate::traffic::{named, scenario};

fn run(scenario: &Scenario, policy: &str, memory: &str, placement: Placement) -> Row {
    let reading = Reading { placement, ..Reading::default() };
    let memory: Bytes = memory.parse().expect("an amount of memory");
    let case = Case { policy: policy.into(), memory, reading };
    simulate(scenario, &case, &AtomicBool::new(false)).expect("it runs").0
}

fn check(trace: &str, cold: &str, rows: &[(&str, &str, &str)]) {
    let scenario = scenario(named(trace), cold);
    for &(policy, memory, expected) in rows {
        let row = run(&scenario, policy, memory, Placement::Even);
        let found = format!("{:.2} ({:.2})", row.cold_pct, row.drop_pct);
        assert_eq!(found, expected, "`{policy}` on {trace} in {memory}");
    }
}

#[test]
fn figures_of_200_functions() {
    check(
        "200",
        "max-avg:0s",
        &[
            ("lru", "8GB", "9.87 (0.90)"),
            ("lru", "16GB", "0.80 (0.00)"),
            ("fixed-ttl", "8GB", "9.87 (0.90)"),
            ("fixed-ttl", "16GB", "1.76 (0.00)"),
        ],
    );
}

#[test]
fn figures_of_1350_functions() {
    check(
        "1350",
        "1s",
        &[
            ("lru", "80GB", "2.71 (0.41)"),
            ("lru", "120GB", "0.96 (0.33)"),
            ("fixed-ttl", "80GB", "2.86 (0.41)"),
            ("fixed-ttl", "120GB", "1.88 (0.33)"),
        ],
    );
    check(
        "1350",
        "max-avg:0s",
        &[("lru", "1000TB", "0.51 (0.00)"), ("fixed-ttl:ttl=1h", "1000TB", "0.82 (0.00)")],
    );
}

#[test]
fn a_seventh_of_the_functions_is_called_once() {
    let row = run(&scenario(named("1350"), "1s"), "lru", "1000TB", Placement::Even);
    assert_eq!(format!("{:.1}", row.always_cold_pct), "13.2");
}

#[test]
fn the_placement_of_calls_doubles_the_cold_starts() {
    let scenario = scenario(named("1350"), "1s");
    for (memory, expected) in [("80GB", 5.67), ("120GB", 1.67)] {
        // The dice fall differently in another program.
        let found = run(&scenario, "lru", memory, Placement::Uniform).cold_pct;
        assert!((found - expected).abs() < 0.05, "{found} in {memory}, expected {expected}");
    }
}
