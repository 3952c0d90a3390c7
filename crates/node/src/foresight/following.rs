//! How calls follow other series as far as models do not see it: learned from what forecasts
//! missed, told to forecasts. Most of them look at counts alone; trees and network look at the series
//! as well, and miss less that could be learned here.

use swell_forecast::bands::Forecast;
use swell_forecast::regressor::inputs::{EACH, inputs};
use swell_forecast::regressor::ridge::Ridge;
use swell_forecast::regressor::series::Regressor;

use crate::demand::counter::Demand;
use crate::foresight::followed::Followed;
use crate::foresight::members::Member;
use crate::foresight::outlook::Outlook;

/// What its record is of.
const FOLLOWING: &str = "steps/following";

/// What was learned of series.
pub struct Following {
    ridge: Ridge,
}

impl Following {
    /// Takes up what an earlier run learned of the same series.
    pub fn open(demand: &Demand, followed: &Followed) -> Self {
        let kept = demand.ledger.records(FOLLOWING).unwrap_or_default().pop();
        let names = followed.names();
        let ridge = match kept.map(|(_, bytes)| Ridge::from_bytes(&bytes)) {
            Some(Ok(ridge)) if ridge.is_of(&names) => ridge,
            Some(Err(error)) => {
                tracing::warn!(%error, "how calls follow other series is learned anew");
                Ridge::new(&names, EACH)
            }
            _ => Ridge::new(&names, EACH),
        };
        Self { ridge }
    }

    /// Has what was learned written with the next writing.
    pub fn keep(&self, demand: &Demand) {
        demand.note(FOLLOWING, "all".to_string(), self.ridge.to_bytes());
    }

    /// The last step of a grid of `len` steps came with these counts, in the order of the
    /// members; `before` was forecast when it began.
    pub fn learn(
        &mut self,
        regressors: &[Regressor],
        len: usize,
        members: &[Member],
        counts: &[Option<u32>],
        before: &Outlook,
    ) {
        let Some(last) = len.checked_sub(1) else { return };
        let known = inputs(regressors, last, 0);
        for (member, count) in members.iter().zip(counts) {
            let bare = before.row(&member.name).and_then(|row| row.bare);
            if let (Some(count), Some(bare)) = (count, bare) {
                self.ridge.learn(&member.name, &known, &bare, *count as f32);
            }
        }
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
