//! What holds for every method of the catalogue: nothing is seen before its time, nothing is
//! wild, the same seed gives the same model, and a model survives as bytes.

mod data;

use swell_core::rng::{below, split};
use swell_forecast::bands::Forecast;
use swell_forecast::catalogue::entries;
use swell_forecast::forecaster::{Budget, Model, Notes};
use swell_forecast::panel::{Member, Panel, Past};
use swell_forecast::regressor::series::Regressor;
use swell_forecast::series::{COUNT_MAX, Series};

const ORIGIN: usize = 150;
const HORIZON: usize = 12;

fn small() -> Budget<'static> {
    Budget { examples: 3000, rounds: 8, steps: 10, ..Budget::FULL }
}

fn all(model: &dyn Model, past: &Past<'_>) -> Vec<Forecast> {
    model.predict(past, 0..past.members(), HORIZON)
}

fn panel(series: impl IntoIterator<Item = Vec<Option<u32>>>) -> Panel {
    let member = |counts| Member { counts: Series::from_counts(counts), ..Member::default() };
    Panel::new(series.into_iter().map(member).collect(), 12)
}

/// The same past, and after it something else entirely.
fn with_another_future(panel: &Panel) -> Panel {
    let mut rng = split(9, "future");
    let mut other = panel.clone();
    for member in &mut other.members {
        let past = (0..ORIGIN).map(|step| member.counts.get(step));
        let noise: Vec<Option<u32>> =
            (ORIGIN..panel.len() + 50).map(|_| Some(below(&mut rng, 5000) as u32)).collect();
        member.counts = Series::from_counts(past.chain(noise));
    }
    for followed in &mut other.followed {
        let values = followed.values.iter_mut().skip(ORIGIN);
        values.for_each(|value| *value = below(&mut rng, 5000) as f32);
    }
    other
}

/// A series that all calls together make.
fn total(panel: &Panel) -> Regressor {
    let calls = |step| panel.members.iter().filter_map(move |member| member.counts.get(step));
    let values = (0..panel.len()).map(|step| calls(step).sum::<u32>() as f32);
    Regressor { name: "total".to_string(), values: values.collect(), is_planned: false }
}

#[test]
fn the_future_changes_nothing() {
    let plain = data::azure(20);
    let panel = Panel { followed: vec![total(&plain)], ..plain };
    let other = with_another_future(&panel);
    for entry in entries() {
        let fit = |panel: &Panel| entry.forecaster.fit(&panel.before(ORIGIN), &small(), 3);
        let (model, another) = (fit(&panel), fit(&other));
        assert!(model.to_bytes() == another.to_bytes(), "{} learned from the future", entry.name);
        let (said, again) =
            (all(&*model, &panel.before(ORIGIN)), all(&*model, &other.before(ORIGIN)));
        assert_eq!(said, again, "{} saw the future", entry.name);
    }
}

#[test]
fn models_survive_as_bytes_and_refuse_what_is_broken() {
    let panel = data::azure(20);
    let past = panel.before(ORIGIN);
    for entry in entries() {
        let model = entry.forecaster.fit(&past, &small(), 3);
        let bytes = model.to_bytes();
        let back = entry.forecaster.read(&bytes).unwrap_or_else(|e| panic!("{}: {e}", entry.name));
        assert_eq!(all(&*model, &past), all(&*back, &past), "{}", entry.name);
        let cut = &bytes[..bytes.len() - 1];
        assert!(entry.forecaster.read(cut).is_err(), "{} takes half a model", entry.name);
        let other = entries().find(|other| other.name != entry.name).expect("there are others");
        assert!(other.forecaster.read(&bytes).is_err(), "{} read as {}", entry.name, other.name);
    }
}

#[test]
fn notes_change_nothing() {
    let panel = data::azure(20);
    for entry in entries() {
        let model = entry.forecaster.fit(&panel.before(ORIGIN), &small(), 3);
        let mut notes = Notes::default();
        for origin in [ORIGIN, ORIGIN + 6, ORIGIN + 12, ORIGIN + 15] {
            let past = panel.before(origin);
            let noted = model.predict_noted(&past, 0..past.members(), HORIZON, &mut notes);
            assert_eq!(noted, all(&*model, &past), "{} at {origin}", entry.name);
        }
    }
}

/// Series that a broken source, or an odd function, might leave.
fn odd() -> Vec<(&'static str, Vec<Option<u32>>)> {
    let year = 105_120;
    vec![
        ("nothing", vec![]),
        ("one step", vec![Some(3)]),
        ("one gap", vec![None]),
        ("gaps only", vec![None; 200]),
        ("zeros", vec![Some(0); 200]),
        ("a constant", vec![Some(7); 200]),
        ("a year of zeros", vec![Some(0); year]),
        ("the largest counts", vec![Some(COUNT_MAX); 200]),
        (
            "a single burst",
            (0..200).map(|step| Some(if step == 190 { 1_000_000 } else { 0 })).collect(),
        ),
        ("growth without end", (0..200).map(|step| Some(1u32 << (step / 7).min(31))).collect()),
        ("every other step a gap", (0..200).map(|step| (step % 2 == 0).then_some(step)).collect()),
        ("a sudden end", (0..200).map(|step| (step < 100).then_some(5)).collect()),
    ]
}

fn assert_tame(name: &str, series: &str, forecast: &Forecast, most: f32) {
    assert_eq!(forecast.steps.len(), HORIZON, "{name} on {series}");
    for quantiles in &forecast.steps {
        let is_tame = quantiles.iter().all(|q| q.is_finite() && (0.0..=most).contains(q));
        assert!(is_tame && quantiles.is_sorted(), "{name} on {series}: {quantiles:?}");
    }
}

#[test]
fn no_series_breaks_a_method_or_makes_it_wild() {
    let names = odd().into_iter().map(|(name, _)| name).collect::<Vec<_>>();
    let mut panel = panel(odd().into_iter().map(|(_, counts)| counts));
    panel.most = 50_000.0;
    for entry in entries() {
        for origin in [1, 2, 13, 60, 200] {
            let past = panel.before(origin);
            let model = entry.forecaster.fit(&past, &small(), 3);
            for (series, forecast) in names.iter().zip(all(&*model, &past)) {
                assert_tame(entry.name, series, &forecast, panel.most);
            }
        }
    }
    let year = panel.members.iter().position(|member| member.counts.len() > 10_000);
    let year = year.expect("one series is a year long");
    for entry in entries() {
        let past = panel.before(105_120);
        let model = entry.forecaster.fit(&panel.before(200), &small(), 3);
        for forecast in model.predict(&past, year..year + 1, HORIZON) {
            assert_tame(entry.name, "a year of zeros", &forecast, 1.0);
        }
    }
}

#[test]
fn an_empty_panel_gives_no_forecast() {
    let panel = panel([]);
    for entry in entries() {
        let past = panel.before(20);
        let model = entry.forecaster.fit(&past, &small(), 3);
        assert!(all(&*model, &past).is_empty(), "{}", entry.name);
    }
}
