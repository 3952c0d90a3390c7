//! Telling the mind what is expected: forecasts by version, and what schedules make certain.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use swell_core::demand::DemandForecast;
use swell_core::event::Event;
use swell_core::time::{Instant, Span};
use swell_forecast::bands::Quantiles;

use crate::clock::wall_ms;
use crate::foresight::ground::Ground;
use crate::foresight::members::Member;
use crate::foresight::outlook::Outlook;
use crate::foresight::telling::{confidence, demand};

/// Tells the mind of `outlook`. A function of which nothing is expected is told of only if
/// something was before, so that a journal of a box with many idle functions stays short.
pub fn tell_mind(
    ground: &Ground,
    members: &[Member],
    outlook: &Outlook,
    told: &mut BTreeSet<Arc<str>>,
) {
    let live = &ground.parts.live;
    let (now, now_ms) = (live.clock.now(), wall_ms());
    let instant = |at_ms: u64| -> Instant {
        let far = Duration::from_millis(at_ms.abs_diff(now_ms));
        let span = live.clock.span(far);
        match at_ms >= now_ms {
            true => now + span,
            false => Instant::from_nanos(now.nanos().saturating_sub(span.nanos())),
        }
    };
    let scores = ground.desk.scores.read();
    let mut functions = Vec::new();
    for member in members {
        let Some(row) = outlook.row(&member.name) else { continue };
        let steps = held(&row.forecast.steps, &row.floors, member, ground);
        let is_quiet = row.known_ms.is_empty() && steps.iter().all(|step| step[4] < 0.001);
        if is_quiet && !told.remove(&member.name) {
            continue;
        }
        if !is_quiet {
            told.insert(member.name.clone());
        }
        let sure = confidence(scores.get(&member.name));
        for &(version, percent) in &member.versions {
            let known = row.known_ms.iter().map(|&at_ms| instant(at_ms));
            functions.push(demand(version, percent, &steps, sure, known));
        }
    }
    drop(scores);
    if functions.is_empty() {
        return;
    }
    let step = Span::from_mins(ground.step_minutes());
    let origin = instant(ground.step_begins_ms(outlook.origin));
    let forecast = DemandForecast { origin, step, functions };
    live.tell(Event::DemandForecast { forecast: Box::new(forecast) });
}

/// Steps in which at least as many calls are expected as a floor of instances can serve: what
/// somebody asked for is not undercut by any model.
fn held(steps: &[Quantiles], floors: &[u32], member: &Member, ground: &Ground) -> Vec<Quantiles> {
    if floors.is_empty() {
        return steps.to_vec();
    }
    let book = ground.parts.demand.book.lock();
    let costs = book.tracks.get(&member.name).map(|track| track.costs).unwrap_or_default();
    drop(book);
    // So many calls in a step that, at the run time of the function, they keep the floor busy.
    let run_seconds =
        costs.run_seconds().unwrap_or(1.0).max(1e-3) * ground.parts.live.clock.speed();
    let calls = f64::from(member.concurrency) * ground.step_minutes() as f64 * 60.0 / run_seconds;
    let floors = floors.iter().chain(std::iter::repeat(&0));
    let each = steps.iter().zip(floors);
    each.map(|(step, &floor)| step.map(|count| count.max((f64::from(floor) * calls) as f32)))
        .collect()
}
