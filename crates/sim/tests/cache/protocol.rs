//! Cache groups with the real protocol between them: what it costs, and that it keeps what it
//! promises while writers write and nodes crash.

use std::sync::atomic::AtomicBool;

use swell_core::cachegroup::level::ReadLevel;
use swell_core::cachegroup::prefetch::layers::Layers;
use swell_core::cachegroup::way::Way;
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
                tasks: None,
                prefetch: Layers::OFF,
                level,
                way: Way::ALL[seed as usize % 3],
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

/// Tasks of a few functions, with some fetched ahead.
fn at_work(layers: &str, level: ReadLevel) -> (Outcome, Kept) {
    let protocol = Protocol {
        level,
        tasks: Some("inputs=6,functions=8,startup=200ms".parse().expect("tasks")),
        prefetch: layers.parse().expect("layers"),
        rate: 0.2,
        ..Protocol::default()
    };
    let (contents, slots, requests) = (400, 24, 3_000);
    play(&Case { contents, slots, requests, ..town(protocol) })
}

#[test]
fn each_layer_of_prefetching_helps_the_one_before() {
    let mut waits = Vec::new();
    for layers in ["off", "p0", "p0+p1", "p0+p1+p2"] {
        let (outcome, kept) = at_work(layers, ReadLevel::Causal);
        let label = format!("{layers}: {outcome:?} {kept:?}");
        assert_eq!((kept.tasks.tasks, kept.failed, kept.stale_reads), (3_000, 0, 0), "{label}");
        let ahead = kept.ahead;
        assert_eq!(ahead.by_history > 0, layers.contains("p1"), "{label}");
        assert_eq!(ahead.by_popularity > 0, layers.contains("p2"), "{label}");
        assert!(ahead.useful + ahead.late + ahead.wasted <= ahead.begun() + 500, "{label}");
        assert!(ahead.useful > 0 || !layers.contains("p1"), "{label}");
        waits.push((kept.tasks.latency.nanos(), label));
    }
    assert!(waits[1].0 < waits[0].0 * 9 / 10, "tasks go where their inputs are: {waits:#?}");
    // What is left is one content in seven that nobody can foresee.
    assert!(waits[2].0 < waits[1].0, "and these come while they start: {waits:#?}");
    assert!(waits[3].0 < waits[2].0 * 51 / 50, "what all ask for does no harm: {waits:#?}");
}

#[test]
fn what_is_fetched_ahead_is_no_older_than_promised() {
    for (seed, level) in (1..).zip([ReadLevel::Strict, ReadLevel::Causal]) {
        let protocol = Protocol {
            level,
            tasks: Some("inputs=4,functions=4".parse().expect("tasks")),
            prefetch: Layers::ALL,
            writes: 0.2,
            member_crashes: 6,
            leader_crashes: 3,
            repair: Span::from_secs(5),
            outage: Span::from_secs(4),
            ..Protocol::default()
        };
        let case = Case { seed, warmup: 1_000, requests: 3_000, ..town(protocol) };
        let (outcome, kept) = play(&case);
        let label = format!("{level}: {outcome:?} {kept:?}");
        assert_eq!(kept.stale_reads, 0, "{label}");
        assert!(kept.tasks.tasks > 1_500 && kept.ahead.useful > 100, "{label}");
    }
}
