//! The ledger: how good the forecasts of each site have been, per metric.
//!
//! A forecast is scored by pinball loss over its quantiles (Koenker and Bassett, Regression
//! quantiles, 1978), a proper score: nobody gains by saying anything but what it believes.
//! The same samples are scored for a naive forecaster, and what counts is the ratio of the
//! two, so a site that is hard to forecast is not punished for it. A member that commits to
//! nothing about itself is scored as twice the naive one; else one could speak up in easy
//! moments only. So is one that is not even seen, or whoever is down would gain by what others
//! lose.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::council::entry::Band;
use crate::council::words::Metric;
use crate::ids::SiteId;

/// A new sample weighs one in so many: the memory of an account.
const MEMORY: u64 = 32;

/// The same of its long memory, once there were so many: of a site that is forecast by three in a
/// metric, most of a working day in slots of two minutes.
const LONG_MEMORY: u64 = 768;

/// Losses are kept in this part of a millionth.
const SCALE: u64 = 256;

/// What is assumed of a site and of the naive forecaster before there are samples, in parts
/// per million of the capacity; and a little that keeps ratios of tiny losses tame.
const PRIOR_PPM: u64 = 20_000;
const LITTLE_PPM: u64 = 1_000;

/// The mean losses of a site and of the naive forecaster.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct Losses {
    own: u64,
    naive: u64,
}

impl Losses {
    fn ratio_milli(self) -> u64 {
        (1_000 * self.own).checked_div(self.naive).unwrap_or(8_000).clamp(250, 8_000)
    }

    fn learn(&mut self, own_ppm: u64, naive_ppm: u64, memory: u64) {
        let step = |mean: u64, came: u64| mean - mean / memory + came * SCALE / memory;
        self.own = step(self.own, own_ppm + LITTLE_PPM);
        self.naive = step(self.naive, naive_ppm + LITTLE_PPM);
    }
}

/// The mean losses of one site in one metric.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    /// Of late.
    recent: Losses,
    /// Over a long time: a lie is as good as the truth now and then.
    long: Losses,
    /// How many samples there were.
    pub samples: u64,
}

impl Default for Account {
    /// As good as the naive one, until shown otherwise.
    fn default() -> Self {
        let prior = PRIOR_PPM * SCALE;
        let prior = Losses { own: prior, naive: prior };
        Self { recent: prior, long: prior, samples: 0 }
    }
}

impl Account {
    /// The mean loss of late by that of the naive forecaster, in thousandths: 250 to 8,000.
    pub fn ratio_milli(self) -> u64 {
        self.recent.ratio_milli()
    }

    /// What a weight starts from: inverse to the square of the relative loss (Bates and
    /// Granger, The combination of forecasts, 1969), the worse of what it was of late and over a
    /// long time where that is remembered. So trust is lost at once and earned slowly.
    pub fn quality(self, remembers_long: bool) -> u64 {
        let recent = self.recent.ratio_milli();
        let ratio = if remembers_long { recent.max(self.long.ratio_milli()) } else { recent };
        4_000_000_000 / (ratio * ratio)
    }

    /// What was neither said nor seen counts for twice the loss of the naive one; who was worse
    /// than that gains nothing by it.
    fn fade(&mut self) {
        let Losses { own, naive } = self.recent;
        let bar = 2 * naive;
        if own < bar {
            self.recent.own = (own - own / MEMORY + bar.div_ceil(MEMORY)).min(bar);
        }
    }

    fn learn(&mut self, loss_ppm: u64, naive_ppm: u64) {
        self.recent.learn(loss_ppm, naive_ppm, MEMORY);
        self.long.learn(loss_ppm, naive_ppm, (MEMORY + self.samples).min(LONG_MEMORY));
        self.samples = self.samples.saturating_add(1);
    }
}

/// The accounts of all members.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Ledger(BTreeMap<SiteId, [Account; 4]>);

impl Ledger {
    /// The account of a site in a metric.
    pub fn account(&self, site: SiteId, metric: Metric) -> Account {
        self.0.get(&site).map(|accounts| accounts[metric as usize]).unwrap_or_default()
    }

    /// A forecast came to its end: `came` is what came, `naive` what the naive one said.
    pub fn score(&mut self, site: SiteId, metric: Metric, band: Band, came: u32, naive: u32) {
        let of_naive = loss_ppm(flat(naive), came);
        self.account_mut(site, metric).learn(loss_ppm(band, came), of_naive);
    }

    /// A member committed to nothing about itself.
    pub fn score_silence(&mut self, site: SiteId, metric: Metric, came: u32, naive: u32) {
        let of_naive = loss_ppm(flat(naive), came);
        self.account_mut(site, metric).learn(2 * of_naive + LITTLE_PPM, of_naive);
    }

    /// A member committed to nothing about itself, and nobody saw what came of it either.
    pub fn score_absence(&mut self, site: SiteId, metric: Metric) {
        self.account_mut(site, metric).fade();
    }

    /// Forgets a site.
    pub fn forget(&mut self, site: SiteId) {
        self.0.remove(&site);
    }

    fn account_mut(&mut self, site: SiteId, metric: Metric) -> &mut Account {
        &mut self.0.entry(site).or_default()[metric as usize]
    }
}

fn flat(value_ppm: u32) -> Band {
    Band { low_ppm: value_ppm, middle_ppm: value_ppm, high_ppm: value_ppm }
}

/// The sum of the pinball losses of the three quantiles.
fn loss_ppm(band: Band, came: u32) -> u64 {
    let quantiles = [(1, band.low_ppm), (5, band.middle_ppm), (9, band.high_ppm)];
    let loss = |(tenths, said): (u64, u32)| {
        let far = u64::from(came.abs_diff(said));
        far * if came >= said { tenths } else { 10 - tenths } / 10
    };
    quantiles.into_iter().map(loss).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn band(low: u32, middle: u32, high: u32) -> Band {
        Band { low_ppm: low, middle_ppm: middle, high_ppm: high }
    }

    #[test]
    fn losses_are_pinball() {
        for (said, came, expected) in [
            (band(100, 200, 300), 200, 10 + 10),
            (band(200, 200, 200), 200, 0),
            (band(100, 200, 300), 400, 30 + 100 + 90),
            (band(100, 200, 300), 0, 90 + 100 + 30),
        ] {
            assert_eq!(loss_ppm(said, came), expected, "{said:?} {came}");
        }
    }

    #[test]
    fn ratios_follow_losses_and_stay_tame() {
        let mut ledger = Ledger::default();
        let (good, bad, silent) = (SiteId(0), SiteId(1), SiteId(2));
        assert_eq!(ledger.account(good, Metric::Cpu).ratio_milli(), 1_000);
        for _ in 0..200 {
            ledger.score(good, Metric::Cpu, band(480_000, 500_000, 520_000), 500_000, 600_000);
            ledger.score(bad, Metric::Cpu, band(0, 0, 0), 500_000, 600_000);
            ledger.score_silence(silent, Metric::Cpu, 500_000, 600_000);
        }
        let ratio = |site| ledger.account(site, Metric::Cpu).ratio_milli();
        assert_eq!(ratio(good), 250);
        assert!((4_500..6_000).contains(&ratio(bad)), "{}", ratio(bad));
        assert!((1_900..2_100).contains(&ratio(silent)), "{}", ratio(silent));
        assert_eq!(ledger.account(good, Metric::Io), Account::default());
        let quality = |site| ledger.account(site, Metric::Cpu).quality(true);
        assert!(quality(good) > 100 * quality(bad));
        let before = [good, bad].map(ratio);
        (0..400)
            .for_each(|_| [good, bad].iter().for_each(|it| ledger.score_absence(*it, Metric::Cpu)));
        let after = [good, bad].map(|site| ledger.account(site, Metric::Cpu).ratio_milli());
        assert!(before[0] < 300 && (1_990..=2_000).contains(&after[0]), "{before:?} {after:?}");
        assert_eq!(after[1], before[1], "nobody gains by being away");
    }

    #[test]
    fn trust_is_lost_at_once_and_earned_slowly() {
        let mut ledger = Ledger::default();
        let site = SiteId(0);
        let (good, bad) = (band(480_000, 500_000, 520_000), band(0, 0, 0));
        let say = |ledger: &mut Ledger, times: u32, band| {
            (0..times).for_each(|_| ledger.score(site, Metric::Cpu, band, 500_000, 600_000));
            [false, true].map(|long| ledger.account(site, Metric::Cpu).quality(long))
        };
        let best = say(&mut ledger, 400, good);
        assert_eq!(best[0], best[1], "who always was good is");
        let lost = say(&mut ledger, 60, bad);
        assert!(lost.iter().all(|quality| 50 * quality < best[0]), "{lost:?}");
        let lucky = say(&mut ledger, 200, good);
        assert!(lucky[0] == best[0] && lucky[1] < best[0] / 3, "{lucky:?}");
        let again = say(&mut ledger, 4_000, good);
        assert_eq!(again, best, "and nothing is held against it for ever");
    }
}
