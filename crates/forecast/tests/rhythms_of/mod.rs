//! Demand as people make it: by the hours of a day and the days of a week.

use swell_core::rng::{Rng, split, unit};
use swell_forecast::days::Days;
use swell_forecast::panel::{Member, Panel};
use swell_forecast::series::Series;

use crate::by_chance::poisson;

/// Five-minute steps of a day.
pub(crate) const DAY: usize = 288;

/// When people work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Rhythm {
    /// Each day alike.
    Daily,
    /// On five days of seven.
    Weekly,
}

/// The mean of a step at its time of the day, between 0 and 1: nothing at night, a rise in the
/// morning, a dip at noon, a fall in the evening.
fn share(time: usize, begins: f64, ends: f64) -> f64 {
    let hour = time as f64 / 12.0;
    if hour < begins || hour >= ends {
        return 0.0;
    }
    let rise = ((hour - begins) / 1.5).min(1.0);
    let fall = ((ends - hour) / 1.5).min(1.0);
    let noon = 1.0 - 0.4 * (-(hour - 12.5) * (hour - 12.5)).exp();
    rise.min(fall) * noon
}

/// So many functions over so many days, with a season of one; the first is a Monday, and begins at
/// midnight.
pub(crate) fn panel(rhythm: Rhythm, functions: usize, days: usize, seed: u64) -> Panel {
    let mut rng = split(seed, "working hours");
    let member = |number: usize| Member {
        name: format!("f{number:03}"),
        counts: Series::from_counts(counts(rhythm, days, &mut rng).into_iter().map(Some)),
        ..Member::default()
    };
    let members = (0..functions).map(member).collect();
    Panel { days: Days::even(0, DAY, 0, days + 1), ..Panel::new(members, DAY) }
}

fn counts(rhythm: Rhythm, days: usize, rng: &mut Rng) -> Vec<u32> {
    // From a call in some steps to some hundred a step.
    let most = (0.3f64.ln() + unit(rng) * (200.0f64 / 0.3).ln()).exp();
    let (begins, ends) = (6.5 + 1.5 * unit(rng), 17.0 + 3.0 * unit(rng));
    let step = |step: usize| {
        let is_free = rhythm == Rhythm::Weekly && step / DAY % 7 >= 5;
        let share = if is_free { 0.0 } else { share(step % DAY, begins, ends) };
        poisson(rng, most * share)
    };
    (0..days * DAY).map(step).collect()
}
