//! What holds for every answer to "a warm copy now?": nothing is seen before its time, and
//! what was learned across functions beats the rules that know one.

mod data;

use swell_core::rng::{below, split};
use swell_forecast::forecaster::Budget;
use swell_forecast::panel::{Member, Panel};
use swell_forecast::prewarm::curve::Record;
use swell_forecast::prewarm::idle_gap::IdleGap;
use swell_forecast::prewarm::keep_alive::KeepAlive;
use swell_forecast::prewarm::occurrence::Occurrence;
use swell_forecast::prewarm::readiness::Readiness;
use swell_forecast::series::Series;

const ORIGIN: usize = 200;

fn small() -> Budget<'static> {
    Budget { examples: 12_000, rounds: 60, ..Budget::FULL }
}

fn with_another_future(panel: &Panel) -> Panel {
    let mut rng = split(9, "future");
    let mut other = panel.clone();
    for member in &mut other.members {
        let past = (0..ORIGIN).map(|step| member.counts.get(step));
        let noise: Vec<Option<u32>> = (0..90).map(|_| Some(below(&mut rng, 5) as u32)).collect();
        member.counts = Series::from_counts(past.chain(noise));
    }
    other
}

#[test]
fn the_future_changes_nothing() {
    let panel = data::azure(30);
    let other = with_another_future(&panel);
    let learn = |panel: &Panel| Occurrence::learn(&panel.before(ORIGIN), &small(), 3);
    let (model, again) = (learn(&panel), learn(&other));
    assert!(model == again, "it learned from the future");
    let rules: [&dyn Readiness; 3] = [&KeepAlive, &IdleGap, &model];
    for (place, rule) in rules.iter().enumerate() {
        let ready = |panel: &Panel| rule.ready(&panel.before(ORIGIN), 0..panel.members.len());
        assert_eq!(ready(&panel), ready(&other), "rule {place} saw the future");
        assert!(ready(&panel).iter().all(|ready| (0.0..=1.0).contains(ready)));
    }
}

#[test]
fn what_was_learned_survives_as_bytes() {
    let panel = data::azure(30);
    let model = Occurrence::learn(&panel.before(ORIGIN), &small(), 3);
    let bytes = model.to_bytes();
    assert_eq!(Occurrence::read(&bytes), Ok(model));
    assert!(Occurrence::read(&bytes[..bytes.len() - 1]).is_err());
}

#[test]
fn functions_never_seen_are_decided_better_than_by_their_own_rests() {
    let mut panel = data::azure(3);
    let (mut taught, mut scored) = (Vec::new(), Vec::new());
    for (place, member) in panel.members.drain(..).enumerate() {
        if place % 2 == 0 { taught.push(member) } else { scored.push(member) }
    }
    let (taught, scored) = (Panel::new(taught, 12), Panel::new(scored, 12));
    let model = Occurrence::learn(&taught.before(ORIGIN), &small(), 3);
    let yardsticks = Record::yardsticks(&scored, ORIGIN);
    let record = |rule: &dyn Readiness| {
        Record::of(&scored, &yardsticks, rule, 0..scored.members.len(), ORIGIN..288)
    };
    let (by_model, by_rests) = (record(&model), record(&IdleGap).at(0.3));
    let point = by_model.no_colder_than(by_rests.cold);
    assert!(point.idle < 0.9 * by_rests.idle, "{point:?} against {by_rests:?}");
}

#[test]
fn the_curve_lies_below_the_best_published_one() {
    let panel = data::azure(1);
    let origin = 240;
    let budget = Budget { examples: 30_000, rounds: 100, ..Budget::FULL };
    let model = Occurrence::learn(&panel.before(origin), &budget, 1);
    let yardsticks = Record::yardsticks(&panel, origin);
    let mut record = Record::default();
    for step in (origin..panel.len()).step_by(3) {
        let all = 0..panel.members.len();
        record.merge(Record::of(&panel, &yardsticks, &model, all, step..step + 1));
    }
    // Of a classifier across functions on the same four hours, by chances of 0.3, 0.2 and 0.1.
    for (cold, idle) in [(0.027, 0.117), (0.019, 0.155), (0.011, 0.237)] {
        let point = record.no_colder_than(cold);
        assert!(point.cold <= cold && point.idle < idle, "{point:?} against {cold} and {idle}");
    }
}

#[test]
fn odd_series_are_decided_about_too() {
    let odd: [Vec<Option<u32>>; 5] =
        [vec![], vec![None; 60], vec![Some(0); 300], vec![Some(9); 300], vec![Some(1)]];
    let member = |counts: &Vec<Option<u32>>| Member {
        counts: Series::from_counts(counts.iter().copied()),
        ..Member::default()
    };
    let panel = Panel::new(odd.iter().map(member).collect(), 12);
    for origin in [1, 50, 300] {
        let past = panel.before(origin);
        let model = Occurrence::learn(&past, &small(), 3);
        for rule in [&KeepAlive as &dyn Readiness, &IdleGap, &model] {
            let ready = rule.ready(&past, 0..5);
            assert!(ready.iter().all(|ready| (0.0..=1.0).contains(ready)), "{origin}: {ready:?}");
        }
    }
    let nobody = Panel::new(Vec::new(), 12);
    assert!(
        Occurrence::learn(&nobody.before(9), &small(), 3).ready(&nobody.before(9), 0..0).is_empty()
    );
}
