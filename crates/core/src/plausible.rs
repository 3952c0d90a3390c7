//! Could a truthful world have said that?
//!
//! A live or virtual world tells what happened, so inside the mind news is believed, and
//! a contradiction is a broken invariant. A journal out of a file is input: its bytes may
//! have been hurt or made up. What is fed to a mind from there is held against what the
//! mind knows first, so that no input reaches an assert and none makes the mind grow
//! beyond what the input pays for.

use crate::cloning::catalog;
use crate::demand::{DemandForecast, KNOWN_MAX, STEPS_MAX, StepDemand, WHOLE};
use crate::event::Event;
use crate::history::{self, History};
use crate::ids::{FunctionId, InstanceId};
use crate::nearby::{COUNT_MAX, LASTING_MAX, NODES_MAX, NearNode};
use crate::pool::instance::State;
use crate::pool::ledger::Pool;
use crate::settings::{
    CloningSettings, FunctionSettings, MEMORY_MAX, MIN_WARM_MAX, STEP_LEAST, SiteSettings,
};
use crate::units::Bytes;

/// What is wrong with a piece of news, in words that follow "it".
pub type Why = &'static str;

/// Whether a site may be made with these settings; its policy is the catalogue's to judge.
pub fn settings(settings: &SiteSettings) -> Result<(), Why> {
    memory(settings.memory)
}

/// Whether a world could tell this to a site that has `pool`. Late news of instances that
/// are gone is truthful.
pub fn event(pool: &Pool, event: &Event) -> Result<(), Why> {
    match event {
        Event::FunctionDeployed { function, settings } => {
            next_in_order(pool, *function)?;
            deployable(settings)
        }
        Event::MemoryChanged { memory: limit } => memory(*limit),
        Event::InstanceStarted { instance, .. }
        | Event::InstanceResumed { instance }
        | Event::StartFailed { instance } => match state(pool, *instance) {
            None | Some(State::Starting) => Ok(()),
            Some(_) => Err("tells of the start of an instance that is not starting"),
        },
        Event::InvocationFinished { instance, .. } | Event::InvocationFailed { instance, .. } => {
            match state(pool, *instance) {
                None | Some(State::Busy) => Ok(()),
                Some(_) => Err("tells of an answer by an instance that has no request"),
            }
        }
        Event::HistoryRecalled { history } => recallable(pool, history),
        Event::CloningSet { settings } => cloning(settings),
        Event::NearbyTold { nodes } => near(pool, nodes),
        Event::ClonesAsked { request } => {
            deployed_once(pool, request.function)?;
            let is_bounded = request.count <= COUNT_MAX && request.lasting <= LASTING_MAX;
            if is_bounded { Ok(()) } else { Err("asks for more clones than are ever asked for") }
        }
        Event::ClonesPromised { function, .. } => deployed_once(pool, *function),
        Event::ClonesBounded { function, .. } => deployed_once(pool, *function),
        Event::CloningChosen { function, .. } => deployed_once(pool, *function),
        Event::HealthOffered { function } => deployed_once(pool, *function),
        Event::DemandForeseen { forecast } | Event::DemandForecast { forecast } => {
            foreseeable(pool, forecast)
        }
        Event::CloneProbed { .. }
        | Event::FunctionRemoved { .. }
        | Event::RequestArrived { .. }
        | Event::RequestCancelled { .. }
        | Event::InstanceFailed { .. }
        | Event::WokeUp => Ok(()),
    }
}

fn state(pool: &Pool, instance: InstanceId) -> Option<State> {
    pool.get(instance).map(|tenant| tenant.state())
}

/// Tables are indexed by function, so a new one may only be one more.
fn next_in_order(pool: &Pool, function: FunctionId) -> Result<(), Why> {
    let known = pool.function(function).is_some();
    let first = function.0 == 0;
    if known || first || pool.function(FunctionId(function.0 - 1)).is_some() {
        return Ok(());
    }
    Err("deploys a function whose number is not the next one")
}

/// Whatever the bytes of a history are, they are opened with care; but it speaks of
/// functions that are there.
fn recallable(pool: &Pool, history: &History) -> Result<(), Why> {
    if history.bytes.len() > history::BYTES_MAX {
        return Err("recalls more history than is ever remembered");
    }
    if !history.functions.iter().flatten().all(|&known| pool.function(known).is_some()) {
        return Err("recalls the history of a function that was never deployed");
    }
    Ok(())
}

fn deployable(settings: &FunctionSettings) -> Result<(), Why> {
    memory(settings.memory)?;
    memory(settings.paused_memory)?;
    if settings.min_warm > MIN_WARM_MAX {
        return Err("wants more warm instances of a function than is allowed");
    }
    Ok(())
}

fn deployed_once(pool: &Pool, function: FunctionId) -> Result<(), Why> {
    let known = pool.function(function).is_some();
    if known { Ok(()) } else { Err("speaks of a function that was never deployed") }
}

fn near(pool: &Pool, nodes: &[NearNode]) -> Result<(), Why> {
    if nodes.len() > NODES_MAX {
        return Err("tells of more nodes than are ever told of");
    }
    for node in nodes {
        memory(node.room)?;
        if !node.functions.is_sorted() {
            return Err("tells of functions out of their order");
        }
        for &function in &node.functions {
            deployed_once(pool, function)?;
        }
    }
    Ok(())
}

/// Settings that say how clones are made, wherever they come from.
pub fn cloning(settings: &CloningSettings) -> Result<(), Why> {
    if catalog::build(&settings.policy).is_err() {
        return Err("names a cloning policy that does not exist");
    }
    if settings.share > WHOLE {
        return Err("gives clones more than all of the memory");
    }
    if settings.step < STEP_LEAST {
        return Err("counts calls in steps of less than a second");
    }
    Ok(())
}

/// Numbers of a forecast are used for loops and tables, so they are bounded.
fn foreseeable(pool: &Pool, forecast: &DemandForecast) -> Result<(), Why> {
    if forecast.step < STEP_LEAST {
        return Err("foresees steps of less than a second");
    }
    for demand in &forecast.functions {
        deployed_once(pool, demand.function)?;
        if demand.steps.len() > STEPS_MAX || demand.known.len() > KNOWN_MAX {
            return Err("foresees more than is ever foreseen");
        }
        if demand.confidence > WHOLE || !demand.steps.iter().all(StepDemand::is_sound) {
            return Err("foresees numbers that contradict one another");
        }
        if !demand.known.is_sorted() {
            return Err("foresees calls out of their order");
        }
    }
    Ok(())
}

fn memory(memory: Bytes) -> Result<(), Why> {
    if memory > MEMORY_MAX {
        return Err("speaks of more memory than any machine has");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use crate::demand::FunctionDemand;
    use crate::ids::RequestId;
    use crate::nearby::{NearId, Request};
    use crate::settings::CloneBounds;
    use crate::site::Site;
    use crate::time::{Instant, Span};

    use super::*;

    fn deploy(function: u32, change: impl Fn(&mut FunctionSettings)) -> Event {
        let mut settings = FunctionSettings::plain(Bytes::from_mb(100));
        change(&mut settings);
        Event::FunctionDeployed { function: FunctionId(function), settings: Box::new(settings) }
    }

    fn cloning(change: impl Fn(&mut CloningSettings)) -> Event {
        let mut settings = CloningSettings::default();
        change(&mut settings);
        Event::CloningSet { settings: Box::new(settings) }
    }

    fn bounded(function: u32) -> Event {
        let (function, bounds) = (FunctionId(function), CloneBounds::default());
        Event::ClonesBounded { function, bounds }
    }

    fn foresee(function: u32, change: impl Fn(&mut FunctionDemand)) -> Event {
        let step = StepDemand { chance: 500, q10: 0, q50: 1, q90: 2, q95: 3 };
        let function = FunctionId(function);
        let mut own =
            FunctionDemand { function, confidence: 1000, steps: vec![step], known: Vec::new() };
        change(&mut own);
        let (origin, step) = (Instant::ZERO, Span::from_mins(5));
        let forecast = DemandForecast { origin, step, functions: vec![own] };
        Event::DemandForeseen { forecast: Box::new(forecast) }
    }

    fn nearby(functions: &[u32], room: u64) -> Event {
        let functions = functions.iter().copied().map(FunctionId).collect();
        let (room, distance) = (Bytes::new(room), Span::ZERO);
        Event::NearbyTold { nodes: vec![NearNode { node: NearId(9), room, distance, functions }] }
    }

    fn asked(function: u32, count: u32) -> Event {
        let (function, lasting) = (FunctionId(function), LASTING_MAX);
        Event::ClonesAsked { request: Request { function, count, lasting, worth: 1, bid: 1 } }
    }

    /// A site with function 0, and an instance of it in slot 0 that is starting.
    fn site() -> Site {
        let policy = "lru".to_string();
        let settings = SiteSettings { memory: Bytes::from_mb(1000), seed: 1, policy };
        let mut site = Site::new(&settings).expect("it is in the catalogue");
        let mut actions = Vec::new();
        site.handle(Instant::ZERO, deploy(0, |_| {}), &mut actions);
        let (request, function) = (RequestId(1), FunctionId(0));
        site.handle(Instant::ZERO, Event::RequestArrived { request, function }, &mut actions);
        assert_eq!(actions.len(), 1);
        site
    }

    #[test]
    fn lies_are_told_from_news() {
        let recall = |bytes: usize, function: u32| {
            let (bytes, away) = (vec![0; bytes], Span::ZERO);
            let functions = vec![None, Some(FunctionId(function))];
            Event::HistoryRecalled { history: Box::new(History { bytes, functions, away }) }
        };
        let instance = InstanceId { slot: 0, generation: 0 };
        let gone = InstanceId { slot: 9, generation: 3 };
        let (request, run, took) = (RequestId(1), Span::ZERO, Span::from_secs(1));
        for (event, truthful) in [
            (deploy(0, |_| {}), true),
            (deploy(1, |_| {}), true),
            (deploy(2, |_| {}), false),
            (deploy(u32::MAX, |_| {}), false),
            (deploy(1, |settings| settings.min_warm = MIN_WARM_MAX), true),
            (deploy(1, |settings| settings.min_warm = MIN_WARM_MAX + 1), false),
            (deploy(1, |settings| settings.memory = Bytes::MAX), false),
            (deploy(1, |settings| settings.paused_memory = Bytes::MAX), false),
            (Event::MemoryChanged { memory: Bytes::ZERO }, true),
            (Event::MemoryChanged { memory: Bytes::MAX }, false),
            (Event::InstanceStarted { instance, took }, true),
            (Event::InstanceStarted { instance: gone, took }, true),
            (Event::StartFailed { instance }, true),
            (Event::InvocationFinished { instance, request, run }, false),
            (Event::InvocationFinished { instance: gone, request, run }, true),
            (Event::InvocationFailed { instance, request, run }, false),
            (Event::InvocationFailed { instance: gone, request, run }, true),
            (Event::FunctionRemoved { function: FunctionId(77) }, true),
            (cloning(|_| {}), true),
            (cloning(|settings| settings.policy = "sed".to_string()), false),
            (cloning(|settings| settings.share = 1001), false),
            (cloning(|settings| settings.step = Span::ZERO), false),
            (Event::CloningChosen { function: FunctionId(0), mode: None }, true),
            (Event::CloningChosen { function: FunctionId(1), mode: None }, false),
            (Event::HealthOffered { function: FunctionId(0) }, true),
            (Event::HealthOffered { function: FunctionId(1) }, false),
            (bounded(0), true),
            (bounded(1), false),
            (Event::CloneProbed { instance: gone, healthy: false }, true),
            (foresee(0, |_| {}), true),
            (foresee(1, |_| {}), false),
            (foresee(0, |own| own.confidence = 1001), false),
            (foresee(0, |own| own.steps = vec![own.steps[0]; 289]), false),
            (foresee(0, |own| own.steps[0].q10 = 9), false),
            (foresee(0, |own| own.known = vec![Instant::ZERO; 65]), false),
            (foresee(0, |own| own.known = vec![Instant::NEVER, Instant::ZERO]), false),
            (nearby(&[0], 0), true),
            (nearby(&[0, 0], 0), true),
            (nearby(&[0, 1], 0), false),
            (nearby(&[0], u64::MAX), false),
            (asked(0, COUNT_MAX), true),
            (asked(0, COUNT_MAX + 1), false),
            (asked(1, 1), false),
            (recall(10, 0), true),
            (recall(10, 1), false),
            (recall(history::BYTES_MAX, 0), true),
            (recall(history::BYTES_MAX + 1, 0), false),
        ] {
            assert_eq!(super::event(site().pool(), &event).is_ok(), truthful, "{event:?}");
        }
        let mut busy = site();
        let started = Event::InstanceStarted { instance, took };
        busy.handle(Instant::ZERO, started.clone(), &mut Vec::new());
        assert!(super::event(busy.pool(), &started).is_err());
        let answered = Event::InvocationFinished { instance, request, run };
        assert!(super::event(busy.pool(), &answered).is_ok());
    }
}
