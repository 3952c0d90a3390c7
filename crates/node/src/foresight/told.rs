//! Telling the mind what is expected: forecasts by version, and what schedules make certain.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use swell_core::cloning::lead::steps_to_tell;
use swell_core::demand::{DemandForecast, FunctionDemand, StepDemand};
use swell_core::event::Event;
use swell_core::time::{Instant, Span};
use swell_forecast::effects::turn::SAME;

use crate::clock::{Clock, wall_ms};
use crate::foresight::ground::Ground;
use crate::foresight::members::Member;
use crate::foresight::minute_bands::MinuteBands;
use crate::foresight::minutes::Minutes;
use crate::foresight::outlook::{MinuteOutlook, MinuteRow, Outlook};
use crate::foresight::schedule::known;
use crate::foresight::telling::{confidence, demand};

/// How far ahead clones can matter, in minutes.
const AHEAD: u64 = 10;

/// Minutes that a mind is told of, but of versions whose starts take longer than one.
const TOLD: u64 = 2;
/// Least chance in a minute, in thousandths, for which one further ahead is told of.
const SPOKEN: u16 = 20;
/// Minutes that are shown of a function.
const SHOWN: usize = 10;

/// Functions that the mind is told of at a time.
const TOLD_AT_ONCE: usize = 1_000;

/// Tells the mind of `outlook`. A function of which nothing is expected is told of only if
/// something was before, so that a journal of a box with many idle functions stays short.
pub fn tell_steps(
    ground: &Ground,
    members: &[Member],
    outlook: &Outlook,
    told: &mut BTreeSet<Arc<str>>,
) {
    let (now, timeline) = (Now::of(ground), ground.parts.demand.timeline());
    let scores = ground.desk.scores.read();
    let mut functions = Vec::new();
    for member in members {
        let Some(row) = outlook.row(&member.name) else { continue };
        let steps = &row.forecast.steps;
        let horizon = member.horizon_minutes.map(|minutes| minutes.div_ceil(ground.step_minutes()));
        let steps = &steps[..horizon.map_or(steps.len(), |most| steps.len().min(most as usize))];
        let until = member.horizon_minutes.map(|minutes| now.now_ms + timeline.wall_ms(minutes));
        let is_quiet = row.known_ms.is_empty() && steps.iter().all(|step| step[4] < 0.001);
        if !is_to_tell(&member.name, is_quiet, told) {
            continue;
        }
        let sure = confidence(scores.get(&member.name));
        for &(version, percent) in &member.versions {
            let known =
                row.known_ms.iter().filter(|&&at_ms| until.is_none_or(|until| at_ms < until));
            let known = known.map(|&at_ms| now.instant(at_ms));
            functions.push(demand(version, percent, steps, sure, known));
        }
    }
    drop(scores);
    let step = Span::from_mins(ground.step_minutes());
    tell(ground, now.instant(ground.step_begins_ms(outlook.origin)), step, functions);
}

/// Tells the mind of the minute that begins and the next, and of as many more as clones need to begin
/// in time; and what is expected of more of them, for others to look at.
pub fn tell_minutes(
    ground: &Ground,
    members: &[Member],
    (minutes, bands): (&Minutes, &mut MinuteBands),
    said: &BTreeMap<u32, FunctionDemand>,
    open: u64,
    told: &mut BTreeSet<Arc<str>>,
) -> MinuteOutlook {
    let (now, timeline) = (Now::of(ground), ground.parts.demand.timeline());
    let until_ms = timeline.wall_ms(open + AHEAD);
    let known = known(&ground.parts.triggers.table(), now.now_ms, until_ms);
    let latest = ground.desk.latest();
    let (mut functions, mut rows) = (Vec::new(), BTreeMap::new());
    for member in members {
        let said = minutes.place_of(&member.name).and_then(|place| said.get(&place));
        let mut steps = said.map_or_else(Vec::new, |said| said.steps.clone());
        let shown = minutes.ahead(&member.name, SHOWN);
        let confidence = shown.as_ref().map_or(0, |(demand, _)| demand.confidence);
        let (mut shown, odds) =
            shown.map_or_else(Default::default, |(demand, odds)| (demand.steps, odds));
        let mut counts = minutes.counts_ahead(&member.name, SHOWN).unwrap_or_default();
        let versions = member.versions.iter().map(|&(version, _)| version);
        let start = ground.parts.live.longest_start(versions);
        steps = reaching(steps, &shown, steps_to_tell(start, Span::from_mins(1)));
        let row =
            latest.as_ref().and_then(|latest| Some((latest.origin, latest.row(&member.name)?)));
        let turn = |minute: u64| {
            let (origin, row) = row?;
            let ahead = minute.checked_sub(origin * ground.step_minutes())?;
            row.turns.get(usize::try_from(ahead).ok()?).copied().filter(|turn| *turn != SAME)
        };
        // Of one that is hardly ever called nothing is said, but an occasion may change that.
        if steps.is_empty() && (open..open + TOLD).any(|minute| turn(minute).is_some()) {
            steps = shown.iter().take(TOLD as usize).copied().collect();
        }
        for (minute, step) in (open..).zip(&mut steps).chain((open..).zip(&mut shown)) {
            *step = turn(minute).map_or(*step, |turn| turn.of_step(*step));
        }
        for (minute, counts) in (open..).zip(&mut counts) {
            *counts = turn(minute).map_or(*counts, |turn| turn.of_quantiles(*counts));
        }
        let chance = shown.first().map_or(0, |step| step.chance);
        let covered = bands.score(&member.name);
        let bands = bands.show(&member.name, chance, counts);
        rows.insert(member.name.clone(), MinuteRow { steps: shown, bands, odds, covered });
        let known_ms = known.get(&member.name).map_or(&[][..], Vec::as_slice);
        let known_ms = match member.horizon_minutes {
            Some(minutes) => {
                let until_ms = timeline.wall_ms(open + minutes);
                steps.truncate(minutes as usize);
                &known_ms[..known_ms.partition_point(|&at_ms| at_ms < until_ms)]
            }
            None => known_ms,
        };
        let is_quiet = known_ms.is_empty() && steps.iter().all(|step| step.chance == 0);
        if !is_to_tell(&member.name, is_quiet, told) {
            continue;
        }
        for &(function, percent) in &member.versions {
            functions.push(FunctionDemand {
                function,
                confidence,
                steps: steps.iter().map(|step| shared(*step, percent)).collect(),
                known: known_ms.iter().map(|&at_ms| now.instant(at_ms)).collect(),
            });
        }
    }
    bands.said(open);
    tell(ground, now.instant(timeline.wall_ms(open)), Span::from_mins(1), functions);
    MinuteOutlook { origin: open, made_ms: now.now_ms, rows }
}

/// The minutes that are told of: those that are told of all functions, or as many as are to be told
/// of this one, if more and if a call is at all likely in them.
fn reaching(steps: Vec<StepDemand>, shown: &[StepDemand], count: usize) -> Vec<StepDemand> {
    let further = &shown[..count.min(shown.len())];
    let is_told = count > TOLD as usize && further.iter().any(|step| step.chance >= SPOKEN);
    if is_told { further.to_vec() } else { steps }
}

/// The present, on the wall and in the mind.
struct Now<'a> {
    clock: &'a Clock,
    now: Instant,
    now_ms: u64,
}

impl<'a> Now<'a> {
    fn of(ground: &'a Ground) -> Self {
        let clock = &ground.parts.live.clock;
        Self { clock, now: clock.now(), now_ms: wall_ms() }
    }

    /// When it is, in the mind, what on the wall is `at_ms`.
    fn instant(&self, at_ms: u64) -> Instant {
        let span = self.clock.span(Duration::from_millis(at_ms.abs_diff(self.now_ms)));
        match at_ms >= self.now_ms {
            true => self.now + span,
            false => Instant::from_nanos(self.now.nanos().saturating_sub(span.nanos())),
        }
    }
}

fn is_to_tell(name: &Arc<str>, is_quiet: bool, told: &mut BTreeSet<Arc<str>>) -> bool {
    match is_quiet {
        true => told.remove(name),
        false => told.insert(name.clone()) || told.contains(name),
    }
}

/// Tells of some functions at a time: requests wait while the mind and its journal take in news.
fn tell(ground: &Ground, origin: Instant, step: Span, functions: Vec<FunctionDemand>) {
    let mut functions = functions.into_iter().peekable();
    while functions.peek().is_some() {
        let functions = functions.by_ref().take(TOLD_AT_ONCE).collect();
        let forecast = Box::new(DemandForecast { origin, step, functions });
        ground.parts.live.tell(Event::DemandForeseen { forecast });
    }
}

/// A step of one version that gets so many percent of its function's calls.
fn shared(step: StepDemand, percent: u8) -> StepDemand {
    let part = |number: u32| (u64::from(number) * u64::from(percent.min(100)) / 100) as u32;
    let StepDemand { chance, q10, q50, q90, q95 } = step;
    let chance = part(chance.into()) as u16;
    StepDemand { chance, q10: part(q10), q50: part(q50), q90: part(q90), q95: part(q95) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn more_minutes_are_told_where_a_start_takes_longer_than_one() {
        let step = |chance| StepDemand { chance, ..StepDemand::default() };
        let shown = [0, 0, 900, 0, 400].map(step);
        let told = |count| reaching(Vec::new(), &shown, count).len();
        assert_eq!([2, 3, 4, 5, 99].map(told), [0, 3, 4, 5, 5]);
        let near = vec![step(30); 2];
        assert_eq!(reaching(near.clone(), &shown, 2), near);
        assert_eq!(reaching(near.clone(), &[step(19); 10], 4), near, "nothing is likely");
    }
}
