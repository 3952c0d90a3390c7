//! How calls follow other series as far as models do not see it: learned from what forecasts
//! missed, told to forecasts. Most of them look at counts alone; trees and network look at the series
//! as well, and miss less that could be learned here.

use std::collections::BTreeMap;

use swell_forecast::bands::Forecast;
use swell_forecast::panel::Panel;
use swell_forecast::regressor::change::{Change, of_late};
use swell_forecast::regressor::inputs::{EACH, inputs};
use swell_forecast::regressor::ridge::Ridge;
use swell_forecast::regressor::series::Regressor;

use crate::demand::counter::Demand;
use crate::foresight::followed::Followed;
use crate::foresight::members::Member;
use crate::foresight::outlook::Outlook;

/// What its records are of: what models miss, and how calls change from how they were of late.
const FOLLOWING: &str = "steps/following";
const MISSES: &str = "all";
const CHANGES: &str = "changes";

/// What was learned of series.
pub struct Following {
    ridge: Ridge,
    change: Change,
    /// Steps on which those rest that see no series.
    rests: usize,
}

impl Following {
    /// Takes up what an earlier run learned of the same series; who sees none of them rests on so
    /// many steps.
    pub fn open(demand: &Demand, followed: &Followed, rests: usize) -> Self {
        let kept = demand.ledger.records(FOLLOWING).unwrap_or_default();
        let mut kept: BTreeMap<String, Vec<u8>> = kept.into_iter().collect();
        let names = followed.names();
        let ridge = match kept.remove(MISSES).map(|bytes| Ridge::from_bytes(&bytes)) {
            Some(Ok(ridge)) if ridge.is_of(&names) => ridge,
            Some(Err(error)) => {
                tracing::warn!(%error, "how calls follow other series is learned anew");
                Ridge::new(&names, EACH)
            }
            _ => Ridge::new(&names, EACH),
        };
        let change = kept.remove(CHANGES).and_then(|bytes| Change::from_bytes(&bytes).ok());
        let change = change.filter(|change| change.is_of(&names));
        let change = change.unwrap_or_else(|| Change::new(&names));
        Self { ridge, change, rests }
    }

    /// Has what was learned written with the next writing.
    pub fn keep(&self, demand: &Demand) {
        demand.note(FOLLOWING, MISSES.to_string(), self.ridge.to_bytes());
        demand.note(FOLLOWING, CHANGES.to_string(), self.change.to_bytes());
    }

    /// The last step of a panel came with these counts, both in the order of the members; `before`
    /// was forecast when it began.
    pub fn learn(
        &mut self,
        panel: &Panel,
        members: &[Member],
        counts: &[Option<u32>],
        before: &Outlook,
    ) {
        let Some(last) = panel.len().checked_sub(1) else { return };
        let known = inputs(&panel.followed, last, 0);
        for ((member, own), count) in members.iter().zip(&panel.members).zip(counts) {
            let Some(count) = *count else { continue };
            let late = of_late(&own.counts, last, self.rests);
            self.change.learn(&member.name, &known, late, count);
            if let Some(bare) = before.row(&member.name).and_then(|row| row.bare) {
                self.ridge.learn(&member.name, &known, &bare, count as f32);
            }
        }
    }

    /// How many calls came in a step of late, in the order of a panel's members.
    pub fn late(&self, panel: &Panel) -> Vec<Option<f32>> {
        let len = panel.len();
        panel.members.iter().map(|own| of_late(&own.counts, len, self.rests)).collect()
    }

    /// How many times as many calls as of late come in each step ahead for the sake of the series,
    /// in the order of the members.
    pub fn times(
        &self,
        late: &[Option<f32>],
        regressors: &[Regressor],
        (len, horizon): (usize, usize),
        members: &[Member],
    ) -> Vec<Vec<f32>> {
        let known: Vec<Vec<f64>> =
            (0..horizon).map(|ahead| inputs(regressors, len, ahead)).collect();
        let each = members.iter().zip(late);
        each.map(|(member, late)| self.change.times(&member.name, *late, &known)).collect()
    }

    /// Forecasts changed by what is known of the series now.
    pub fn told(
        &self,
        forecasts: &[Forecast],
        regressors: &[Regressor],
        len: usize,
        members: &[Member],
        most: f32,
    ) -> Vec<Forecast> {
        let each = forecasts.iter().zip(members);
        let known: Vec<Vec<f64>> = (0..forecasts.first().map_or(0, |first| first.steps.len()))
            .map(|ahead| inputs(regressors, len, ahead))
            .collect();
        let told = each.map(|(forecast, member)| {
            let known = |ahead: usize| known.get(ahead).cloned().unwrap_or_default();
            self.ridge.apply(&member.name, forecast.clone(), known, most)
        });
        told.collect()
    }
}
