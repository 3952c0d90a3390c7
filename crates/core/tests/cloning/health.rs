//! Clones that wait are probed; those that fail are replaced, and crash loops back off.

use swell_core::action::{Action, StopCause};
use swell_core::event::Event;
use swell_core::prospect::Why;
use swell_core::settings::{CloningMode, FunctionSettings};
use swell_core::time::{Instant, Span};
use swell_core::units::Bytes;

use crate::stage::{F, Stage, at};

fn probing() -> Stage {
    Stage::new(CloningMode::On, |settings| settings.probe_every = Span::from_secs(10))
}

#[test]
fn a_waiting_clone_is_probed_until_it_is_used() {
    let mut stage = probing();
    stage.foresee(&[1]);
    stage.until(at(35));
    let probes = |stage: &Stage| {
        let probes = stage.log.iter().filter(|(_, action)| matches!(action, Action::Probe { .. }));
        probes.map(|entry| entry.0).collect::<Vec<_>>()
    };
    assert_eq!(probes(&stage), [at(11), at(21), at(31)]);
    stage.call(crate::stage::F);
    stage.until(at(58));
    assert_eq!(probes(&stage).len(), 3, "it serves, and is a clone no longer");
}

#[test]
fn one_that_fails_is_replaced_before_it_is_needed() {
    let mut stage = probing();
    stage.foresee(&[1]);
    stage.until(at(5));
    stage.probes_find = false;
    stage.until(at(12));
    assert_eq!(stage.stopped(StopCause::Unhealthy).len(), 1);
    stage.probes_find = true;
    assert_eq!(stage.clones_begun().len(), 2, "replaced at once");
    stage.until(at(50));
    assert_eq!((stage.stopped(StopCause::Unhealthy).len(), stage.live()), (1, 1));
}

#[test]
fn a_crash_loop_backs_off() {
    let mut stage = probing();
    stage.clones_start = false;
    for minute in 0..10 {
        stage.foresee(&[1, 1]);
        stage.until(at(60 * (minute + 1)));
    }
    let begun = stage.clones_begun();
    assert!((4..14).contains(&begun.len()), "{} starts in ten minutes: {begun:?}", begun.len());
    let gaps: Vec<Span> = begun.windows(2).map(|pair| pair[1].since(pair[0])).collect();
    assert!(gaps.is_sorted(), "each wait is at least as long as the one before: {gaps:?}");
}

/// What a floor of three keeps, of a function that tells of its health or does not.
fn floored(tells: bool, mode: CloningMode) -> Stage {
    let mut stage = Stage::new(mode, |settings| settings.probe_every = Span::from_secs(10));
    let plain = FunctionSettings::plain(Bytes::from_mb(100));
    let settings = Box::new(FunctionSettings { min_warm: 3, ..plain });
    stage.tell(Event::FunctionDeployed { function: F, settings });
    if tells {
        stage.tell(Event::HealthOffered { function: F });
    }
    stage
}

fn probes(stage: &Stage) -> usize {
    stage.log.iter().filter(|(_, action)| matches!(action, Action::Probe { .. })).count()
}

fn begun(stage: &Stage) -> Vec<Instant> {
    let starts = stage.log.iter().filter(|(_, action)| matches!(action, Action::Start { .. }));
    starts.map(|entry| entry.0).collect()
}

#[test]
fn what_a_floor_keeps_is_probed_where_it_tells_of_its_health() {
    for mode in [CloningMode::Off, CloningMode::Shadow, CloningMode::On] {
        let mut silent = floored(false, mode);
        silent.probes_find = false;
        silent.until(at(60));
        assert_eq!((probes(&silent), silent.live()), (0, 3), "nobody asks what does not tell");
        let mut stage = floored(true, mode);
        stage.until(at(25));
        assert_eq!((probes(&stage), stage.live()), (6, 3), "each after 11 and after 21 s");
        stage.probes_find = false;
        stage.until(at(32));
        stage.probes_find = true;
        assert_eq!(stage.stopped(StopCause::Unhealthy).len(), 3);
        stage.until(at(60));
        assert_eq!((stage.live(), begun(&stage).len()), (3, 6), "each was replaced once");
        // One that serves its first call is left alone.
        let before = probes(&stage);
        stage.call(F);
        stage.until(at(120));
        let asked = probes(&stage) - before;
        assert!((10..=14).contains(&asked), "two of three wait for their first call: {asked}");
    }
}

#[test]
fn a_floor_whose_instances_are_never_well_backs_off() {
    let mut stage = floored(true, CloningMode::Off);
    stage.probes_find = false;
    stage.until(at(1_800));
    let starts = begun(&stage);
    assert!((9..=60).contains(&starts.len()), "{} starts in half an hour", starts.len());
    let late = starts.iter().filter(|&&start| start >= at(900)).count();
    assert!(late <= 15, "{late} in the last quarter of an hour: {starts:?}");
    // A call that is answered shows that it is well again.
    stage.probes_find = true;
    stage.until(at(1_801));
    if stage.live() == 0 {
        stage.call(F);
    }
    stage.until(at(1_820));
    let settled = begun(&stage).len();
    stage.until(at(3_000));
    assert_eq!((stage.live(), begun(&stage).len()), (3, settled), "it is well again");
}

/// Several clones are wished for at any time, and a call comes every ten seconds, for so many minutes.
fn called(stage: &mut Stage, minutes: std::ops::Range<u64>) {
    for minute in minutes {
        stage.foresee(&[120, 120]);
        for second in [5, 15, 25, 35, 45, 55] {
            stage.until(at(60 * minute + second));
            stage.call(F);
        }
        stage.until(at(60 * (minute + 1)));
    }
}

#[test]
fn calls_that_fail_back_clones_off_although_probes_find_nothing() {
    let mut stage = probing();
    called(&mut stage, 0..3);
    let live = stage.live();
    assert!(live > 2 && stage.stopped(StopCause::Unhealthy).is_empty(), "{live}");
    stage.calls_answer = false;
    let before = stage.clones_begun().len();
    called(&mut stage, 3..33);
    let begun = stage.clones_begun().len() - before;
    assert!(begun <= 12, "{begun} clones were begun in half an hour of failures");
    assert!(!stage.stopped(StopCause::Unhealthy).is_empty(), "what waited is replaced");
    let told = stage.site.prospect(stage.now, F).expect("it is deployed");
    assert!(matches!(told.why, Why::CallsFail(failed, _) if failed > 100), "{told:?}");
    stage.calls_answer = true;
    called(&mut stage, 33..35);
    assert!(stage.live() > 1, "once a call is answered, more are made: {}", stage.live());
    assert!(!matches!(
        stage.site.prospect(stage.now, F).map(|told| told.why),
        Some(Why::CallsFail(..))
    ));
}

#[test]
fn a_shadow_backs_off_as_it_would() {
    let clones = |mode: CloningMode| {
        let mut stage = Stage::new(mode, |_| {});
        called(&mut stage, 0..3);
        stage.calls_answer = false;
        called(&mut stage, 3..20);
        let receipt = stage.site.receipt(stage.now);
        if mode == CloningMode::On { receipt.on.clones } else { receipt.foreseen.clones }
    };
    let (did, told) = (clones(CloningMode::On), clones(CloningMode::Shadow));
    assert!(did.made.abs_diff(told.made) <= 1 + did.made / 20, "{did:?} {told:?}");
}
