//! What clones saved and cost, as counted by the minds themselves.

use serde::{Deserialize, Serialize};

use crate::action::{Action, StartKind};
use crate::cloning::manager::Outcomes;
use crate::mind::Mind;
use crate::pool::clones::CloneTally;
use crate::pool::instance::State;
use crate::settings::CloningMode;
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

/// Calls of functions, by what forecasts of these may do, since the mind began.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Came {
    off: Calls,
    shadow: Calls,
    on: Calls,
}

/// Calls that came, and those of them that waited for a new instance.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Calls {
    /// All.
    pub all: u64,
    /// Those that waited for a new instance.
    pub cold: u64,
}

impl Came {
    /// Those of functions of which nothing is foreseen.
    pub(crate) fn off(&self) -> Calls {
        self.off
    }

    /// The calls of functions of a mode.
    pub(crate) fn of(&mut self, mode: CloningMode) -> &mut Calls {
        match mode {
            CloningMode::Off => &mut self.off,
            CloningMode::Shadow => &mut self.shadow,
            CloningMode::On => &mut self.on,
        }
    }

    /// Calls of any function that waited for a new instance.
    pub(crate) fn cold(&self) -> u64 {
        self.off.cold + self.shadow.cold + self.on.cold
    }
}

/// What clones of functions of one mode did, or would have done, since the mind began.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Share {
    /// The calls of these functions, as they really fared.
    pub calls: Calls,
    /// What became of their clones.
    pub clones: CloneTally,
    /// Cold starts that their clones kept from any function, less those that they brought about;
    /// less than none if these are more.
    pub avoided: i64,
}

/// What second minds of a kind have counted, besides what the one that is there does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct SecondMinds {
    /// What earlier second minds counted.
    past: (CloneTally, i64),
    /// Cold starts of the real mind when this one began.
    cold_before: u64,
}

impl SecondMinds {
    /// A second mind begins, when so many calls were cold.
    pub(crate) fn begin(&mut self, cold: u64) {
        self.cold_before = cold;
    }

    /// A second mind ends, which made these clones and had so many cold starts, when so many were
    /// cold in the real one.
    pub(crate) fn end(&mut self, clones: CloneTally, shadow_cold: u64, cold: u64) {
        self.past = self.with(clones, shadow_cold, cold);
    }

    /// What it is in all with this second mind.
    pub(crate) fn with(
        &self,
        clones: CloneTally,
        shadow_cold: u64,
        cold: u64,
    ) -> (CloneTally, i64) {
        let (past, avoided) = self.past;
        let real = (cold - self.cold_before).cast_signed();
        (past.and(clones), avoided + real - shadow_cold.cast_signed())
    }

    /// What it is in all while there is no second mind.
    pub(crate) fn past(&self) -> (CloneTally, i64) {
        self.past
    }
}

impl Share {
    /// Of functions whose clones are made: what is cold in a mind that goes by habit alone, and not
    /// in the real one.
    pub(crate) fn made(came: &Came, clones: CloneTally, fewer_without: i64) -> Self {
        let avoided = if clones.made > 0 { -fewer_without } else { 0 };
        Self { calls: came.on, clones, avoided }
    }

    /// Of functions whose clones are only foreseen: what is cold in the real mind, and not in one
    /// that makes them.
    pub(crate) fn foreseen(came: &Came, (clones, avoided): (CloneTally, i64)) -> Self {
        // Both minds can differ by their starts alone: what no clone was made for, none avoided.
        let avoided = if clones.made > 0 { avoided } else { 0 };
        Self { calls: came.shadow, clones, avoided }
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
    /// Functions whose clones are made.
    pub on: Share,
    /// Functions whose clones are only foreseen.
    pub foreseen: Share,
    /// Functions of which nothing is foreseen.
    pub off: Calls,
    /// Of the calls of functions whose clones are made, those that a clone was ready for.
    pub spared: u64,
    /// What would have happened without clones; none while none are made.
    pub habit: Option<Account>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_no_clone_was_made_for_none_avoided() {
        let avoided = |made, fewer| {
            let clones = CloneTally { made, ..CloneTally::default() };
            Share::foreseen(&Came::default(), (clones, fewer)).avoided
        };
        assert_eq!([avoided(0, 1), avoided(0, -2), avoided(2, 1), avoided(2, -2)], [0, 0, 1, -2]);
    }
}
