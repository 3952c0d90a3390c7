//! The question of this folder: from the counts of one function alone, what comes next?
//!
//! A method that knows only a middle gets its band from its own past errors: it forecasts
//! from eight earlier points, and the absolute errors at each step ahead, taken to both
//! sides, are the distribution (split conformal). Bands from a bell curve cost a third at the
//! quantile that sizes a pool.

use std::ops::Range;

use crate::bands::{Forecast, LEVELS, MEDIAN, quantile_of_sorted};
use crate::bound::bound;
use crate::checkpoint::{self, CheckpointError};
use crate::days::Days;
use crate::few::{FEW, usual, widened};
use crate::forecaster::{Budget, Forecaster, Model, Whose};
use crate::global::views::Views;
use crate::panel::Past;
use crate::smooth::SIDE;

/// What a method knows when it forecasts one function.
#[derive(Debug, Clone, Copy)]
pub struct Known<'a> {
    /// Counts before the origin, oldest first, gaps closed; at least one.
    pub counts: &'a [f32],
    /// Steps in a season.
    pub season: usize,
    /// Steps in a day; zero where there is no time of day.
    pub day: usize,
    /// The step of the panel that is the first of the counts.
    pub first: usize,
    /// The days of the panel; none where its steps have no date.
    pub days: &'a Days,
}

impl<'a> Known<'a> {
    /// Counts of steps without a date.
    pub fn undated(counts: &'a [f32], season: usize, day: usize) -> Self {
        static NONE: Days = Days::NONE;
        Self { counts, season, day, first: 0, days: &NONE }
    }

    /// What was known before an earlier end.
    pub fn until(&self, end: usize) -> Self {
        Self { counts: &self.counts[..end], ..*self }
    }
}

/// A method that gives bands by itself.
pub trait Rule: Send + Sync {
    /// The forecast of the next `horizon` steps.
    fn forecast(&self, known: Known<'_>, horizon: usize) -> Forecast;

    /// The forecasts that were made at some ends of what is known, each of them positive.
    fn forecasts(&self, known: Known<'_>, ends: &[usize], horizon: usize) -> Vec<Forecast> {
        ends.iter().map(|&end| self.forecast(known.until(end), horizon)).collect()
    }

    /// The same of several functions.
    fn of_each(&self, asked: &[(Known<'_>, Vec<usize>)], horizon: usize) -> Vec<Vec<Forecast>> {
        asked.iter().map(|(known, ends)| self.forecasts(*known, ends, horizon)).collect()
    }
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

    /// The shapes of several functions, or of one at several ends.
    fn shapes(&self, asked: &[Known<'_>]) -> Vec<Self::Shape> {
        asked.iter().map(|known| self.shape(*known)).collect()
    }

    /// The middles of several, each with its own shape, `horizon` numbers for each.
    fn points_of(&self, asked: &[(&Self::Shape, Known<'_>)], horizon: usize) -> Vec<f32> {
        asked.iter().flat_map(|(shape, known)| self.points(shape, *known, horizon)).collect()
    }
}

/// Gives a [`PointRule`] bands from its past errors.
#[derive(Debug, Clone, Copy)]
pub struct Conformal<R>(pub R);

/// From how many earlier points errors are taken.
const WINDOWS: usize = 8;

impl<R: PointRule> Rule for Conformal<R> {
    fn forecast(&self, known: Known<'_>, horizon: usize) -> Forecast {
        let forecasts = self.forecasts(known, &[known.counts.len()], horizon);
        forecasts.into_iter().next().expect("one end, one forecast")
    }

    fn forecasts(&self, known: Known<'_>, ends: &[usize], horizon: usize) -> Vec<Forecast> {
        let each = self.of_each(&[(known, ends.to_vec())], horizon);
        each.into_iter().next().expect("one function was asked about")
    }

    fn of_each(&self, asked: &[(Known<'_>, Vec<usize>)], horizon: usize) -> Vec<Vec<Forecast>> {
        let Conformal(rule) = self;
        // All ends of all functions.
        let mut whole: Vec<Known<'_>> = Vec::new();
        for (known, ends) in asked {
            whole.extend(ends.iter().map(|&end| known.until(end)));
        }
        let shapes = rule.shapes(&whole);
        let earlier = |end: usize| {
            let ends = (1..=WINDOWS).map_while(move |back| end.checked_sub(back * horizon));
            ends.take_while(|&end| end > 0)
        };
        let windows: Vec<(&R::Shape, Known<'_>)> = shapes
            .iter()
            .zip(&whole)
            .flat_map(|(shape, known)| {
                let end = known.counts.len();
                let ends = std::iter::once(end).chain(earlier(end));
                ends.map(move |end| (shape, known.until(end)))
            })
            .collect();
        let points = rule.points_of(&windows, horizon);
        let mut points = points.chunks_exact(horizon.max(1));
        let mut forecasts = Vec::with_capacity(whole.len());
        let mut sizes = Vec::with_capacity(WINDOWS);
        let mut errors = Vec::with_capacity(2 * WINDOWS);
        for known in &whole {
            let end = known.counts.len();
            let middle = points.next().unwrap_or_default();
            let windows = points.clone().zip(earlier(end));
            let step = |(ahead, &middle): (usize, &f32)| {
                sizes.clear();
                sizes.extend(
                    windows
                        .clone()
                        .map(|(points, end)| (known.counts[end + ahead] - points[ahead]).abs()),
                );
                sizes.sort_unstable_by(f32::total_cmp);
                errors.clear();
                errors.extend(sizes.iter().rev().map(|size: &f32| -size));
                errors.extend(&sizes);
                let mut quantiles = LEVELS.map(|level| middle + quantile_of_sorted(&errors, level));
                quantiles[MEDIAN] = middle;
                quantiles
            };
            let steps = middle.iter().enumerate().map(step).collect();
            forecasts.push(Forecast { steps });
            points.by_ref().take(earlier(end).count()).for_each(drop);
        }
        let mut forecasts = forecasts.into_iter();
        asked.iter().map(|(_, ends)| forecasts.by_ref().take(ends.len()).collect()).collect()
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
        let mut said = Vec::with_capacity(members.len());
        for first in members.clone().step_by(ABREAST) {
            let some = first..members.end.min(first + ABREAST);
            let counts: Vec<Vec<f32>> = some.clone().map(|member| past.filled(member)).collect();
            let counts: Vec<&[f32]> = counts.iter().map(Vec::as_slice).collect();
            let most: Vec<f32> =
                counts.iter().map(|counts| past.most().min(bound(counts))).collect();
            let end = End { at: past.origin(), most: &most };
            let of_some = self.say_at((past, some, &counts), &[end], horizon);
            said.extend(of_some.into_iter().flatten());
        }
        said
    }

    fn say(&self, views: &Views<'_>, _: Whose) -> Vec<Forecast> {
        let said = self.say_views(views, &[End::of(views)]);
        said.into_iter().next().expect("one end, one forecast of each")
    }

    fn say_both(&self, views: &Views<'_>) -> [Vec<Forecast>; 2] {
        let said = self.say(views, Whose::Both);
        [said.clone(), said]
    }

    fn say_often(&self, views: &[Views<'_>]) -> Vec<Vec<Forecast>> {
        let ends: Vec<End<'_>> = views.iter().map(End::of).collect();
        let whole = views.iter().max_by_key(|views| views.past.origin());
        whole.map_or_else(Vec::new, |whole| self.say_views(whole, &ends))
    }

    fn say_now_and_often(
        &self,
        now: &Views<'_>,
        earlier: &[Views<'_>],
    ) -> (Vec<Forecast>, Vec<Vec<Forecast>>) {
        let earlier = earlier.iter().map(End::of);
        let ends: Vec<End<'_>> = std::iter::once(End::of(now)).chain(earlier).collect();
        let mut said = self.say_views(now, &ends).into_iter();
        (said.next().expect("now is one of them"), said.collect())
    }

    fn to_bytes(&self) -> Vec<u8> {
        checkpoint::write(self.name, &())
    }
}

/// An origin, and the most that may be forecast of each function there.
#[derive(Clone, Copy)]
struct End<'m> {
    at: usize,
    most: &'m [f32],
}

impl<'m> End<'m> {
    fn of(views: &'m Views<'_>) -> Self {
        Self { at: views.past.origin(), most: &views.most }
    }
}

/// Functions whose forecasts are made side by side.
const ABREAST: usize = SIDE;

impl Local {
    fn say_views(&self, views: &Views<'_>, ends: &[End<'_>]) -> Vec<Vec<Forecast>> {
        let whole = (&views.past, views.members.clone(), &views.counts[..]);
        self.say_at(whole, ends, views.horizon)
    }

    /// The forecasts of some functions, whose counts, gaps closed, are at hand, at several origins,
    /// none later than that of the past. Nothing known is nothing forecast.
    fn say_at(
        &self,
        (past, members, counts): (&Past<'_>, Range<usize>, &[&[f32]]),
        ends: &[End<'_>],
        horizon: usize,
    ) -> Vec<Vec<Forecast>> {
        let room = || Vec::with_capacity(counts.len());
        let mut said: Vec<Vec<Forecast>> = ends.iter().map(|_| room()).collect();
        let at = At::of(past, members);
        for place in (0..counts.len()).step_by(ABREAST) {
            let some = place..counts.len().min(place + ABREAST);
            for forecasts in at.often(self.rule, &counts[some.clone()], some, ends, horizon) {
                said.iter_mut().zip(forecasts).for_each(|(said, forecast)| said.push(forecast));
            }
        }
        said
    }
}

/// Some functions, where what is known of them begins, and what is usual if of some hardly anything
/// is known.
struct At<'p> {
    past: Past<'p>,
    first: Vec<usize>,
    usual: Option<f32>,
}

impl<'p> At<'p> {
    fn of(past: &Past<'p>, members: Range<usize>) -> Self {
        let first: Vec<usize> = members.map(|member| past.first_known(member)).collect();
        let is_new = |&first: &usize| first < past.origin() && first + FEW > past.origin();
        let usual = if first.iter().any(is_new) { usual(past) } else { None };
        Self { past: *past, first, usual }
    }

    /// The forecasts of those functions that have these counts and places, made at some ends of their
    /// counts.
    fn often(
        &self,
        rule: &dyn Rule,
        counts: &[&[f32]],
        places: Range<usize>,
        ends: &[End<'_>],
        horizon: usize,
    ) -> Vec<Vec<Forecast>> {
        let past = &self.past;
        let (season, day, days) = (past.season(), past.day(), past.days());
        let mut asked: Vec<(Known<'_>, Vec<usize>)> = Vec::with_capacity(counts.len());
        for (&counts, &first) in counts.iter().zip(&self.first[places.clone()]) {
            let first = first.min(counts.len());
            let known = Known { counts: &counts[first..], season, day, first, days };
            let some = ends.iter().filter(|end| end.at > first).map(|end| end.at - first);
            asked.push((known, some.collect()));
        }
        let made = rule.of_each(&asked, horizon);
        type Asked<'k> = (Known<'k>, Vec<usize>);
        let of_one = |((asked, made), place): ((&Asked<'_>, Vec<Forecast>), usize)| {
            let (known, mut made) = (&asked.0, made.into_iter());
            let sane = |end: &End<'_>| {
                let counts = &known.counts[..end.at.saturating_sub(known.first)];
                match counts.last() {
                    None => Forecast::flat([0.0; LEVELS.len()], horizon),
                    Some(&last) => {
                        let made = made.next().expect("one end, one forecast");
                        let made = made.sane(end.most[place], last);
                        let recent = &counts[counts.len().saturating_sub(FEW)..];
                        widened(made, recent, self.usual).sane(past.most(), last)
                    }
                }
            };
            ends.iter().map(sane).collect()
        };
        asked.iter().zip(made).zip(places).map(of_one).collect()
    }
}
