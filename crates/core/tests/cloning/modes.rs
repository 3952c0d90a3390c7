//! What each mode may do.

use swell_core::action::Action;
use swell_core::event::Event;
use swell_core::receipt::Receipt;
use swell_core::settings::{CloningMode, CloningSettings};
use swell_core::time::Instant;

use crate::stage::{F, Stage, at};

/// Two hours of calls every five minutes, each foreseen, and some that are not.
fn play(mode: CloningMode, own: Option<CloningMode>) -> Stage {
    let mut stage = Stage::new(mode, |_| {});
    if own.is_some() {
        stage.tell(Event::CloningChosen { function: F, mode: own });
    }
    for minute in 0..120 {
        stage.until(at(60 * minute));
        stage.foresee(&[u32::from(minute % 5 == 2), u32::from(minute % 5 == 1)]);
        if minute % 5 == 2 {
            stage.until(at(60 * minute + 20));
            stage.call(F);
        }
        if minute == 40 {
            (0..5).for_each(|_| stage.call(F));
        }
    }
    stage.until(at(7300));
    stage
}

fn orders(stage: &Stage) -> Vec<(Instant, Action)> {
    stage.log.clone()
}

#[test]
fn off_and_shadow_decide_what_was_decided_before() {
    let (off, shadow) = (play(CloningMode::Off, None), play(CloningMode::Shadow, None));
    assert!(off.clones_begun().is_empty());
    assert_eq!(orders(&off), orders(&shadow));
    assert!(off.site.receipt(off.now).shadow.is_none());
}

#[test]
fn a_receipt_tells_what_on_does() {
    let (shadow, on) = (play(CloningMode::Shadow, None), play(CloningMode::On, None));
    let (told, did) = (shadow.site.receipt(shadow.now), on.site.receipt(on.now));
    let told_of = told.shadow.expect("it is in shadow");
    assert!(did.real.clones.made > 0);
    assert_eq!(told_of.served, did.real.served);
    assert_eq!(told_of.clones, did.real.clones);
    assert!(told_of.served.cold <= told.real.served.cold, "{told:?}");
}

#[test]
fn a_function_chooses_for_itself() {
    let none = play(CloningMode::On, Some(CloningMode::Off));
    assert!(none.clones_begun().is_empty());
    let some = play(CloningMode::Off, Some(CloningMode::On));
    assert_eq!(orders(&some), orders(&play(CloningMode::On, None)));
    let told = play(CloningMode::Off, Some(CloningMode::Shadow));
    assert!(told.site.receipt(told.now).shadow.is_some() && told.clones_begun().is_empty());
}

fn receipt(stage: &Stage) -> Receipt {
    stage.site.receipt(stage.now)
}

#[test]
fn a_receipt_is_kept_by_the_mode_of_each_function() {
    use CloningMode::{Off, On, Shadow};
    let (none, on) = (receipt(&play(Off, None)), receipt(&play(On, None)));
    let truth = none.off.cold.cast_signed() - on.on.calls.cold.cast_signed();
    assert!(truth > 0 && on.on.clones.made > 0);
    for (mode, own) in [(On, None), (Off, Some(On)), (Shadow, Some(On))] {
        let told = receipt(&play(mode, own));
        assert_eq!((told.on, told.foreseen.clones.made), (on.on, 0), "{mode:?} {own:?}");
        assert_eq!(told.on.avoided, truth, "{mode:?} {own:?}: {told:?}");
    }
    for (mode, own) in [(Shadow, None), (Off, Some(Shadow)), (On, Some(Shadow))] {
        let told = receipt(&play(mode, own));
        assert_eq!(
            (told.foreseen.clones, told.on.clones.made),
            (on.on.clones, 0),
            "{mode:?} {own:?}"
        );
        assert_eq!((told.foreseen.avoided, told.foreseen.calls), (truth, none.off));
    }
}

#[test]
fn what_was_told_stays_when_modes_change() {
    let mut stage = play(CloningMode::Shadow, None);
    let before = receipt(&stage);
    for mode in [CloningMode::Off, CloningMode::Shadow, CloningMode::On] {
        stage.tell(Event::CloningChosen { function: F, mode: Some(mode) });
        let after = receipt(&stage);
        assert_eq!((after.foreseen, after.on), (before.foreseen, before.on), "{mode:?}");
    }
    for mode in [CloningMode::Off, CloningMode::Shadow] {
        let settings = Box::new(CloningSettings { mode, ..CloningSettings::default() });
        stage.tell(Event::CloningSet { settings });
        let after = receipt(&stage);
        assert_eq!(after.foreseen, before.foreseen, "without a second mind, and with another");
    }
}
