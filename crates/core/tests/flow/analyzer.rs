//! The analyzer keeps to its budget, and can say why.

use swell_core::flow::analyzer::Analyzer;
use swell_core::flow::budget::Budget;
use swell_core::flow::entry::Order;
use swell_core::flow::indicator::Thresholds;
use swell_core::flow::measured::{Measured, Settings};
use swell_core::flow::policy::Verdict;
use swell_core::flow::seed::Seed;
use swell_core::flow::view::{FifoId, Glance, OwnerId, TICK, View};
use swell_core::rng;
use swell_core::time::{Instant, Span};

use crate::stage::Stage;

fn analyzer() -> Analyzer {
    let seed = Seed::new(Thresholds::default(), 0.4, rng::split(1, "flow"));
    Analyzer::new(Box::new(seed), Budget::default())
}

fn views(stage: &Stage, count: u32) -> Vec<View<'_>> {
    (0..count).map(|fifo| View { fifo: FifoId(fifo), ..stage.view() }).collect()
}

fn glance(stage: &Stage, fifo: u32) -> Glance<'_> {
    Glance { fifo: FifoId(fifo), ..stage.view().glance() }
}

#[test]
fn so_many_change_at_a_time_and_the_worst_first() {
    let mut analyzer = analyzer();
    let (mut bad, mut worse) = (Stage::with(false, true, true), Stage::with(true, true, true));
    let mut moved = Vec::new();
    for tick in 1..=20u64 {
        let now = Instant::ZERO + TICK * tick;
        (bad.sample.at, worse.sample.at) = (now, now);
        let mut all = views(&bad, 4);
        all.push(View { fifo: FifoId(9), ..worse.view() });
        for Order { fifo, verdict } in analyzer.tick(now, &all) {
            assert_eq!(verdict, Verdict::Move(OwnerId(1)));
            moved.push((tick, fifo.0));
        }
    }
    // Two at once, then two a second; those under way are not asked again.
    assert_eq!(moved, [(1, 9), (1, 0), (6, 1), (11, 2), (16, 3)]);
    assert_eq!(analyzer.counts().moves, 5);
    assert!(told(&analyzer, &glance(&bad, 2)).contains("changing hands just now"));
}

#[test]
fn what_ended_can_change_again() {
    let mut analyzer = analyzer();
    let mut stage = Stage::with(true, true, true);
    for (tick, expected) in [(1, 1), (2, 0), (20, 1), (40, 1)] {
        let now = Instant::ZERO + TICK * tick;
        stage.sample.at = now;
        assert_eq!(analyzer.tick(now, &views(&stage, 1)).len(), expected, "tick {tick}");
        match tick {
            2 => analyzer.on_moved(now, FifoId(0), Span::from_millis(1), 0),
            20 => analyzer.on_failed(FifoId(0), "it was refused"),
            _ => {}
        }
    }
}

#[test]
fn decisions_are_explained() {
    let mut analyzer = analyzer();
    let content = Stage::new();
    assert_eq!(told(&analyzer, &glance(&content, 0)), "it was not looked at yet");
    for (stage, expected) in [
        (content, "it stays: not enough speaks for a change (score 0.00)"),
        (
            Stage::with(false, true, false),
            "it stays: not enough speaks for a change (score 0.30: items wait for long)",
        ),
        (
            Stage::with(true, true, true),
            "it goes to owner 1, as score 1.00: little flows through, items wait for long, its \
             owner is near its limit; owner 1 is worth 0.72 (headroom 0.90, dependency 0.50, \
             nearness 0.80)",
        ),
    ] {
        analyzer.tick(Instant::ZERO, &views(&stage, 1));
        assert_eq!(told(&analyzer, &glance(&stage, 0)), expected);
    }
}

#[test]
fn shares_of_a_window_are_told_as_such() {
    let measured = Measured::new(Settings::default(), rng::split(1, "flow"));
    let mut analyzer = Analyzer::new(Box::new(measured), Budget::default());
    let mut stage = Stage::with(false, true, false);
    for tick in 1..=3u64 {
        let now = Instant::ZERO + TICK * tick;
        stage.sample.at = now;
        analyzer.tick(now, &views(&stage, 1));
    }
    assert_eq!(
        told(&analyzer, &glance(&stage, 0)),
        "it stays: not enough speaks for a change (relief is wanted 0.18, from 0.60 on: items wait \
         for long 30 % of the time)"
    );
}

#[test]
fn overload_is_told_and_counted() {
    let measured = Measured::new(Settings::default(), rng::split(1, "flow"));
    let mut analyzer = Analyzer::new(Box::new(measured), Budget::default());
    let mut stage = Stage::with(false, true, true);
    stage.sample.arriving = 20_000.0;
    stage.others.clear();
    for tick in 1..=120u64 {
        let now = Instant::ZERO + TICK * tick;
        stage.sample.at = now;
        analyzer.tick(now, &views(&stage, 1));
    }
    assert!(analyzer.counts().overloaded > 10, "{:?}", analyzer.counts());
    let words = told(&analyzer, &glance(&stage, 0));
    assert!(words.starts_with("it stays: more arrives than one call at a time can do"), "{words}");
}

#[test]
fn ten_thousand_are_judged() {
    let measured = Measured::new(Settings::default(), rng::split(1, "flow"));
    let mut analyzer = Analyzer::new(Box::new(measured), Budget::default());
    let mut stage = Stage::with(false, true, true);
    for tick in 1..=12u64 {
        let now = Instant::ZERO + TICK * tick;
        stage.sample.at = now;
        analyzer.tick(now, &views(&stage, 10_000));
    }
    assert_eq!(analyzer.counts().moves, 3, "two, and one more after half a second");
}

#[test]
fn where_too_many_want_something_all_have_their_turn() {
    let measured = || Box::new(Measured::new(Settings::default(), rng::split(1, "flow")));
    // Nobody can take those that are late, so each is looked at; idle ones could be smaller,
    // and the owners of those that are stuck are looked after.
    let mut late = Stage::with(false, true, true);
    late.others.clear();
    let mut idle = Stage::with(true, false, false);
    idle.memory_is_short = true;
    let mut stuck = Stage::with(true, true, false);
    stuck.sample.leaving = 0.0;
    for (mut stage, ticks, expected) in [(late, 10, 0), (idle, 400, 8), (stuck, 10, 64)] {
        let mut analyzer = Analyzer::new(measured(), Budget::default());
        let count = 1_000;
        let mut ordered = vec![0u32; count as usize];
        for tick in 1..=ticks + 130u64 {
            let now = Instant::ZERO + TICK * tick;
            stage.sample.at = now;
            let orders = analyzer.tick(now, &views(&stage, count));
            assert!(orders.len() <= expected, "{orders:?}");
            orders.iter().for_each(|order| ordered[order.fifo.0 as usize] += 1);
        }
        let (least, most) = (ordered.iter().min(), ordered.iter().max());
        let (least, most) = (least.expect("there are some"), most.expect("there are some"));
        assert!(most - least <= 1 && (expected == 0 || *least > 0), "{least} {most}");
        if expected == 0 {
            let looked_at = analyzer.counts().no_target;
            assert!(looked_at >= 256 * 130, "{looked_at}");
        }
    }
}

#[test]
fn an_owner_that_does_nothing_loses_its_fifo_and_not_at_once_again() {
    let mut analyzer = analyzer();
    let stage = Stage::with(true, true, true);
    let at = |seconds| Instant::ZERO + Span::from_secs(seconds);
    let view = stage.view();
    let to = analyzer.relieve(at(1), &view).expect("others have room");
    assert_ne!(to, view.owner.owner);
    let words = told(&analyzer, &view.glance());
    let expected = "it goes to owner 1, as its owner got nothing done although items waited; \
                    owner 1 is worth 0.72 (headroom 0.90, dependency 0.50, nearness 0.80)";
    assert_eq!(words, expected);
    assert_eq!(analyzer.relieve(at(30), &view), None, "it is on its way");
    analyzer.on_moved(at(1), view.fifo, Span::ZERO, 0);
    assert_eq!(analyzer.relieve(at(5), &view), None, "it rests");
    assert!(analyzer.relieve(at(6), &view).is_some());
    assert_eq!(analyzer.counts().moves, 2);
}

fn told(analyzer: &Analyzer, glance: &Glance<'_>) -> String {
    analyzer.explain(glance.sample.at, glance.fifo, analyzer.signs(glance), name)
}

fn name(owner: OwnerId) -> String {
    format!("owner {}", owner.0)
}

fn measured_by(settings: Settings) -> Analyzer {
    let measured = Measured::new(settings, rng::split(1, "flow"));
    Analyzer::new(Box::new(measured), Budget::default())
}

/// The tick at which a late FIFO on a full owner is ordered away, if somebody gave it to that owner
/// just before a tick.
fn ordered_after(given: Option<u64>) -> u64 {
    let mut analyzer = measured_by(Settings::default());
    let mut stage = Stage::with(false, true, true);
    for tick in 1..200 {
        let now = Instant::ZERO + TICK * tick;
        stage.sample.at = now;
        if given == Some(tick) {
            analyzer.on_given(now, FifoId(0), OwnerId(1), OwnerId(0));
        }
        if !analyzer.tick(now, &views(&stage, 1)).is_empty() {
            return tick;
        }
    }
    panic!("it is never ordered away");
}

#[test]
fn what_somebody_else_gave_away_stays_there_for_its_rest() {
    assert_eq!(ordered_after(None), 6, "late in 0.6 of a window");
    assert_eq!(ordered_after(Some(5)), 5 + 50, "five seconds");
}

#[test]
fn owners_that_do_nothing_lose_no_more_fifos_than_may_change_at_a_time() {
    let mut analyzer = measured_by(Settings::default());
    let stage = Stage::with(true, true, false);
    let now = Instant::ZERO + TICK;
    let mut orders = |now| {
        let views = views(&stage, 100);
        views.iter().filter(|view| analyzer.relieve(now, view).is_some()).count()
    };
    assert_eq!(orders(now), 2);
    assert_eq!(orders(now), 0);
}

#[test]
fn who_is_full_by_the_rule_gets_no_fifo_of_an_owner_that_does_nothing() {
    let thresholds = Thresholds { resource_limit: 0.2, ..Thresholds::default() };
    for (margin, expected) in [(0.0, Some(OwnerId(1))), (0.15, None)] {
        let mut analyzer = measured_by(Settings { thresholds, margin, ..Settings::default() });
        let mut stage = Stage::with(true, true, false);
        (stage.others[0].cpu, stage.others[0].memory) = (0.1, 0.0);
        assert_eq!(analyzer.relieve(Instant::ZERO, &stage.view()), expected, "{margin}");
    }
}

/// What is ordered at a tick about a FIFO of a process that is done with nothing, for so many ticks
/// until then; and what is thought of it.
fn ordered_of_a_process(ticks: u64, leaving: f64, work: Span) -> (Vec<Order>, Verdict) {
    let mut analyzer = measured_by(Settings::default());
    let mut stage = Stage::with(true, true, false);
    (stage.sample.leaving, stage.sample.work) = (leaving, work);
    let mut orders = Vec::new();
    for tick in 1..=ticks {
        let now = Instant::ZERO + TICK * tick;
        stage.sample.at = now;
        let still = if leaving > 0.0 { Span::ZERO } else { TICK * tick };
        let glance = Glance { is_native: true, still, ..stage.view().glance() };
        analyzer.glance(now, &glance);
        assert!(analyzer.closely().is_empty(), "who else could own it is no matter");
        orders = analyzer.decide(now, &[]);
        assert!(orders.is_empty() || tick == ticks, "{orders:?} at {tick}");
    }
    (orders, analyzer.judgement(FifoId(0)).expect("it is judged").verdict)
}

#[test]
fn a_process_is_judged_and_loses_its_fifo_only_once_it_has_stalled() {
    let ms = Span::from_millis(1);
    let examined = vec![Order { fifo: FifoId(0), verdict: Verdict::Examine }];
    assert_eq!(ordered_of_a_process(299, 0.0, ms), (Vec::new(), Verdict::Examine));
    assert_eq!(ordered_of_a_process(300, 0.0, ms), (examined.clone(), Verdict::Examine));
    // Items that take it long give it longer.
    let slow = Span::from_secs(4);
    assert_eq!(ordered_of_a_process(399, 0.0, slow), (Vec::new(), Verdict::Examine));
    assert_eq!(ordered_of_a_process(400, 0.0, slow), (examined, Verdict::Examine));
    // One that is only late keeps it.
    let (orders, verdict) = ordered_of_a_process(500, 1.0, ms);
    assert!(orders.is_empty() && matches!(verdict, Verdict::Stay(_)), "{verdict:?}");
}
