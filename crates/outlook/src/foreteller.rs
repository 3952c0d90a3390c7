//! What each source will take: several methods forecast, and whoever missed least of late is
//! believed.
//!
//! A method is judged by the pinball loss of what it said as far ahead as commitments lie, on
//! each series by itself: one that is good at a steady workload may be bad at a rising one. Common
//! methods are asked about all; a series gets one of its own where a back-test found that better and
//! a trial proved it, as functions do.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use swell_core::council::words::{Metric, Slot};
use swell_forecast::bands::{Forecast, LEVELS, Quantiles};
use swell_forecast::bound::bound;
use swell_forecast::local::rule::Known;

use crate::choosing::{Choosing, Serving};
use crate::counted::{Calendar, panel};
use crate::history::{History, Source};
use crate::manner::Manner;
use crate::methods::{COMMON, Method, NAIVE, RULES, common};
use crate::taught::{SOURCES_MAX, Taught};
use crate::track::{Said as Noted, Track};

/// What is forecast: a source, in a metric.
pub type Of = (Source, Metric);

/// Forecasts of everything.
#[derive(Clone)]
pub struct Foreteller {
    manner: Manner,
    tracks: BTreeMap<Of, Track>,
    choosing: Choosing,
    taught: Taught,
}

/// What was learned of each source: who missed by how much, and what was said of what comes.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Learned {
    tracks: BTreeMap<Of, Track>,
    choices: Vec<u8>,
}

/// What is said of one source.
pub struct Said<'a> {
    /// By which method.
    pub by: &'static str,
    /// One row a slot, from the first that is not over.
    pub steps: &'a [Quantiles],
}

/// A series and what came of it in the slot that is over, if it was measured.
struct Seen {
    of: Of,
    name: Arc<str>,
    taken: Vec<f32>,
    came: Option<f32>,
}

impl Seen {
    /// Most of what is measured is of metrics that a source never takes anything of.
    fn is_nothing(&self) -> bool {
        self.taken.iter().all(|taken| *taken == 0.0)
    }
}

impl Foreteller {
    /// Forecasts in this manner.
    pub fn new(manner: Manner) -> Self {
        let horizon = manner.horizon.max(manner.lead + 1);
        let manner = Manner { horizon, season: manner.season.max(1), ..manner };
        let (tracks, choosing, taught) = Default::default();
        Self { manner, tracks, choosing, taught }
    }

    /// What was learned so far.
    pub fn learned(&self) -> Learned {
        Learned { tracks: self.tracks.clone(), choices: self.choosing.to_bytes() }
    }

    /// Goes on from what was learned before; whether it makes sense.
    pub fn recall(&mut self, learned: Learned) -> bool {
        let choosing = Choosing::from_bytes(&learned.choices);
        let (Some(choosing), true) = (choosing, learned.tracks.values().all(Track::is_plausible))
        else {
            return false;
        };
        (self.tracks, self.choosing) = (learned.tracks, choosing);
        true
    }

    /// A slot is over: what was said of it is judged, and what comes is forecast. `calm` makes of
    /// a past what it would have been without what was announced.
    pub fn on_slot(&mut self, history: &History, slot: Slot, calm: &dyn Fn(Source, &mut [f32])) {
        let sources: Vec<Source> = history.sources().collect();
        self.tracks.retain(|(source, _), _| sources.contains(source));
        let all = sources.iter().flat_map(|source| Metric::ALL.map(|metric| (*source, metric)));
        let seen = |of: Of| {
            let (source, metric) = of;
            let mut taken = history.series(source, metric, slot);
            calm(source, &mut taken);
            let came = history.at(source, slot).and_then(|_| taken.last().copied());
            Seen { of, name: named(of), taken, came }
        };
        let seen: Vec<Seen> = all.map(seen).filter(|seen| !seen.taken.is_empty()).collect();
        let calendar = Calendar { day: self.manner.season, slot };
        let mut taught = self.teach(&seen, calendar);
        for seen in &seen {
            let of_taught = taught.remove(&seen.of).unwrap_or_default();
            self.forecast(seen, calendar, of_taught);
        }
        let looked = seen.iter().filter(|seen| !seen.is_nothing());
        let looked: Vec<(Arc<str>, &[f32])> =
            looked.map(|seen| (seen.name.clone(), &seen.taken[..])).collect();
        self.choosing.look(&looked, calendar, &self.manner);
    }

    /// What models across sources say of each.
    fn teach(&mut self, seen: &[Seen], calendar: Calendar) -> BTreeMap<Of, Vec<Forecast>> {
        let mut said: BTreeMap<Of, Vec<Forecast>> = BTreeMap::new();
        if !self.manner.teaches {
            return said;
        }
        let some: Vec<&Seen> =
            seen.iter().filter(|seen| !seen.is_nothing()).take(SOURCES_MAX).collect();
        let series: Vec<(Arc<str>, &[f32])> =
            some.iter().map(|seen| (seen.name.clone(), &seen.taken[..])).collect();
        let panel = panel(&series, calendar);
        let Manner { season, horizon, .. } = self.manner;
        for forecasts in self.taught.say(&panel, calendar.slot, season, horizon) {
            for (seen, forecast) in some.iter().zip(forecasts) {
                said.entry(seen.of).or_default().push(forecast);
            }
        }
        said
    }

    fn forecast(&mut self, seen: &Seen, calendar: Calendar, taught: Vec<Forecast>) {
        let Manner { horizon, lead, season, method, tried, .. } = self.manner;
        let (taken, slot) = (&seen.taken[..], calendar.slot);
        let Some(&last) = taken.last() else { return };
        let track = self.tracks.entry(seen.of).or_default();
        let judged = track.judge(slot, seen.came);
        if seen.is_nothing() {
            let nothing = Forecast::flat([0.0; LEVELS.len()], horizon);
            track.say((slot, lead), Noted::nothing(), nothing, common(0));
            return;
        }
        if let Some((noted, came)) = judged.filter(|_| tried > 0) {
            self.choosing.hear(&seen.name, slot, taken, noted, came);
        }
        let sane = |forecast: Forecast| forecast.sane(bound(taken), last);
        let known = Known::undated(taken, season, 0);
        let rules = RULES.iter().map(|(_, rule)| sane(rule.forecast(known, horizon)));
        let mut said: Vec<Forecast> = rules.chain(taught.into_iter().map(sane)).collect();
        let serving = match method {
            Method::Common(place) if place < said.len() => Serving::Common,
            Method::Other(name) => Serving::Own(name),
            // What an earlier run chose is not judged any more.
            _ if tried == 0 => Serving::Common,
            _ => self.choosing.serving(&seen.name),
        };
        let best = match method {
            Method::Common(place) if place < said.len() => place,
            _ => track.best(said.len()),
        };
        let own = match method {
            Method::Other(name) => Some(name),
            _ if tried == 0 => None,
            _ => self.choosing.own(&seen.name),
        };
        let own = own.and_then(|method| {
            let forecast = Choosing::ask(method, (&seen.name, taken), calendar, horizon)?;
            Some((method, sane(forecast)))
        });
        let at = |forecast: &Forecast| forecast.steps[lead.min(horizon - 1)];
        let mut noted = Noted { best, own: own.as_ref().map(|(_, of)| at(of)), ..Noted::nothing() };
        for place in 0..COMMON {
            noted.common[place] = said.get(place).map(at);
        }
        let (forecast, by) = match (serving, own) {
            (Serving::Own(_), Some((method, forecast))) => (forecast, method),
            (Serving::Naive, _) => (said.swap_remove(NAIVE), common(NAIVE)),
            _ => (said.swap_remove(best), common(best)),
        };
        track.say((slot, lead), noted, forecast, by);
    }

    /// What is said of a source; nothing where it has no past.
    pub fn said(&self, source: Source, metric: Metric) -> Option<Said<'_>> {
        let track = self.tracks.get(&(source, metric))?;
        Some(Said { by: track.by(), steps: track.said() })
    }

    /// What had been said, at the lead, of the slot that is over.
    pub fn judged(&self, source: Source, metric: Metric) -> Option<Quantiles> {
        self.tracks.get(&(source, metric))?.judged()
    }

    /// What is said of a source so many slots ahead; the last beyond the horizon, nothing taken
    /// where nothing is known.
    pub fn step(&self, source: Source, metric: Metric, ahead: usize) -> Quantiles {
        let steps = self.said(source, metric).map_or(&[][..], |said| said.steps);
        steps.get(ahead).or_else(|| steps.last()).copied().unwrap_or([0.0; LEVELS.len()])
    }
}

/// What a series is called, in what is kept as well.
fn named((source, metric): Of) -> Arc<str> {
    let metric = metric.name();
    match source {
        Source::Workload(id) => format!("workload-{}/{metric}", id.0),
        Source::Rest(site) => format!("rest-{}/{metric}", site.0),
        Source::Node(node) => format!("node-{}/{metric}", node.0),
    }
    .into()
}

#[cfg(test)]
mod tests {
    use swell_core::council::words::WorkloadId;
    use swell_forecast::bands::MEDIAN;
    use swell_forecast::choice::methods::TRIED;

    use super::*;
    use crate::methods::TAUGHT;

    fn play(load: impl Fn(u64) -> f32, slots: u64, season: usize) -> (Foreteller, Source) {
        let source = Source::Workload(WorkloadId(1));
        let mut history = History::new(600);
        let (tried, teaches, method) = (14, false, Method::Best);
        let manner = Manner { horizon: 8, lead: 2, season, tried, teaches, method };
        let mut foreteller = Foreteller::new(manner);
        for slot in 0..slots {
            history.add(source, Slot(slot), [load(slot), 0.0, 0.0, 0.0]);
            foreteller.on_slot(&history, Slot(slot), &|_, _| {});
        }
        (foreteller, source)
    }

    #[test]
    fn a_rise_is_followed_upwards() {
        let (foreteller, source) = play(|slot| 100.0 + 20.0 * slot as f32, 40, 1);
        let ahead = foreteller.step(source, Metric::Cpu, 4)[MEDIAN];
        let now = 100.0 + 20.0 * 39.0;
        assert!(ahead > now + 40.0 && ahead < now + 140.0, "{ahead} after {now}");
    }

    #[test]
    fn who_missed_least_is_believed() {
        let wave = |slot: u64| if slot % 20 < 10 { 1_000.0 } else { 10.0 };
        let (foreteller, source) = play(wave, 100, 20);
        let said = foreteller.said(source, Metric::Cpu).expect("it has a past");
        assert_eq!(said.steps.len(), 8);
        let ahead = foreteller.step(source, Metric::Cpu, 3)[MEDIAN];
        assert!((ahead - wave(103)).abs() < 300.0, "{} says {ahead}", said.by);
        let unknown = Source::Workload(WorkloadId(9));
        assert_eq!(foreteller.step(unknown, Metric::Cpu, 3), [0.0; 5]);
    }

    #[test]
    fn a_series_gets_a_method_of_its_own_where_that_proves_better() {
        let zigzag = |slot: u64| if slot.is_multiple_of(2) { 1_000.0 } else { 100.0 };
        let (foreteller, source) = play(zigzag, 260, 720);
        let said = foreteller.said(source, Metric::Cpu).expect("it has a past");
        assert!(TRIED.contains(&said.by), "{} is no method of its own", said.by);
        for ahead in 0..4 {
            let (middle, comes) = (said.steps[ahead][MEDIAN], zigzag(260 + ahead as u64));
            assert!((middle - comes).abs() < 200.0, "{} says {middle} of {comes}", said.by);
        }
        let kept = foreteller.learned();
        let mut again = Foreteller::new(foreteller.manner);
        assert!(again.recall(kept.clone()) && again.learned() == kept, "it goes on from there");
    }

    #[test]
    fn models_across_series_have_a_say_once_they_are_taught() {
        for name in TAUGHT {
            let (tried, teaches, method) = (0, true, name.parse().expect("it is one"));
            let manner = Manner { horizon: 8, lead: 2, season: 720, tried, teaches, method };
            let (mut foreteller, mut history) = (Foreteller::new(manner), History::new(600));
            let mut by = Vec::new();
            for slot in (0..150).map(Slot) {
                for workload in 0..3 {
                    let taken = 100.0 * (1 + workload) as f32 * (1.0 + (slot.0 % 10) as f32);
                    let source = Source::Workload(WorkloadId(workload));
                    history.add(source, slot, [taken, 0.0, 0.0, 0.0]);
                }
                // The past is learned from at once, however it came to be known.
                if slot.0 >= 142 {
                    foreteller.on_slot(&history, slot, &|_, _| {});
                    let source = Source::Workload(WorkloadId(1));
                    by.push(foreteller.said(source, Metric::Cpu).expect("it has a past").by);
                }
            }
            assert_eq!(by[0], common(0), "too little was known");
            assert_eq!(by[7], name);
        }
    }
}
