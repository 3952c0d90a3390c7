//! Training takes no more memory than it may: what the process holds at most is looked at, in a
//! process of its own.

#![cfg(target_os = "linux")]
#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_macros,
    reason = "the system tells in files what a process holds"
)]

use std::fs;

use swell_forecast::catalogue;
use swell_forecast::forecaster::Budget;
use swell_forecast::league::budget::Memory;
use swell_forecast::panel::{Member, Panel};
use swell_forecast::series::Series;

/// What the process holds, and held at most since the last [`forget`], in KiB.
fn held() -> [u64; 2] {
    let status = fs::read_to_string("/proc/self/status").expect("the system tells");
    ["VmRSS:", "VmHWM:"].map(|of| {
        let line = status.lines().find(|line| line.starts_with(of)).expect("it is a line of it");
        let number = line.split_whitespace().nth(1).and_then(|number| number.parse().ok());
        number.expect("it is a number")
    })
}

/// Lets the system count anew from what is held now; whether it does.
fn forget() -> bool {
    fs::write("/proc/self/clear_refs", "5").is_ok()
}

#[test]
fn training_stays_within_its_memory() {
    let entry = catalogue::entries().find(|entry| entry.name == "hybrid").expect("there is one");
    let count = |member: usize, step: usize| (member * 7 + step * step) as u32 % 251;
    let member = |number: usize| Member {
        name: format!("f{number}"),
        counts: Series::from_counts((0..1_200).map(|step| Some(count(number, step)))),
        ..Member::default()
    };
    let memory = Memory { bytes: 40 << 20 };
    let panel = Panel::new((0..4_000).map(member).collect(), 12);
    if !forget() {
        eprintln!("skipped: the system does not tell how much was held at most");
        return;
    }
    let [before, _] = held();
    let panel = memory.fit(panel).expect("something can be learned");
    assert!((1_000..4_000).contains(&panel.members.len()), "{}", panel.members.len());
    let budget = Budget {
        examples: memory.examples(&panel).min(480_000),
        asked: memory.asked(&panel).min(2_048),
        ..Budget::FULL.scaled(0.01)
    };
    let past = panel.before(panel.len());
    let model = entry.forecaster.fit(&past, &budget, 1);
    let [_, most] = held();
    drop(model);
    let took = most.saturating_sub(before);
    assert!(
        took <= memory.bytes >> 10,
        "{took} KiB, {} examples, {} asked",
        budget.examples,
        budget.asked
    );
}
