//! Bands of how many calls the next minutes bring, and how well they hold.
//!
//! Clones go by the chance of a call, and what is told of the minds' minutes is not touched here, so
//! that a node decides as the simulator does. People are shown how many calls come, with bands that
//! are mended like those of steps: per class of functions, and further ahead than the next minute only
//! from what they are told of, minutes before which no call came.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use swell_forecast::bands::{Forecast, Quantiles};
use swell_forecast::calibrate::layer::Calibration;
use swell_forecast::calibrate::stream::Came;

use crate::demand::book::Book;
use crate::demand::counter::Demand;
use crate::foresight::covered::Covered;
use crate::foresight::desk::Desk;
use crate::foresight::edges::LEARNED_MAX;
use crate::foresight::members::every_of;

/// What its record is of.
const EDGES: &str = "minutes/edges";
/// Functions that are seldom called, now and then, and in most minutes.
const CLASSES: usize = 3;
/// Minutes ahead that are learned from: those that a mind is told of.
const LEARNED: usize = 2;
/// Chance from which on a minute is scored, in thousandths: of the others next to all bring nothing, as
/// is told of them, and they would hide the rest.
const SCORED: u16 = 20;
/// What is left of the weight of earlier minutes with each new one: half after three hours.
const FADING: f64 = 0.996;
/// No more calls come in a minute.
const CALLS_MAX: f32 = 100_000.0 * 60.0;

/// What was said of the next minutes of a function.
#[derive(Debug, Clone)]
struct Said {
    name: Arc<str>,
    class: usize,
    plain: Vec<Quantiles>,
    shown: Vec<Quantiles>,
}

/// The bands.
pub struct MinuteBands {
    calibration: Calibration,
    /// What was said at the last minutes, the newest first.
    recent: VecDeque<(u64, Vec<Said>)>,
    /// What is said at the minute that begins.
    saying: Vec<Said>,
    scores: BTreeMap<Arc<str>, Covered>,
}

impl MinuteBands {
    /// Takes up what an earlier run learned.
    pub fn open(demand: &Demand) -> Self {
        let kept = demand.ledger.records(EDGES).unwrap_or_default().pop();
        let read = kept.map(|(_, bytes)| Calibration::from_bytes(&bytes));
        let calibration = match read {
            Some(Ok(calibration)) => calibration,
            Some(Err(error)) => {
                tracing::warn!(%error, "how wide bands of minutes must be is learned anew");
                Calibration::new(CLASSES, LEARNED)
            }
            None => Calibration::new(CLASSES, LEARNED),
        };
        let (recent, saying, scores) = (VecDeque::new(), Vec::new(), BTreeMap::new());
        Self { calibration, recent, saying, scores }
    }

    /// Has what was learned written with the next writing.
    pub fn keep(&self, demand: &Demand) {
        demand.note(EDGES, "all".to_string(), self.calibration.to_bytes());
    }

    /// The minutes before `open` are over: the last of them is held against what was said of it.
    pub fn learn(&mut self, book: &Book, open: u64, desk: &Desk) {
        let Some(last) = open.checked_sub(1).filter(|&at| book.measured.minutes.get(at) > 0) else {
            return;
        };
        let calls =
            |name: &str, minute| book.tracks.get(name).map_or(0, |own| own.minutes.get(minute));
        let mut all = Covered::default();
        for (origin, said) in &self.recent {
            let Some(ahead) = last.checked_sub(*origin).map(|ahead| ahead as usize) else {
                continue;
            };
            let every = every_of(said.len(), LEARNED_MAX);
            let mut came = [const { Vec::new() }; CLASSES];
            for (place, one) in said.iter().enumerate() {
                let (Some(&plain), Some(&shown)) = (one.plain.get(ahead), one.shown.get(ahead))
                else {
                    continue;
                };
                if (*origin..last).any(|minute| calls(&one.name, minute) > 0) {
                    continue;
                }
                let count = calls(&one.name, last) as f32;
                if ahead == 0 {
                    let score = self.scores.entry(one.name.clone()).or_default();
                    score.fade(FADING);
                    score.note(count, &shown);
                    all.note(count, &shown);
                }
                if place.is_multiple_of(every) {
                    came[one.class].push((&*one.name, Came { plain, shown, count }));
                }
            }
            for (class, came) in came.iter().enumerate().filter(|(_, came)| !came.is_empty()) {
                self.calibration.learn(class, ahead, came);
            }
        }
        desk.covered.lock().minutes.add(&all);
    }

    /// The bands of the next minutes of a function, given what is forecast of them and the chance of a
    /// call in the first, in thousandths.
    pub fn show(&mut self, name: &Arc<str>, chance: u16, plain: Vec<Quantiles>) -> Vec<Quantiles> {
        let class = match chance {
            ..100 => 0,
            100..500 => 1,
            _ => 2,
        };
        let forecast = Forecast { steps: plain.clone() };
        let shown = self.calibration.apply(class, name, forecast, CALLS_MAX).steps;
        if chance >= SCORED {
            let first = |bands: &[Quantiles]| bands.iter().take(LEARNED).copied().collect();
            let (plain, shown) = (first(&plain), first(&shown));
            self.saying.push(Said { name: name.clone(), class, plain, shown });
        }
        shown
    }

    /// All is said at the minute that begins.
    pub fn said(&mut self, open: u64) {
        self.recent.push_front((open, std::mem::take(&mut self.saying)));
        self.recent.truncate(LEARNED);
        let is_known = |name: &Arc<str>| {
            self.recent.iter().any(|(_, said)| said.iter().any(|one| one.name == *name))
        };
        if self.scores.len() > 2 * self.recent[0].1.len() + 1_000 {
            let gone: Vec<Arc<str>> =
                self.scores.keys().filter(|name| !is_known(name)).cloned().collect();
            for name in gone {
                self.scores.remove(&name);
            }
        }
    }

    /// How well bands of a function held of late.
    pub fn score(&self, name: &str) -> Covered {
        self.scores.get(name).copied().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::demand::book::Counted;

    fn minute(book: &mut Book, minute: u64, calls: u64) {
        let counted = Counted { calls, ..Counted::default() };
        book.close(minute, 1, &[("f".into(), counted)].into());
    }

    #[test]
    fn bands_that_are_too_wide_for_counts_of_none_and_some_are_mended() {
        let folder = tempfile::tempdir().expect("a folder for the test");
        let registry = Arc::new(crate::registry::Registry::default());
        let demand = Demand::open(folder.path(), registry, 1.0).expect("it opens");
        let (desk, name) = (Desk::default(), Arc::from("f"));
        let (mut bands, mut book) = (MinuteBands::open(&demand), Book::default());
        let mut rng = swell_core::rng::split(4, "minutes");
        // Calls come in four of ten minutes, up to four; what is forecast is far too wide.
        let plain = vec![[0.0, 0.0, 0.0, 9.0, 30.0]; 10];
        let mut last = Vec::new();
        for at in 1_000..2_500u64 {
            bands.learn(&book, at, &desk);
            last = bands.show(&name, 400, plain.clone());
            bands.said(at);
            let calls = swell_core::rng::below(&mut rng, 10).saturating_sub(5);
            minute(&mut book, at, calls);
        }
        let shares = bands.score("f").shares().expect("minutes were scored");
        assert!(
            (shares.of_80 - 0.8).abs() < 0.05 && (shares.of_95 - 0.95).abs() < 0.03,
            "{shares:?}"
        );
        assert!(last[0][3] < 6.0 && last[0][4] < 9.0, "{last:?}");
        assert_eq!(last[5], plain[5], "nothing is known of how those hold");
        assert!(desk.covered.lock().minutes.weight() > 1_400.0);
    }

    #[test]
    fn what_was_not_measured_and_what_hardly_comes_is_not_scored() {
        let folder = tempfile::tempdir().expect("a folder for the test");
        let registry = Arc::new(crate::registry::Registry::default());
        let demand = Demand::open(folder.path(), registry, 1.0).expect("it opens");
        let (desk, name) = (Desk::default(), Arc::from("f"));
        let (mut bands, mut book) = (MinuteBands::open(&demand), Book::default());
        for (at, chance, measured) in [(100, 19, true), (101, 300, false), (102, 300, true)] {
            bands.learn(&book, at, &desk);
            bands.show(&name, chance, vec![[0.0, 0.0, 0.0, 1.0, 2.0]; 2]);
            bands.said(at);
            if measured {
                minute(&mut book, at, 0);
            }
        }
        bands.learn(&book, 103, &desk);
        assert_eq!(desk.covered.lock().minutes.weight(), 1.0, "that of 102, said at 102");
    }
}
