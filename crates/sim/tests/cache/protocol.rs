//! Cache groups with the real protocol between them: what it costs, and that it keeps what it
//! promises while writers write and nodes crash.

use std::sync::atomic::AtomicBool;

use swell_core::cachegroup::level::ReadLevel;
use swell_core::time::Span;
use swell_sim::cache::case::{Case, Outcome};
use swell_sim::cache::popularity::Popularity;
use swell_sim::cache::protocol::setting::Protocol;
use swell_sim::cache::protocol::tally::Kept;
use swell_sim::cache::run::run;

use crate::deck;

/// A town of eight groups of five, small enough to be played often.
fn town(protocol: Protocol) -> Case {
    Case {
        workloads: 8,
        contents: 100,
        warmup: 4_000,
        requests: 8_000,
        protocol: Some(protocol),
        ..deck(5, 8)
    }
}

fn play(case: &Case) -> (Outcome, Kept) {
    let popularity = Popularity::zipf(case.contents, case.alpha);
    let played = run(case, &popularity, &AtomicBool::new(false)).expect("it runs");
    (played.outcome, played.kept.expect("the protocol was played"))
}

#[test]
fn where_nobody_writes_it_finds_what_the_oracle_finds() {
    let protocol = Protocol { level: ReadLevel::Causal, rate: 0.5, ..Protocol::default() };
    let (outcome, kept) = play(&town(protocol));
    let oracle = Case { protocol: None, ..town(protocol) };
    let popularity = Popularity::zipf(oracle.contents, oracle.alpha);
    let oracle = run(&oracle, &popularity, &AtomicBool::new(false)).expect("it runs").outcome;
    assert_eq!((outcome.requests, kept.failed, kept.stale_reads), (8_000, 0, 0));
    // The oracle leaves copies be that are as far as the data store; the leader points to them.
    let off = outcome.hit_ratio() - oracle.hit_ratio();
    assert!((0.0..0.04).contains(&off), "{} and {}", outcome.hit_ratio(), oracle.hit_ratio());
    let off = outcome.local_hits.abs_diff(oracle.local_hits);
    assert!(off < oracle.local_hits / 20, "{} and {}", outcome.local_hits, oracle.local_hits);
    // Nobody asks for a copy that is there, and everybody asks the leader for others.
    assert!(outcome.latency > oracle.latency);
    assert!(outcome.messages > oracle.messages);
}

#[test]
fn promises_are_kept_while_writers_write_and_nodes_crash() {
    let levels = [
        ReadLevel::Strict,
        ReadLevel::Causal,
        ReadLevel::Bounded(Span::from_secs(2)),
        ReadLevel::Any,
    ];
    for level in levels {
        for seed in 1..=3 {
            let protocol = Protocol {
                level,
                writes: 0.1,
                rate: 2.0,
                member_crashes: 6,
                leader_crashes: 3,
                repair: Span::from_secs(5),
                outage: Span::from_secs(4),
            };
            let case = Case { seed, ..town(protocol) };
            let (outcome, kept) = play(&case);
            let label = format!("{level}, seed {seed}: {outcome:?} {kept:?}");
            assert_eq!(kept.stale_reads, 0, "{label}");
            let all = outcome.requests + kept.writes + kept.failed + kept.crashed;
            assert_eq!(all, 8_000, "each is counted once: {label}");
            assert!(kept.writes > 500, "{label}");
            // Somebody who is promised less is told old things, and we notice.
            let may_be_behind = level != ReadLevel::Strict;
            assert_eq!(kept.behind_reads > 0, may_be_behind, "{label}");
        }
    }
}

#[test]
fn the_same_seed_plays_the_same_run() {
    let protocol = Protocol { writes: 0.05, member_crashes: 2, ..Protocol::default() };
    let case = Case { requests: 2_000, ..town(protocol) };
    assert_eq!(play(&case), play(&case));
}
