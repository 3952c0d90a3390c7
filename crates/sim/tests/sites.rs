//! Sites under real load: what each policy comes to, and what a liar does to it.

use std::ops::RangeInclusive;

use swell_sim::sites::demand::Demand;
use swell_sim::sites::play::{Outcome, Stage, Way};
use swell_sim::sites::scenario::{Lies, Scenario};
use swell_trace::bundled::Bundled;
use swell_trace::open::Options;

/// The alarm was tuned on seeds 1, 2, 3 and 10, the usual length of a slot on 1, 2, 10 and 11.
const SEEDS: RangeInclusive<u64> = 11..=12;

/// Within so many rounds of three slots a liar has lost its say.
const ROUNDS: u64 = 4;

fn stages(scenario: Scenario, seeds: RangeInclusive<u64>) -> Vec<Stage> {
    let trace = Bundled::find("1350").expect("it is bundled").open(&Options::default());
    let trace = trace.expect("it can be read");
    let stage = |seed| {
        let scenario = Scenario { seed, ..scenario };
        let demand = Demand::new(&trace, &scenario).expect("it can be read");
        Stage::new(scenario, demand.expect("functions have shapes"))
    };
    seeds.map(stage).collect()
}

fn play(stages: &[Stage], way: Way) -> Vec<Outcome> {
    stages.iter().map(|stage| stage.play(way)).collect()
}

fn sum(outcomes: &[Outcome], figure: impl Fn(&Outcome) -> u64) -> u64 {
    outcomes.iter().map(figure).sum()
}

#[test]
fn foreseeing_halves_overload_and_a_liar_spoils_nothing() {
    let overload = |outcomes: &[Outcome]| sum(outcomes, |outcome| outcome.overload_minutes);
    let lasting = |outcomes: &[Outcome]| sum(outcomes, |outcome| outcome.lasting_minutes);
    let moves = |outcomes: &[Outcome]| sum(outcomes, |outcome| outcome.moves);
    let honest = stages(Scenario::default(), SEEDS);
    let none = play(&honest, Way::None);
    let reactive = play(&honest, Way::Reactive);
    let weighted = play(&honest, Way::Weighted);
    assert!(overload(&reactive) < overload(&none));
    assert!(2 * lasting(&weighted) <= lasting(&reactive), "{weighted:#?} {reactive:#?}");
    assert!(2 * overload(&weighted) <= overload(&reactive), "{weighted:#?} {reactive:#?}");
    assert!(moves(&weighted) <= moves(&reactive), "{weighted:#?} {reactive:#?}");

    let one = *SEEDS.end();
    let lying = stages(Scenario { liars: 1, ..Scenario::default() }, one..=one);
    let with_liar = play(&lying, Way::Weighted);
    for outcome in &with_liar {
        assert!(outcome.liar_share.is_some_and(|share| share < 0.1), "{outcome:?}");
        assert!(outcome.liar_rounds.is_some_and(|rounds| rounds <= ROUNDS), "{outcome:?}");
    }
    assert!(10 * overload(&with_liar) <= 11 * overload(&weighted[1..]), "{with_liar:#?}");

    let hiding = Scenario { liars: 1, lies: Lies::Counters, ..Scenario::default() };
    let hiding = play(&stages(hiding, one..=one), Way::Weighted);
    for outcome in &hiding {
        assert!(outcome.caught_share.is_some_and(|share| share > 0.5), "{outcome:?}");
        assert_eq!(outcome.wronged_slots, 0, "{outcome:?}");
    }
    assert!(2 * overload(&hiding) <= overload(&none[1..]), "{hiding:#?} {none:#?}");
    assert!(10 * overload(&hiding) <= 15 * overload(&weighted[1..]), "{hiding:#?}");
}

#[test]
fn trouble_is_borne_and_the_same_seed_gives_the_same_day() {
    let scenario = Scenario {
        sites: 4,
        workloads: 4,
        // Sites that hear differently expect differently, which takes its time.
        slot_minutes: 5,
        liars: 1,
        drifters: 1,
        cuts: 6,
        crashes: 4,
        slow: 1,
        loss: 0.05,
        ..Scenario::default()
    };
    let stage = stages(scenario, 10..=10).remove(0);
    let first = stage.play(Way::Weighted);
    assert_eq!(first, stage.play(Way::Weighted));
    assert!(first.drop_share > 0.0, "crashes drop calls: {first:?}");
    assert!(first.takeovers > 0, "others take over: {first:?}");
    let none = stage.play(Way::None);
    assert!(first.drop_share < none.drop_share, "which serves calls: {first:?} {none:?}");
}
