//! Sites under real load: what each policy comes to, and what liars do to it.

use std::ops::RangeInclusive;
use std::sync::LazyLock;

use swell_sim::sites::demand::Demand;
use swell_sim::sites::play::{Outcome, Stage, Way};
use swell_sim::sites::scenario::{Lies, Scenario};
use swell_trace::bundled::Bundled;
use swell_trace::open::Options;
use swell_trace::trace::Trace;

/// The alarm was tuned on seeds 1, 2, 3 and 10, the usual length of a slot on 1, 2, 10 and 11.
const SEEDS: RangeInclusive<u64> = 11..=12;

/// Within so many rounds of three slots a liar has lost its say.
const ROUNDS: u64 = 4;

fn trace(name: &str) -> Trace {
    let trace = Bundled::find(name).expect("it is bundled").open(&Options::default());
    trace.expect("it can be read")
}

static LARGE: LazyLock<Trace> = LazyLock::new(|| trace("1350"));
static SMALL: LazyLock<Trace> = LazyLock::new(|| trace("200"));

fn stages(trace: &Trace, scenario: Scenario, seeds: RangeInclusive<u64>) -> Vec<Stage> {
    let stage = |seed| {
        let scenario = Scenario { seed, ..scenario };
        let demand = Demand::new(trace, &scenario).expect("it can be read");
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

fn overload(outcomes: &[Outcome]) -> u64 {
    sum(outcomes, |outcome| outcome.overload_minutes)
}

#[test]
fn foreseeing_halves_overload() {
    let lasting = |outcomes: &[Outcome]| sum(outcomes, |outcome| outcome.lasting_minutes);
    let moves = |outcomes: &[Outcome]| sum(outcomes, |outcome| outcome.moves);
    let honest = stages(&LARGE, Scenario::default(), SEEDS);
    let none = play(&honest, Way::None);
    let reactive = play(&honest, Way::Reactive);
    let weighted = play(&honest, Way::Weighted);
    assert!(overload(&reactive) < overload(&none));
    assert!(2 * lasting(&weighted) <= lasting(&reactive), "{weighted:#?} {reactive:#?}");
    assert!(2 * overload(&weighted) <= overload(&reactive), "{weighted:#?} {reactive:#?}");
    assert!(moves(&weighted) <= moves(&reactive), "{weighted:#?} {reactive:#?}");
}

/// Two of five who say the contrary of all but what cannot be unsaid any more, and vote so, and one
/// whose forecasts are worse by the hour: by the votes of most, what helps is stopped and what harms
/// is done.
#[test]
fn weights_decide_where_most_votes_are_wrong() {
    let scenario = Scenario { liars: 2, lies: Lies::Ahead, drifters: 1, ..Scenario::default() };
    let odd = stages(&SMALL, scenario, 4..=5);
    let [none, majority, weighted] =
        [Way::None, Way::Majority, Way::Weighted].map(|way| play(&odd, way));
    for ((none, majority), weighted) in none.iter().zip(&majority).zip(&weighted) {
        let minutes = [weighted, none, majority].map(|outcome| outcome.overload_minutes);
        assert!(2 * minutes[0] < minutes[1] && 2 * minutes[0] < minutes[2], "{minutes:?}");
        assert!(weighted.liar_share.is_some_and(|share| share < 0.1), "{weighted:?}");
        assert!(weighted.liar_rounds.is_some_and(|rounds| rounds <= ROUNDS), "{weighted:?}");
        assert_eq!(weighted.liar_relapses, Some(0), "{weighted:?}");
    }
}

#[test]
fn one_liar_of_five_spoils_nothing() {
    let one = *SEEDS.end();
    let honest = play(&stages(&LARGE, Scenario::default(), one..=one), Way::Weighted);
    let lying = stages(&LARGE, Scenario { liars: 1, ..Scenario::default() }, one..=one);
    let with_liar = play(&lying, Way::Weighted);
    for outcome in &with_liar {
        assert!(outcome.liar_share.is_some_and(|share| share < 0.1), "{outcome:?}");
        assert!(outcome.liar_rounds.is_some_and(|rounds| rounds <= ROUNDS), "{outcome:?}");
    }
    assert!(10 * overload(&with_liar) <= 11 * overload(&honest), "{with_liar:#?}");
}

#[test]
fn who_hides_what_it_used_is_found_out() {
    let one = *SEEDS.end();
    let hiding = Scenario { liars: 1, lies: Lies::Counters, ..Scenario::default() };
    let stages = stages(&LARGE, hiding, one..=one);
    let (none, hiding) = (play(&stages, Way::None), play(&stages, Way::Weighted));
    for outcome in &hiding {
        assert!(outcome.caught_share.is_some_and(|share| share > 0.5), "{outcome:?}");
        assert_eq!(outcome.wronged_slots, 0, "{outcome:?}");
    }
    assert!(2 * overload(&hiding) <= overload(&none), "{hiding:#?} {none:#?}");
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
    let stage = stages(&SMALL, scenario, 10..=10).remove(0);
    let first = stage.play(Way::Weighted);
    assert_eq!(first, stage.play(Way::Weighted));
    assert!(first.drop_share > 0.0, "crashes drop calls: {first:?}");
    assert!(first.takeovers > 0, "others take over: {first:?}");
    let none = stage.play(Way::None);
    assert!(first.drop_share < none.drop_share, "which serves calls: {first:?} {none:?}");
}
