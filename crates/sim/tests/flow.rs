//! Rules about who owns FIFOs, played: what the measured one promises.

use swell_sim::flow::play::{Outcome, Rule, play};
use swell_sim::flow::scenario::Scenario;

/// The mean of some seeds.
fn mean(rule: Rule, pause_ms: f64) -> Outcome {
    let outcomes = [1, 2].map(|seed: u64| play(&Scenario::hour(seed, pause_ms).stage(), rule));
    let of = |figure: fn(&Outcome) -> f64| outcomes.iter().map(figure).sum::<f64>() / 2.0;
    Outcome {
        moves: of(|one| one.moves),
        ping_pongs: of(|one| one.ping_pongs),
        late: of(|one| one.late),
        course: Vec::new(),
    }
}

#[test]
fn the_measured_rule_is_calm_and_helps() {
    let never = mean(Rule::Never, 0.1).late;
    assert!((0.08..0.20).contains(&never), "the scenario is as hard as it was: {never}");
    for pause_ms in [0.1, 100.0] {
        let Outcome { moves, ping_pongs, late, .. } = mean(Rule::Measured, pause_ms);
        assert!(moves <= 60.0 && ping_pongs <= 1.0, "{pause_ms} ms: {moves} {ping_pongs}");
        assert!(late <= 0.076 && late < never, "{pause_ms} ms: {late}");
    }
}

#[test]
fn the_founding_rule_wavers_and_cannot_bear_a_pause() {
    let founding = mean(Rule::Seed(0.4), 0.1);
    assert!(founding.moves > 10_000.0 && founding.ping_pongs > 0.9 * founding.moves);
    assert!(mean(Rule::Seed(0.4), 100.0).late > 0.9);
}

#[test]
fn runs_repeat() {
    let scenario = Scenario { ticks: 2000, ..Scenario::hour(7, 0.1) }.stage();
    for rule in Rule::ALL {
        assert_eq!(play(&scenario, rule), play(&scenario, rule), "{}", rule.name());
    }
}
