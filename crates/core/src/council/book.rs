//! The book: what was forecast before it came, and what then came.
//!
//! A forecast of a slot may be replaced until the lead before that slot begins; what stands
//! then is what is scored. What came is agreed among observers: the median of all that told,
//! if more than half of them are near it. With two, both must agree; one alone is not
//! believed unless it is the only member. So nobody grades itself.
//!
//! What a site had said of itself stays for a while after the slot is over, to be shown beside
//! what came; nothing is decided by it any more.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::council::entry::Band;
use crate::council::words::{Metric, Slot};
use crate::ids::SiteId;

/// The most bands that one site may have in the book.
pub const BANDS_MAX: usize = 16_384;

/// For so many slots after the last that is closed, what a site had said of itself is kept.
pub const STOOD_SLOTS: u64 = 20;

/// Whose utilisation, in what.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Subject {
    /// The site.
    pub target: SiteId,
    /// The metric.
    pub metric: Metric,
}

/// Forecasts of one site, about all that it speaks of.
type Bands = BTreeMap<(Slot, Subject), Band>;

/// What was forecast and what came.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Book {
    forecasts: BTreeMap<SiteId, Bands>,
    observations: BTreeMap<(Slot, Subject), BTreeMap<SiteId, u32>>,
    truths: BTreeMap<Subject, BTreeMap<Slot, u32>>,
    /// What each site had said of itself of slots that are closed, as it stood at the lead.
    stood: BTreeMap<Subject, BTreeMap<Slot, Band>>,
}

impl Book {
    /// Whether a site may write so many bands more.
    pub fn has_room(&self, by: SiteId, more: usize) -> bool {
        self.forecasts.get(&by).map_or(0, Bands::len) + more <= BANDS_MAX
    }

    /// Writes a forecast; one of the same slot is replaced.
    pub fn forecast(&mut self, by: SiteId, subject: Subject, slot: Slot, band: Band) {
        self.forecasts.entry(by).or_default().insert((slot, subject), band);
    }

    /// What a site forecast of a slot, if it did.
    pub fn band(&self, by: SiteId, subject: Subject, slot: Slot) -> Option<Band> {
        self.forecasts.get(&by)?.get(&(slot, subject)).copied()
    }

    /// What a site said of itself in a slot that is over, as it stood when it could not be replaced
    /// any more; the latest [`STOOD_SLOTS`] are kept.
    pub fn stood(&self, subject: Subject, slot: Slot) -> Option<Band> {
        self.stood.get(&subject)?.get(&slot).copied()
    }

    /// The highest band that a site forecast for a subject, from one slot through another,
    /// by its upper quantile.
    pub fn peak(&self, by: SiteId, subject: Subject, from: Slot, through: Slot) -> Option<Band> {
        let bands = self.forecasts.get(&by)?;
        let first = (from, Subject { target: SiteId(0), metric: Metric::Cpu });
        let of_subject = bands
            .range(first..)
            .take_while(|((slot, _), _)| *slot <= through)
            .filter(|((_, other), _)| *other == subject);
        of_subject.map(|(_, band)| *band).max_by_key(|band| band.high_ppm)
    }

    /// Who forecast a slot of a subject, in order, with what.
    pub fn forecasters(
        &self,
        subject: Subject,
        slot: Slot,
    ) -> impl Iterator<Item = (SiteId, Band)> + '_ {
        let of = move |bands: &Bands| bands.get(&(slot, subject)).copied();
        self.forecasts.iter().filter_map(move |(by, bands)| of(bands).map(|band| (*by, band)))
    }

    /// All that stands of a slot: of whom, by whom.
    pub fn stands(&self, slot: Slot) -> impl Iterator<Item = ((Subject, SiteId), Band)> + '_ {
        let of_slot = move |bands: &'_ Bands| {
            let bands = bands.range((slot, FIRST)..(slot.plus(1), FIRST));
            bands.map(|((_, subject), band)| (*subject, *band)).collect::<Vec<_>>()
        };
        self.forecasts.iter().flat_map(move |(by, bands)| {
            of_slot(bands).into_iter().map(|(subject, band)| ((subject, *by), band))
        })
    }

    /// Writes what an observer saw; `false` if it had told already.
    pub fn observe(&mut self, by: SiteId, subject: Subject, slot: Slot, value_ppm: u32) -> bool {
        let told = self.observations.entry((slot, subject)).or_default();
        if told.contains_key(&by) {
            return false;
        }
        told.insert(by, value_ppm);
        true
    }

    /// Closes a slot: gives what came of each subject that observers agree on.
    pub fn close(&mut self, slot: Slot, tolerance_ppm: u32, members: usize) -> Vec<(Subject, u32)> {
        let of_itself = self.stands(slot).filter(|((subject, by), _)| subject.target == *by);
        let of_itself: Vec<(Subject, Band)> =
            of_itself.map(|((subject, _), band)| (subject, band)).collect();
        for (subject, band) in of_itself {
            self.stood.entry(subject).or_default().insert(slot, band);
        }
        let later = self.observations.split_off(&(slot.plus(1), FIRST));
        let closing = std::mem::replace(&mut self.observations, later);
        let mut agreed = Vec::new();
        for ((told_of, subject), told) in closing {
            if told_of != slot {
                continue;
            }
            let mut values: Vec<u32> = told.into_values().collect();
            if let Some(value) = agree(&mut values, tolerance_ppm, members) {
                self.truths.entry(subject).or_default().insert(slot, value);
                agreed.push((subject, value));
            }
        }
        agreed
    }

    /// What came of a slot, if observers agreed.
    pub fn truth(&self, subject: Subject, slot: Slot) -> Option<u32> {
        self.truths.get(&subject)?.get(&slot).copied()
    }

    /// The last that came up to a slot.
    pub fn last_truth(&self, subject: Subject, until: Slot) -> Option<u32> {
        self.truths.get(&subject)?.range(..=until).next_back().map(|(_, value)| *value)
    }

    /// What came from one slot on, up to before another.
    pub fn truths(&self, subject: Subject, from: Slot, until: Slot) -> impl Iterator<Item = u32> {
        let values = self.truths.get(&subject).filter(|_| from < until);
        values
            .into_iter()
            .flat_map(move |values| values.range(from..until))
            .map(|(_, value)| *value)
    }

    /// Forgets forecasts of slots before one, those of a while before it for good, and what came
    /// before another.
    pub fn forget(&mut self, forecasts_before: Slot, truths_before: Slot) {
        for bands in self.forecasts.values_mut() {
            *bands = bands.split_off(&(forecasts_before, FIRST));
        }
        let stood_before = forecasts_before.minus(STOOD_SLOTS);
        self.stood.retain(|_, bands| {
            *bands = bands.split_off(&stood_before);
            !bands.is_empty()
        });
        for values in self.truths.values_mut() {
            *values = values.split_off(&truths_before);
        }
    }

    /// Forgets all of a site that left.
    pub fn forget_site(&mut self, site: SiteId) {
        self.forecasts.remove(&site);
        for bands in self.forecasts.values_mut() {
            bands.retain(|(_, subject), _| subject.target != site);
        }
        self.observations.retain(|(_, subject), _| subject.target != site);
        for told in self.observations.values_mut() {
            told.remove(&site);
        }
        self.truths.retain(|subject, _| subject.target != site);
        self.stood.retain(|subject, _| subject.target != site);
    }
}

/// The first subject in their order.
const FIRST: Subject = Subject { target: SiteId(0), metric: Metric::Cpu };

/// The median, if more than half of at least two observers are near it.
fn agree(values: &mut [u32], tolerance_ppm: u32, members: usize) -> Option<u32> {
    values.sort_unstable();
    if values.len() < 2 && members > 1 {
        return None;
    }
    let median = *values.get(values.len().checked_sub(1)? / 2)?;
    let near = values.iter().filter(|value| value.abs_diff(median) <= tolerance_ppm).count();
    (2 * near > values.len()).then_some(median)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn observers_agree_or_nothing_is_believed() {
        for (values, members, expected) in [
            (&[][..], 3, None),
            (&[500], 3, None),
            (&[500], 1, Some(500)),
            (&[500, 510], 2, Some(500)),
            (&[500, 900], 3, None),
            (&[900, 500, 510], 3, Some(510)),
            (&[100, 500, 900], 3, None),
            (&[500, 505, 510, 0, 1_000], 5, Some(505)),
        ] {
            let mut values = values.to_vec();
            assert_eq!(agree(&mut values, 20, members), expected, "{values:?}");
        }
    }

    #[test]
    fn closing_takes_its_own_slot_and_keeps_later_ones() {
        let subject = Subject { target: SiteId(1), metric: Metric::Io };
        let mut book = Book::default();
        for (by, slot) in [(1, 4), (2, 4), (1, 5), (2, 5)] {
            assert!(book.observe(SiteId(by), subject, Slot(slot), 7));
        }
        assert!(!book.observe(SiteId(1), subject, Slot(5), 8), "it told already");
        assert_eq!(book.close(Slot(4), 0, 2), [(subject, 7)]);
        assert_eq!(book.close(Slot(5), 0, 2), [(subject, 7)]);
        assert_eq!(book.truths(subject, Slot(4), Slot(6)).count(), 2);
        assert_eq!(book.last_truth(subject, Slot(4)), Some(7));
        book.forget(Slot(9), Slot(5));
        assert_eq!(book.truth(subject, Slot(4)), None);
    }

    #[test]
    fn what_a_site_said_of_itself_stays_for_a_while_after_it_is_over() {
        let subject = Subject { target: SiteId(1), metric: Metric::Cpu };
        let of = |middle_ppm| Band { low_ppm: 0, middle_ppm, high_ppm: 900 };
        let mut book = Book::default();
        for slot in (0..100).map(Slot) {
            book.forecast(SiteId(1), subject, slot, of(slot.0 as u32));
            book.forecast(SiteId(2), subject, slot, of(800));
        }
        for slot in (0..50).map(Slot) {
            assert_eq!(book.close(slot, 0, 3), [], "nobody saw what came");
            book.forget(slot.plus(1), Slot(0));
        }
        let stood = |slot| book.stood(subject, Slot(slot)).map(|band| band.middle_ppm);
        assert_eq!([29, 30, 49, 50].map(stood), [None, Some(30), Some(49), None]);
        assert_eq!(book.band(SiteId(1), subject, Slot(49)), None, "it decides nothing any more");
        book.forget_site(SiteId(1));
        assert_eq!(book.stood(subject, Slot(49)), None);
    }
}
