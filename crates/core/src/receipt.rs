//! What clones saved and cost, as counted by the minds themselves.

use serde::{Deserialize, Serialize};

use crate::action::{Action, StartKind};
use crate::cloning::manager::Outcomes;
use crate::mind::Mind;
use crate::pool::clones::CloneTally;
use crate::pool::instance::State;
use crate::time::Instant;

/// How requests fared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Served {
    /// Requests that met a ready instance.
    pub warm: u64,
    /// Requests that waited for a busy one, and for no start.
    pub delayed: u64,
    /// Requests that waited for a thaw.
    pub resumed: u64,
    /// Requests that waited for a new instance.
    pub cold: u64,
    /// Requests that were turned away.
    pub dropped: u64,
}

impl Served {
    pub(crate) fn count(&mut self, actions: &[Action]) {
        for action in actions {
            match action {
                Action::Invoke { start: StartKind::Warm, .. } => self.warm += 1,
                Action::Invoke { start: StartKind::Delayed, .. } => self.delayed += 1,
                Action::Invoke { start: StartKind::Resumed, .. } => self.resumed += 1,
                Action::Invoke { start: StartKind::Cold, .. } => self.cold += 1,
                Action::Refuse { .. } => self.dropped += 1,
                _ => {}
            }
        }
    }
}

/// One mind's share of a receipt.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Account {
    /// How requests fared.
    pub served: Served,
    /// What became of its clones.
    pub clones: CloneTally,
    /// Memory of instances that waited for work, over time, in byte-seconds.
    pub waste: f64,
    /// How the forecasts it heard turned out.
    pub outcomes: Outcomes,
}

impl Account {
    pub(crate) fn of(mind: &Mind, served: Served, now: Instant) -> Self {
        let idle = [State::Idle, State::PreWarmed, State::Paused];
        let waste = idle.iter().map(|&state| mind.pool.account().byte_seconds(state, now)).sum();
        let (clones, outcomes) = (mind.pool.clone_tally(), mind.cloning.outcomes);
        Self { served, clones, waste, outcomes }
    }
}

/// What happened, and beside it what would have happened with clones, and without.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Receipt {
    /// Since when both were counted.
    pub since: Instant,
    /// What happened.
    pub real: Account,
    /// What would have happened; none while nothing is in shadow.
    pub shadow: Option<Account>,
    /// What would have happened without clones; none while none are made.
    pub habit: Option<Account>,
}
