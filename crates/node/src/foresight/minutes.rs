//! What decides on clones, minute by minute: whether a function will be called at all in the
//! next ones. The same code as the simulator's, fed by what the node counted.
//!
//! What it knows is not kept: the minutes of a day are, and telling them again takes a moment.

use std::collections::BTreeMap;
use std::sync::Arc;

use swell_core::demand::FunctionDemand;
use swell_core::ids::FunctionId;
use swell_forecast::bands::Quantiles;
use swell_forecast::foresight::steps::{Foresight, OCCURRENCE};

use crate::demand::book::Book;
use crate::foresight::odds::Odds;

/// Minutes that are told again after a restart.
const AGAIN: u64 = 24 * 60;
/// Minutes of an hour, by which habits go.
const HOUR: u64 = 60;
/// Calls of a function in a minute that are told at most: more need clones all the time.
const CALLS_MAX: u32 = 100_000;

/// What is known of minutes.
pub struct Minutes {
    foresight: Foresight,
    places: BTreeMap<Arc<str>, u32>,
    /// The next minute to be told of.
    next: u64,
    /// Minutes since the last one that was measured, if any was.
    missing: Option<u64>,
    /// How good the chances were that were given, by place.
    odds: Vec<Odds>,
}

impl Minutes {
    /// Tells what was counted in the last day, up to a minute that is not over.
    pub fn open(book: &Book, open: u64) -> Self {
        let foresight = Foresight::new(OCCURRENCE, 0).expect("it is the method's own name");
        let next = open.saturating_sub(AGAIN);
        let mut minutes =
            Self { foresight, places: BTreeMap::new(), next, missing: None, odds: Vec::new() };
        minutes.tell(book, open);
        minutes
    }

    /// Tells the minutes before one that is not over, and what is expected of it and the next:
    /// by function, in thousandths. Minutes that were not measured are left out, but so many that
    /// the minutes of the hour stay what they are: those are told as silent.
    pub fn tell(&mut self, book: &Book, open: u64) -> BTreeMap<u32, FunctionDemand> {
        let mut said = BTreeMap::new();
        for minute in self.next..open {
            let mut called = vec![false; self.odds.len()];
            if book.measured.minutes.get(minute) == 0 {
                self.missing = self.missing.map(|missing| missing + 1);
                continue;
            }
            let missing = self.missing.replace(0).unwrap_or(0);
            if missing > 0 {
                self.odds.iter_mut().for_each(Odds::forget);
            }
            (0..missing % HOUR).for_each(|_| drop(self.foresight.close()));
            for (name, track) in &book.tracks {
                let calls = track.minutes.get(minute).min(CALLS_MAX);
                if calls == 0 {
                    continue;
                }
                let place = self.place(name);
                called.resize(self.odds.len(), false);
                called[place as usize] = true;
                (0..calls).for_each(|_| self.foresight.count(FunctionId(place)));
            }
            let told = self.foresight.close().functions;
            self.odds.iter_mut().zip(&called).for_each(|(odds, &called)| odds.came(called));
            for one in &told {
                let chance = one.steps.first().map_or(0, |step| step.chance);
                self.odds[one.function.index()].say(chance);
            }
            if minute + 1 == open {
                said = told.into_iter().map(|one| (one.function.0, one)).collect();
            }
        }
        self.next = self.next.max(open);
        said
    }

    fn place(&mut self, name: &Arc<str>) -> u32 {
        if let Some(&place) = self.places.get(name) {
            return place;
        }
        let place = self.places.len() as u32;
        self.places.insert(name.clone(), place);
        self.odds.push(Odds::default());
        place
    }

    /// What is expected of the next minutes of a function, as many as are asked for, whatever the
    /// chance is; and how good earlier ones were. None of one that was hardly ever called.
    pub fn ahead(&self, name: &str, minutes: usize) -> Option<(FunctionDemand, Odds)> {
        let place = self.place_of(name)?;
        let ahead = self.foresight.ahead(FunctionId(place), minutes)?;
        Some((ahead, self.odds[place as usize]))
    }

    /// How many calls each of the next minutes of a function brings, as it is forecast: each of a
    /// minute before which none came. None of one that was hardly ever called.
    pub fn counts_ahead(&self, name: &str, minutes: usize) -> Option<Vec<Quantiles>> {
        self.foresight.counts_ahead(FunctionId(self.place_of(name)?), minutes)
    }

    /// The number of a function among those that are told of; none if it was never called.
    pub fn place_of(&self, name: &str) -> Option<u32> {
        self.places.get(name).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::demand::book::Counted;

    #[test]
    fn a_rhythm_is_known_again_after_a_restart() {
        let mut book = Book::default();
        for minute in 1_000..1_800u64 {
            let calls = u64::from(minute.is_multiple_of(5));
            let counted = Counted { calls, ..Counted::default() };
            book.close(minute, 1, &[("beat".into(), counted)].into());
        }
        // Of the two that know the same, one was told all along.
        let mut along = Minutes::open(&Book::default(), 1_000);
        let mut said = BTreeMap::new();
        for minute in 1_000..=1_800 {
            said = along.tell(&book, minute);
        }
        let mut again = Minutes::open(&book, 1_799);
        let same = again.tell(&book, 1_800);
        let chance = |said: &BTreeMap<u32, FunctionDemand>, minutes: &Minutes| {
            let place = minutes.place_of("beat").expect("it was called");
            said.get(&place).map_or(0, |one| one.steps[0].chance)
        };
        assert!(chance(&said, &along) > 800, "minute 1800 is its turn: {said:?}");
        assert_eq!(chance(&said, &along), chance(&same, &again));
        let not_now = again.tell(&book, 1_801);
        assert!(chance(&not_now, &again) < 200, "{not_now:?}");
    }
}
