//! Rules about who owns FIFOs, played: what the measured one promises.

use swell_sim::flow::play::{BOUND, Outcome, play};
use swell_sim::flow::recording;
use swell_sim::flow::rule::Rule;
use swell_sim::flow::scenario::Scenario;

/// The mean of some seeds.
fn mean(rule: &str, pause_ms: f64) -> Outcome {
    let rule = Rule::parse(rule).expect("it is a rule");
    let outcomes =
        [1, 2].map(|seed: u64| play(&Scenario::hour(seed, pause_ms).stage(), &rule, BOUND));
    let of = |figure: fn(&Outcome) -> f64| outcomes.iter().map(figure).sum::<f64>() / 2.0;
    Outcome {
        moves: of(|one| one.moves),
        ping_pongs: of(|one| one.ping_pongs),
        late: of(|one| one.late),
        ..Outcome::default()
    }
}

#[test]
fn the_measured_rule_is_calm_and_helps() {
    let never = mean("never", 0.1).late;
    assert!((0.08..0.20).contains(&never), "the scenario is as hard as it was: {never}");
    for pause_ms in [0.1, 100.0] {
        let Outcome { moves, ping_pongs, late, .. } = mean("measured", pause_ms);
        assert!(moves <= 60.0 && ping_pongs <= 1.0, "{pause_ms} ms: {moves} {ping_pongs}");
        assert!(late <= 0.076 && late < never, "{pause_ms} ms: {late}");
    }
}

#[test]
fn the_founding_rule_wavers_and_cannot_bear_a_pause() {
    let founding = mean("seed:trigger=0.4", 0.1);
    assert!(founding.moves > 10_000.0 && founding.ping_pongs > 0.9 * founding.moves);
    assert!(mean("seed:trigger=0.4", 100.0).late > 0.9);
}

#[test]
fn runs_repeat() {
    let scenario = Scenario { ticks: 2000, ..Scenario::hour(7, 0.1) }.stage();
    for rule in Rule::usual() {
        let again = play(&scenario, &rule, BOUND);
        assert_eq!(play(&scenario, &rule, BOUND), again, "{}", rule.name());
    }
}

const HEAD: &str = "at_ms,flow,items,work_us,capacity,item_bytes,owner,owners\n";
/// What is told of owners of which nothing matters but their load.
const REST: &str = "0.3/0.5/0.8";

/// Half a minute of a recording: 500 items come in its first second, and then none; `heavy` has
/// this share of its processor for them, `light` all of it.
fn burst(free: f64) -> String {
    let mut rows = String::from(HEAD);
    for look in 1..=300u32 {
        let items = if look <= 10 { 50 } else { 0 };
        let (at, load) = (look * 100, 1.0 - free);
        let owners = format!("heavy={load:.2}/1/{REST};light=0/1/{REST}");
        rows += &format!("{at},frames,{items},5000,1000,64,heavy,{owners}\n");
    }
    rows
}

#[test]
fn a_backlog_leaves_an_owner_without_room_though_nothing_comes_any_more() {
    for free in [0.03, 0.0] {
        let stage = recording::read(burst(free).as_bytes(), 1, 0.1).expect("it is a recording");
        let late = |rule: &str| {
            let outcome = play(&stage, &Rule::parse(rule).expect("it is a rule"), BOUND);
            (outcome.late, outcome.moves * 300.0 / 36_000.0)
        };
        let ((never, _), (measured, moves)) = (late("never"), late("measured"));
        assert!(never > 0.9 && moves.round() == 1.0, "{free}: {never} {moves}");
        // 500 items of 5 ms take two and a half seconds there.
        assert!(measured < 0.2, "{free}: {measured}");
    }
}

#[test]
fn a_backlog_stays_where_it_is_done_as_soon_as_anywhere() {
    let stage = recording::read(burst(1.0).as_bytes(), 1, 0.1).expect("it is a recording");
    let outcome = play(&stage, &Rule::parse("measured").expect("it is a rule"), BOUND);
    assert_eq!(outcome.moves, 0.0);
}

/// Twenty minutes in which each ten seconds twice as much comes for 0.4 s as can be done, into a lane
/// of a hundred items; or nothing.
fn bursts(calm: bool) -> Outcome {
    let mut rows = String::from(HEAD);
    for look in 1..=12_000u32 {
        let items = if !calm && look % 100 < 4 { 200 } else { 0 };
        let (at, owners) = (look * 100, format!("heavy=0/1/{REST};light=0/1/{REST}"));
        rows += &format!("{at},frames,{items},1000,100,64,heavy,{owners}\n");
    }
    let stage = recording::read(rows.as_bytes(), 1, 0.1).expect("it is a recording");
    play(&stage, &Rule::parse("measured").expect("it is a rule"), BOUND)
}

#[test]
fn bursts_get_larger_regions_and_calm_ones_none() {
    let hours = 12_000.0 / 36_000.0;
    let outcome = bursts(false);
    assert!((1.0..=3.0).contains(&(outcome.grown * hours).round()), "{outcome:?}");
    let calm = bursts(true);
    assert_eq!((calm.grown, calm.shrunk, calm.reseated, calm.moves), (0.0, 0.0, 0.0, 0.0));
}

#[test]
fn who_is_busy_gets_a_core() {
    let mut rows = String::from(HEAD);
    for look in 1..=600u32 {
        rows += &format!("{},frames,100,300,1000,64,heavy,heavy=0/2/{REST}\n", look * 100);
    }
    let stage = recording::read(rows.as_bytes(), 1, 0.1).expect("it is a recording");
    let outcome = play(&stage, &Rule::parse("measured").expect("it is a rule"), BOUND);
    assert_eq!((outcome.reseated * 600.0 / 36_000.0).round(), 1.0);
    let never = play(&stage, &Rule::never(), BOUND);
    assert_eq!(never.reseated, 0.0);
}
