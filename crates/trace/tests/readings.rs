//! However a trace is read, it stays the same trace: the same calls per minute, the same
//! stream for the same seed, from as many threads as one likes.

use std::collections::BTreeMap;

use swell_trace::arrival::Arrival;
use swell_trace::bundled::Bundled;
use swell_trace::durations::Durations;
use swell_trace::open::Options;
use swell_trace::placement::{MINUTE_NANOS, Placement};
use swell_trace::reading::Reading;
use swell_trace::trace::Trace;

fn bundled(name: &str) -> Trace {
    Bundled::find(name).unwrap().open(&Options::default()).unwrap()
}

fn read(trace: &Trace, reading: &Reading) -> Vec<Arrival> {
    let mut stream = trace.arrivals(reading).unwrap();
    let (mut all, mut chunk) = (Vec::new(), Vec::new());
    loop {
        stream.fill(&mut chunk).unwrap();
        if chunk.is_empty() {
            return all;
        }
        all.extend_from_slice(&chunk);
    }
}

fn per_minute(calls: &[Arrival]) -> BTreeMap<(u64, u32), u32> {
    let mut counts = BTreeMap::new();
    for call in calls {
        *counts.entry((call.at.nanos() / MINUTE_NANOS, call.function.0)).or_default() += 1;
    }
    counts
}

#[test]
fn every_placement_keeps_the_counts() {
    for (name, calls) in [("200", 155_469), ("1350", 927_272)] {
        let trace = bundled(name);
        let expected = per_minute(&read(&trace, &Reading::default()));
        for placement in Placement::ALL {
            for seed in [1, 2] {
                let reading = Reading { placement, durations: Durations::Average, seed };
                let found = read(&trace, &reading);
                assert_eq!(found.len(), calls, "{name} {placement}");
                assert!(found.is_sorted_by_key(|call| call.at), "{name} {placement}");
                assert_eq!(per_minute(&found), expected, "{name} {placement}");
            }
        }
    }
}

#[test]
fn the_seed_decides_what_is_drawn_and_nothing_else_does() {
    for (name, placement, durations, drawn) in [
        ("200", Placement::Even, Durations::Average, false),
        ("200", Placement::Start, Durations::Average, false),
        ("200", Placement::Uniform, Durations::Average, true),
        ("200", Placement::Burst, Durations::Average, true),
        ("200", Placement::Even, Durations::Sampled, true),
        ("20-b", Placement::Uniform, Durations::Sampled, false),
        ("azure2021-200", Placement::Uniform, Durations::Sampled, false),
    ] {
        let trace = bundled(name);
        let of = |seed| read(&trace, &Reading { placement, durations, seed });
        assert_eq!(of(1), of(1), "{name} {placement} {durations}");
        assert_eq!(of(1) != of(2), drawn, "{name} {placement} {durations}");
    }
}

#[test]
fn threads_share_a_trace() {
    for name in ["200", "20-d"] {
        let trace = bundled(name);
        let expected = read(&trace, &Reading::default());
        std::thread::scope(|scope| {
            for _ in 0..3 {
                let (trace, expected) = (trace.clone(), &expected);
                scope.spawn(move || assert!(read(&trace, &Reading::default()) == *expected));
            }
        });
    }
}

#[test]
fn the_founding_traces_are_evenly_placed() {
    // Their minutes hold n calls at multiples of a minute over n, to the microsecond.
    let trace = bundled("20-d");
    let calls = read(&trace, &Reading::default());
    let counts = per_minute(&calls);
    let even = calls.iter().filter(|call| {
        let minute = call.at.nanos() / MINUTE_NANOS;
        let count = counts[&(minute, call.function.0)];
        let place =
            (call.at.nanos() % MINUTE_NANOS) as f64 * f64::from(count) / MINUTE_NANOS as f64;
        (place - place.round()).abs() < 0.001
    });
    assert!(even.count() as f64 > calls.len() as f64 * 0.999);
}
