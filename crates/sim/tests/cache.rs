//! The simulator of caches against published and hand-made cases, to the last hit.

use std::sync::atomic::AtomicBool;

use swell_sim::cache::case::{Case, Net, Outcome};
use swell_sim::cache::popularity::Popularity;
use swell_sim::cache::replacement::catalogue::Replacement;
use swell_sim::cache::run::run;
use swell_sim::cache::strategy::group::Lookup;
use swell_sim::cache::topology::catalogue::{Choice, read};
use swell_sim::cache::topology::star::{Draw, Shape};

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
    }
}

fn play(case: &Case) -> Outcome {
    let popularity = Popularity::zipf(case.contents, case.alpha);
    run(case, &popularity, &AtomicBool::new(false)).expect("it runs")
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
