//! What each source will take: several methods forecast, and whoever missed least of late is
//! believed.
//!
//! A method is judged by the pinball loss of what it said as far ahead as commitments lie, on
//! each series by itself: one that is good at a steady workload may be bad at a rising one.

use std::collections::{BTreeMap, VecDeque};
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use swell_core::council::words::{Metric, Slot};
use swell_forecast::bands::{Forecast, LEVELS, Quantiles};
use swell_forecast::local::exponential::Exponential;
use swell_forecast::local::rule::{Conformal, Known, Rule, bound};
use swell_forecast::local::seasonal_naive::SeasonalNaive;
use swell_forecast::local::smoothing::Smoothing;
use swell_forecast::local::theta::Theta;
use swell_forecast::measure::pinball;

use crate::history::{History, Source};

/// The methods, with their names; among equals the first.
const METHODS: [(&str, &dyn Rule); 4] = [
    ("exponential", &Conformal(Exponential)),
    ("theta", &Conformal(Theta)),
    ("smoothing", &Conformal(Smoothing)),
    ("seasonal-naive", &SeasonalNaive),
];

/// What an old loss still weighs after another slot.
const MEMORY: f64 = 0.9;

/// One of the methods.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Method(usize);

impl FromStr for Method {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        let place = METHODS.iter().position(|(known, _)| *known == name);
        place.map(Self).ok_or_else(|| {
            let known = METHODS.map(|(known, _)| known).join("`, `");
            format!("there is no method `{name}` of forecasting, only `{known}`")
        })
    }
}

/// Forecasts of everything.
#[derive(Clone)]
pub struct Foreteller {
    horizon: usize,
    lead: usize,
    season: usize,
    /// Whoever may be believed: the one method of this name, or the best of all.
    only: Option<usize>,
    tracks: BTreeMap<(Source, Metric), Track>,
}

#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
struct Track {
    losses: [f64; METHODS.len()],
    /// What each said of slots that are not over, the next one first.
    waiting: VecDeque<(Slot, [Quantiles; METHODS.len()])>,
    said: Vec<Quantiles>,
    by: usize,
    /// What had been said, at the lead, of the slot that was judged last.
    judged: Option<Quantiles>,
}

/// What was learned of each source: who missed by how much, and what was said of what comes.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Learned(BTreeMap<(Source, Metric), Track>);

/// What is said of one source.
pub struct Said<'a> {
    /// By which method.
    pub by: &'static str,
    /// One row a slot, from the first that is not over.
    pub steps: &'a [Quantiles],
}

impl Foreteller {
    /// Forecasts of so many slots, judged by what was said `lead` slots ahead. `method` is the
    /// one to believe, or nothing for the best of late.
    pub fn new(horizon: usize, lead: usize, season: usize, method: Option<Method>) -> Self {
        let only = method.map(|Method(place)| place);
        Self {
            horizon: horizon.max(lead + 1),
            lead,
            season: season.max(1),
            only,
            tracks: BTreeMap::new(),
        }
    }

    /// What was learned so far.
    pub fn learned(&self) -> Learned {
        Learned(self.tracks.clone())
    }

    /// Goes on from what was learned before; whether it makes sense.
    pub fn recall(&mut self, learned: Learned) -> bool {
        let is_fine = |track: &Track| {
            track.by < METHODS.len() && track.losses.iter().all(|loss| *loss >= 0.0)
        };
        let makes_sense = learned.0.values().all(is_fine);
        if makes_sense {
            self.tracks = learned.0;
        }
        makes_sense
    }

    /// The names of the methods.
    pub fn methods() -> [&'static str; METHODS.len()] {
        METHODS.map(|(name, _)| name)
    }

    /// A slot is over: what was said of it is judged, and what comes is forecast. `calm` makes of
    /// a past what it would have been without what was announced.
    pub fn on_slot(&mut self, history: &History, slot: Slot, calm: &dyn Fn(Source, &mut [f32])) {
        let sources: Vec<Source> = history.sources().collect();
        self.tracks.retain(|(source, _), _| sources.contains(source));
        for source in sources {
            for metric in Metric::ALL {
                let mut series = history.series(source, metric, slot);
                calm(source, &mut series);
                let came = history.at(source, slot).and_then(|_| series.last().copied());
                let track = self.tracks.entry((source, metric)).or_default();
                track.judge(slot, came);
                track.forecast(&series, slot, (self.horizon, self.lead, self.season), self.only);
            }
        }
    }

    /// What is said of a source; nothing where it has no past.
    pub fn said(&self, source: Source, metric: Metric) -> Option<Said<'_>> {
        let track = self.tracks.get(&(source, metric))?;
        Some(Said { by: METHODS[track.by].0, steps: &track.said })
    }

    /// What had been said, at the lead, of the slot that is over.
    pub fn judged(&self, source: Source, metric: Metric) -> Option<Quantiles> {
        self.tracks.get(&(source, metric))?.judged
    }

    /// What is said of a source so many slots ahead; the last beyond the horizon, nothing taken
    /// where nothing is known.
    pub fn step(&self, source: Source, metric: Metric, ahead: usize) -> Quantiles {
        let steps = self.said(source, metric).map_or(&[][..], |said| said.steps);
        steps.get(ahead).or_else(|| steps.last()).copied().unwrap_or([0.0; LEVELS.len()])
    }
}

impl Track {
    fn judge(&mut self, slot: Slot, came: Option<f32>) {
        self.judged = None;
        while let Some((of, said)) = self.waiting.front() {
            if *of > slot {
                return;
            }
            self.judged = (*of == slot).then_some(said[self.by]);
            if let Some(came) = came.filter(|_| *of == slot) {
                for (loss, said) in self.losses.iter_mut().zip(said) {
                    let of = |(quantile, level): (&f32, f32)| {
                        pinball(came.into(), (*quantile).into(), level.into())
                    };
                    let missed: f64 = said.iter().zip(LEVELS).map(of).sum();
                    *loss = *loss * MEMORY + missed;
                }
            }
            self.waiting.pop_front();
        }
    }

    fn forecast(
        &mut self,
        series: &[f32],
        slot: Slot,
        (horizon, lead, season): (usize, usize, usize),
        only: Option<usize>,
    ) {
        let Some(&last) = series.last() else { return };
        let known = Known::undated(series, season, 0);
        // Most of what is measured is of metrics that a source never takes anything of.
        let is_nothing = series.iter().all(|taken| *taken == 0.0);
        let of = |(_, rule): (&str, &dyn Rule)| match is_nothing {
            true => Forecast { steps: vec![[0.0; LEVELS.len()]; horizon] },
            false => rule.forecast(known, horizon).sane(bound(series), last),
        };
        let said: [Forecast; METHODS.len()] = METHODS.map(of);
        let best = (0..METHODS.len()).min_by(|a, b| self.losses[*a].total_cmp(&self.losses[*b]));
        self.by = only.or(best).unwrap_or(0);
        let of_lead = said.each_ref().map(|said| said.steps[lead.min(horizon - 1)]);
        self.waiting.push_back((slot.plus(1 + lead as u64), of_lead));
        let [a, b, c, d] = said;
        self.said = [a, b, c, d].into_iter().nth(self.by).unwrap_or_default().steps;
    }
}

#[cfg(test)]
mod tests {
    use swell_core::council::words::WorkloadId;
    use swell_forecast::bands::MEDIAN;

    use super::*;

    fn play(load: impl Fn(u64) -> f32, slots: u64, season: usize) -> (Foreteller, Source) {
        let source = Source::Workload(WorkloadId(1));
        let mut history = History::new(600);
        let mut foreteller = Foreteller::new(8, 2, season, None);
        for slot in 0..slots {
            history.add(source, Slot(slot), [load(slot), 0.0, 0.0, 0.0]);
            foreteller.on_slot(&history, Slot(slot), &|_, _| {});
        }
        (foreteller, source)
    }

    #[test]
    fn methods_are_known_by_name() {
        for name in Foreteller::methods() {
            let Method(place) = name.parse().expect("it is one");
            assert_eq!(METHODS[place].0, name);
        }
        let why = "thetta".parse::<Method>().expect_err("it is none");
        assert!(why.contains("`theta`"), "{why}");
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
}
