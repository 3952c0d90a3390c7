//! Clones that have no room here are asked of nodes nearby, and made where they are asked for.

use swell_core::action::{Action, StopCause};
use swell_core::event::Event;
use swell_core::ids::FunctionId;
use swell_core::nearby::{NearId, NearNode, Request};
use swell_core::settings::CloningMode;
use swell_core::time::Span;
use swell_core::units::Bytes;

use crate::stage::{F, STEP, Stage, at};

fn near(number: u32, room_mb: u64, distance_ms: u64, functions: &[FunctionId]) -> NearNode {
    NearNode {
        node: NearId(number),
        room: Bytes::from_mb(room_mb),
        distance: Span::from_millis(distance_ms),
        functions: functions.to_vec(),
    }
}

/// A site without room for any instance, with nodes nearby.
fn full(mode: CloningMode, nodes: Vec<NearNode>) -> Stage {
    let mut stage = Stage::new(mode, |_| {});
    stage.tell(Event::MemoryChanged { memory: Bytes::from_mb(50) });
    stage.tell(Event::NearbyTold { nodes });
    stage
}

/// Who was asked for how many.
fn asked(stage: &Stage) -> Vec<(u32, u32)> {
    let asked = stage.log.iter().filter_map(|(_, action)| match action {
        Action::AskNearby { node, request } if request.function == F => {
            Some((node.0, request.count))
        }
        _ => None,
    });
    asked.collect()
}

#[test]
fn the_nearest_with_room_is_asked_then_the_next_and_nobody_twice() {
    let others = [FunctionId(1)];
    let nodes = vec![
        near(1, 5_000, 1, &others),
        near(2, 50, 1, &[F]),
        near(3, 150, 10, &[F]),
        near(4, 900, 20, &[F]),
        near(5, 900, 600, &[F]),
    ];
    let mut stage = full(CloningMode::On, nodes);
    stage.foresee(&[1]);
    assert_eq!(asked(&stage), [(3, 1)]);
    assert!(stage.clones_begun().is_empty());
    stage.until(at(5));
    assert_eq!(asked(&stage), [(3, 1)], "an answer is waited for");
    stage.tell(Event::ClonesPromised { node: NearId(3), function: F, count: 0 });
    stage.until(at(10));
    assert_eq!(
        asked(&stage),
        [(3, 1), (4, 1)],
        "the other is farther, one has no room, one is far"
    );
    stage.tell(Event::ClonesPromised { node: NearId(4), function: F, count: 1 });
    stage.until(at(50));
    assert_eq!(asked(&stage).len(), 2);
    assert_eq!(stage.site.asked_nearby(stage.now, F), [NearId(4)]);
    stage.until(at(0) + STEP * 2);
    assert!(stage.site.asked_nearby(stage.now, F).is_empty(), "that step is over");
}

#[test]
fn what_has_room_here_is_made_here_and_nobody_is_asked() {
    let mut stage = full(CloningMode::On, vec![near(3, 900, 1, &[F])]);
    stage.tell(Event::MemoryChanged { memory: Bytes::from_mb(1_000) });
    stage.foresee(&[1]);
    stage.until(at(5));
    assert_eq!((stage.clones_begun().len(), asked(&stage).len()), (1, 0));
}

#[test]
fn room_that_comes_while_others_make_clones_is_not_used_for_the_same() {
    let mut stage = full(CloningMode::On, vec![near(3, 900, 1, &[F])]);
    stage.foresee(&[1]);
    stage.tell(Event::ClonesPromised { node: NearId(3), function: F, count: 1 });
    stage.tell(Event::MemoryChanged { memory: Bytes::from_mb(1_000) });
    stage.until(at(30));
    assert!(stage.clones_begun().is_empty());
}

#[test]
fn who_only_foresees_asks_nobody() {
    for mode in [CloningMode::Off, CloningMode::Shadow] {
        let mut stage = full(mode, vec![near(3, 900, 1, &[F])]);
        stage.foresee(&[3, 3]);
        stage.until(at(0) + STEP * 2);
        assert!(asked(&stage).is_empty(), "{mode:?}");
    }
}

fn request(count: u32) -> Event {
    let lasting = Span::from_secs(30);
    let request = Request { function: F, count, lasting, worth: 50_000, bid: 50_000 };
    Event::ClonesAsked { request }
}

#[test]
fn what_is_asked_for_is_made_and_let_go_when_the_time_is_over() {
    let mut stage = Stage::new(CloningMode::On, |_| {});
    stage.tell(request(2));
    stage.until(at(25));
    assert_eq!((stage.clones_begun().len(), stage.live()), (2, 2));
    stage.until(at(25) + STEP * 10);
    assert_eq!((stage.stopped(StopCause::Released).len(), stage.live()), (2, 0));
}

#[test]
fn it_comes_to_what_is_foreseen_here() {
    let mut stage = Stage::new(CloningMode::On, |_| {});
    stage.foresee(&[1]);
    stage.until(at(5));
    let own = stage.live();
    stage.tell(request(2));
    stage.until(at(10));
    assert_eq!(stage.live(), own + 2);
}

#[test]
fn who_makes_no_clones_or_has_no_room_promises_none() {
    let mut off = Stage::new(CloningMode::Shadow, |_| {});
    off.tell(request(2));
    off.until(at(25));
    assert_eq!(off.live(), 0);
    let mut stage = full(CloningMode::On, vec![near(3, 900, 1, &[F])]);
    stage.tell(request(2));
    stage.until(at(25));
    assert_eq!((stage.live(), asked(&stage).len()), (0, 0), "nor does it ask others for them");
}
