//! How many of the counts that came lay within the bands that were told of them, by the measure of
//! [`swell_forecast::coverage`].

use serde::{Deserialize, Serialize};
use swell_forecast::bands::Quantiles;
use swell_forecast::coverage::{BAND_80, BAND_95, share_within};

/// Sums over forecasts that came true.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Covered {
    weight: f64,
    inside: [f64; 2],
}

/// Shares of counts within the bands.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Shares {
    /// Within the 80 % band.
    pub of_80: f64,
    /// Within the 95 % band.
    pub of_95: f64,
}

impl Covered {
    /// A count came of which these quantiles were told.
    pub fn note(&mut self, count: f32, said: &Quantiles) {
        self.weight += 1.0;
        for (sum, band) in self.inside.iter_mut().zip([BAND_80, BAND_95]) {
            *sum += f64::from(share_within(count, said, band));
        }
    }

    /// What came so far counts so much less.
    pub fn fade(&mut self, fading: f64) {
        self.weight *= fading;
        self.inside = self.inside.map(|sum| sum * fading);
    }

    /// The shares; none before any count came.
    pub fn shares(&self) -> Option<Shares> {
        let [of_80, of_95] = self.inside.map(|sum| sum / self.weight);
        (self.weight > 1e-6).then_some(Shares { of_80, of_95 })
    }

    /// Counts behind it, those that faded for less.
    pub fn weight(&self) -> f64 {
        self.weight
    }

    /// What came since an earlier moment.
    #[must_use]
    pub fn since(&self, earlier: &Self) -> Self {
        let inside = [0, 1].map(|band| (self.inside[band] - earlier.inside[band]).max(0.0));
        Self { weight: (self.weight - earlier.weight).max(0.0), inside }
    }

    /// Adds others.
    pub fn add(&mut self, other: &Self) {
        self.weight += other.weight;
        self.inside.iter_mut().zip(other.inside).for_each(|(sum, other)| *sum += other);
    }

    /// Whether these are numbers that counting can have made.
    pub fn is_sane(&self) -> bool {
        self.inside.iter().chain([&self.weight]).all(|sum| sum.is_finite() && *sum >= 0.0)
    }
}

impl FromIterator<Shares> for Covered {
    /// The mean of shares, each counting alike.
    fn from_iter<I: IntoIterator<Item = Shares>>(shares: I) -> Self {
        let mut all = Self::default();
        for Shares { of_80, of_95 } in shares {
            all.add(&Self { weight: 1.0, inside: [of_80, of_95] });
        }
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_bands_are_counted_each_by_itself() {
        let mut covered = Covered::default();
        assert_eq!(covered.shares(), None);
        let said = [100.0, 200.0, 500.0, 800.0, 900.0];
        for count in [500.0, 850.0, 950.0, 500.0] {
            covered.note(count, &said);
        }
        let earlier = covered;
        assert_eq!(covered.shares(), Some(Shares { of_80: 0.5, of_95: 0.75 }));
        covered.fade(0.5);
        assert_eq!((covered.weight(), covered.shares()), (2.0, earlier.shares()));
        let mut later = earlier;
        later.note(500.0, &said);
        let new = later.since(&earlier);
        assert_eq!(new.shares(), Some(Shares { of_80: 1.0, of_95: 1.0 }));
        let mut sum = earlier;
        sum.add(&new);
        assert!(sum == later && sum.is_sane());
        let mean: Covered = [earlier, new].iter().filter_map(Covered::shares).collect();
        assert_eq!(mean.shares(), Some(Shares { of_80: 0.75, of_95: 0.875 }));
    }
}
