//! A FIFO goes to another node where nobody here can help, and does not come and go.

use swell_core::flow::analyzer::Analyzer;
use swell_core::flow::budget::Budget;
use swell_core::flow::measured::{Measured, Settings};
use swell_core::flow::policy::{FlowPolicy, Stay, Verdict};
use swell_core::flow::topology::abroad;
use swell_core::flow::view::{FifoId, OwnerId, Party, TICK, View};
use swell_core::rng;
use swell_core::time::{Instant, Span};

use crate::stage::{FIFO, Stage, party};

fn measured() -> Measured {
    Measured::new(Settings::default(), rng::split(1, "flow"))
}

/// The same function at another node, a tenth of whose processors is in use.
fn far(round_trip: Span, pause: Span) -> Party {
    Party { is_abroad: true, proximity: abroad(round_trip), pause, ..party(2, 0.1) }
}

/// A late FIFO on a full owner, and who could own it instead: one here with so much in use, and one
/// at another node.
fn stage(here: f64, round_trip: Span, pause: Span) -> Stage {
    let mut stage = Stage::with(false, true, true);
    stage.others = vec![party(1, here), far(round_trip, pause)];
    stage
}

#[test]
fn another_node_is_for_what_nobody_here_can_do() {
    let (here, there) = (Verdict::Move(OwnerId(1)), Verdict::Move(OwnerId(2)));
    let (near, quick) = (Span::from_millis(1), Span::from_millis(20));
    for (used, round_trip, pause, expected, why) in [
        (0.1, near, quick, here, "what is here comes first, whatever it is worth"),
        (0.64, near, quick, here, "even if it has less room"),
        (0.66, near, quick, there, "it would have too much in use"),
        (0.97, near, quick, there, "it has more in use than the owner"),
        (0.97, near, Span::from_secs(1), Verdict::Stay(Stay::NoBenefit), "a pause too long"),
        (0.97, Span::from_millis(80), quick, Verdict::Stay(Stay::NoBenefit), "it is too far away"),
    ] {
        let verdict = stage(used, round_trip, pause).judge_for(10, &mut measured()).verdict;
        assert_eq!(verdict, expected, "{used}: {why}");
    }
    let mut gone = stage(0.97, near, quick);
    gone.others[1].is_alive = false;
    assert_eq!(gone.judge_for(10, &mut measured()).verdict, Verdict::Stay(Stay::NoTarget));
}

#[test]
fn the_founding_rule_knows_no_nodes() {
    let founding = Settings::founding(Default::default(), 0.5);
    assert!(measured().knows_nodes());
    assert!(!Measured::new(founding, rng::split(1, "flow")).knows_nodes());
}

fn analyzer() -> Analyzer {
    Analyzer::new(Box::new(measured()), Budget::default())
}

fn orders(analyzer: &mut Analyzer, stage: &mut Stage, tick: u64, count: u32) -> Vec<FifoId> {
    let now = Instant::ZERO + TICK * tick;
    stage.sample.at = now;
    let views: Vec<View<'_>> =
        (0..count).map(|fifo| View { fifo: FifoId(fifo), ..stage.view() }).collect();
    analyzer.tick(now, &views).into_iter().map(|order| order.fifo).collect()
}

#[test]
fn one_goes_at_a_time() {
    let (mut analyzer, mut stage) =
        (analyzer(), stage(0.97, Span::from_millis(1), Span::from_millis(20)));
    let mut ordered: Vec<FifoId> = Vec::new();
    for tick in 1..40 {
        ordered.extend(orders(&mut analyzer, &mut stage, tick, 3));
    }
    assert_eq!(ordered, [FifoId(0)], "it is on its way");
    analyzer.on_failed(FifoId(0), "nobody answers");
    let next = orders(&mut analyzer, &mut stage, 40, 3);
    assert_eq!(next, [FifoId(1)], "it has wanted to for longer");
    analyzer.on_removed(FifoId(1));
    assert_eq!(orders(&mut analyzer, &mut stage, 41, 3).len(), 1, "it is gone");
}

#[test]
fn what_came_from_another_node_stays_for_its_rest_which_doubles_with_each_return() {
    for (returns, rest) in [(0, 50), (1, 100), (2, 200)] {
        let (mut analyzer, mut stage) =
            (analyzer(), stage(0.97, Span::from_millis(1), Span::from_millis(20)));
        analyzer.on_came(Instant::ZERO + TICK, FIFO, returns);
        let left = (1..400).find(|tick| !orders(&mut analyzer, &mut stage, *tick, 1).is_empty());
        assert_eq!(left, Some(1 + rest), "{returns}");
    }
}

#[test]
fn what_an_owner_leaves_undone_goes_to_another_node_if_that_is_worth_the_way() {
    let quick = Span::from_millis(20);
    for (used, way, pause, expected) in [
        (0.1, 1, quick, Some(OwnerId(1))),
        (0.97, 1, quick, Some(OwnerId(2))),
        (0.97, 1, Span::from_secs(60), None),
    ] {
        let mut stage = stage(used, Span::from_millis(way), pause);
        (stage.sample.leaving, stage.owner.cpu) = (0.0, 1.0);
        let mut analyzer = analyzer();
        let heir = analyzer.relieve(Instant::ZERO + TICK, &stage.view());
        assert_eq!(heir, expected, "{used} {way}");
    }
    // That it seems to have room left is no reason to wait: nothing of it is done here.
    let mut seems_free = stage(0.97, Span::from_millis(1), quick);
    (seems_free.sample.leaving, seems_free.sample.work) = (0.0, Span::ZERO);
    let heir = analyzer().relieve(Instant::ZERO + TICK, &seems_free.view());
    assert_eq!(heir, Some(OwnerId(2)));
    // One that just came rests.
    let stage = stage(0.97, Span::from_millis(1), quick);
    let mut analyzer = analyzer();
    analyzer.on_came(Instant::ZERO, FIFO, 0);
    assert_eq!(analyzer.relieve(Instant::ZERO + TICK, &stage.view()), None);
}
