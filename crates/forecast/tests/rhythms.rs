//! The hybrid on demand with the rhythm of days and weeks: it is not worse than the best of what
//! it is made of.

mod by_chance;
mod rhythms_of;

use swell_forecast::backtest::Backtest;
use swell_forecast::bands::MEDIAN;
use swell_forecast::catalogue::{HYBRID, entries};
use swell_forecast::forecaster::{Budget, Forecaster, Model};
use swell_forecast::measure::Measures;
use swell_forecast::panel::{Member, Panel};
use swell_forecast::split::Split;

use crate::rhythms_of::{DAY, Rhythm, panel};

const HORIZON: usize = 12;
/// What needs nothing but the hour before or yesterday.
const OTHERS: [&str; 2] = ["snaive", "day-naive"];

fn budget() -> Budget<'static> {
    Budget { examples: 12_000, rounds: 40, steps: 100, ..Budget::FULL }
}

fn score(panel: &Panel, split: &Split, model: &dyn Model) -> Measures {
    let backtest = Backtest::new(panel, split).expect("it fits");
    let said = backtest.run(model, 0..panel.members.len());
    backtest.score(&said).remove(0).1
}

/// Scores the last day, an hour of each `every` steps.
fn check(rhythm: Rhythm, functions: usize, days: usize, season: usize, every: usize) {
    let panel = Panel { season, ..panel(rhythm, functions, days, 1) };
    let last = (days - 1) * DAY;
    let origins = (0..=DAY - HORIZON).step_by(every).map(|step| last + step).collect();
    let split = Split { origins, horizon: HORIZON };
    let past = panel.before(last);
    let fit = |forecaster: &dyn Forecaster| forecaster.fit(&past, &budget(), 1);
    let of_name = |name| entries().find(|entry| entry.name == name).expect("it is listed");
    let parts: Vec<Box<dyn Model>> = HYBRID.parts.iter().map(|part| fit(part.forecaster)).collect();
    let others = OTHERS.map(|name| fit(of_name(name).forecaster));
    let alone: Vec<Measures> =
        parts.iter().chain(&others).map(|part| score(&panel, &split, &**part)).collect();
    let hybrid = score(&panel, &split, &*HYBRID.of(parts, &past, &budget()));
    type Measure = (&'static str, fn(&Measures) -> f64);
    let measures: [Measure; 4] =
        [("MASE", |m| m.mase), ("WAPE", |m| m.wape), ("pin90", |m| m.pin90), ("wQL", |m| m.wql90)];
    for (name, of) in measures {
        let best = alone.iter().map(of).fold(f64::INFINITY, f64::min);
        let own = of(&hybrid);
        assert!(own <= 1.03 * best, "{rhythm:?}, {season}, {name}: {own}, and {best} of a part");
    }
    assert!((0.74..0.86).contains(&hybrid.cov80), "{rhythm:?}: {hybrid:?}");
}

#[test]
fn each_day_alike() {
    check(Rhythm::Daily, 20, 9, DAY, 2 * HORIZON);
}

#[test]
fn each_day_alike_where_a_season_is_an_hour() {
    check(Rhythm::Daily, 20, 9, 12, 2 * HORIZON);
}

#[test]
fn five_days_of_seven() {
    // The last day of fifteen is the third Monday.
    check(Rhythm::Weekly, 40, 15, 12, HORIZON);
}

/// What the hybrid says of a day, told of hours only as a node is: the share of what came that its
/// medians are off by, what they sum up to, and how often its bands hold.
fn foreseen(day: usize) -> (f64, f64, f64) {
    let panel = Panel { season: 12, ..panel(Rhythm::Weekly, 20, day + 1, 1) };
    let origins = (0..=DAY - HORIZON).step_by(2 * HORIZON).map(|step| day * DAY + step).collect();
    let split = Split { origins, horizon: HORIZON };
    let model = HYBRID.fit(&panel.before(day * DAY), &budget(), 1);
    let backtest = Backtest::new(&panel, &split).expect("it fits");
    let said = backtest.run(&*model, 0..panel.members.len());
    let sum =
        said.iter().flatten().flat_map(|said| &said.steps).map(|step| f64::from(step[MEDIAN]));
    let sum: f64 = sum.sum();
    let measures = backtest.score(&said).remove(0).1;
    (measures.wape, sum, measures.cov80)
}

/// The calls of the same hours of a day.
fn came(day: usize) -> f64 {
    let panel = panel(Rhythm::Weekly, 20, day + 1, 1);
    let of_member = |member: &Member| {
        (day * DAY..(day + 1) * DAY)
            .filter(|step| (step / HORIZON).is_multiple_of(2))
            .filter_map(|step| member.counts.get(step))
            .map(f64::from)
            .sum::<f64>()
    };
    panel.members.iter().map(of_member).sum()
}

#[test]
fn a_monday_and_a_saturday_are_foreseen_after_a_week_and_after_two() {
    let (tuesday, ..) = foreseen(8);
    for (monday, more) in [(7, 1.3), (14, 1.15)] {
        let (wape, _, inside) = foreseen(monday);
        assert!(wape < more * tuesday, "day {monday}: {wape}, {tuesday} on a Tuesday");
        assert!((0.74..0.86).contains(&inside), "day {monday}: {inside}");
    }
    for saturday in [12, 19] {
        let (_, said, _) = foreseen(saturday);
        let friday = came(saturday - 1);
        assert!(said < 0.02 * friday, "day {saturday}: {said}, {friday} on the Friday before");
    }
}
