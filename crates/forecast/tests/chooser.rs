//! Who is believed changes when who was right breaks: the hybrid is not worse than the
//! seasonal naive for long.

use swell_forecast::bands::{Forecast, HIGH, MEDIAN};
use swell_forecast::forecaster::{Budget, Forecaster, Notes};
use swell_forecast::hybrid::together::{Hybridization, Part};
use swell_forecast::local::rule::{Known, Local, Rule};
use swell_forecast::local::seasonal_naive::SeasonalNaive;
use swell_forecast::local::window::Window;
use swell_forecast::measure::pinball;
use swell_forecast::panel::{Member, Panel};
use swell_forecast::series::Series;

const BREAK: usize = 150;
const SEASON: usize = 12;
const HORIZON: usize = 12;

/// What comes at a step: an hour's pattern, slowly growing.
fn pattern(step: usize) -> f32 {
    (step * 7919 % SEASON) as f32 * 10.0 + (step / 48) as f32
}

/// Knows the pattern until it breaks, and is wild from then on.
struct Champion;

impl Rule for Champion {
    fn forecast(&self, known: Known<'_>, horizon: usize) -> Forecast {
        let len = known.counts.len();
        let said = |step: usize| if len < BREAK { pattern(step) } else { 3000.0 };
        Forecast { steps: (len..len + horizon).map(|step| [said(step); 5]).collect() }
    }
}

const fn part(name: &'static str, forecaster: &'static dyn Forecaster) -> Part {
    Part { name, odds: 1.0, forecaster }
}

const PARTS: &[Part] = &[
    part("champion", &Local { name: "champion", rule: &Champion }),
    part("window", &Local { name: "window", rule: &Window(12) }),
    part("snaive", &Local { name: "snaive", rule: &SeasonalNaive }),
];

fn panel() -> Panel {
    let counts = Series::from_counts((0..400).map(|step| Some(pattern(step) as u32)));
    let member = |number: usize| Member {
        name: number.to_string(),
        counts: counts.clone(),
        ..Member::default()
    };
    Panel::new((0..30).map(member).collect(), SEASON)
}

fn loss(panel: &Panel, origin: usize, forecast: &Forecast) -> f64 {
    let steps = forecast.steps.iter().enumerate();
    let loss = |(ahead, said): (usize, &[f32; 5])| {
        let came = f64::from(panel.members[0].counts.get(origin + ahead).expect("it is known"));
        pinball(came, f64::from(said[HIGH]), 0.9) + pinball(came, f64::from(said[MEDIAN]), 0.5)
    };
    steps.map(loss).sum()
}

#[test]
fn a_champion_that_breaks_is_left_within_the_hour() {
    let panel = panel();
    let hybrid = Hybridization { parts: PARTS, horizon: HORIZON };
    let model = hybrid.fit(&panel.before(BREAK - 6), &Budget::FULL, 1);
    let naive = Local { name: "snaive", rule: &SeasonalNaive };
    let naive = naive.fit(&panel.before(BREAK - 6), &Budget::FULL, 1);
    let mut notes = Notes::default();
    let mut compare = |origin: usize| {
        let past = panel.before(origin);
        let said = model.predict_noted(&past, 0..1, HORIZON, &mut notes);
        let by_naive = naive.predict(&past, 0..1, HORIZON);
        (loss(&panel, origin, &said[0]), loss(&panel, origin, &by_naive[0]))
    };
    let (before, naive_before) = compare(BREAK - 6);
    assert!(before < 0.5 * naive_before, "the champion was believed: {before}, {naive_before}");
    let hour = BREAK + SEASON;
    for origin in (hour..360).step_by(3) {
        let (own, of_naive) = compare(origin);
        assert!(own <= 1.3 * of_naive + 6.0, "at {origin}: {own} against {of_naive}");
    }
}
