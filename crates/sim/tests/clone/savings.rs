//! Clones ahead of demand, simulated: what the modes promise.

use swell_core::settings::{CloningMode, CloningSettings};
use swell_core::time::Span;
use swell_core::units::Bytes;
use swell_sim::clone::experiment::{CloneExperiment, ORACLE};
use swell_sim::clone::line::{CloneResults, lines};
use swell_sim::clone::row::CloneRow;
use swell_sim::clone::summary::verdicts;
use swell_sim::clone::{page, table};
use swell_sim::report::html::shell::About;
use swell_trace::cold::ColdCost;

use crate::staged::{opened, results};

fn experiment(
    trace: &str,
    memory: Bytes,
    policies: (&str, &str),
    threads: usize,
) -> CloneExperiment {
    CloneExperiment {
        modes: vec![CloningMode::Off, CloningMode::Shadow, CloningMode::On],
        cloning: CloningSettings { policy: policies.0.to_string(), ..CloningSettings::default() },
        forecaster: policies.1.to_string(),
        threads,
        ..crate::staged::experiment(opened(trace), memory)
    }
}

fn run(experiment: &CloneExperiment) -> Vec<CloneRow> {
    results(experiment).rows
}

const TIMERS: &str = "gen:timers,functions=60,calls=3000,hours=10,seed=4";
const SPARSE: &str = "gen:poisson,functions=150,calls=2500,hours=12,seed=4";

#[test]
fn timers_are_warm_before_they_fire() {
    for (clone_policy, forecaster) in [("expected-cost", "occurrence"), ("seed", "window-1h")] {
        let rows = run(&experiment(TIMERS, Bytes::from_mb(2_500), (clone_policy, forecaster), 1));
        let [off, shadow, on] = &rows[..] else { panic!("three modes") };
        assert_eq!((off.cold, off.dropped), (shadow.cold, shadow.dropped), "{clone_policy}");
        assert_eq!(off.clones_made + shadow.clones_made, 0, "{clone_policy}");
        if clone_policy == "expected-cost" {
            assert!(on.cold * 4 < off.cold * 3, "{} cold starts of {}", on.cold, off.cold);
            assert!(on.dropped <= off.dropped);
            let told = shadow.receipt_cold.expect("it was in shadow") as f64;
            assert!((told - on.cold as f64).abs() <= 0.05 * on.cold as f64, "{told} {}", on.cold);
        }
    }
}

const STARVED: &str = "gen:mixed,functions=80,calls=30000,hours=2,seed=4";

#[test]
fn a_shadow_is_not_noticed_where_calls_wait_for_memory() {
    let mut experiment =
        experiment(STARVED, Bytes::from_mb(1_200), ("expected-cost", "occurrence"), 1);
    experiment.modes = vec![CloningMode::Off, CloningMode::Shadow];
    let rows = run(&experiment);
    let [off, shadow] = &rows[..] else { panic!("two modes") };
    assert!(off.dropped > 0 && shadow.receipt_cold.is_some());
    let served = |row: &CloneRow| (row.cold, row.dropped, row.starts, row.waste_gb_s);
    assert_eq!(served(off), served(shadow));
}

#[test]
fn calls_without_memory_are_told_to_be_hopeless_and_cost_nothing() {
    let results =
        results(&experiment(SPARSE, Bytes::from_mb(8_000), ("expected-cost", "occurrence"), 1));
    let [off, _, on] = &results.rows[..] else { panic!("three modes") };
    let verdicts = verdicts(&lines(&results));
    assert!(verdicts[0].contains("do not help"), "{verdicts:?}");
    assert!(on.waste_gb_s <= off.waste_gb_s * 1.01, "{} {}", on.waste_gb_s, off.waste_gb_s);
    assert!(on.cold as f64 <= off.cold as f64 * 1.01, "{} {}", on.cold, off.cold);
    assert!(on.starts as f64 <= off.starts as f64 * 1.01, "{} {}", on.starts, off.starts);
}

#[test]
fn a_policy_that_is_too_dear_is_told_from_traffic_that_cannot_be_foreseen() {
    let dear = "expected-cost:start=1,start-used=1,start-unused=1,start-useless=1";
    let mut experiment = experiment(TIMERS, Bytes::from_mb(2_500), (dear, "occurrence"), 1);
    experiment.modes = vec![CloningMode::Off, CloningMode::On];
    let verdicts = verdicts(&lines(&results(&experiment)));
    assert!(verdicts[0].contains("the policy is too dear: who knows"), "{verdicts:?}");
}

#[test]
fn what_takes_longer_than_a_minute_to_start_is_begun_minutes_before_it_is_called() {
    let mut experiment = crate::staged::experiment(opened(TIMERS), Bytes::from_mb(2_500));
    let cold = ColdCost::Constant(Span::from_secs(90));
    let functions = experiment.scenario.trace.functions();
    experiment.scenario.cold = cold.resolve(functions).expect("a constant fits every function");
    let rows = run(&experiment);
    let [off, on] = &rows[..] else { panic!("two modes") };
    assert!(on.cold * 2 < off.cold, "{} cold starts of {}", on.cold, off.cold);
}

#[test]
fn calls_without_memory_cost_next_to_nothing_in_a_whole_day_whatever_the_seed() {
    let (mut more, mut colder) = (Vec::new(), Vec::new());
    for seed in [4, 6, 10, 12] {
        let recipe = format!("gen:poisson,functions=100,calls=20000,hours=24,seed={seed}");
        let mut experiment = crate::staged::experiment(opened(&recipe), Bytes::from_mb(3_000));
        experiment.threads = 2;
        let rows = run(&experiment);
        let [off, on] = &rows[..] else { panic!("two modes") };
        assert!(on.clones_made > 0, "it was tried, seed {seed}");
        more.push(100.0 * (on.starts as f64 / off.starts as f64 - 1.0));
        colder.push(100.0 * (on.cold as f64 / off.cold as f64 - 1.0));
    }
    assert!(more.iter().all(|&more| more < 1.0), "{more:?} % more starts");
    assert!(colder.iter().all(|&colder| colder < 0.5), "{colder:?} % more are cold");
}

#[test]
fn a_forecaster_that_is_blind_is_not_taken_for_calls_without_memory() {
    let mut experiment = experiment(TIMERS, Bytes::from_mb(2_500), ("expected-cost", "naive"), 1);
    experiment.modes = vec![CloningMode::Off, CloningMode::On];
    let verdicts = verdicts(&lines(&results(&experiment)));
    assert!(verdicts[0].contains("`naive` tells minutes with a call"), "{verdicts:?}");
    assert!(verdicts[0].contains("try `--forecaster occurrence`"), "{verdicts:?}");
}

const CROWDED: &str = "gen:poisson,functions=1000,calls=200000,hours=12";

#[test]
fn calls_without_memory_that_compete_for_room_cost_next_to_nothing() {
    let mut experiment =
        experiment(CROWDED, Bytes::from_mb(8_000), ("expected-cost", "occurrence"), 2);
    experiment.modes = vec![CloningMode::Off, CloningMode::On];
    let results = results(&experiment);
    let [off, on] = &results.rows[..] else { panic!("two modes") };
    let verdicts = verdicts(&lines(&results));
    assert!(verdicts[0].contains("calls come without memory"), "{verdicts:?}");
    assert!(on.clones_made > 0, "it was tried");
    assert!(on.cold as f64 <= off.cold as f64 * 1.01, "{} {}", on.cold, off.cold);
    assert!(on.starts as f64 <= off.starts as f64 * 1.01, "{} {}", on.starts, off.starts);
}

#[test]
fn an_oracle_shows_what_is_left_to_gain_and_each_cold_start_has_a_reason() {
    let with = |forecaster: &str| {
        run(&experiment(TIMERS, Bytes::from_mb(2_500), ("expected-cost", forecaster), 1))
    };
    let (said, known) = (with("occurrence"), with(ORACLE));
    for row in said.iter().chain(&known) {
        let reasons = [row.cold_first, row.cold_beyond, row.cold_foreseen, row.cold_unforeseen];
        assert_eq!(reasons.iter().sum::<u64>(), row.cold, "{}", row.mode);
    }
    let [off, shadow, on] = &said[..] else { panic!("three modes") };
    assert_eq!(off.cold_foreseen, 0, "nothing was forecast");
    assert!(shadow.cold_foreseen > on.cold_foreseen, "clones are made where calls are foreseen");
    assert!(known[2].cold < on.cold, "{} {}", known[2].cold, on.cold);
    // Before the first minute is over nobody was told anything.
    assert!(known[2].cold_unforeseen * 50 <= off.cold, "{}", known[2].cold_unforeseen);
}

#[test]
fn results_are_the_same_on_any_number_of_threads_and_in_every_form() {
    let one =
        results(&experiment(TIMERS, Bytes::from_mb(2_500), ("expected-cost", "occurrence"), 1));
    let two =
        results(&experiment(TIMERS, Bytes::from_mb(2_500), ("expected-cost", "occurrence"), 3));
    let bytes = |rows: &CloneResults| {
        let mut bytes = Vec::new();
        table::write_json(rows, &mut bytes).expect("a vector takes it");
        bytes
    };
    assert_eq!(bytes(&one), bytes(&two));
    let text = |write: &dyn Fn(&mut Vec<u8>)| {
        let mut bytes = Vec::new();
        write(&mut bytes);
        String::from_utf8(bytes).expect("it is text")
    };
    let csv = text(&|out| table::write_csv(&one, out).expect("a vector takes it"));
    assert_eq!(csv.lines().count(), 4);
    let shown = text(&|out| table::write(&one, out).expect("a vector takes it"));
    assert!(shown.contains("shadow") && shown.contains("fewer cold starts"), "{shown}");
    let about = About { command: "swell <sim>".into(), version: "swell 0.1.0".into() };
    let page = text(&|out| page::write(&one, &about, out).expect("a vector takes it"));
    assert!(page.contains("swell &lt;sim&gt;") && page.ends_with("</html>\n"));
    let drawn = [
        "cold starts, % of served calls",
        "dropped",
        "wait for work",
        "shadow's receipt",
        "Why calls were cold",
    ];
    assert!(drawn.iter().all(|name| page.contains(name)), "each is drawn over memory");
}
