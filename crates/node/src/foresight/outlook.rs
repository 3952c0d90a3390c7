//! Forecasts of all functions, made at one origin, as others look at them.

use std::collections::BTreeMap;
use std::sync::Arc;

use swell_core::demand::StepDemand;
use swell_forecast::bands::{Forecast, Quantiles};
use swell_forecast::effects::turn::Turn;

use crate::demand::track::CallCosts;
use crate::foresight::choosing::Chosen;
use crate::foresight::covered::Covered;
use crate::foresight::odds::Odds;

/// Forecasts of all functions, made at one origin.
#[derive(Debug, Default)]
pub struct Outlook {
    /// The first step that is forecast, in steps since 1970.
    pub origin: u64,
    /// When it was made, in milliseconds since 1970.
    pub made_ms: u64,
    /// The method that made it.
    pub model: String,
    /// Why it was that one.
    pub why: String,
    /// What was forecast, by name.
    pub rows: Vec<Row>,
}

/// The forecast of one function.
#[derive(Debug, Clone)]
pub struct Row {
    /// Its name.
    pub name: Arc<str>,
    /// Who forecast it in place of the one who forecast all, and why.
    pub chosen: Option<Chosen>,
    /// What is expected.
    pub forecast: Forecast,
    /// What the model said of the first step, before other series were asked; of the functions
    /// that are learned from.
    pub bare: Option<Quantiles>,
    /// What was said in all, before bands were mended; of the same functions.
    pub plain: Option<Forecast>,
    /// Whether a call of it was ever counted: of others nothing is known, whatever was said.
    pub is_known: bool,
    /// When it will surely be called, in milliseconds since 1970; ascending.
    pub known_ms: Vec<u64>,
    /// What a call uses, as far as it was measured.
    pub costs: CallCosts,
    /// Memory that an instance may hold, in bytes.
    pub memory_limit: u64,
    /// Whether a short occasion is about, by step: what comes then is no measure of other steps; empty
    /// where none is.
    pub about: Vec<bool>,
    /// What announced and learned occasions and other series change, by minute from the first of the
    /// first step on, for who follows what came of late and knows nothing of them; empty where
    /// nothing does.
    pub turns: Vec<Turn>,
}

/// What is expected of the next minutes, by which clones may be made.
#[derive(Debug, Default)]
pub struct MinuteOutlook {
    /// The minute that has begun, in minutes since 1970.
    pub origin: u64,
    /// When it was made, in milliseconds since 1970.
    pub made_ms: u64,
    /// What is expected of each function, by name.
    pub rows: BTreeMap<Arc<str>, MinuteRow>,
}

/// What is expected of the next minutes of one function.
#[derive(Debug, Clone)]
pub struct MinuteRow {
    /// The minutes, in order; with what occasions change. The chance of each holds if
    /// no call came in those before it.
    pub steps: Vec<StepDemand>,
    /// How many calls come in each, with bands as they are to be; on the same condition.
    pub bands: Vec<Quantiles>,
    /// How good earlier chances were.
    pub odds: Odds,
    /// How well earlier bands held.
    pub covered: Covered,
}

impl Row {
    /// Whether a short occasion is about so many steps ahead.
    pub fn is_about(&self, ahead: usize) -> bool {
        self.about.get(ahead).copied().unwrap_or(false)
    }
}

impl Outlook {
    /// The forecast of a function.
    pub fn row(&self, name: &str) -> Option<&Row> {
        let found = self.rows.binary_search_by(|row| (*row.name).cmp(name));
        found.ok().map(|place| &self.rows[place])
    }

    /// What was said of a step of a function.
    pub fn said(&self, name: &str, step: u64) -> Option<&Quantiles> {
        let ahead = usize::try_from(step.checked_sub(self.origin)?).ok()?;
        self.row(name)?.forecast.steps.get(ahead)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_said_is_found_by_name_and_step() {
        let row = |name: &str, count: f32| Row {
            chosen: None,
            name: name.into(),
            forecast: Forecast { steps: vec![[count; 5], [count + 1.0; 5]] },
            bare: None,
            plain: None,
            is_known: true,
            known_ms: Vec::new(),
            costs: CallCosts::default(),
            memory_limit: 0,
            about: Vec::new(),
            turns: Vec::new(),
        };
        let rows = vec![row("a", 3.0), row("c", 7.0)];
        let outlook = Outlook { origin: 10, rows, ..Outlook::default() };
        for (name, step, said) in [
            ("a", 10, Some(3.0)),
            ("c", 11, Some(8.0)),
            ("c", 12, None),
            ("c", 9, None),
            ("b", 10, None),
        ] {
            assert_eq!(outlook.said(name, step).map(|said| said[0]), said, "{name} {step}");
        }
    }
}
