//! The question of this folder: from the counts of one function alone, what comes next?
//!
//! A method that knows only a middle gets its band from its own past errors: it forecasts
//! from eight earlier points, and the absolute errors at each step ahead, taken to both
//! sides, are the distribution (split conformal). Bands from a bell curve cost a third at the
//! quantile that sizes a pool.

use std::ops::Range;

use crate::bands::{Forecast, LEVELS, MEDIAN, quantile_of_sorted};
use crate::checkpoint::{self, CheckpointError};
use crate::forecaster::{Budget, Forecaster, Model};
use crate::panel::Past;

/// What a method knows when it forecasts one function.
#[derive(Debug, Clone, Copy)]
pub struct Known<'a> {
    /// Counts before the origin, oldest first, gaps closed; at least one.
    pub counts: &'a [f32],
    /// Steps in a season.
    pub season: usize,
    /// Steps in a day; zero where there is no time of day.
    pub day: usize,
}

/// A method that gives bands by itself.
pub trait Rule: Send + Sync {
    /// The forecast of the next `horizon` steps.
    fn forecast(&self, known: Known<'_>, horizon: usize) -> Forecast;
}

/// A method that gives a middle only.
pub trait PointRule: Send + Sync {
    /// What is settled once per forecast and kept for the earlier points, such as weights
    /// that were searched for.
    type Shape;

    /// Settles the shape.
    fn shape(&self, known: Known<'_>) -> Self::Shape;

    /// The middle of each of the next `horizon` steps.
    fn points(&self, shape: &Self::Shape, known: Known<'_>, horizon: usize) -> Vec<f32>;
}

/// Gives a [`PointRule`] bands from its past errors.
#[derive(Debug, Clone, Copy)]
pub struct Conformal<R>(pub R);

/// From how many earlier points errors are taken.
const WINDOWS: usize = 8;

impl<R: PointRule> Rule for Conformal<R> {
    fn forecast(&self, known: Known<'_>, horizon: usize) -> Forecast {
        let Conformal(rule) = self;
        let shape = rule.shape(known);
        let middle = rule.points(&shape, known, horizon);
        let mut errors = vec![Vec::with_capacity(2 * WINDOWS); horizon];
        for back in 1..=WINDOWS {
            let Some(end) = known.counts.len().checked_sub(back * horizon).filter(|&end| end > 0)
            else {
                break;
            };
            let earlier = Known { counts: &known.counts[..end], ..known };
            let points = rule.points(&shape, earlier, horizon);
            let came = &known.counts[end..end + horizon];
            for ((errors, point), came) in errors.iter_mut().zip(points).zip(came) {
                errors.extend([came - point, point - came]);
            }
        }
        let steps = middle.iter().zip(&mut errors).map(|(&middle, errors)| {
            errors.sort_unstable_by(f32::total_cmp);
            let mut quantiles = LEVELS.map(|level| middle + quantile_of_sorted(errors, level));
            quantiles[MEDIAN] = middle;
            quantiles
        });
        Forecast { steps: steps.collect() }
    }
}

/// A rule as a forecaster and, as nothing is learned, as a model.
#[derive(Clone, Copy)]
pub struct Local {
    /// Its name.
    pub name: &'static str,
    /// The rule.
    pub rule: &'static dyn Rule,
}

impl Forecaster for Local {
    fn fit(&self, _: &Past<'_>, _: &Budget<'_>, _: u64) -> Box<dyn Model> {
        Box::new(*self)
    }

    fn read(&self, bytes: &[u8]) -> Result<Box<dyn Model>, CheckpointError> {
        checkpoint::read::<()>(self.name, bytes)?;
        Ok(Box::new(*self))
    }
}

impl Model for Local {
    fn predict(&self, past: &Past<'_>, members: Range<usize>, horizon: usize) -> Vec<Forecast> {
        let one = |member| one(self.rule, past, &past.filled(member), horizon);
        members.map(one).collect()
    }

    fn predict_both(
        &self,
        past: &Past<'_>,
        members: Range<usize>,
        horizon: usize,
    ) -> [Vec<Forecast>; 2] {
        let said = self.predict(past, members, horizon);
        [said.clone(), said]
    }

    fn to_bytes(&self) -> Vec<u8> {
        checkpoint::write(self.name, &())
    }
}

/// The forecast of one member whose counts, gaps closed, are at hand. Nothing known is
/// nothing forecast.
pub fn one(rule: &dyn Rule, past: &Past<'_>, counts: &[f32], horizon: usize) -> Forecast {
    let Some(&last) = counts.last() else {
        return Forecast::flat([0.0; LEVELS.len()], horizon);
    };
    let known = Known { counts, season: past.season(), day: past.day() };
    let most = past.most().min(bound(counts));
    rule.forecast(known, horizon).sane(most, last)
}

/// No forecast goes beyond ten times the most that was ever seen, and a little: what a
/// runaway trend says of tomorrow is no news.
pub fn bound(counts: &[f32]) -> f32 {
    10.0 * (counts.iter().fold(0.0f32, |most, &count| most.max(count)) + 10.0)
}
