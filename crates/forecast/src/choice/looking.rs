//! Back-tests the methods on one function, beside what was really said of it.
//!
//! What forecasts for all is not asked again: it was made of these very hours and would look
//! better than it was. Its losses are those of the forecasts that were told.

use crate::bands::Quantiles;
use crate::choice::methods::{TRIED, find};
use crate::choice::record::Record;
use crate::forecaster::Budget;
use crate::global::views::Closed;
use crate::league::form::Beside;
use crate::league::score::{Told, loss};
use crate::panel::Past;

/// Steps over which methods are tried: a day of 5-minute steps.
pub const TRIED_OVER: usize = 288;
/// Every so many of them are forecast: neighbours tell nearly the same.
const EVERY: usize = 4;
/// Fewer pairs of losses tell nothing.
const PAIRS_MIN: usize = 36;

/// A method that did better.
#[derive(Debug, Clone, PartialEq)]
pub struct Found {
    /// Its name.
    pub method: String,
    /// By which share of the loss.
    pub share: f64,
}

/// How much better is better: the best of many is the best by luck as well.
const SHARE_MIN: f64 = 0.05;
const SURE: f64 = 2.5;

/// The loss of one forecast of one function.
pub fn loss_of(quantiles: Quantiles, came: f32, scale: f32) -> Option<f64> {
    let loss = loss(std::iter::once(Told { quantiles, came, scale }));
    loss.is_finite().then_some(loss)
}

/// What is asked of methods, and by what they are judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Aim {
    /// Steps that are forecast.
    pub horizon: usize,
    /// How many steps lie between an origin and the step that is judged.
    pub ahead: usize,
}

/// The method that did best of late for a function, if it was better than what was said, `common`,
/// by more than luck makes it. The first step of the panel is the `first` of the record.
pub fn look(
    past: &Past<'_>,
    member: usize,
    common: &Record,
    first: u64,
    scale: f32,
    horizon: usize,
) -> Option<Found> {
    let aim = Aim { horizon, ahead: 0 };
    look_among(&TRIED, past, member, (common, first), scale, aim)
}

/// The same among some of the methods: who has little time looks at a few at once.
pub fn look_among(
    methods: &[&str],
    past: &Past<'_>,
    member: usize,
    (common, first): (&Record, u64),
    scale: f32,
    Aim { horizon, ahead }: Aim,
) -> Option<Found> {
    let origin = past.origin();
    let steps = (origin.saturating_sub(TRIED_OVER)..origin).rev().step_by(EVERY);
    let known =
        |step: &usize| Some((*step, common.at(first + *step as u64)?, past.count(member, *step)?));
    let known: Vec<(usize, f64, f32)> =
        steps.filter_map(|step| known(&step)).filter(|(step, ..)| *step > ahead).collect();
    if known.len() < PAIRS_MIN {
        return None;
    }
    let closed = Closed::of(past, member..member + 1);
    let views: Vec<_> = known.iter().map(|(step, ..)| closed.at(*step - ahead, horizon)).collect();
    let none = past.until(0);
    let best = methods.iter().filter_map(|method| {
        let model = find(method)?.forecaster.fit(&none, &Budget::FULL, 0);
        let mut beside = Beside::default();
        for ((_, common, came), said) in known.iter().zip(model.say_often(&views)) {
            beside.add(*common, loss_of(*said.first()?.steps.get(ahead)?, *came, scale)?);
        }
        let share = (beside.own - beside.others) / beside.own.max(1e-12);
        (share >= SHARE_MIN && beside.sure() >= SURE)
            .then(|| Found { method: method.to_string(), share })
    });
    best.max_by(|one, other| one.share.total_cmp(&other.share))
}
