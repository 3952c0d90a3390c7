//! The simulator of caches against published and hand-made cases, to the last hit.

mod plain;
mod protocol;
mod report;
mod rules;

use std::sync::atomic::AtomicBool;

use swell_sim::cache::case::{Case, Net, Outcome};
use swell_sim::cache::popularity::Popularity;
use swell_sim::cache::replacement::catalogue::Replacement;
use swell_sim::cache::run::run;
use swell_sim::cache::strategy::group::Lookup;
use swell_sim::cache::topology::catalogue::{Choice, read};
use swell_sim::cache::topology::star::{Draw, Shape};

use plain::{Load, Plain};

/// Case E: 20,000 requests to warm up, 60,000 counted, 1000 contents, 10 slots, seed 42.
fn small(topology: &str, strategy: &str, replacement: &str, alpha: f64) -> Case {
    let Ok(Choice::Made(topology)) = read(topology) else { panic!("{topology} is made here") };
    Case {
        net: Net::Other(topology),
        strategy: strategy.parse().expect("it is a strategy"),
        lookup: Lookup::Oracle,
        replacement: replacement.parse().expect("it is a rule"),
        alpha,
        workloads: 1,
        contents: 1000,
        slots: 10,
        warmup: 20_000,
        requests: 60_000,
        seed: 42,
        protocol: None,
    }
}

/// Case D: the paper's model with 32 workloads of 1000 contents, 10 slots, 64,000 requests to
/// warm up, 64,000 counted, seed 7.
fn deck(members: u32, leaders: u32) -> Case {
    Case {
        net: Net::Deck { shape: Shape { members, leaders }, draw: Draw::Even },
        strategy: "group".parse().expect("it is a strategy"),
        lookup: Lookup::Oracle,
        replacement: Replacement::Lru,
        alpha: 1.0,
        workloads: 32,
        contents: 1000,
        slots: 10,
        warmup: 64_000,
        requests: 64_000,
        seed: 7,
        protocol: None,
    }
}

fn play(case: &Case) -> Outcome {
    let popularity = Popularity::zipf(case.contents, case.alpha);
    run(case, &popularity, &AtomicBool::new(false)).expect("it runs").outcome
}

#[test]
fn paths_and_trees_are_matched_exactly() {
    for (name, topology, strategy, replacement, alpha, hits, latency_ms) in [
        ("E1", "path", "LCE", "LRU", 1.0, 13_234, 869_208.0),
        ("E3", "tree", "LCE", "LRU", 1.0, 17_875, 387_512.0),
        ("E4", "tree", "LCD", "LRU", 1.0, 24_680, 342_240.0),
        ("E7", "tree", "HR_SYMM", "LRU", 1.0, 49_184, 698_094.0),
        ("E8", "tree", "NO_CACHE", "LRU", 0.0, 0, 480_000.0),
    ] {
        let outcome = play(&small(topology, strategy, replacement, alpha));
        assert_eq!((outcome.hits(), outcome.latency.millis_f64()), (hits, latency_ms), "{name}");
    }
}

#[test]
fn the_papers_model_is_matched_exactly() {
    let outcome = play(&deck(10, 32));
    let hits = (outcome.local_hits, outcome.group_hits, outcome.hits());
    assert_eq!(hits, (13_683, 18_165, 31_848));
    assert_eq!(outcome.latency.millis_f64(), 2_761_300.0);
    let outcome = play(&deck(320, 1));
    assert_eq!((outcome.local_hits, outcome.group_hits), (13_380, 0));
    assert_eq!(outcome.latency.millis_f64(), 4_383_692.0);
}

/// What the plain simulator makes of a case of a network that is not the paper's.
fn load(case: &Case) -> Load {
    Load {
        alpha: case.alpha,
        contents: case.contents,
        slots: case.slots as usize,
        warmup: case.warmup,
        requests: case.requests,
        seed: case.seed,
    }
}

#[test]
fn strategies_do_what_they_say() {
    for topology in
        ["path", "path:nodes=5", "tree", "tree:children=2,height=5", "ring", "ring:routers=5"]
    {
        let case = small(topology, "LCE", "LRU", 1.0);
        let plain = Plain::new(&case.topology());
        for strategy in ["LCE", "LCD", "EDGE", "CL4M", "HR_SYMM", "NO_CACHE"] {
            for rule in ["LRU", "FIFO", "IN_CACHE_LFU", "PERFECT_LFU", "SIEVE", "S3-FIFO"] {
                for (alpha, slots, seed) in
                    [(1.0, 10, 42), (0.75, 20, 7), (0.5, 3, 1), (0.0, 40, 5)]
                {
                    let case = Case {
                        slots,
                        seed,
                        contents: 200,
                        warmup: 300,
                        requests: 1200,
                        ..small(topology, strategy, rule, alpha)
                    };
                    let (hits, ms) = plain.play(strategy, rule, load(&case));
                    let outcome = play(&case);
                    let label = format!("{topology} {strategy} {rule} {alpha} {slots}");
                    assert_eq!(
                        (outcome.hits(), outcome.latency.millis_f64()),
                        (hits, ms),
                        "{label}"
                    );
                    let served = outcome.hits() <= outcome.requests;
                    assert!(served && outcome.requests == case.requests, "{label}");
                }
            }
        }
    }
}

#[test]
fn groups_do_what_they_say() {
    for (members, leaders, workloads) in [
        (10, 4, 4),
        (10, 4, 8),
        (4, 8, 4),
        (20, 2, 16),
        (1, 40, 8),
        (40, 1, 8),
        (2, 20, 1),
        (70, 2, 2),
    ] {
        for (alpha, slots, rule) in [(1.0, 5, "LRU"), (0.5, 30, "SIEVE"), (0.0, 17, "FIFO")] {
            let case = Case {
                replacement: rule.parse().expect("it is a rule"),
                alpha,
                workloads,
                contents: 60,
                slots,
                warmup: 500,
                requests: 2500,
                ..deck(members, leaders)
            };
            let (local, group, ms) = Plain::new(&case.topology()).groups(rule, load(&case));
            let outcome = play(&case);
            let label = format!("{members}x{leaders} {workloads} {alpha} {rule}");
            assert_eq!((outcome.local_hits, outcome.group_hits), (local, group), "{label}");
            assert!((outcome.latency.millis_f64() - ms).abs() < 1e-6 * ms, "{label}");
        }
    }
}

#[test]
fn any_network_can_have_groups() {
    for (topology, members) in [("tree", 13), ("tree", 3), ("ring", 9), ("ring", 3), ("path", 4)] {
        let case = Case {
            contents: 100,
            warmup: 200,
            requests: 2000,
            ..small(topology, "group", "LRU", 0.75)
        };
        let mut topology = case.topology();
        topology.groups = (0..topology.caches.len() as u32).map(|cache| cache / members).collect();
        let (local, group, ms) = Plain::new(&topology).groups("LRU", load(&case));
        let outcome = play(&Case { net: Net::Other(topology), ..case });
        assert_eq!((outcome.local_hits, outcome.group_hits), (local, group));
        assert_eq!(outcome.latency.millis_f64(), ms);
    }
}

#[test]
fn a_second_copy_now_and_then_makes_room_for_others() {
    let with = |copy: f64| {
        let strategy = format!("group:copy={copy}").parse().expect("it is a strategy");
        play(&Case { strategy, ..deck(10, 32) })
    };
    let (always, seldom, never) = (with(1.0), with(0.1), with(0.0));
    assert!(always.local_hits > seldom.local_hits && seldom.local_hits > never.local_hits);
    assert!(always.hits() < seldom.hits() && seldom.hits() < never.hits());
    assert_eq!(with(0.1), seldom, "coins come from the seed");
    let strategy = "group:copy=1,touch=no".parse().expect("it is a strategy");
    assert_ne!(play(&Case { strategy, ..deck(10, 32) }), always);
}

#[test]
fn looking_for_copies_can_be_counted() {
    let with = |lookup: Lookup| play(&Case { lookup, ..deck(10, 32) });
    let (oracle, redirect) = (with(Lookup::Oracle), with(Lookup::Redirect));
    let validated = with(Lookup::Validated);
    let served = |outcome: &Outcome| (outcome.local_hits, outcome.group_hits);
    assert_eq!((served(&oracle), served(&oracle)), (served(&redirect), served(&validated)));
    let store = oracle.requests - oracle.hits();
    let Outcome { local_hits, group_hits, .. } = oracle;
    assert_eq!(oracle.messages, 2 * group_hits + 2 * store);
    assert_eq!(redirect.messages, 4 * group_hits + 3 * store);
    assert_eq!(validated.messages, redirect.messages + 2 * local_hits);
    assert!(oracle.latency < redirect.latency && redirect.latency < validated.latency);
    // Without groups every validated hit goes all the way.
    let alone = play(&Case { lookup: Lookup::Validated, ..deck(320, 1) });
    assert!((alone.latency_ms() - 86.6).abs() < 1e-9);
}

#[test]
fn networks_with_equals_and_chance_add_up() {
    for (strategy, rule) in [("PROB_CACHE", "LRU"), ("CL4M", "RAND"), ("LCE", "RAND")] {
        let case = small("garr", strategy, rule, 0.75);
        let outcome = play(&case);
        assert_eq!(outcome, play(&case), "a seed says all");
        assert!(outcome.hits() > 5_000 && outcome.hits() < 50_000, "{strategy}: {outcome:?}");
        let other = play(&Case { seed: 43, ..case });
        assert_ne!(outcome, other);
    }
}
