//! A function's own bounds on clones hold within those of all.

use swell_core::event::Event;
use swell_core::settings::{CloneBounds, CloningMode};
use swell_core::units::Bytes;

use crate::stage::{F, Stage, at};

/// Many calls at once, foreseen for a function of instances of 100 MB with these bounds; the
/// clones that were begun when they are due, and in the seconds after.
fn begun(bounds: CloneBounds, mode: CloningMode) -> Stage {
    let mut stage = Stage::new(mode, |settings| settings.share = 1000);
    stage.learn();
    stage.tell(Event::ClonesBounded { function: F, bounds });
    stage.until(at(60));
    stage.foresee(&[300, 300]);
    stage.until(at(63));
    stage
}

#[test]
fn clones_hold_no_more_than_their_function_may() {
    let free = begun(CloneBounds::default(), CloningMode::On).clones_begun().len();
    assert!(free >= 4, "{free}");
    for (mb, most) in [(350, 3), (100, 1), (99, 0)] {
        let memory = Some(Bytes::from_mb(mb));
        let stage = begun(CloneBounds { memory, ..CloneBounds::default() }, CloningMode::On);
        assert_eq!(stage.clones_begun().len(), most, "{mb} MB");
    }
}

#[test]
fn clones_begin_no_faster_than_their_function_may() {
    let starts_per_second = Some(1);
    let stage = begun(CloneBounds { starts_per_second, memory: None }, CloningMode::On);
    let begun = stage.clones_begun();
    assert_eq!(begun, [at(60), at(61), at(62), at(63)][..begun.len()], "one a second");
    assert!(begun.len() >= 3, "{begun:?}");
}

#[test]
fn a_shadow_keeps_to_them() {
    let bounds = CloneBounds { memory: Some(Bytes::from_mb(200)), ..CloneBounds::default() };
    let stage = begun(bounds, CloningMode::Shadow);
    let told = stage.site.receipt(stage.now).shadow.expect("it is in shadow");
    assert_eq!(told.clones.made, 2, "{told:?}");
}
