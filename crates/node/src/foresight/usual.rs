//! What anybody can say of a function who knows which counts come and not in which order: the
//! yardstick of whether it can be predicted.
//!
//! Calls that come by chance are told no better by any forecast than by constant quantiles, those
//! of all that came. The count of the step before is no yardstick for them: any median is nearer
//! than that to the next toss of a coin. Forecasts are held against the constant quantiles that were
//! the best in hindsight, over the same steps with the same weights, so that what is better than
//! these knows when calls come. How much of that may be luck is told by how forecasts and constant
//! quantiles of what had come before did step by step.

use serde::{Deserialize, Serialize};
use swell_forecast::bands::{LEVELS, Quantiles};

/// What is left of the weight of earlier steps with each new one: half after 14 hours of steps of
/// five minutes, so that a day is seen.
const FADING: f64 = 0.996;
/// Counts that are told apart, at most; of more the closest are put together (the streaming
/// histogram of Ben-Haim and Tom-Tov, JMLR 11, 2010).
const BINS: usize = 32;
/// What weighs less is forgotten.
const WEIGHT_LEAST: f32 = 1e-3;
/// Steps that must have come before their quantiles are held against the next.
const BEFORE: f64 = 12.0;
/// Standard errors that may be luck: less than one in seven hundred is more.
const LUCK: f64 = 3.0;

/// Counts that came, and how forecasts did beside them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Usual {
    /// Counts and their weights, by count; those without a weight are none.
    bins: [(f32, f32); BINS],
    weight: f64,
    volume: f64,
    loss: f64,
    /// Steps that were told by quantiles of those before as well, the squares of their weights, and
    /// by how much forecasts did better, with squares.
    paired: [f64; 2],
    better: [f64; 2],
}

impl Usual {
    /// A step came with so many calls; `said` is what forecasts made before said of it. One of which
    /// nothing was said is left out.
    pub fn step(&mut self, came: f32, said: &[&Quantiles]) {
        if said.is_empty() || !came.is_finite() {
            return;
        }
        let came = came.max(0.0);
        let losses = said.iter().map(|quantiles| loss(came, quantiles));
        let own = losses.sum::<f64>() / said.len() as f64;
        self.fade();
        if self.weight >= BEFORE {
            let better = loss(came, &self.quantiles()) - own;
            self.paired = [self.paired[0] + 1.0, self.paired[1] + 1.0];
            self.better = [self.better[0] + better, self.better[1] + better * better];
        }
        self.weight += 1.0;
        self.volume += f64::from(came);
        self.loss += own;
        self.add(came);
    }

    /// Steps behind it, those that faded for less.
    pub fn steps(&self) -> f64 {
        self.weight
    }

    /// The share of the loss of constant quantiles that forecasts do without: 0 if they tell no
    /// more. None of counts that are all alike.
    pub fn skill(&self) -> Option<f64> {
        let usual = self.least_loss();
        (usual > 1e-3).then(|| 1.0 - self.loss / self.weight / usual)
    }

    /// The least skill that is no luck.
    pub fn luck(&self) -> Option<f64> {
        let usual = self.least_loss();
        let [paired, squares] = self.paired;
        if paired < BEFORE || usual <= 1e-3 {
            return None;
        }
        let mean = self.better[0] / paired;
        let variance = (self.better[1] / paired - mean * mean).max(0.0);
        Some(LUCK * (variance * squares).sqrt() / paired / usual)
    }

    /// The loss of forecasts over the volume, all levels together: with a standard deviation of a
    /// tenth of the mean it is 0.087. None of a function that rests.
    pub fn error(&self) -> Option<f64> {
        (self.volume > 1e-3).then(|| self.loss / self.volume)
    }

    /// Whether these are numbers that scoring can have made.
    pub fn is_sane(&self) -> bool {
        let bins = self.bins.iter().flat_map(|(count, weight)| [*count, *weight]);
        let sums = [self.weight, self.volume, self.loss, self.better[1]];
        let sums = sums.into_iter().chain(self.paired).chain(bins.map(f64::from));
        self.better[0].is_finite() && sums.into_iter().all(|sum| sum.is_finite() && sum >= 0.0)
    }

    fn fade(&mut self) {
        for sum in [&mut self.weight, &mut self.volume, &mut self.loss] {
            *sum *= FADING;
        }
        self.paired = [self.paired[0] * FADING, self.paired[1] * FADING * FADING];
        self.better = self.better.map(|sum| sum * FADING);
        self.bins.iter_mut().for_each(|(_, weight)| *weight *= FADING as f32);
    }

    fn filled(&self) -> impl Iterator<Item = (f32, f32)> {
        self.bins.into_iter().filter(|(_, weight)| *weight > 0.0)
    }

    fn add(&mut self, came: f32) {
        let mut bins: Vec<(f32, f32)> =
            self.filled().filter(|(_, weight)| *weight >= WEIGHT_LEAST).collect();
        let place = bins.partition_point(|(count, _)| *count < came);
        match bins.get_mut(place).filter(|(count, _)| *count == came) {
            Some((_, weight)) => *weight += 1.0,
            None => bins.insert(place, (came, 1.0)),
        }
        if bins.len() > BINS {
            let gap = |at: &usize| bins[at + 1].0 - bins[*at].0;
            let closest = (0..bins.len() - 1).min_by(|a, b| gap(a).total_cmp(&gap(b)));
            let closest = closest.expect("there are more bins than one");
            let (count, weight) = bins.remove(closest + 1);
            let kept = &mut bins[closest];
            let all = kept.1 + weight;
            *kept = ((kept.0 * kept.1 + count * weight) / all, all);
        }
        bins.resize(BINS, (0.0, 0.0));
        self.bins.copy_from_slice(&bins);
    }

    /// The quantiles of what came.
    fn quantiles(&self) -> Quantiles {
        let all: f32 = self.filled().map(|(_, weight)| weight).sum();
        LEVELS.map(|level| {
            let (mut below, mut quantile) = (0.0, 0.0);
            for (count, weight) in self.filled() {
                quantile = count;
                below += weight;
                if below >= level * all {
                    break;
                }
            }
            quantile
        })
    }

    /// The loss of the constant quantiles that were the best, a step.
    fn least_loss(&self) -> f64 {
        let quantiles = self.quantiles();
        let (mut sum, mut all) = (0.0, 0.0);
        for (count, weight) in self.filled() {
            sum += f64::from(weight) * loss(count, &quantiles);
            all += f64::from(weight);
        }
        if all > 0.0 { sum / all } else { 0.0 }
    }
}

/// The pinball losses of quantiles, of all levels together.
fn loss(came: f32, quantiles: &Quantiles) -> f64 {
    let each = LEVELS.iter().zip(quantiles).map(|(level, quantile)| {
        let above = came - quantile;
        f64::from(if above > 0.0 { level * above } else { (level - 1.0) * above })
    });
    each.sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn constant_quantiles_have_no_skill_and_who_knows_the_order_has() {
        let (mut constant, mut knows) = (Usual::default(), Usual::default());
        assert_eq!((constant.skill(), constant.luck(), constant.error()), (None, None, None));
        for step in 0..400u32 {
            let came = (step % 4) as f32;
            constant.step(came, &[&[0.0, 0.0, 1.0, 3.0, 3.0]]);
            knows.step(came, &[&[came; 5], &[came; 5]]);
        }
        let skill = |usual: &Usual| usual.skill().expect("counts differ");
        assert!(skill(&constant).abs() < 0.02, "{:?}", constant.skill());
        assert_eq!((skill(&knows), knows.error()), (1.0, Some(0.0)));
        assert!(knows.luck().is_some_and(|luck| luck < 0.3), "{:?}", knows.luck());
        assert!(constant.is_sane() && knows.is_sane());
    }

    #[test]
    fn counts_of_any_number_stay_few_and_keep_their_quantiles() {
        let mut usual = Usual::default();
        for step in 0..2_000u64 {
            let came = (step * 7_919 % 1_009) as f32;
            usual.step(came, &[&[0.0; 5]]);
        }
        assert_eq!(usual.filled().count(), BINS);
        for (level, quantile) in LEVELS.iter().zip(usual.quantiles()) {
            assert!((quantile - level * 1_009.0).abs() < 60.0, "{level}: {quantile}");
        }
        usual.step(f32::NAN, &[&[0.0; 5]]);
        assert!(usual.is_sane());
    }
}
