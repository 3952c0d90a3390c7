//! Several nodes that make clones for each other, simulated.

use std::sync::atomic::AtomicBool;

use swell_core::time::Span;
use swell_core::units::Bytes;
use swell_sim::near::experiment::NearExperiment;
use swell_sim::near::row::NodeRow;
use swell_sim::near::table;

use crate::staged::{experiment, opened};

const TIMERS: &str = "gen:timers,functions=60,calls=3000,hours=10,seed=4";

/// One node has next to no room, the other has more than it needs.
fn run(distance: Span, threads: usize) -> Vec<Vec<NodeRow>> {
    let mut plain = experiment(opened(TIMERS), Bytes::from_mb(4_000));
    plain.threads = threads;
    let near = NearExperiment { plain, shares: vec![1, 7], distance };
    near.run(&AtomicBool::new(false), &|_| ()).expect("nothing stops it")
}

fn sum(rows: &[NodeRow], figure: fn(&NodeRow) -> u64) -> u64 {
    rows.iter().map(figure).sum()
}

#[test]
fn a_node_without_room_has_clones_made_by_one_that_has() {
    let runs = run(Span::from_millis(2), 1);
    let [off, alone, together] = &runs[..] else { panic!("three ways") };
    for rows in [off, alone] {
        assert_eq!(sum(rows, |row| row.asked + row.sent + row.lent), 0, "{rows:?}");
    }
    assert_eq!(sum(off, |row| row.clones_made), 0);
    let [poor, rich] = &together[..] else { panic!("two nodes") };
    assert!(poor.asked > 0 && poor.promised > 0 && poor.sent > 0, "{poor:?}");
    assert_eq!((poor.promised, poor.sent), (rich.lent, rich.taken));
    assert_eq!((rich.sent, poor.taken), (0, 0), "who has room keeps its calls");
    assert!(20 * rich.asked < poor.asked, "and hardly asks: {rich:?}");
    let cold = |rows: &[NodeRow]| sum(rows, |row| row.cold);
    assert!(10 * cold(together) < 9 * cold(alone), "{} of {}", cold(together), cold(alone));
    assert!(sum(together, |row| row.dropped) <= sum(alone, |row| row.dropped));
    for rows in &runs {
        assert_eq!(sum(rows, |row| row.calls), sum(off, |row| row.calls), "each call came once");
    }
    assert_eq!(run(Span::from_millis(2), 3), runs, "threads do not matter");
    let mut shown = Vec::new();
    table::write(&runs, 2.0, &mut shown).expect("a vector takes it");
    let shown = String::from_utf8(shown).expect("it is text");
    assert!(shown.contains("together, node 1 (500MB)") && shown.contains("less %"), "{shown}");
}

#[test]
fn who_is_farther_than_a_start_is_long_is_not_asked() {
    let runs = run(Span::from_millis(600), 1);
    let [_, alone, together] = &runs[..] else { panic!("three ways") };
    assert_eq!(sum(together, |row| row.asked + row.sent), 0, "{together:?}");
    let cold = |rows: &[NodeRow]| rows.iter().map(|row| row.cold).collect::<Vec<_>>();
    assert_eq!(cold(together), cold(alone));
}
