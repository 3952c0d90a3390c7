//! Calls that wait for memory come before calls that are only expected.

use swell_core::action::{Action, StopCause};
use swell_core::event::Event;
use swell_core::ids::FunctionId;
use swell_core::settings::{CloningMode, FunctionSettings};
use swell_core::units::Bytes;

use crate::stage::{F, Stage, at};

const LARGE: FunctionId = FunctionId(1);

fn deploy(stage: &mut Stage, function: FunctionId, mb: u64, max_instances: u32) {
    let settings =
        FunctionSettings { max_instances, ..FunctionSettings::plain(Bytes::from_mb(mb)) };
    stage.tell(Event::FunctionDeployed { function, settings: Box::new(settings) });
}

#[test]
fn a_call_that_waits_lets_no_clone_begin_and_takes_the_memory_of_one_in_the_end() {
    let mut stage = Stage::new(CloningMode::On, |settings| settings.share = 1000);
    stage.learn();
    stage.tell(Event::MemoryChanged { memory: Bytes::from_mb(300) });
    deploy(&mut stage, F, 100, 2);
    deploy(&mut stage, LARGE, 200, 9);
    // Three at work at a time, of which two may be: one is there from habit, one is a clone.
    stage.until(at(60));
    stage.foresee(&[90, 90, 90]);
    stage.until(at(65));
    assert_eq!((stage.live(), stage.clones_begun().len()), (2, 1));
    // A hundred MB are free, and what is promised is worth more than the call.
    stage.call(LARGE);
    deploy(&mut stage, F, 100, 3);
    stage.foresee(&[90, 90, 90]);
    stage.until(at(73));
    assert_eq!(stage.clones_begun().len(), 1, "a clone would fit, but a call waits for memory");
    assert_eq!(stage.stopped(StopCause::Evicted), []);
    stage.until(at(76));
    let evicted = stage.stopped(StopCause::Evicted);
    assert!(evicted.len() == 1 && evicted[0].0 == at(74), "{evicted:?}");
    let refused = stage.log.iter().filter(|(_, action)| matches!(action, Action::Refuse { .. }));
    assert_eq!(refused.count(), 0);
    assert_eq!(stage.live(), 1, "what habit keeps stayed");
}
