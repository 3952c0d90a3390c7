//! The founding pseudocode `CloneContainers`, played with the policy `seed`, line by line.

use swell_core::action::{Action, StopCause};
use swell_core::demand::{DemandForecast, FunctionDemand, StepDemand};
use swell_core::event::Event;
use swell_core::ids::FunctionId;
use swell_core::nearby::{NearId, NearNode};
use swell_core::settings::CloningMode;
use swell_core::time::Span;
use swell_core::units::Bytes;

use crate::stage::{F, STEP, Stage, at};

const G: FunctionId = FunctionId(1);

/// A site of so many MB, all of which clones may have.
fn stage(mb: u64) -> Stage {
    let mut stage = Stage::new(CloningMode::On, |settings| {
        settings.policy = "seed".to_string();
        settings.share = 1000;
    });
    stage.tell(Event::MemoryChanged { memory: Bytes::from_mb(mb) });
    stage
}

/// `demandPredictions`: by program code, `volume` and `confidenceInterval`, for two steps.
fn predict(stage: &mut Stage, predictions: &[(FunctionId, u32, u16)]) {
    let functions = predictions.iter().map(|&(function, volume, confidence)| {
        let quantile = volume * 1000;
        let step =
            StepDemand { chance: 0, q10: quantile, q50: quantile, q90: quantile, q95: quantile };
        FunctionDemand { function, confidence, steps: vec![step; 2], known: Vec::new() }
    });
    let functions = functions.collect();
    let forecast = DemandForecast { origin: stage.now, step: STEP, functions };
    stage.tell(Event::DemandForeseen { forecast: Box::new(forecast) });
}

/// `countClones(programCode, vmPool)`.
fn count(stage: &Stage, function: FunctionId) -> u32 {
    stage.site.pool().known(function).live()
}

#[test]
fn for_each_program_code_as_many_clones_as_the_predicted_volume() {
    let mut stage = stage(10_000);
    // for each programCode in demandPredictions: numClonesNeeded = predictedVolume
    predict(&mut stage, &[(F, 5, 900), (G, 3, 800)]);
    stage.until(at(10));
    assert_eq!((count(&stage, F), count(&stage, G)), (5, 3));
    assert_eq!(stage.clones_begun().len(), 8);
}

#[test]
fn a_fifth_more_where_the_confidence_is_below_four_fifths() {
    let mut stage = stage(10_000);
    // if confidenceInterval < 0.8: numClonesNeeded = numClonesNeeded * 1.2
    predict(&mut stage, &[(F, 5, 799), (G, 10, 0)]);
    stage.until(at(10));
    assert_eq!((count(&stage, F), count(&stage, G)), (6, 12));
}

#[test]
fn exactly_the_difference_is_created() {
    let mut stage = stage(10_000);
    predict(&mut stage, &[(F, 5, 900)]);
    stage.until(at(60));
    // if currentClones < numClonesNeeded: clonesToCreate = numClonesNeeded - currentClones
    // for i in range(clonesToCreate): createContainerClone(vm, programCode)
    predict(&mut stage, &[(F, 7, 900)]);
    stage.until(at(70));
    assert_eq!((count(&stage, F), stage.clones_begun().len()), (7, 7), "two more, none anew");
    // Neither branch holds where there are as many as needed.
    stage.until(at(120));
    predict(&mut stage, &[(F, 7, 900)]);
    stage.until(at(130));
    assert_eq!((stage.clones_begun().len(), stage.stopped(StopCause::Released).len()), (7, 0));
}

#[test]
fn what_has_served_counts_as_one_of_them() {
    let mut stage = stage(10_000);
    stage.learn();
    // currentClones = countClones(programCode, vmPool)
    predict(&mut stage, &[(F, 4, 900)]);
    stage.until(at(10));
    assert_eq!((count(&stage, F), stage.clones_begun().len()), (4, 3));
}

#[test]
fn none_is_created_where_there_are_no_resources() {
    let mut stage = stage(350);
    stage.learn();
    // availableVMs = findAvailableVMs(vmPool, clonesToCreate)
    predict(&mut stage, &[(G, 5, 900)]);
    stage.until(at(30));
    assert_eq!((count(&stage, F), count(&stage, G)), (1, 2), "room for two, and nobody gives way");
    assert!(stage.stopped(StopCause::Evicted).is_empty());
}

#[test]
fn the_node_with_available_resources_is_asked() {
    let mut stage = stage(250);
    let near = |number: u32, room_mb: u64, distance_ms: u64| NearNode {
        node: NearId(number),
        room: Bytes::from_mb(room_mb),
        distance: Span::from_millis(distance_ms),
        functions: vec![F],
    };
    stage.tell(Event::NearbyTold { nodes: vec![near(1, 50, 1), near(2, 500, 5)] });
    // Find VMs with available resources; vm = availableVMs[i]; createContainerClone(vm, ...)
    predict(&mut stage, &[(F, 5, 900)]);
    stage.until(at(10));
    assert_eq!(count(&stage, F), 2, "as many as there is room for here");
    let asked: Vec<(NearId, u32)> = stage
        .log
        .iter()
        .filter_map(|(_, action)| match action {
            Action::AskNearby { node, request } => Some((*node, request.count)),
            _ => None,
        })
        .collect();
    assert_eq!(asked, [(NearId(2), 3)], "the nearer one has no room");
}

#[test]
fn the_excess_is_removed_at_once_and_nothing_else() {
    let mut stage = stage(10_000);
    stage.learn();
    predict(&mut stage, &[(F, 6, 900), (G, 2, 900)]);
    stage.until(at(60));
    assert_eq!((count(&stage, F), count(&stage, G)), (6, 2));
    // if currentClones > numClonesNeeded:
    //   removeExcessClones(programCode, vmPool, currentClones - numClonesNeeded)
    predict(&mut stage, &[(F, 2, 900), (G, 2, 900)]);
    stage.until(at(61));
    assert_eq!((count(&stage, F), count(&stage, G)), (2, 2));
    assert_eq!(stage.stopped(StopCause::Released).len(), 4);
    stage.until(at(120));
    predict(&mut stage, &[(F, 0, 900), (G, 0, 900)]);
    stage.until(at(121));
    assert_eq!((count(&stage, F), count(&stage, G)), (1, 0), "what has served is keep-alive's");
}
