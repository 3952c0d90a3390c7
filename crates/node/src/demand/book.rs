//! What is known of all functions, and the panel that models look at.
//!
//! Invariant: a step that nobody measured is a gap in every panel, whatever the tracks hold.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use swell_forecast::panel::{Member, Panel, Trigger};
use swell_forecast::series::Series;

use crate::demand::chunks::Chunks;
use crate::demand::track::{FIVES_KEPT, MINUTES_KEPT, Track};
use crate::observe::usage::Used;

/// What was counted of a function while some minutes went by.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counted {
    /// The minute from which on the function was there.
    pub since: u64,
    /// Requests that came, served or not.
    pub calls: u64,
    /// What those that ended used.
    pub used: Used,
}

/// Which steps were measured; a one for each.
#[derive(Debug, Clone, Default)]
pub struct Measured {
    /// Of minutes.
    pub minutes: Chunks,
    /// Of steps of five minutes.
    pub fives: Chunks,
}

/// Which steps a panel has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// Minutes in a step: one, or a multiple of five.
    pub step: u64,
    /// How many steps.
    pub steps: u64,
    /// The first step after the last, in steps since 1970.
    pub end: u64,
}

/// All functions.
#[derive(Debug, Clone, Default)]
pub struct Book {
    /// What is known of each.
    pub tracks: BTreeMap<Arc<str>, Track>,
    /// What was measured at all.
    pub measured: Measured,
}

/// Chunks that fell out of what is kept.
#[derive(Debug, Default)]
pub struct Forgotten {
    /// Functions of which nothing is left.
    pub functions: Vec<Arc<str>>,
    /// Whether any chunk went.
    pub any: bool,
}

impl Book {
    /// Minutes that ended, `count` of them from `first` on, and what was counted in them.
    pub fn close(&mut self, first: u64, count: u64, counted: &BTreeMap<Arc<str>, Counted>) {
        for (name, counted) in counted {
            let track = match self.tracks.get_mut(name) {
                Some(track) => track,
                // One that was never called needs no row.
                None if counted.calls == 0 => continue,
                None => {
                    let since = counted.since.min(first);
                    self.tracks.entry(name.clone()).or_insert_with(|| Track::new(since))
                }
            };
            track.close(first, count, counted.calls);
            track.open = track.open.and(&counted.used);
        }
        for minute in first..first + count {
            self.measured.minutes.set(minute, 1);
            if minute % 5 == 4 {
                self.close_five(minute / 5);
            }
        }
    }

    fn close_five(&mut self, five: u64) {
        let minutes = &self.measured.minutes;
        let is_whole = (five * 5..five * 5 + 5).all(|minute| minutes.get(minute) == 1);
        for track in self.tracks.values_mut() {
            track.close_five(five, is_whole);
        }
        if is_whole {
            self.measured.fives.set(five, 1);
        }
    }

    /// Forgets what is older than is kept, as of a minute. `is_there` tells whether a
    /// function is deployed.
    pub fn forget(&mut self, minute: u64, is_there: impl Fn(&str) -> bool) -> Forgotten {
        let oldest_minute = minute.saturating_sub(MINUTES_KEPT);
        let oldest_five = (minute / 5).saturating_sub(FIVES_KEPT);
        let mut forgotten = Forgotten::default();
        let mut forget = |minutes: &mut Chunks, fives: &mut Chunks| {
            let gone = minutes.forget_before(oldest_minute).len();
            forgotten.any |= gone + fives.forget_before(oldest_five).len() > 0;
        };
        forget(&mut self.measured.minutes, &mut self.measured.fives);
        for track in self.tracks.values_mut() {
            forget(&mut track.minutes, &mut track.fives);
        }
        let gone = self.tracks.extract_if(.., |name, track| track.is_empty() && !is_there(name));
        forgotten.functions = gone.map(|(name, _)| name).collect();
        forgotten
    }

    /// Bytes that all counts take.
    pub fn bytes(&self) -> usize {
        let of = |track: &Track| track.minutes.bytes() + track.fives.bytes();
        self.tracks.values().map(of).sum()
    }

    /// The panel of some functions, each with what starts it; one that was never called has a
    /// series of gaps.
    pub fn panel(&self, window: &Window, functions: &[(Arc<str>, Trigger)]) -> Panel {
        let begin = window.end.saturating_sub(window.steps);
        let measured = self.measured(window);
        let members = functions.iter().map(|(name, trigger)| {
            let counts = match self.tracks.get(name) {
                Some(track) => counts(track, window, &measured),
                None => Series::from_counts(measured.iter().map(|_| None)),
            };
            Member { name: name.to_string(), counts, trigger: *trigger, seen: Vec::new() }
        });
        let hour = (60 / window.step).max(1) as usize;
        let day = (24 * 60 / window.step) as usize;
        let first = (begin % day as u64) as usize;
        Panel { day, first, ..Panel::new(members.collect(), hour) }
    }

    /// How many of the last steps of a window were measured.
    pub fn known(&self, window: &Window) -> u64 {
        self.measured(window).into_iter().filter(|&is_known| is_known).count() as u64
    }

    /// Whether each step of a window was measured whole.
    fn measured(&self, window: &Window) -> Vec<bool> {
        let chunks = match window.step.is_multiple_of(5) {
            true => &self.measured.fives,
            false => &self.measured.minutes,
        };
        let parts: Vec<u32> = chunks.numbers(window.parts()).collect();
        parts.chunks(window.of_step()).map(|parts| parts.iter().all(|&part| part == 1)).collect()
    }
}

impl Window {
    /// Of how many kept numbers a step is the sum.
    fn of_step(&self) -> usize {
        let parts = if self.step.is_multiple_of(5) { self.step / 5 } else { self.step };
        usize::try_from(parts.max(1)).unwrap_or(1)
    }

    /// The kept numbers of its steps.
    fn parts(&self) -> Range<u64> {
        let of_step = self.of_step() as u64;
        self.end.saturating_sub(self.steps) * of_step..self.end * of_step
    }
}

/// The calls of a function in the steps of a window; gaps where a step was not measured, or began
/// before the function was there.
fn counts(track: &Track, window: &Window, measured: &[bool]) -> Series {
    let (chunks, since) = match window.step.is_multiple_of(5) {
        true => (&track.fives, track.since.div_ceil(5)),
        false => (&track.minutes, track.since),
    };
    let (of_step, parts) = (window.of_step(), window.parts());
    let mut numbers = chunks.numbers(parts.clone());
    let begins = (parts.start..parts.end).step_by(of_step);
    let counts = begins.zip(measured).map(|(first, &is_measured)| {
        let sum: u64 = numbers.by_ref().take(of_step).map(u64::from).sum();
        let is_known = is_measured && first >= since;
        is_known.then(|| u32::try_from(sum).unwrap_or(u32::MAX))
    });
    Series::from_counts(counts)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counted(calls: u64) -> BTreeMap<Arc<str>, Counted> {
        [("a".into(), Counted { since: 0, calls, used: Used::default() })].into()
    }

    fn of(book: &Book, step: u64, steps: u64, end: u64) -> Vec<Option<u32>> {
        let functions = [("a".into(), Trigger::Http), ("never".into(), Trigger::Unknown)];
        let panel = book.panel(&Window { step, steps, end }, &functions);
        assert!((0..steps as usize).all(|step| panel.members[1].counts.get(step).is_none()));
        (0..steps as usize).map(|step| panel.members[0].counts.get(step)).collect()
    }

    #[test]
    fn gaps_stay_gaps_at_every_length_of_a_step() {
        let mut book = Book::default();
        for minute in (0..40).filter(|minute| !(12..14).contains(minute)) {
            book.close(minute, 1, &counted(minute));
        }
        assert_eq!(of(&book, 1, 4, 15), [Some(11), None, None, Some(14)]);
        let fives =
            [Some(10), Some(35), None, Some(85), Some(110), Some(135), Some(160), Some(185)];
        assert_eq!(of(&book, 5, 8, 8), fives);
        assert_eq!(of(&book, 10, 4, 4), [Some(45), None, Some(245), Some(345)]);
        assert_eq!(book.known(&Window { step: 10, steps: 4, end: 4 }), 3);
    }

    #[test]
    fn a_function_has_no_count_before_it_was_there() {
        let mut book = Book::default();
        for minute in 0..20 {
            let mut counted = counted(1);
            counted.values_mut().for_each(|one| one.since = 7);
            let calls = if minute < 12 { 0 } else { 1 };
            counted.values_mut().for_each(|one| one.calls = calls);
            book.close(minute, 1, &counted);
        }
        assert_eq!(of(&book, 5, 4, 4), [None, None, Some(3), Some(5)]);
    }

    #[test]
    fn what_is_old_goes_and_takes_its_function_with_it() {
        let mut book = Book::default();
        book.close(1_000, 5, &counted(7));
        assert!(book.bytes() > 0);
        let kept = book.forget(1_000 + MINUTES_KEPT, |_| false);
        assert!(kept.functions.is_empty() && !book.tracks.is_empty());
        let gone = book.forget(1_000 + 5 * FIVES_KEPT + 3_000, |_| false);
        assert_eq!((gone.functions.len(), book.bytes()), (1, 0));
    }
}
