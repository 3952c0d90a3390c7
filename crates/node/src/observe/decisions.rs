//! What the mind ordered, counted by kind and cause.

use std::sync::atomic::{AtomicU64, Ordering};

use swell_core::action::{Action, StartCause, StopCause};

/// The words for what is ordered; an order's number is its place here.
const ACTIONS: [&str; 8] =
    ["start", "stop", "pause", "resume", "invoke", "refuse", "probe", "ask-nearby"];
const START_CAUSES: [&str; 4] = ["request", "ahead", "min-warm", "clone"];
const STOP_CAUSES: [&str; 7] =
    ["evicted", "expired", "run-and-exit", "removed", "failed", "released", "unhealthy"];

/// Counts of orders.
#[derive(Debug, Default)]
pub struct Decisions {
    actions: [AtomicU64; ACTIONS.len()],
    starts: [AtomicU64; START_CAUSES.len()],
    stops: [AtomicU64; STOP_CAUSES.len()],
}

impl Decisions {
    /// The mind ordered this.
    pub fn count(&self, action: &Action) {
        let kind = match action {
            Action::Start { cause, .. } => {
                add(&self.starts[start_cause(*cause)]);
                0
            }
            Action::Stop { cause, .. } => {
                add(&self.stops[stop_cause(*cause)]);
                1
            }
            Action::Pause { .. } => 2,
            Action::Resume { .. } => 3,
            Action::Invoke { .. } => 4,
            Action::Refuse { .. } => 5,
            Action::Probe { .. } => 6,
            Action::AskNearby { .. } => 7,
        };
        add(&self.actions[kind]);
    }

    /// Orders by kind.
    pub fn actions(&self) -> impl Iterator<Item = (&'static str, u64)> {
        rows(ACTIONS, &self.actions)
    }

    /// Starts by cause.
    pub fn starts(&self) -> impl Iterator<Item = (&'static str, u64)> {
        rows(START_CAUSES, &self.starts)
    }

    /// Stops by cause.
    pub fn stops(&self) -> impl Iterator<Item = (&'static str, u64)> {
        rows(STOP_CAUSES, &self.stops)
    }
}

fn start_cause(cause: StartCause) -> usize {
    match cause {
        StartCause::Request => 0,
        StartCause::Ahead => 1,
        StartCause::MinWarm => 2,
        StartCause::Clone => 3,
    }
}

fn stop_cause(cause: StopCause) -> usize {
    match cause {
        StopCause::Evicted => 0,
        StopCause::Expired => 1,
        StopCause::RunAndExit => 2,
        StopCause::Removed => 3,
        StopCause::Failed => 4,
        StopCause::Released => 5,
        StopCause::Unhealthy => 6,
    }
}

fn add(counter: &AtomicU64) {
    counter.fetch_add(1, Ordering::Relaxed);
}

fn rows<const N: usize>(
    words: [&'static str; N],
    counters: &[AtomicU64; N],
) -> impl Iterator<Item = (&'static str, u64)> {
    words.into_iter().zip(counters.iter().map(|counter| counter.load(Ordering::Relaxed)))
}

#[cfg(test)]
mod tests {
    use swell_core::action::StartKind;
    use swell_core::ids::{FunctionId, InstanceId, RequestId};

    use super::*;

    #[test]
    fn each_order_is_counted_once_under_its_word_and_cause() {
        let decisions = Decisions::default();
        let instance = InstanceId { slot: 1, generation: 2 };
        let function = FunctionId(3);
        let request = RequestId(4);
        decisions.count(&Action::Start { instance, function, cause: StartCause::Ahead });
        decisions.count(&Action::Stop { instance, function, cause: StopCause::Expired });
        decisions.count(&Action::Stop { instance, function, cause: StopCause::Failed });
        decisions.count(&Action::Invoke { request, instance, start: StartKind::Warm });
        let some = |rows: &mut dyn Iterator<Item = (&'static str, u64)>| {
            rows.filter(|row| row.1 > 0).collect::<Vec<_>>()
        };
        assert_eq!(some(&mut decisions.actions()), [("start", 1), ("stop", 2), ("invoke", 1)]);
        assert_eq!(some(&mut decisions.starts()), [("ahead", 1)]);
        assert_eq!(some(&mut decisions.stops()), [("expired", 1), ("failed", 1)]);
    }
}
