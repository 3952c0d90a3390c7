//! What the measured rule does about each meaning of the indicators, and when it does not.

use swell_core::flow::measured::{Measured, Settings};
use swell_core::flow::policy::{FlowPolicy, Stay, Verdict};
use swell_core::flow::view::OwnerId;
use swell_core::rng;
use swell_core::time::Span;

use crate::stage::{FIFO, Stage, party};

fn measured() -> Measured {
    Measured::new(Settings::default(), rng::split(1, "flow"))
}

const CONTENT: Verdict = Verdict::Stay(Stay::Content);
const MOVE: Verdict = Verdict::Move(OwnerId(1));

#[test]
fn only_what_lasts_counts() {
    let mut stage = Stage::with(false, true, true);
    let mut policy = measured();
    assert_eq!(stage.judge_for(5, &mut policy).verdict, CONTENT);
    assert_eq!(stage.judge(&mut policy).verdict, MOVE, "0.6 of the window");
}

#[test]
fn meanings_are_told_apart() {
    for (idle, late, tight, expected) in [
        (false, false, false, CONTENT),
        (false, false, true, CONTENT),
        (false, true, false, MOVE),
        (false, true, true, MOVE),
        (true, false, false, CONTENT),
        (true, false, true, CONTENT),
    ] {
        let verdict = Stage::with(idle, late, tight).judge_for(400, &mut measured()).verdict;
        assert_eq!(verdict, expected, "{idle} {late} {tight}");
    }
}

#[test]
fn an_idle_fifo_shrinks_only_when_memory_is_short() {
    let mut stage = Stage::with(true, false, false);
    let mut policy = measured();
    assert_eq!(stage.judge_for(400, &mut policy).verdict, CONTENT);
    stage.memory_is_short = true;
    assert_eq!(stage.judge(&mut policy).verdict, Verdict::Shrink);
}

#[test]
fn an_owner_that_takes_nothing_is_examined() {
    let mut stage = Stage::with(true, true, false);
    stage.sample.leaving = 0.0;
    assert_eq!(stage.judge_for(10, &mut measured()).verdict, Verdict::Examine);
}

#[test]
fn more_than_anybody_can_do_asks_for_more_instances() {
    let mut stage = Stage::with(false, true, true);
    stage.sample.arriving = 20_000.0;
    let mut policy = measured();
    let soon = stage.judge_for(50, &mut policy).verdict;
    assert_eq!(soon, Verdict::Stay(Stay::NoTarget));
    assert_eq!(stage.judge_for(60, &mut policy).verdict, Verdict::Scale);
}

#[test]
fn a_target_must_stay_out_of_trouble_and_pay() {
    for (cpu, pause, expected) in [
        (0.1, Span::from_nanos(20_000), MOVE),
        (0.64, Span::from_nanos(20_000), MOVE),
        // With the FIFO it would use more than the limit less the margin.
        (0.66, Span::from_nanos(20_000), Verdict::Stay(Stay::NoTarget)),
        // The pause would cost more than ten seconds of better service are worth.
        (0.1, Span::from_secs(1), Verdict::Stay(Stay::NoBenefit)),
        (0.1, Span::FOREVER, Verdict::Stay(Stay::NoBenefit)),
    ] {
        let mut stage = Stage::with(false, true, true);
        stage.others = vec![party(1, cpu)];
        stage.others[0].pause = pause;
        let verdict = stage.judge_for(10, &mut measured()).verdict;
        assert_eq!(verdict, expected, "cpu {cpu}, pause {pause}");
    }
}

/// A backlog of a hundred items, of five milliseconds each, while nothing comes.
fn backlog(leaving: f64, owner_cpu: f64) -> Stage {
    let mut stage = Stage::with(false, true, true);
    let sample = &mut stage.sample;
    (sample.arriving, sample.leaving, sample.depth) = (0.0, leaving, 100.0);
    (sample.work, sample.true_rate) = (Span::from_millis(5), 200.0);
    sample.latency = Span::from_secs(30);
    stage.owner.cpu = owner_cpu;
    stage.others[0].cpu = 0.0;
    stage
}

#[test]
fn a_backlog_moves_though_nothing_comes_any_more() {
    let waits = |leaving| backlog(leaving, 1.0).judge_for(10, &mut measured()).verdict;
    assert_eq!(waits(2.0), MOVE, "others have nearly all of its owner");
    assert_eq!(waits(60.0), MOVE, "it would take three times as long here");
    // Its owner does nothing but these items, one after the other, as any would.
    assert_eq!(waits(200.0), Verdict::Stay(Stay::NoBenefit));
    let mut long = backlog(2.0, 1.0);
    long.others[0].pause = Span::from_secs(6);
    let verdict = long.judge_for(10, &mut measured()).verdict;
    assert_eq!(verdict, Verdict::Stay(Stay::NoBenefit), "the change takes longer than it saves");
}

#[test]
fn a_backlog_of_which_nothing_is_known_yet_moves_too() {
    // As after a restart: no item is done, so nobody knows what one takes.
    let mut stage = backlog(0.2, 1.0);
    (stage.sample.work, stage.sample.true_rate) = (Span::ZERO, 0.0);
    assert_eq!(stage.judge_for(10, &mut measured()).verdict, MOVE);
    let mut free = stage;
    free.owner.cpu = 0.9;
    free.now = swell_core::time::Instant::ZERO;
    let verdict = free.judge_for(10, &mut measured()).verdict;
    assert_eq!(verdict, Verdict::Stay(Stay::NoBenefit), "its owner has room as well");
}

#[test]
fn rates_that_fade_are_none() {
    let mut stage = backlog(0.05, 1.0);
    assert_eq!(stage.judge_for(10, &mut measured()).verdict, Verdict::Examine);
}

#[test]
fn a_change_is_followed_by_rest() {
    let mut stage = Stage::with(false, true, true);
    let mut policy = measured();
    assert_eq!(stage.judge_for(10, &mut policy).verdict, MOVE);
    policy.on_moved(stage.now, FIFO, OwnerId(0), OwnerId(1), Span::from_nanos(20_000));
    let moved = stage.now;
    // The change did not help: it is late still, now with the other one.
    (stage.owner.owner, stage.others[0].owner) = (OwnerId(1), OwnerId(0));
    assert_eq!(stage.judge_for(9, &mut policy).verdict, Verdict::Stay(Stay::Blanked));
    let until = moved + Span::from_secs(5);
    let resting = Verdict::Stay(Stay::CoolingDown { until });
    assert_eq!(stage.judge_for(10, &mut policy).verdict, resting);
    assert_eq!(stage.judge_for(31, &mut policy).verdict, Verdict::Move(OwnerId(0)));
    policy.on_moved(stage.now, FIFO, OwnerId(1), OwnerId(0), Span::from_nanos(20_000));
    let until = stage.now + Span::from_secs(10);
    (stage.owner.owner, stage.others[0].owner) = (OwnerId(0), OwnerId(1));
    let resting = Verdict::Stay(Stay::CoolingDown { until });
    assert_eq!(stage.judge_for(20, &mut policy).verdict, resting, "back again: twice as long");
}

#[test]
fn an_intent_ends_lower_than_it_begins() {
    let mut stage = Stage::with(false, true, true);
    stage.others.clear();
    let mut policy = measured();
    assert_eq!(stage.judge_for(6, &mut policy).verdict, Verdict::Stay(Stay::NoTarget));
    let mut calm = Stage::with(false, false, false);
    (calm.now, calm.others) = (stage.now, Vec::new());
    assert_eq!(calm.judge_for(5, &mut policy).verdict, Verdict::Stay(Stay::NoTarget));
    assert_eq!(calm.judge_for(2, &mut policy).verdict, CONTENT);
}

#[test]
fn ticks_in_which_a_fifo_rested_count_as_idle() {
    let shrinks = Some(Verdict::Shrink);
    for (rested, expected) in [(0, None), (288, Some(CONTENT)), (289, shrinks)] {
        let mut stage = Stage::with(true, false, false);
        stage.memory_is_short = true;
        let mut policy = measured();
        // What it was late for before it rested is over.
        let mut late = Stage::with(false, true, true);
        late.judge_for(10, &mut policy);
        (stage.now, stage.sample.at) = (late.now, late.now);
        let signs = policy.signs(&stage.view().glance());
        let verdict = policy.glance(stage.now, FIFO, signs, rested).map(|one| one.verdict);
        assert_eq!(verdict, expected, "{rested}");
    }
}
