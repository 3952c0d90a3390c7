//! Events and actions in words, for people who look at a decision.
//!
//! Functions are named by their number, as in `--function '#3:...'`; an instance by its
//! slot and by how many others were there before it.

use swell_core::action::{Action, RefuseReason, StartCause, StartKind, StopCause};
use swell_core::event::Event;
use swell_core::ids::{FunctionId, InstanceId};
use swell_core::settings::CloningMode;

/// What happened.
pub fn event(event: &Event) -> String {
    match event {
        Event::FunctionDeployed { function, settings } => {
            format!("{} was deployed, with {}", of(*function), settings.memory)
        }
        Event::FunctionRemoved { function } => format!("{} was removed", of(*function)),
        Event::MemoryChanged { memory } => format!("the memory became {memory}"),
        Event::RequestArrived { request, function } => {
            format!("request {} came in for {}", request.0, of(*function))
        }
        Event::RequestCancelled { request, function } => {
            format!("request {} for {} was given up", request.0, of(*function))
        }
        Event::InstanceStarted { instance, took } => {
            format!("{} was ready, after {took}", name(*instance))
        }
        Event::StartFailed { instance } => format!("{} could not be started", name(*instance)),
        Event::InstanceResumed { instance } => format!("{} was thawed", name(*instance)),
        Event::InvocationFinished { instance, run, .. } => {
            format!("{} answered a request, after {run}", name(*instance))
        }
        Event::InvocationFailed { instance, run, .. } => {
            format!("{} failed to answer a request, after {run}", name(*instance))
        }
        Event::InstanceFailed { instance } => format!("{} died", name(*instance)),
        Event::HistoryRecalled { history } => {
            format!("{} bytes of history were recalled", history.bytes.len())
        }
        Event::CloningSet { settings } => {
            let mode = match settings.mode {
                CloningMode::Off => "off",
                CloningMode::Shadow => "shadow",
                CloningMode::On => "on",
            };
            format!("cloning was set to {mode}, by `{}`", settings.policy)
        }
        Event::CloningChosen { function, mode } => {
            let mode = match mode {
                None => "that of the node",
                Some(CloningMode::Off) => "off",
                Some(CloningMode::Shadow) => "shadow",
                Some(CloningMode::On) => "on",
            };
            format!("cloning of {} was set to {mode}", of(*function))
        }
        Event::HealthOffered { function } => {
            format!("{} tells of its health when it is asked", of(*function))
        }
        Event::ClonesBounded { function, bounds } => {
            let memory =
                bounds.memory.map_or_else(|| "any memory".to_string(), |most| most.to_string());
            let starts = bounds.starts_per_second;
            let starts =
                starts.map_or_else(|| "any number of".to_string(), |most| most.to_string());
            format!("clones of {} may hold {memory}, with {starts} starts a second", of(*function))
        }
        Event::DemandForeseen { forecast } | Event::DemandForecast { forecast } => {
            let functions = forecast.functions.len();
            format!("demand of {functions} functions was forecast, in steps of {}", forecast.step)
        }
        Event::CloneProbed { instance, healthy: true } => {
            format!("{} showed that it lives", name(*instance))
        }
        Event::CloneProbed { instance, healthy: false } => {
            format!("{} gave no sign of life", name(*instance))
        }
        Event::NearbyTold { nodes } => format!("{} nodes nearby told how they are", nodes.len()),
        Event::ClonesAsked { request } => {
            let (function, count) = (of(request.function), request.count);
            format!("a node nearby asked for {count} of {function}, for {}", request.lasting)
        }
        Event::ClonesPromised { node, function, count } => {
            format!("node {} nearby promised {count} of {}", node.0, of(*function))
        }
        Event::WokeUp => "a time to look again came".to_string(),
    }
}

/// What was ordered.
pub fn action(action: &Action) -> String {
    match *action {
        Action::Start { instance, function, cause } => {
            let cause = match cause {
                StartCause::Request => "a request waits",
                StartCause::Ahead => "one is expected",
                StartCause::MinWarm => "so many are kept warm",
                StartCause::Clone => "calls are foreseen",
            };
            format!("start {} of {}: {cause}", name(instance), of(function))
        }
        Action::Stop { instance, function, cause } => {
            let cause = match cause {
                StopCause::Evicted => "its memory is needed",
                StopCause::Expired => "it was idle for long enough",
                StopCause::RunAndExit => "each is used once",
                StopCause::Removed => "its function is gone",
                StopCause::Failed => "it failed",
                StopCause::Released => "the calls it was made for did not come",
                StopCause::Unhealthy => "it is not well, or calls of its function fail",
            };
            format!("stop {} of {}: {cause}", name(instance), of(function))
        }
        Action::Pause { instance } => format!("pause {}", name(instance)),
        Action::Resume { instance } => format!("thaw {}", name(instance)),
        Action::Probe { instance } => format!("ask {} for a sign of life", name(instance)),
        Action::AskNearby { node, request } => {
            let (function, count) = (of(request.function), request.count);
            format!("ask node {} nearby for {count} of {function}: there is no room here", node.0)
        }
        Action::Invoke { request, instance, start } => {
            let start = match start {
                StartKind::Warm => "warm",
                StartKind::Delayed => "delayed",
                StartKind::Resumed => "thawed",
                StartKind::Cold => "cold",
            };
            format!("give request {} to {}, {start}", request.0, name(instance))
        }
        Action::Refuse { request, reason } => {
            let reason = match reason {
                RefuseReason::UnknownFunction => "nobody knows the function",
                RefuseReason::NoMemory => "no memory is left",
                RefuseReason::TooManyInstances => "the function may have no more instances",
                RefuseReason::QueueFull => "the queue is full",
                RefuseReason::WaitedTooLong => "it waited for too long",
                RefuseReason::StartFailed => "the start failed",
                RefuseReason::FunctionRemoved => "the function was removed",
            };
            format!("refuse request {}: {reason}", request.0)
        }
    }
}

fn of(function: FunctionId) -> String {
    format!("function #{}", function.0)
}

fn name(instance: InstanceId) -> String {
    format!("instance {}.{}", instance.slot, instance.generation)
}
