//! Clones where instances fail, schedules call and events were announced.

use swell_core::rng;
use swell_core::settings::CloningMode;
use swell_core::time::{Instant, Span};
use swell_core::units::Bytes;
use swell_forecast::calendar::announced::Announced as Effect;
use swell_forecast::calendar::occasion::Occasion;
use swell_sim::announced::Announced;
use swell_sim::clone::line::CloneResults;
use swell_sim::clone::row::CloneRow;
use swell_sim::clone::table;
use swell_sim::failures::Failures;
use swell_sim::played;

use crate::staged::{experiment, opened, results};

fn shown(results: &CloneResults) -> String {
    let mut bytes = Vec::new();
    table::write(results, &mut bytes).expect("a vector takes it");
    String::from_utf8(bytes).expect("it is text")
}

fn modes(results: &CloneResults) -> (&CloneRow, &CloneRow) {
    let [off, on] = &results.rows[..] else { panic!("two modes") };
    (off, on)
}

#[test]
fn a_clone_is_there_when_a_schedule_calls_and_not_much_earlier() {
    let whole = opened("gen:poisson,functions=40,calls=4000,hours=6,seed=5");
    // A schedule that nobody could guess, for ten functions.
    let mut dice = rng::split(9, "schedule");
    let mut times = || {
        let mut times: Vec<Instant> =
            (0..30).map(|_| Instant::from_millis(rng::below(&mut dice, 6 * 3_600_000))).collect();
        times.sort_unstable();
        times
    };
    let known: Vec<Vec<Instant>> =
        (0..40).map(|number| if number < 10 { times() } else { Vec::new() }).collect();
    let announced = Announced { known, ..Announced::default() };
    let trace = played::with(&whole, &announced);
    let mut experiment = experiment(trace, Bytes::from_mb(1_500));
    let unaware = results(&experiment);
    experiment.announced = announced;
    let aware = results(&experiment);
    let ((off, on), (_, unaware)) = (modes(&aware), modes(&unaware));
    // Some calls that come by chance come within two seconds of one of the schedule.
    assert_eq!(off.known, on.known);
    assert!((300..330).contains(&off.known), "{}", off.known);
    assert!(off.known_cold > 100, "{}", off.known_cold);
    assert!(on.known_cold * 20 < off.known_cold, "{} of {}", on.known_cold, off.known_cold);
    assert!(on.cold + 50 < unaware.cold, "{} instead of {}", on.cold, unaware.cold);
    // Just in time: its clone waits for seconds, not for a step.
    let waited = on.clones_held_gb_s / on.clones_used.max(1) as f64;
    let unaware_waited = unaware.clones_held_gb_s / unaware.clones_used.max(1) as f64;
    assert!(
        on.clones_used > 100 && waited * 1.5 < unaware_waited,
        "{waited} beside {unaware_waited} GB s each"
    );
    assert!(shown(&aware).contains("calls by schedules"), "{}", shown(&aware));
}

/// Calls that were cold in the first five minutes of campaigns with ten times the calls, and on all of the
/// day: as nobody knows of them, and as they are announced.
fn campaigns(seed: u64, memory_mb: u64) -> [(u64, u64); 2] {
    let whole = opened(&format!("gen:mixed,functions=60,calls=12000,hours=8,seed={seed}"));
    let hour = 3_600_000;
    let sale = |number: u64, effect: Effect| Occasion {
        id: format!("sale-{number}"),
        kind: "sale".to_string(),
        start_ms: (2 + number) * hour,
        end_ms: (2 + number) * hour + hour / 12,
        effect,
        ..Occasion::default()
    };
    let with = |times: f32| {
        let occasions = (0..5).map(|number| sale(number, Effect::Times(times))).collect();
        Announced { occasions, ..Announced::default() }
    };
    let trace = played::with(&whole, &with(10.0));
    let mut experiment = experiment(trace, Bytes::from_mb(memory_mb));
    experiment.modes = vec![CloningMode::On];
    [1.0, 10.0].map(|times| {
        experiment.announced = with(times);
        let results = results(&experiment);
        let row = &results.rows[0];
        assert!(row.during_events > 3_000, "{}", row.during_events);
        assert!(shown(&results).contains("calls during events"), "{}", shown(&results));
        (row.during_events_cold, row.cold)
    })
}

#[test]
fn an_announced_event_finds_clones_ready() {
    let (mut unaware, mut aware) = ((0, 0), (0, 0));
    for seed in [6, 7, 8] {
        let [before, after] = campaigns(seed, 60_000);
        unaware = (unaware.0 + before.0, unaware.1 + before.1);
        aware = (aware.0 + after.0, aware.1 + after.1);
    }
    assert!(aware.0 * 2 < unaware.0, "{aware:?} instead of {unaware:?} in the first minutes");
    // What is made for an event costs nobody else more than that.
    assert!(aware.1 * 10 < unaware.1 * 9, "{aware:?} instead of {unaware:?} on the day");
}

#[test]
fn the_dead_are_found_before_they_are_called_and_crash_loops_cost_few_starts() {
    let trace = opened("gen:timers,functions=60,calls=3000,hours=10,seed=4");
    let mut experiment = experiment(trace, Bytes::from_mb(2_500));
    experiment.modes = vec![CloningMode::On];
    // Who dies is chance, so one run tells little.
    experiment.seeds = (1..=4).collect();
    let sum = |results: &CloneResults, figure: fn(&CloneRow) -> u64| -> u64 {
        results.rows.iter().map(figure).sum()
    };
    let mut with = |probe_every: Span, deaths_per_hour: f64, crashing: u16| {
        experiment.cloning.probe_every = probe_every;
        experiment.failures = Failures { deaths_per_hour, crashing };
        results(&experiment)
    };
    let probed = with(Span::from_secs(10), 30.0, 0);
    let unprobed = with(Span::FOREVER, 30.0, 0);
    let found = [&probed, &unprobed].map(|results| sum(results, |row| row.found_dead));
    assert!(found[0] > 5 && found[1] == 0, "{found:?} found dead");
    let [met, unprobed] = [&probed, &unprobed].map(|results| sum(results, |row| row.failed));
    assert!(met < unprobed, "{met} calls met a dead instance, {unprobed} unprobed");
    assert!(shown(&probed).contains("met a dead instance"), "{}", shown(&probed));
    let crashing = with(Span::from_secs(30), 0.0, 300);
    let row = &crashing.rows[0];
    assert!(row.crashed > 0 && row.clones_crashed > 0, "{} {}", row.crashed, row.clones_crashed);
    // Ten outages of ten minutes each, of about twenty functions: backing off tries ten at most.
    assert!(row.clones_crashed < 20 * 10 * 10, "{}", row.clones_crashed);
    assert!(row.short_of_health > 0 && row.dropped > 0);
}
