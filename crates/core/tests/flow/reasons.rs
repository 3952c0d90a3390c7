//! A person is told what a decision was made on: what was gained and paid, who was passed over and
//! why, and what came of looking after an owner that gets nothing done.

use swell_core::flow::analyzer::Analyzer;
use swell_core::flow::budget::Budget;
use swell_core::flow::choice::build;
use swell_core::flow::entry::Order;
use swell_core::flow::policy::Verdict;
use swell_core::flow::view::{FifoId, Glance, OwnerId, Party, TICK};
use swell_core::time::{Instant, Span};

use crate::stage::{Stage, party};

fn analyzer() -> Analyzer {
    let chosen = build("measured", 1).expect("it is a rule");
    Analyzer::new(chosen.policy, Budget::default())
}

/// Judges a FIFO that stays as it is until something is ordered or for so long; what is told then.
fn told_after(ticks: u64, stage: &mut Stage, analyzer: &mut Analyzer) -> (Vec<Order>, String) {
    for tick in 1..=ticks {
        stage.now = Instant::ZERO + TICK * tick;
        stage.sample.at = stage.now;
        let orders = analyzer.tick(stage.now, &[stage.view()]);
        if !orders.is_empty() {
            return (orders, told(stage, analyzer));
        }
    }
    (Vec::new(), told(stage, analyzer))
}

fn told(stage: &Stage, analyzer: &Analyzer) -> String {
    let signs = analyzer.signs(&stage.view().glance());
    let name = |owner: OwnerId| format!("`{}`", ["detect", "lite", "spare"][owner.0 as usize]);
    analyzer.explain(stage.now, FifoId(0), signs, name)
}

#[test]
fn a_move_names_its_gain_its_cost_and_the_worth_of_all() {
    let mut stage = Stage::with(true, true, true);
    stage.others.push(party(2, 0.5));
    let mut analyzer = analyzer();
    let (orders, told) = told_after(20, &mut stage, &mut analyzer);
    assert_eq!((orders.len(), analyzer.cause(FifoId(0))), (1, "analyzer-relief"));
    // Little flows through it as well, and that is no reason to relieve its owner.
    let expected = "it goes to `lite`, as relief is wanted 0.60, down to 0.40: items wait for long \
                    60 % of the time, its owner is near its limit 60 % of the time; `lite` is worth \
                    0.72 (headroom 0.90, dependency 0.50, nearness 0.80) and spares";
    assert!(told.starts_with(expected), "{told}");
    let pause =
        "s of waiting in 10 s for 1.0 ms of waiting (a pause of 0.02 ms); `spare` is worth 0.56";
    assert!(told.contains(pause), "{told}");
}

#[test]
fn what_hardly_moves_gains_no_more_than_the_time_it_is_counted_for() {
    let mut stage = Stage::with(false, true, true);
    let sample = &mut stage.sample;
    // Little's law: a backlog that would take longer than the world lasts.
    (sample.arriving, sample.leaving, sample.latency) = (5.0, 0.5, Span::FOREVER);
    sample.depth = 80.0;
    stage.owner.cpu = 1.0;
    stage.others[0].pause = Span::from_secs(30);
    let (orders, told) = told_after(20, &mut stage, &mut analyzer());
    assert!(orders.is_empty() && told.contains("s of waiting in 10 s"), "{told}");
    stage.others[0].pause = Span::from_millis(100);
    let (orders, told) = told_after(20, &mut stage, &mut analyzer());
    assert_eq!(orders.len(), 1, "{told}");
}

#[test]
fn who_was_passed_over_is_told_why() {
    let other = |change: fn(&mut Party)| {
        let mut party = party(1, 0.1);
        change(&mut party);
        party
    };
    for (party, words) in [
        (other(|it| it.is_alive = false), "`lite` is paused or not here"),
        (
            other(|it| (it.is_alive, it.is_abroad) = (false, true)),
            "`lite` is paused, or nothing was heard of it just now",
        ),
        (other(|it| it.may_own = false), "`lite` gets none by a decision, but by connecting"),
        (other(|it| it.has_room = false), "`lite` would find no memory for an instance"),
        (other(|it| it.cpu = 0.7), "`lite` would have 80 % in use with it, and may have 75 %"),
        (
            other(|it| it.pause = Span::from_secs(60)),
            "for 1803000.0 s of waiting (a pause of 60000.00 ms), and must spare 3606000.0",
        ),
    ] {
        let mut stage = Stage::with(false, true, true);
        stage.sample.arriving = 1_000.0;
        stage.others = vec![party];
        let (orders, told) = told_after(20, &mut stage, &mut analyzer());
        assert!(orders.is_empty() && told.starts_with("it stays: "), "{told}");
        assert!(told.contains(words), "`{words}` is not in: {told}");
    }
}

#[test]
fn what_looking_after_an_owner_came_to_is_told() {
    let mut stage = Stage::with(true, true, false);
    stage.sample.leaving = 0.0;
    stage.others[0].cpu = 0.9;
    let mut analyzer = analyzer();
    let (orders, words) = told_after(20, &mut stage, &mut analyzer);
    let [Order { verdict: Verdict::Examine, .. }] = orders[..] else { panic!("{orders:?}") };
    let after = "nothing moves although items wait, so its owner is looked after: ";
    assert_eq!(words, format!("{after}that comes at one of the next ticks"));
    assert_eq!(analyzer.relieve(stage.now, &stage.view()), None);
    let expected = "it gets nothing done, and nobody else can have it; `lite` would have";
    assert!(told(&stage, &analyzer).starts_with(&format!("{after}{expected}")));

    stage.others[0].cpu = 0.1;
    assert_eq!(analyzer.relieve(stage.now, &stage.view()), Some(OwnerId(1)));
    assert!(
        told(&stage, &analyzer).starts_with("it goes to `lite`, as its owner got nothing done")
    );
    assert_eq!(analyzer.cause(FifoId(0)), "analyzer-stuck");
    analyzer.on_moved(stage.now, FifoId(0), TICK, 3);
    assert_eq!(analyzer.relieve(stage.now + TICK * 20, &stage.view()), None);
}

#[test]
fn an_owner_that_fails_with_all_is_relieved_whatever_an_item_costs() {
    let mut stage = Stage::with(false, false, false);
    let mut analyzer = analyzer();
    stage.now = Instant::ZERO + TICK;
    stage.sample.at = stage.now;
    let glance = Glance { is_failing: true, ..stage.view().glance() };
    let failing = analyzer.signs(&glance);
    analyzer.glance(stage.now, &glance);
    let [Order { verdict: Verdict::Examine, .. }] = analyzer.decide(stage.now, &[])[..] else {
        panic!("{:?}", analyzer.judgement(FifoId(0)));
    };
    assert_eq!(analyzer.relieve(stage.now, &stage.view()), Some(OwnerId(1)));
    let name = |owner: OwnerId| format!("owner {}", owner.0);
    let words = analyzer.explain(stage.now, FifoId(0), failing, name);
    let expected = "it goes to owner 1, as its owner failed with all of the last items; owner 1 is";
    assert!(words.starts_with(expected), "{words}");
}

#[test]
fn who_failed_before_is_tried_after_all_others() {
    let mut stage = Stage::with(false, false, false);
    // What owned it last has to do with it, and is worth the most.
    let related = |owner: u32, dependency: f64| Party { dependency, ..party(owner, 0.1) };
    let all = [related(0, 0.9), related(1, 0.5), related(2, 0.0)];
    let mut analyzer = analyzer();
    let (mut owner, mut owners) = (0, Vec::new());
    for turn in 0..5u64 {
        stage.now = Instant::ZERO + Span::from_secs(50) * turn;
        stage.owner = all[owner];
        stage.others = all.iter().filter(|it| it.owner.0 as usize != owner).copied().collect();
        // With time comes leave to change hands again.
        analyzer.glance(stage.now, &stage.view().glance());
        analyzer.decide(stage.now, &[]);
        let Some(to) = analyzer.relieve(stage.now, &stage.view()) else { break };
        analyzer.on_moved(stage.now, FifoId(0), TICK, 0);
        owner = to.0 as usize;
        owners.push(owner);
    }
    assert_eq!(owners, [1, 2, 0, 1, 2]);

    // Where all here have failed another node is next, and not the one that failed first.
    let mut analyzer = self::analyzer();
    (stage.sample.depth, stage.sample.latency) = (0.1, Span::from_millis(10));
    for (turn, expected) in [(0u64, 1), (1, 7)] {
        stage.now = Instant::ZERO + Span::from_secs(50) * turn;
        let here = all[1 - turn as usize];
        let abroad = Party { is_abroad: true, ..party(7, 0.1) };
        (stage.owner, stage.others) = (all[turn as usize], vec![here, abroad]);
        analyzer.glance(stage.now, &stage.view().glance());
        analyzer.decide(stage.now, &[]);
        let to = analyzer.relieve(stage.now, &stage.view());
        assert_eq!(to, Some(OwnerId(expected)), "turn {turn}");
        analyzer.on_moved(stage.now, FifoId(0), TICK, 0);
    }
}
