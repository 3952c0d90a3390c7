//! Clones are made just before they are needed and let go after.

use swell_core::action::StopCause;
use swell_core::cloning::lead::steps_to_tell;
use swell_core::demand::StepDemand;
use swell_core::event::Event;
use swell_core::settings::{CloningMode, FunctionSettings};
use swell_core::time::Span;
use swell_core::units::Bytes;

use crate::stage::{F, START, STEP, Stage, at};

#[test]
fn a_step_that_is_foreseen_finds_its_clones_ready() {
    let mut stage = Stage::new(CloningMode::On, |_| {});
    stage.foresee(&[0, 1]);
    stage.until(at(70));
    let begun = stage.clones_begun();
    assert_eq!(begun, [at(59)], "it begins one start before the step");
}

#[test]
fn what_starts_for_longer_than_a_step_is_begun_as_much_earlier() {
    for (start_s, period) in [(90, 12), (90, 4), (150, 12), (60, 12)] {
        let mut stage = Stage::new(CloningMode::On, |_| {});
        stage.start = Span::from_secs(start_s);
        let longest = Some(Span::from_secs(30));
        let plain = FunctionSettings::plain(Bytes::from_mb(100));
        let settings = Box::new(FunctionSettings { max_idle: longest, ..plain });
        stage.tell(Event::FunctionDeployed { function: F, settings });
        let steps = steps_to_tell(stage.start, STEP) as u64;
        for minute in 0..20 * period {
            stage.until(at(60 * minute));
            let step = |minute: u64| {
                let chance = if minute % period == 0 { 900 } else { 10 };
                StepDemand { chance, ..StepDemand::default() }
            };
            stage.foresee_steps((minute..minute + steps).map(step).collect(), Vec::new());
            if minute % period == 0 {
                stage.until(at(60 * minute + 5));
                stage.call(F);
            }
        }
        stage.until(stage.now + STEP * 5);
        let served = stage.site.receipt(stage.now).real.served;
        assert_eq!((served.warm, served.cold), (19, 1), "{start_s} s, each {period} minutes");
        let made = stage.clones_begun().len();
        assert!(made <= 21, "{made} clones for 19 calls");
    }
}

#[test]
fn a_timer_gets_its_clone_one_start_before_it_fires() {
    let mut stage = Stage::new(CloningMode::On, |_| {});
    stage.foresee_steps(vec![StepDemand::default()], vec![at(40)]);
    stage.until(at(39));
    let begun = stage.clones_begun();
    assert_eq!(begun.len(), 1);
    assert_eq!(begun[0] + START, at(40));
    stage.until(at(40));
    stage.call(F);
    assert_eq!(stage.site.receipt(stage.now).real.served.warm, 1);
}

#[test]
fn a_timer_that_does_not_fire_loses_its_clone() {
    let mut stage = Stage::new(CloningMode::On, |_| {});
    stage.foresee_steps(vec![StepDemand::default()], vec![at(20)]);
    stage.until(at(180));
    assert_eq!((stage.stopped(StopCause::Released).len(), stage.live()), (1, 0));
}

#[test]
fn nothing_is_made_for_what_is_not_worth_it() {
    let mut stage = Stage::new(CloningMode::On, |_| {});
    let unlikely = StepDemand { chance: 100, ..StepDemand::default() };
    stage.foresee_steps(vec![unlikely; 12], Vec::new());
    stage.until(at(800));
    assert!(stage.clones_begun().is_empty());
}

#[test]
fn what_is_hotter_is_never_displaced() {
    let mut stage = Stage::new(CloningMode::On, |_| {});
    // The memory is full of instances that are used again and again.
    for round in 0..40 {
        stage.until(at(10 * round));
        (0..100).for_each(|_| stage.call(swell_core::ids::FunctionId(1)));
    }
    stage.until(at(398));
    assert!(stage.site.pool().free().get() < 100_000_000, "the memory is full");
    let hesitant = StepDemand { chance: 450, ..StepDemand::default() };
    stage.foresee_steps(vec![hesitant], Vec::new());
    stage.until(at(399) + Span::from_millis(500));
    assert!(stage.stopped(StopCause::Evicted).is_empty());
    assert!(stage.clones_begun().is_empty());
}
