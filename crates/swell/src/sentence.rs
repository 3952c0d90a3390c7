//! Events and actions in words, for people who look at a decision.
//!
//! Functions are named by their number, as in `--function '#3:...'`; an instance by its
//! slot and by how many others were there before it.

use swell_core::action::{Action, RefuseReason, StartCause, StartKind, StopCause};
use swell_core::event::Event;
use swell_core::ids::{FunctionId, InstanceId};

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
        Event::InstanceFailed { instance } => format!("{} died", name(*instance)),
        Event::HistoryRecalled { history } => {
            format!("{} bytes of history were recalled", history.bytes.len())
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
            };
            format!("stop {} of {}: {cause}", name(instance), of(function))
        }
        Action::Pause { instance } => format!("pause {}", name(instance)),
        Action::Resume { instance } => format!("thaw {}", name(instance)),
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
