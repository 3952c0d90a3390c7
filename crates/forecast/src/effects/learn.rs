//! What an occasion did: what came, held against what a model says that knows nothing of it.
//!
//! The model is asked at the occasion's first step, so what it is told ends before, and only as
//! far as forecasts reach: of an occasion of days, its first hour teaches. Other occasions at
//! the same time are taken to do what is believed of them.

use std::collections::BTreeMap;
use std::ops::Range;

use crate::bands::{Forecast, Quantiles};
use crate::calendar::announced::Announced;
use crate::calendar::plan::Occurrence;
use crate::effects::book::{Book, OUTCOMES_MAX, Outcome, Part};
use crate::effects::layer::calm;
use crate::effects::tell::{Hindsight, tell};
use crate::event::{Effect, factors, whole};
use crate::forecaster::Model;
use crate::panel::Panel;

/// Learns the occurrences that are over and not in the book yet, the oldest first. `panel`
/// holds counts as they were, `horizon` is how far the model is asked. Returns how many.
pub fn learn(
    book: &mut Book,
    panel: &Panel,
    occurrences: &[Occurrence],
    model: &dyn Model,
    horizon: usize,
) -> usize {
    let mut order: Vec<&Occurrence> = occurrences.iter().collect();
    order.sort_by_key(|occurrence| occurrence.span_ms.end);
    // Of more than are kept the newest are learned, or the others would come and go each time.
    let mut room: BTreeMap<&str, usize> = BTreeMap::new();
    order.reverse();
    order.retain(|occurrence| {
        let taken = room.entry(&occurrence.kind).or_default();
        *taken += usize::from(occurrence.steps.end <= panel.len());
        *taken <= OUTCOMES_MAX
    });
    order.reverse();
    let mut learned = 0;
    for occurrence in order {
        let id = id(occurrence);
        let steps = reach(occurrence, horizon);
        let is_over = occurrence.steps.end <= panel.len() && occurrence.steps.start > 0;
        let teaches = !occurrence.is_holiday
            && occurrence.announced != Announced::Unmeasured
            && !steps.is_empty();
        if !is_over || !teaches || book.knows(&occurrence.kind, &id) {
            continue;
        }
        if let Some(outcome) = outcome(book, panel, occurrences, occurrence, model, steps, id) {
            book.learn(&occurrence.kind, outcome);
            learned += 1;
        }
    }
    learned
}

/// What an occurrence is known by.
pub fn id(occurrence: &Occurrence) -> String {
    format!("{}@{}", occurrence.occasion, occurrence.span_ms.start)
}

fn reach(occurrence: &Occurrence, horizon: usize) -> Range<usize> {
    let Range { start, end } = occurrence.steps;
    start..end.min(start + horizon)
}

fn outcome(
    book: &Book,
    panel: &Panel,
    occurrences: &[Occurrence],
    occurrence: &Occurrence,
    model: &dyn Model,
    steps: Range<usize>,
    occurrence_id: String,
) -> Option<Outcome> {
    let names: Vec<&str> = panel.members.iter().map(|member| member.name.as_str()).collect();
    let others: Vec<Occurrence> =
        occurrences.iter().filter(|other| *other != occurrence).cloned().collect();
    let others = tell(&others, book, &names, Hindsight::AsOf(occurrence.span_ms.end));
    let calm = calm(panel, &others);
    let past = calm.before(steps.start);
    let event = occurrence.with(Effect::Unknown, Vec::new());
    let share = |step: usize| event.share_of(&whole(step));
    let mut functions = Vec::new();
    for members in runs(&occurrence.members, panel.members.len()) {
        let forecasts = model.predict(&past, members.clone(), steps.len());
        for (member, forecast) in members.zip(forecasts) {
            let beside = |step: usize| {
                let others = others.iter().filter(|event| event.touches(member, step));
                factors(others.map(|event| event.at(step))).0
            };
            let (expected, got) = sums(panel, member, steps.clone(), &forecast, (beside, &share))?;
            functions.push(Part { function: names[member].to_string(), expected, got });
        }
    }
    let (expected, got) = functions
        .iter()
        .fold((0.0, 0.0), |(expected, got), part| (expected + part.expected, got + part.got));
    Some(Outcome {
        occurrence: occurrence_id,
        end_ms: occurrence.span_ms.end,
        announced: occurrence.announced,
        expected,
        got,
        functions,
    })
}

/// What was to come and what came in the steps that were measured, as far as the occasion took them:
/// what came in the rest of a step is taken to be what was to come in it.
fn sums(
    panel: &Panel,
    member: usize,
    steps: Range<usize>,
    forecast: &Forecast,
    (beside, share): (impl Fn(usize) -> f32, impl Fn(usize) -> f32),
) -> Option<(f32, f32)> {
    let (mut expected, mut got) = (0.0f32, 0.0f32);
    for (step, quantiles) in steps.zip(&forecast.steps) {
        if let Some(count) = panel.members.get(member)?.counts.get(step) {
            let (all, share) = (mean(quantiles) * beside(step), share(step));
            expected += all * share;
            got += count as f32 - all * (1.0 - share);
        }
    }
    Some((expected, got.max(0.0)))
}

/// The mean of a distribution that runs straight between its quantiles.
fn mean(quantiles: &Quantiles) -> f32 {
    const SHARES: [f32; 5] = [0.0625, 0.2375, 0.4, 0.2375, 0.0625];
    quantiles.iter().zip(SHARES).map(|(quantile, share)| quantile * share).sum()
}

/// Members in order, as ranges.
fn runs(members: &[usize], len: usize) -> Vec<Range<usize>> {
    let mut runs: Vec<Range<usize>> = Vec::new();
    for &member in members.iter().filter(|member| **member < len) {
        match runs.last_mut() {
            Some(run) if run.end == member => run.end += 1,
            _ => runs.push(member..member + 1),
        }
    }
    runs
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogue::entries;
    use crate::forecaster::Budget;
    use crate::panel::Member;
    use crate::series::Series;

    #[test]
    fn runs_cover_members() {
        assert_eq!(runs(&[0, 1, 4, 6, 7, 9], 9), [0..2, 4..5, 6..8]);
        assert!((mean(&[3.0; 5]) - 3.0).abs() < 1e-6);
    }

    #[test]
    fn campaigns_teach_what_they_did_and_later_ones_are_foreseen() {
        let starts: Vec<usize> = (0..6).map(|turn| 100 + 60 * turn).collect();
        let is_sale = |step: usize| starts.iter().any(|start| (*start..start + 6).contains(&step));
        let count = |member: usize, step: usize| {
            let base = 100 + (step * 7919 % 11) as u32;
            if member < 2 && is_sale(step) { base * 3 } else { base }
        };
        let member = |member: usize| Member {
            name: ["cart", "pay", "blog"][member].to_string(),
            counts: Series::from_counts((0..460).map(|step| Some(count(member, step)))),
            ..Member::default()
        };
        let panel = Panel::new((0..3).map(member).collect(), 12);
        let occurrences: Vec<Occurrence> = starts
            .iter()
            .map(|&start| Occurrence {
                occasion: "sale".to_string(),
                kind: "sale".to_string(),
                announced: Announced::Unknown,
                is_holiday: false,
                floor: None,
                span_ms: start as u64 * 300_000..(start + 6) as u64 * 300_000,
                steps: start..start + 6,
                edges: [0.0; 2],
                members: vec![0, 1],
            })
            .collect();
        let window = entries().find(|entry| entry.name == "window-4h").expect("it is known");
        let model = window.forecaster.fit(&panel.before(50), &Budget::FULL, 1);
        let mut book = Book::default();
        assert_eq!(learn(&mut book, &panel, &occurrences[..5], &*model, 12), 5);
        assert_eq!(learn(&mut book, &panel, &occurrences[..5], &*model, 12), 0, "not twice");
        let outcome = &book.outcomes("sale")[4];
        assert!((2.8..3.2).contains(&(outcome.got / outcome.expected)), "{outcome:?}");
        let names = ["cart", "pay", "blog"];
        let now = occurrences[5].span_ms.start;
        let events = tell(&occurrences, &book, &names, Hindsight::AsOf(now));
        let calm = calm(&panel, &events);
        let plain = model.predict(&calm.before(400), 0..3, 12);
        let ahead = crate::effects::layer::Ahead::of(&events, 400, 12);
        for (member, plain) in plain.into_iter().enumerate() {
            let told = ahead.apply(member, plain, f32::INFINITY);
            for (ahead, quantiles) in told.steps.iter().enumerate().take(6) {
                let came = count(member, 400 + ahead) as f32;
                let off = (quantiles[crate::bands::MEDIAN] - came).abs() / came;
                assert!(off < 0.12, "{} at {ahead}: {quantiles:?}, {came} came", names[member]);
                assert!(quantiles[1] <= came && came <= quantiles[3], "{quantiles:?} {came}");
            }
        }
    }

    #[test]
    fn what_an_occasion_did_is_learned_from_its_share_of_steps() {
        // Four times as much, for the last third of a step and the first half of the next.
        let count = |step: usize| match step {
            100 => 240,
            101 => 300,
            _ => 120,
        };
        let counts = Series::from_counts((0..110).map(|step| Some(count(step))));
        let member = Member { name: "cart".to_string(), counts, ..Member::default() };
        let panel = Panel::new(vec![member], 12);
        let occurrence = Occurrence {
            occasion: "sale".to_string(),
            kind: "sale".to_string(),
            announced: Announced::Unknown,
            is_holiday: false,
            floor: None,
            span_ms: 0..1,
            steps: 100..102,
            edges: [2.0 / 3.0, 0.5],
            members: vec![0],
        };
        let window = entries().find(|entry| entry.name == "window-1h").expect("it is known");
        let model = window.forecaster.fit(&panel.before(50), &Budget::FULL, 1);
        let mut book = Book::default();
        assert_eq!(learn(&mut book, &panel, &[occurrence], &*model, 12), 1);
        let Outcome { expected, got, .. } = &book.outcomes("sale")[0];
        assert!((expected - 100.0).abs() < 1.0 && (got - 400.0).abs() < 1.0, "{expected} {got}");
    }

    #[test]
    fn of_many_occasions_the_newest_are_learned_and_none_twice() {
        let counts = Series::from_counts((0..450).map(|_| Some(9)));
        let panel = Panel::new(vec![Member { counts, ..Member::default() }], 12);
        let occurrence = |start: usize| Occurrence {
            occasion: "hourly".to_string(),
            kind: "hourly".to_string(),
            announced: Announced::Unknown,
            is_holiday: false,
            floor: None,
            span_ms: start as u64..start as u64 + 1,
            steps: start..start + 1,
            edges: [0.0; 2],
            members: vec![0],
        };
        let occurrences: Vec<Occurrence> =
            (1..OUTCOMES_MAX + 9).map(|of| occurrence(6 * of)).collect();
        let window = entries().find(|entry| entry.name == "window-1h").expect("it is known");
        let model = window.forecaster.fit(&panel.before(5), &Budget::FULL, 1);
        let mut book = Book::default();
        assert_eq!(learn(&mut book, &panel, &occurrences, &*model, 12), OUTCOMES_MAX);
        assert_eq!(learn(&mut book, &panel, &occurrences, &*model, 12), 0);
        let newest = book.outcomes("hourly").last().map(|newest| newest.end_ms);
        assert_eq!(newest, occurrences.last().map(|last| last.span_ms.end));
    }
}
