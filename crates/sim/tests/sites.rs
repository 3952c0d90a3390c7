//! Sites under real load: what each policy comes to, and what liars do to it.

use std::sync::LazyLock;

use swell_sim::sites::demand::Demand;
use swell_sim::sites::play::{Outcome, Stage, Way};
use swell_sim::sites::scenario::{Lies, Scenario};
use swell_trace::bundled::Bundled;
use swell_trace::open::Options;
use swell_trace::trace::Trace;

/// Nothing was tuned on them: all that was tuned was on seeds 1 to 20.
const SEEDS: [u64; 4] = [21, 22, 23, 24];

/// Within so many rounds of three slots a liar has lost its say.
const ROUNDS: u64 = 4;

fn trace(name: &str) -> Trace {
    let trace = Bundled::find(name).expect("it is bundled").open(&Options::default());
    trace.expect("it can be read")
}

static LARGE: LazyLock<Trace> = LazyLock::new(|| trace("1350"));
static SMALL: LazyLock<Trace> = LazyLock::new(|| trace("200"));

fn stage(trace: &Trace, scenario: Scenario, seed: u64) -> Stage {
    let scenario = Scenario { seed, ..scenario };
    let demand = Demand::new(trace, &scenario).expect("it can be read");
    Stage::new(scenario, demand.expect("functions have shapes"))
}

/// Over several days, as on a single one chance may take a few moves more.
#[test]
fn foreseeing_halves_overload_with_no_more_moves_and_one_liar_of_five_spoils_nothing() {
    let lying = Scenario { liars: 1, ..Scenario::default() };
    let of_seed = |seed: u64| {
        let honest = stage(&LARGE, Scenario::default(), seed);
        let [none, reactive, weighted] =
            [Way::None, Way::Reactive, Way::Weighted].map(|way| honest.play(way));
        let with_liar = stage(&LARGE, lying, seed).play(Way::Weighted);
        assert!(reactive.overload_minutes < none.overload_minutes, "{seed}: {reactive:#?}");
        assert!(with_liar.liar_share.is_some_and(|share| share < 0.1), "{seed}: {with_liar:?}");
        assert!(with_liar.liar_rounds.is_some_and(|rounds| rounds <= ROUNDS), "{with_liar:?}");
        [reactive, weighted, with_liar]
    };
    let days = SEEDS.map(of_seed);
    let sums = |figure: fn(&Outcome) -> u64| {
        [0, 1, 2].map(|way| days.iter().map(|day| figure(&day[way])).sum::<u64>())
    };
    let [theirs, ours, with_liar] = sums(|outcome| outcome.overload_minutes);
    assert!(2 * ours <= theirs, "minutes of overload: {ours} {theirs}");
    assert!(2 * with_liar <= theirs, "minutes of overload with a liar: {with_liar} {theirs}");
    assert!(10 * with_liar <= 11 * ours, "minutes of overload with a liar: {with_liar} {ours}");
    let [theirs, ours, with_liar] = sums(|outcome| outcome.lasting_minutes);
    assert!(
        2 * ours <= theirs && 2 * with_liar <= theirs,
        "that lasts: {ours} {with_liar} {theirs}"
    );
    let [theirs, ours, with_liar] = sums(|outcome| outcome.moves);
    assert!(ours <= theirs && with_liar <= theirs, "moves: {ours} {with_liar} {theirs}");
}

/// Two of five who say the contrary of all but what cannot be unsaid any more, and vote so, and one
/// whose forecasts are worse by the hour: by the votes of most, what helps is stopped and what harms
/// is done.
#[test]
fn weights_decide_where_most_votes_are_wrong() {
    let scenario = Scenario { liars: 2, lies: Lies::Ahead, drifters: 1, ..Scenario::default() };
    let odd = stage(&SMALL, scenario, 5);
    let [none, majority, weighted] =
        [Way::None, Way::Majority, Way::Weighted].map(|way| odd.play(way));
    let minutes = [&weighted, &none, &majority].map(|outcome| outcome.overload_minutes);
    assert!(2 * minutes[0] < minutes[1] && 2 * minutes[0] < minutes[2], "{minutes:?}");
    assert!(weighted.liar_share.is_some_and(|share| share < 0.1), "{weighted:?}");
    assert!(weighted.liar_rounds.is_some_and(|rounds| rounds <= ROUNDS), "{weighted:?}");
    assert_eq!(weighted.liar_relapses, Some(0), "{weighted:?}");
}

#[test]
fn who_hides_what_it_used_is_found_out() {
    let hiding = Scenario { liars: 1, lies: Lies::Counters, ..Scenario::default() };
    let stage = stage(&LARGE, hiding, SEEDS[0]);
    let (none, hiding) = (stage.play(Way::None), stage.play(Way::Weighted));
    assert!(hiding.caught_share.is_some_and(|share| share > 0.5), "{hiding:?}");
    assert_eq!(hiding.wronged_slots, 0, "{hiding:?}");
    assert!(2 * hiding.overload_minutes <= none.overload_minutes, "{hiding:#?} {none:#?}");
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
    let stage = stage(&SMALL, scenario, 10);
    let first = stage.play(Way::Weighted);
    assert_eq!(first, stage.play(Way::Weighted));
    assert!(first.drop_share > 0.0, "crashes drop calls: {first:?}");
    assert!(first.takeovers > 0, "others take over: {first:?}");
    let none = stage.play(Way::None);
    assert!(first.drop_share < none.drop_share, "which serves calls: {first:?} {none:?}");
}
