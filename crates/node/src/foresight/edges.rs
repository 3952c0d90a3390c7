//! Bands that go on holding what they promise while demand drifts: one running account per
//! class of functions and step ahead, whichever model forecasts.

use std::collections::VecDeque;
use std::ops::Range;
use std::sync::Arc;

use swell_forecast::bands::Forecast;
use swell_forecast::calibrate::layer::Calibration;
use swell_forecast::calibrate::stream::Came;
use swell_forecast::event::EventEffect;
use swell_forecast::panel::Panel;
use swell_forecast::series::Series;

use crate::demand::counter::Demand;
use crate::foresight::desk::Desk;
use crate::foresight::members::Member;
use crate::foresight::outlook::Outlook;
use crate::foresight::score::Score;

/// What its record is of.
const EDGES: &str = "steps/edges";
/// Rare, medium and busy functions, by calls a step.
const CLASSES: usize = 3;
/// Functions that are learned from, at most; the edges are for all.
pub const LEARNED_MAX: usize = 1_000;

/// The edges.
pub struct Edges {
    calibration: Calibration,
}

impl Edges {
    /// Takes up what an earlier run learned.
    pub fn open(demand: &Demand, horizon: usize) -> Self {
        let kept = demand.ledger.records(EDGES).unwrap_or_default().pop();
        let calibration = match kept.map(|(_, bytes)| Calibration::from_bytes(&bytes)) {
            Some(Ok(calibration)) => calibration,
            Some(Err(error)) => {
                tracing::warn!(%error, "how wide bands must be is learned anew");
                Calibration::new(CLASSES, horizon)
            }
            None => Calibration::new(CLASSES, horizon),
        };
        Self { calibration }
    }

    /// Has what was learned written with the next writing.
    pub fn keep(&self, demand: &Demand) {
        demand.note(EDGES, "all".to_string(), self.calibration.to_bytes());
    }

    /// The last step of a panel came, which is this one; its members are in the same order.
    pub fn learn(
        &mut self,
        step: u64,
        panel: &Panel,
        members: &[Member],
        recent: &VecDeque<Arc<Outlook>>,
        desk: &Desk,
    ) {
        let Some(last) = panel.len().checked_sub(1) else { return };
        let classes = classes(members, desk);
        // What was announced since is in the newest only.
        let newest = recent.front().filter(|outlook| outlook.origin == step);
        let is_about = |name: &str| {
            let row = newest.and_then(|outlook| outlook.row(name));
            row.is_some_and(|row| row.is_about(0))
        };
        let is_about: Vec<bool> = members.iter().map(|member| is_about(&member.name)).collect();
        for outlook in recent {
            let Some(ahead) = step.checked_sub(outlook.origin) else { continue };
            let ahead = ahead as usize;
            let mut came = [const { Vec::new() }; CLASSES];
            for (place, (member, counts)) in members.iter().zip(&panel.members).enumerate() {
                let Some(count) = counts.counts.get(last) else { continue };
                let Some(row) = outlook.row(&member.name) else { continue };
                let plain = row.plain.as_ref().and_then(|plain| plain.steps.get(ahead));
                let (Some(&plain), Some(&shown)) = (plain, row.forecast.steps.get(ahead)) else {
                    continue;
                };
                // What comes of an occasion, and of a function that had never been called, is no
                // score of what is forecast of other steps.
                let origin = last.saturating_sub(ahead);
                if is_about[place] || row.is_about(ahead) || is_begun(&counts.counts, origin, last)
                {
                    continue;
                }
                let count = count as f32;
                came[classes[place]].push((&*member.name, Came { plain, shown, count }));
            }
            for (class, came) in came.iter().enumerate() {
                if !came.is_empty() {
                    self.calibration.learn(class, ahead, came);
                }
            }
        }
    }

    /// Forecasts with the edges of now; `about` is what [`about`] tells of them.
    pub fn shown(
        &mut self,
        plain: &[Forecast],
        about: &[Vec<bool>],
        members: &[Member],
        most: f32,
        desk: &Desk,
    ) -> Vec<Forecast> {
        let classes = classes(members, desk);
        let each = plain.iter().zip(about).zip(members).zip(classes);
        let shown = each.map(|(((plain, about), member), class)| {
            self.calibration.apply_about(class, &member.name, plain.clone(), most, about)
        });
        shown.collect()
    }
}

/// For each of so many functions whether an occasion is about at the steps ahead, given as steps of
/// the events; empty where none is. What lasts longer than a `day` of steps is no exception.
pub fn about(
    events: &[EventEffect],
    functions: usize,
    ahead: &Range<usize>,
    day: usize,
) -> Vec<Vec<bool>> {
    let is_short = |event: &&EventEffect| event.end.saturating_sub(event.start) <= day;
    let is_near = |event: &&EventEffect| event.start < ahead.end && event.end > ahead.start;
    let near: Vec<&EventEffect> = events.iter().filter(is_short).filter(is_near).collect();
    let row = |member: usize| {
        let own: Vec<&EventEffect> =
            near.iter().copied().filter(|event| event.is_of(member)).collect();
        if own.is_empty() {
            return Vec::new();
        }
        let is_touched = |step: usize| own.iter().any(|event| event.touches(member, step));
        ahead.clone().map(is_touched).collect()
    };
    (0..functions).map(row).collect()
}

/// Whether the first call of all came after a forecast was made: `origin` is the first step that it
/// was made of.
fn is_begun(counts: &Series, origin: usize, last: usize) -> bool {
    let is_called = |at: usize| counts.get(at).is_some_and(|count| count > 0);
    (origin..=last).any(is_called) && !(0..origin).rev().any(is_called)
}

fn classes(members: &[Member], desk: &Desk) -> Vec<usize> {
    let scores = desk.scores.read();
    let class = |member: &Member| match scores.get(&member.name).map_or(0.0, Score::volume) {
        ..1.0 => 0,
        1.0..10.0 => 1,
        _ => 2,
    };
    members.iter().map(class).collect()
}

#[cfg(test)]
mod tests {
    use swell_forecast::event::Effect;

    use super::*;

    #[test]
    fn short_occasions_are_about_at_their_steps() {
        let event = |members: &[usize], start, end| EventEffect {
            kind: "sale".to_string(),
            start,
            end,
            edges: [0.0; 2],
            members: members.to_vec(),
            effect: Effect::Unknown,
        };
        let events = [event(&[1], 90, 102), event(&[], 0, 900), event(&[2], 300, 301)];
        let told = about(&events, 3, &(100..104), 288);
        assert_eq!(told, [vec![], vec![true, true, false, false], vec![]]);
        let told = about(&events, 1, &(100..102), 1_000);
        assert_eq!(told, [vec![true, true]], "where a day is as long");
    }

    #[test]
    fn a_function_begins_once() {
        let counts = [None, Some(0), Some(0), Some(7), Some(0), Some(9)];
        let counts = Series::from_counts(counts);
        for (origin, last, expected) in [
            (1, 2, false),
            (2, 3, true),
            (3, 3, true),
            (3, 4, true),
            (4, 4, false),
            (4, 5, false),
            (0, 9, true),
        ] {
            assert_eq!(is_begun(&counts, origin, last), expected, "{origin} to {last}");
        }
    }
}
