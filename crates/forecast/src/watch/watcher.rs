//! One function, watched step by step in constant time and space.
//!
//! What is watched is the forecast against what came, so a campaign that was announced is no
//! anomaly and a burst at noon is none where bursts come at noon. Forecasts should be those
//! made an hour before: newer ones have already followed what is to be noticed.

use serde::{Deserialize, Serialize};

use crate::bands::Quantiles;
use crate::series::Series;
use crate::watch::anomaly::{Anomaly, Oddity};
use crate::watch::season::Seasons;
use crate::watch::shift::Shifts;
use crate::watch::silence::Silences;
use crate::watch::spike::Spikes;
use crate::watch::step::Step;

/// A forecast that is right raises no more false alarms than this, per step and function.
pub const FALSE_ALARMS_MAX: f64 = 1e-4;
/// Steps with calls from which on something is usual for a function: its first calls are no spike, and
/// the end of its first burst is no silence.
const CALLED_LEAST: usize = 12;
/// For how many steps a function counts as changed after its level or its day did.
const CHANGED_FOR: u64 = 72;

/// What is remembered of one function.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct Watcher {
    spikes: Spikes,
    shifts: Shifts,
    silences: Silences,
    seasons: Seasons,
    changed: Option<u64>,
}

/// What is told of a step.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sight {
    /// The step, in order.
    pub step: u64,
    /// Calls that came; none if it was not measured.
    pub count: Option<u32>,
    /// What had been forecast of it; none if nothing had.
    pub quantiles: Option<Quantiles>,
    /// Which of the steps of a day it is.
    pub place: usize,
    /// Steps in a day; zero where there are no days.
    pub day: usize,
}

impl Watcher {
    /// Looks at a step of a function.
    pub fn look(&mut self, function: &str, sight: &Sight) -> Vec<Anomaly> {
        let mut found = Vec::new();
        let mut tell = |oddity: Oddity, chance: f32, start: u64| {
            let function = function.to_string();
            found.push(Anomaly { function, start, noticed: sight.step, oddity, chance });
        };
        if let Some((oddity, chance)) = self.seasons.look(sight.place, sight.day, sight.count) {
            self.changed = Some(sight.step);
            tell(oddity, chance, sight.step.saturating_sub(sight.day as u64));
        }
        let step = sight.count.zip(sight.quantiles);
        let step = step.and_then(|(count, quantiles)| Step::new(sight.step, count, quantiles));
        if let Some(step) = step {
            if let Some((oddity, chance)) = self.spikes.look(&step) {
                tell(oddity, chance, step.step);
            }
            if let Some((oddity, chance, start)) = self.silences.look(&step) {
                self.changed = Some(sight.step);
                tell(oddity, chance, start);
            }
            let is_silent = self.silences.is_silent();
            if let Some((oddity, chance, start)) = self.shifts.look(&step, is_silent) {
                self.changed = Some(sight.step);
                tell(oddity, chance, start);
            }
        }
        found
    }

    /// Whether the function's level or day changed not long before a step, so that what was
    /// learned of it holds no more.
    pub fn has_changed(&self, step: u64) -> bool {
        self.changed.is_some_and(|changed| step.saturating_sub(changed) < CHANGED_FOR)
    }

    /// Whether it can be what [`Watcher::look`] made.
    pub fn is_plausible(&self) -> bool {
        self.spikes.tail.is_plausible()
            && self.shifts.is_plausible()
            && self.silences.is_plausible()
            && self.seasons.is_plausible()
    }
}

/// Whether enough calls came before a step of a series that something is usual for it; what was
/// forecast from less is nothing to hold against a function.
pub fn is_usual(counts: &Series, before: usize) -> bool {
    let called = (0..before).rev().filter(|&step| counts.get(step).is_some_and(|count| count > 0));
    called.take(CALLED_LEAST).count() == CALLED_LEAST
}

/// The share of some functions that changed of late.
pub fn changed_share<'a>(watchers: impl Iterator<Item = &'a Watcher>, step: u64) -> f32 {
    let (mut changed, mut all) = (0usize, 0usize);
    for watcher in watchers {
        changed += usize::from(watcher.has_changed(step));
        all += 1;
    }
    changed as f32 / all.max(1) as f32
}
