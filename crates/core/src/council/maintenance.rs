//! When sites are maintained: what is left of each in windows that it announced.
//!
//! A site says so of itself and in the log, so that all of them reckon with the same room: nothing
//! is proposed to where nothing will be left, and what is there leaves before. In a window that
//! leaves a part, such as that of one node of several, a site counts as so much fuller.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::council::words::{Slot, UTILISATION_MAX_PPM, WHOLE_PPM};
use crate::ids::SiteId;

/// The most windows that a site may have announced at a time.
pub const WINDOWS_MAX: usize = 64;

/// A time in which less of a site is left than usual.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Window {
    /// The first slot of it.
    pub from: Slot,
    /// The first slot after it.
    pub until: Slot,
    /// What is left of what the site can bear, in parts per million; zero: it is down.
    pub left_ppm: u32,
}

impl Window {
    fn holds(&self, slot: Slot) -> bool {
        self.from <= slot && slot < self.until
    }
}

/// What all sites announced.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Maintenance(BTreeMap<SiteId, Vec<Window>>);

impl Maintenance {
    /// What a site announced, in its order.
    pub fn of(&self, site: SiteId) -> &[Window] {
        self.0.get(&site).map_or(&[], Vec::as_slice)
    }

    /// A site announces anew; what it said before holds no more.
    pub fn tell(&mut self, site: SiteId, windows: Vec<Window>) {
        match windows.is_empty() {
            true => self.forget_site(site),
            false => drop(self.0.insert(site, windows)),
        }
    }

    /// What is left of a site in a slot, in parts per million.
    pub fn left_ppm(&self, site: SiteId, slot: Slot) -> u32 {
        self.least_ppm(site, slot, slot)
    }

    /// The least that is left of it from one slot through another.
    pub fn least_ppm(&self, site: SiteId, from: Slot, through: Slot) -> u32 {
        let meets = |of: &&Window| of.from <= through && from < of.until;
        let left = self.of(site).iter().filter(meets).map(|of| of.left_ppm);
        left.min().unwrap_or(WHOLE_PPM)
    }

    /// The first window in which nothing of it is left, and that is not over before a slot.
    pub fn next_down(&self, site: SiteId, slot: Slot) -> Option<Window> {
        let down = self.of(site).iter().filter(|of| of.left_ppm == 0 && of.until > slot);
        down.min_by_key(|of| of.from).copied()
    }

    /// Whether it announced that nothing is left of it in some slot.
    pub fn is_down(&self, site: SiteId, slot: Slot) -> bool {
        self.of(site).iter().any(|of| of.left_ppm == 0 && of.holds(slot))
    }

    /// Forgets what is over before a slot.
    pub fn forget(&mut self, before: Slot) {
        self.0.retain(|_, windows| {
            windows.retain(|of| of.until > before);
            !windows.is_empty()
        });
    }

    /// Forgets a site that left.
    pub fn forget_site(&mut self, site: SiteId) {
        self.0.remove(&site);
    }
}

/// A share of all that a site bears as one of what is left of it.
pub fn of_left(share_ppm: u32, left_ppm: u32) -> u32 {
    let share = u64::from(share_ppm) * u64::from(WHOLE_PPM);
    let share = share.checked_div(left_ppm.into()).unwrap_or(u64::MAX);
    u32::try_from(share).unwrap_or(u32::MAX).min(UTILISATION_MAX_PPM)
}

/// A bar for what is left of a site as one for all that it bears.
pub fn of_whole(bar_ppm: u32, left_ppm: u32) -> u32 {
    let bar = u64::from(bar_ppm) * u64::from(left_ppm.min(WHOLE_PPM)) / u64::from(WHOLE_PPM);
    u32::try_from(bar).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_least_that_is_left_counts_and_what_is_over_is_forgotten() {
        let (oslo, lima) = (SiteId(1), SiteId(2));
        let window =
            |from, until, left_ppm| Window { from: Slot(from), until: Slot(until), left_ppm };
        let mut known = Maintenance::default();
        known.tell(oslo, vec![window(10, 20, 500_000), window(15, 18, 0), window(30, 40, 0)]);
        for (from, through, left) in [
            (0, 9, WHOLE_PPM),
            (9, 10, 500_000),
            (19, 19, 500_000),
            (20, 29, WHOLE_PPM),
            (10, 15, 0),
            (18, 30, 0),
        ] {
            assert_eq!(known.least_ppm(oslo, Slot(from), Slot(through)), left, "{from}-{through}");
            assert_eq!(known.least_ppm(lima, Slot(from), Slot(through)), WHOLE_PPM);
        }
        let next = |slot| known.next_down(oslo, Slot(slot)).map(|of| of.from.0);
        assert_eq!([0, 17, 18, 39, 40].map(next), [Some(15), Some(15), Some(30), Some(30), None]);
        known.forget(Slot(20));
        assert_eq!(known.of(oslo), [window(30, 40, 0)]);
        known.forget(Slot(40));
        assert_eq!(known, Maintenance::default());
    }

    #[test]
    fn shares_of_what_is_left_and_of_the_whole() {
        for (share, left, expected) in [
            (400_000, WHOLE_PPM, 400_000),
            (400_000, 500_000, 800_000),
            (400_000, 0, UTILISATION_MAX_PPM),
            (0, 0, UTILISATION_MAX_PPM),
            (UTILISATION_MAX_PPM, 1, UTILISATION_MAX_PPM),
        ] {
            assert_eq!(of_left(share, left), expected, "{share} of {left}");
        }
        assert_eq!(
            [0, 500_000, WHOLE_PPM].map(|left| of_whole(850_000, left)),
            [0, 425_000, 850_000]
        );
    }
}
