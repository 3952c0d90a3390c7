//! What was said of one series, by whom, and how far each was off of late.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};
use swell_core::council::words::Slot;
use swell_forecast::bands::{Forecast, LEVELS, Quantiles};
use swell_forecast::measure::pinball;

use crate::methods::{COMMON, Method, RULES, common};

/// What an old loss still weighs after another slot.
const MEMORY: f64 = 0.9;

/// What was said of a slot, at the lead.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct Said {
    /// By each of the common methods.
    pub common: [Option<Quantiles>; COMMON],
    /// The common one that had missed least.
    pub best: usize,
    /// By the series' own method, tried or serving.
    pub own: Option<Quantiles>,
}

impl Said {
    /// Nobody said anything.
    pub fn nothing() -> Self {
        Self::default()
    }
}

/// What was said of one series.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Track {
    losses: [f64; COMMON],
    /// What was said of slots that are not over, the next one first: in the end, and by each.
    waiting: VecDeque<(Slot, Quantiles, Said)>,
    said: Vec<Quantiles>,
    by: String,
    /// What had been said, at the lead, of the slot that was judged last.
    judged: Option<Quantiles>,
}

impl Track {
    /// Whether it can have come of forecasts.
    pub fn is_plausible(&self) -> bool {
        let is_known = self.by.is_empty() || self.by.parse::<Method>().is_ok();
        let best = self.waiting.iter().all(|(_, _, said)| said.best < COMMON);
        is_known && best && self.losses.iter().all(|loss| *loss >= 0.0)
    }

    /// A slot is over: what each had said of it, and what came, if both are known.
    pub fn judge(&mut self, slot: Slot, came: Option<f32>) -> Option<(Said, f32)> {
        self.judged = None;
        let mut told = None;
        while let Some((of, served, said)) = self.waiting.front().copied() {
            if of > slot {
                break;
            }
            if of == slot {
                self.judged = Some(served);
                told = came.map(|came| (said, came));
            }
            self.waiting.pop_front();
        }
        let (said, came) = told?;
        let missed = said.common.map(|said| said.map(|said| missed(&said, came)));
        // Who said nothing is no better than the worst.
        let worst = missed.iter().flatten().copied().fold(0.0, f64::max);
        for (loss, missed) in self.losses.iter_mut().zip(missed) {
            *loss = *loss * MEMORY + missed.unwrap_or(worst);
        }
        told
    }

    /// Who of the first so many common methods missed least of late; a model across sources only if
    /// it has had a say.
    pub fn best(&self, among: usize) -> usize {
        let is_known = |place: &usize| {
            let newest = self.waiting.front();
            *place < RULES.len() || newest.is_some_and(|(.., said)| said.common[*place].is_some())
        };
        let best = (0..among.min(COMMON)).filter(is_known);
        best.min_by(|a, b| self.losses[*a].total_cmp(&self.losses[*b])).unwrap_or(0)
    }

    /// What is said once a slot is over: of the one that is `lead` slots after the next by each, and
    /// of all to come by who serves.
    pub fn say(&mut self, (slot, lead): (Slot, usize), said: Said, served: Forecast, by: &str) {
        let quantiles = served.steps.get(lead).or_else(|| served.steps.last()).copied();
        let quantiles = quantiles.unwrap_or([0.0; LEVELS.len()]);
        self.waiting.push_back((slot.plus(1 + lead as u64), quantiles, said));
        self.said = served.steps;
        if self.by != by {
            self.by = by.to_string();
        }
    }

    /// By which method is said what is.
    pub fn by(&self) -> &'static str {
        self.by.parse().map_or_else(|_| common(0), Method::name)
    }

    /// What is said of the slots to come.
    pub fn said(&self) -> &[Quantiles] {
        &self.said
    }

    /// What had been said, at the lead, of the slot that was judged last.
    pub fn judged(&self) -> Option<Quantiles> {
        self.judged
    }
}

/// The sum of the pinball losses of all quantiles.
fn missed(said: &Quantiles, came: f32) -> f64 {
    let of =
        |(quantile, level): (&f32, f32)| pinball(came.into(), (*quantile).into(), level.into());
    said.iter().zip(LEVELS).map(of).sum()
}
