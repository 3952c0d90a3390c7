//! Occasions around any model: the past is shown to it as it would have been without them, and
//! what it says is changed by those to come.
//!
//! A model that is told of occasions itself (as the trees are) needs many of a kind to learn
//! anything. A box sees a handful, and most models cannot be told at all. Either a model is
//! told of an effect or it is wrapped, never both, or an effect would count twice; when an occasion
//! is may be told to a wrapped one as well, for its shape (`calendar::plan::marks`).

use crate::bands::{Forecast, MEDIAN};
use crate::event::{Effect, EventEffect, together};
use crate::panel::Panel;
use crate::series::Series;

/// The normal deviates of [`crate::bands::LEVELS`].
const DEVIATES: [f32; 5] = [-1.96, -1.2816, 0.0, 1.2816, 1.96];

/// No effect divides the past by less than this: what an occasion all but silenced tells
/// nothing of what there would have been.
const TIMES_MIN: f32 = 0.1;

/// The panel as it would have been without its occasions: what is seen of counts is divided by the
/// effects (and is no whole number then: a third of one call is not none), what was not measured is
/// a gap, and so is what was all but silenced.
#[must_use]
pub fn calm(panel: &Panel, events: &[EventEffect]) -> Panel {
    let mut calm = Panel { events: Vec::new(), ..panel.clone() };
    let mut times: Vec<Vec<(usize, f32)>> = vec![Vec::new(); panel.members.len()];
    for event in events {
        if event.effect == Effect::Unknown {
            continue;
        }
        let factor = |step: usize| match event.at(step) {
            Effect::Unmeasured => 0.0,
            Effect::Times(times) | Effect::About { times, .. } if !times.is_nan() => times,
            _ => 1.0,
        };
        let all: Vec<usize> = (0..panel.members.len()).collect();
        let members = if event.members.is_empty() { &all } else { &event.members };
        for &member in members {
            let Some(times) = times.get_mut(member) else { continue };
            let end = event.end.min(panel.members[member].counts.len());
            let factors = (event.start..end).map(|step| (step, factor(step)));
            times.extend(factors.filter(|(_, factor)| *factor != 1.0));
        }
    }
    for (member, mut times) in calm.members.iter_mut().zip(times) {
        if times.is_empty() {
            continue;
        }
        times.sort_by_key(|(step, _)| *step);
        let factor = |step: usize| {
            let first = times.partition_point(|(of, _)| *of < step);
            let of_step = times[first..].iter().take_while(|(of, _)| *of == step);
            of_step.map(|(_, factor)| factor).product::<f32>()
        };
        // Of what was seen some way before, that is divided.
        let earlier = std::mem::take(&mut member.seen);
        let before = |step: usize, count: u32| {
            let found = earlier.binary_search_by_key(&step, |(of, _)| *of);
            found.map_or(count as f32, |place| earlier[place].1)
        };
        let mut seen = Vec::new();
        let count = |step: usize| {
            let count = member.counts.get(step)?;
            let factor = factor(step);
            if factor < TIMES_MIN {
                return None;
            }
            let without = before(step, count) / factor;
            if without != count as f32 {
                seen.push((step, without));
            }
            Some(count)
        };
        member.counts = Series::from_counts((0..member.counts.len()).map(count));
        member.seen = seen;
    }
    calm
}

/// The panel for a model that is told of occasions itself: what was not measured is a gap, and
/// the other events are told.
#[must_use]
pub fn masked(panel: &Panel, events: &[EventEffect]) -> Panel {
    let is_unmeasured = |event: &&EventEffect| event.effect == Effect::Unmeasured;
    let (gaps, told): (Vec<&EventEffect>, Vec<&EventEffect>) =
        events.iter().partition(is_unmeasured);
    let gaps: Vec<EventEffect> = gaps.into_iter().cloned().collect();
    Panel { events: told.into_iter().cloned().collect(), ..calm(panel, &gaps) }
}

/// The events that touch the steps of a forecast, so that each of thousands of functions need
/// not look at a whole calendar.
#[derive(Debug, Clone)]
pub struct Ahead<'a> {
    events: Vec<&'a EventEffect>,
    origin: usize,
}

impl<'a> Ahead<'a> {
    /// The events of the `horizon` steps from an origin.
    pub fn of(events: &'a [EventEffect], origin: usize, horizon: usize) -> Self {
        let touches = |event: &&EventEffect| event.start < origin + horizon && event.end > origin;
        Self { events: events.iter().filter(touches).collect(), origin }
    }

    /// A forecast made without them, changed by them. `most` is what can be served in a step.
    #[must_use]
    pub fn apply(&self, member: usize, mut forecast: Forecast, most: f32) -> Forecast {
        for (ahead, quantiles) in forecast.steps.iter_mut().enumerate() {
            let step = self.origin + ahead;
            let touching = self.events.iter().copied().filter(|event| event.touches(member, step));
            let (times, spread) = together(touching.map(|event| event.at(step)));
            let median = quantiles[MEDIAN];
            for (quantile, deviate) in quantiles.iter_mut().zip(DEVIATES) {
                let own = *quantile - median;
                let scale = median.max(own.abs());
                let more = scale * ((deviate * spread).exp() - 1.0);
                let apart = (own * own + more * more).sqrt() * deviate.signum();
                *quantile = (median + if deviate == 0.0 { 0.0 } else { apart }) * times;
            }
        }
        forecast.sane(most, 0.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::panel::Member;

    fn event(effect: Effect, start: usize, end: usize, members: &[usize]) -> EventEffect {
        let (kind, members) = ("sale".to_string(), members.to_vec());
        EventEffect { kind, start, end, edges: [0.0; 2], members, effect }
    }

    #[test]
    fn the_past_is_seen_without_its_occasions() {
        let counts = [10u32, 10, 20, 20, 3, 10].map(Some);
        let member = || Member { counts: Series::from_counts(counts), ..Member::default() };
        let panel = Panel::new(vec![member(), member()], 1);
        let events = [
            event(Effect::Times(2.0), 2, 4, &[0]),
            event(Effect::About { times: 1.5, spread: 0.2 }, 3, 4, &[0]),
            event(Effect::Unmeasured, 4, 5, &[]),
            event(Effect::Unknown, 0, 6, &[]),
        ];
        let calm = calm(&panel, &events);
        let past = calm.before(6);
        let counts = |member| (0..6).map(|step| past.count(member, step)).collect::<Vec<_>>();
        let [ten, twenty] = [10.0, 20.0].map(Some);
        assert_eq!(counts(0), [ten, ten, ten, Some(20.0 / 3.0), None, ten]);
        assert_eq!(counts(1), [ten, ten, twenty, twenty, None, ten]);
        assert!(calm.events.is_empty());
        let masked = masked(&panel, &events);
        let count = |step| masked.members[0].counts.get(step);
        assert_eq!([2, 4].map(count), [Some(20), None]);
        assert_eq!(masked.events, [&events[..2], &events[3..]].concat());
    }

    #[test]
    fn an_occasion_within_a_step_changes_its_share_of_it() {
        // Five times as much, from the middle of step 2 to a quarter of step 4.
        let events = [EventEffect { edges: [0.5, 0.75], ..event(Effect::Times(5.0), 2, 5, &[0]) }];
        let counts = [10, 10, 30, 50, 20, 10].map(Some);
        let member = Member { counts: Series::from_counts(counts), ..Member::default() };
        let panel = Panel::new(vec![member], 12);
        assert_eq!(calm(&panel, &events).before(6).counts(0), [10.0; 6]);
        let ahead = Ahead::of(&events, 1, 5).apply(0, Forecast::flat([10.0; 5], 5), 1e9);
        let medians: Vec<f32> = ahead.steps.iter().map(|step| step[MEDIAN]).collect();
        assert_eq!(medians, [10.0, 30.0, 50.0, 20.0, 10.0]);
    }

    #[test]
    fn a_call_now_and_then_is_not_rounded_away() {
        // One call, none, one call: announced as three times as much, and as fifty times.
        for (counts, times) in [(vec![1, 0, 1, 1], 3.0), (vec![10, 10, 9, 10], 50.0)] {
            let counts = Series::from_counts(counts.iter().copied().map(Some));
            let panel = Panel::new(vec![Member { counts, ..Member::default() }], 1);
            let events = [event(Effect::Times(times), 0, 9, &[])];
            let calm = calm(&panel, &events);
            let (seen, came) = (calm.before(4).counts(0), panel.before(4).counts(0));
            for (seen, came) in seen.iter().zip(&came) {
                assert!((seen * times - came).abs() < 1e-4, "{seen} of {came}");
            }
            let twice = super::calm(&calm, &events).before(4).counts(0);
            assert!((twice[0] * times * times - came[0]).abs() < 1e-3, "{twice:?}");
        }
    }

    #[test]
    fn what_comes_moves_the_middle_and_doubt_widens_the_band() {
        let base = [4.0, 6.0, 10.0, 14.0, 18.0];
        let forecast = || Forecast::flat(base, 3);
        let at = |effect: Effect, member: usize| {
            let events = [event(effect, 101, 102, &[1])];
            Ahead::of(&events, 100, 3).apply(member, forecast(), 1000.0).steps
        };
        let twice = at(Effect::Times(2.0), 1);
        assert_eq!((twice[0], twice[2]), (base, base));
        assert_eq!(twice[1], base.map(|quantile| 2.0 * quantile));
        assert_eq!(at(Effect::Times(2.0), 0)[1], base);
        let unknown = at(Effect::Unknown, 1)[1];
        assert_eq!(unknown[MEDIAN], 10.0);
        assert!(unknown[3] > 24.0 && unknown[1] < 4.0, "{unknown:?}");
        let learned = at(Effect::About { times: 1.0, spread: 0.3 }, 1)[1];
        assert!(base[3] < learned[3] && learned[3] < unknown[3], "{learned:?}");
        assert_eq!(at(Effect::Unmeasured, 1)[1], base);
        for wild in [f32::NAN, f32::INFINITY, -1.0] {
            let steps = at(Effect::About { times: wild, spread: wild }, 1);
            assert!(steps[1].iter().all(|q| q.is_finite() && *q >= 0.0), "{steps:?}");
        }
        let events = [event(Effect::Times(100.0), 0, 900, &[])];
        let served = Ahead::of(&events, 100, 3).apply(0, forecast(), 50.0).steps;
        assert!(served.iter().flatten().all(|quantile| *quantile <= 50.0));
    }
}
