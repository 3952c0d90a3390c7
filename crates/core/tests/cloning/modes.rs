//! What each mode may do.

use swell_core::action::Action;
use swell_core::event::Event;
use swell_core::settings::CloningMode;
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
