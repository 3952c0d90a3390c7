//! Forecasts of the past, scored by what then came.
//!
//! A method is fitted once on what lies before the first origin and then forecasts from each
//! origin. The pieces are separate so that the caller, who owns threads and clocks, can spread
//! and time them; put together in any order they give the same scores.

use std::ops::Range;

use crate::bands::Forecast;
use crate::coverage::{Band, share_within};
use crate::forecaster::{Model, Notes};
use crate::measure::{CLASSES, Class, Measures, Tally, Yardstick, measures, yardsticks};
use crate::panel::Panel;
use crate::split::{Split, SplitError};

/// A panel to be forecast from the origins of a split.
#[derive(Debug)]
pub struct Backtest<'a> {
    /// The data.
    pub panel: &'a Panel,
    /// The origins.
    pub split: &'a Split,
    yardsticks: Vec<Yardstick>,
}

/// What one method forecast: per origin, per member.
pub type Forecasts = Vec<Vec<Forecast>>;

/// The forecasts of some members of a panel from all origins, one after the other, with what was
/// said at each kept for the next.
pub fn run(panel: &Panel, split: &Split, model: &dyn Model, members: Range<usize>) -> Forecasts {
    let mut notes = Notes::default();
    let from = |&origin: &usize| {
        let past = panel.before(origin);
        model.predict_noted(&past, members.clone(), split.horizon, &mut notes)
    };
    split.origins.iter().map(from).collect()
}

impl<'a> Backtest<'a> {
    /// A back-test, if the split fits the data.
    pub fn new(panel: &'a Panel, split: &'a Split) -> Result<Self, SplitError> {
        split.check(panel.len())?;
        let yardsticks = yardsticks(panel, split.origins[0]);
        Ok(Self { panel, split, yardsticks })
    }

    /// The forecasts of some members from all origins.
    pub fn run(&self, model: &dyn Model, members: Range<usize>) -> Forecasts {
        run(self.panel, self.split, model, members)
    }

    /// The share inside of a band at each step ahead, edges counted in part; not a number where
    /// nothing was known.
    pub fn coverage(&self, forecasts: &Forecasts, band: Band) -> Vec<f64> {
        let at = |ahead: usize| {
            let (mut inside, mut len) = (0.0f64, 0.0f64);
            for (&origin, forecasts) in self.split.origins.iter().zip(forecasts) {
                for (member, forecast) in self.panel.members.iter().zip(forecasts) {
                    if let Some(count) = member.counts.get(origin + ahead) {
                        inside +=
                            f64::from(share_within(count as f32, &forecast.steps[ahead], band));
                        len += 1.0;
                    }
                }
            }
            inside / len
        };
        (0..self.split.horizon).map(at).collect()
    }

    /// The class of each function, by what was known before the first origin.
    pub fn classes(&self) -> Vec<Class> {
        self.yardsticks.iter().map(|yardstick| yardstick.class).collect()
    }

    /// What came of forecasts, class by class.
    pub fn score(&self, forecasts: &Forecasts) -> Vec<(Class, Measures)> {
        let mut tallies = vec![Tally::default(); self.panel.members.len()];
        for (&origin, forecasts) in self.split.origins.iter().zip(forecasts) {
            let members = self.panel.members.iter().zip(&mut tallies);
            for ((member, tally), forecast) in members.zip(forecasts) {
                let steps = origin..origin + self.split.horizon;
                let counts = steps.map(|step| member.counts.get(step));
                let counts = counts.map(|count| count.map_or(f32::NAN, |count| count as f32));
                tally.add_all(&counts.collect::<Vec<_>>(), forecast);
            }
        }
        let classes = CLASSES.map(|class| (class, measures(&tallies, &self.yardsticks, class)));
        classes.into_iter().filter(|(class, of)| *class == Class::All || of.series > 0).collect()
    }
}
