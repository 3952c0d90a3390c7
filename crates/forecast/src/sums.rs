//! Longer steps out of shorter ones: quantiles of how many calls several steps bring together.
//!
//! Quantiles do not add up: the sum of upper edges is the upper edge of the sum only if all steps
//! miss alike, and far too wide if they miss by chance. So steps are drawn together, each by its
//! own quantiles, with places in these that follow each other as those of past forecasts did (a
//! Gaussian copula, autoregressive of the first order; Sklar, 1959), and quantiles of the drawn
//! sums are taken. How alike neighbours miss is learned from forecasts that are over.

use serde::{Deserialize, Serialize};
use swell_core::rng::{Rng, split, unit};

use crate::bands::{MEDIAN, Quantiles, quantile_of_levels, quantiles_of};
use crate::chance::normal_below;
use crate::watch::step::Step;

/// Sums that are drawn: the outer quantiles are then right to a tenth of a standard deviation.
const DRAWS: usize = 2_000;
/// What is believed of a function before it is known, and as much as how many pairs of steps.
const USUAL: f32 = 0.5;
const USUAL_PAIRS: f32 = 24.0;
/// What is left of the weight of earlier pairs with each forecast that is over.
const FADING: f32 = 0.98;
/// The largest correlation.
const MOST: f32 = 0.98;

/// How alike neighbouring steps of one forecast miss, learned as forecasts are over.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Coupling {
    pairs: f32,
    product: f32,
    square: f32,
}

impl Coupling {
    /// A forecast is over: what it said of its steps, and what came. Steps that were not measured,
    /// or of which no forecast makes sense, tell nothing.
    pub fn learn(&mut self, said: &[Quantiles], came: &[Option<u32>]) {
        for sum in [&mut self.pairs, &mut self.product, &mut self.square] {
            *sum *= FADING;
        }
        let place = |(said, came): (&Quantiles, &Option<u32>)| {
            Step::new(0, (*came)?, *said).map(|step| step.place() - 0.5)
        };
        let places: Vec<Option<f32>> = said.iter().zip(came).map(place).collect();
        for pair in places.windows(2) {
            let (Some(one), Some(other)) = (pair[0], pair[1]) else { continue };
            self.pairs += 1.0;
            self.product += one * other;
            self.square += f32::midpoint(one * one, other * other);
        }
    }

    /// The correlation of neighbouring steps, 0 to below 1: forecasts that are too high now and too
    /// low next are not counted on.
    pub fn correlation(&self) -> f32 {
        let own = if self.square > 1e-6 { self.product / self.square } else { USUAL };
        // From the correlation of ranks to that of the normal places behind them.
        let own = 2.0 * (own.clamp(-1.0, 1.0) * std::f32::consts::FRAC_PI_6).sin();
        let both = (own * self.pairs + USUAL * USUAL_PAIRS) / (self.pairs + USUAL_PAIRS);
        both.clamp(0.0, MOST)
    }

    /// Whether these are numbers that learning can have made.
    pub fn is_sane(&self) -> bool {
        let all = [self.pairs, self.square];
        all.iter().all(|sum| sum.is_finite() && *sum >= 0.0) && self.product.is_finite()
    }
}

/// Quantiles of how many calls some steps bring together, if neighbours are correlated like this.
/// The same for the same `seed`.
pub fn sum(steps: &[Quantiles], correlation: f32, seed: u64) -> Quantiles {
    if let [only] = steps {
        return *only;
    }
    let correlation = if correlation.is_finite() { correlation.clamp(0.0, MOST) } else { USUAL };
    let (own, fresh) = (f64::from(correlation), (1.0 - f64::from(correlation).powi(2)).sqrt());
    let mut rng = split(seed, "sums");
    let mut sums: Vec<f32> = (0..DRAWS)
        .map(|_| {
            let mut deviate = normal(&mut rng);
            let mut sum = 0.0;
            for (place, step) in steps.iter().enumerate() {
                if place > 0 {
                    deviate = own * deviate + fresh * normal(&mut rng);
                }
                sum += drawn(step, deviate);
            }
            sum
        })
        .collect();
    quantiles_of(&mut sums)
}

/// The count at a place, given as a deviate of a standard normal. Beyond the outermost quantiles
/// it goes on as they stand from the median.
fn drawn(step: &Quantiles, deviate: f64) -> f32 {
    const OUTER: f64 = 1.96;
    let beyond = (deviate.abs() - OUTER).max(0.0) / OUTER;
    let (edge, median) = (if deviate > 0.0 { step[4] } else { step[0] }, step[MEDIAN]);
    let count = match beyond > 0.0 {
        true => edge + (edge - median) * beyond as f32,
        false => quantile_of_levels(step, normal_below(deviate) as f32),
    };
    // Where few come, half a call is where none and one part.
    count.round().max(0.0)
}

/// A standard normal number (Box and Muller, 1958).
fn normal(rng: &mut Rng) -> f64 {
    let (radius, angle) = ((1.0 - unit(rng)).max(f64::MIN_POSITIVE), unit(rng));
    (-2.0 * radius.ln()).sqrt() * (std::f64::consts::TAU * angle).cos()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::bands::LEVELS;
    use crate::chance::{poisson_at_most, quantile};

    fn poisson(mean: f64) -> Quantiles {
        let of = |level: f32| {
            quantile(f64::from(level), 100_000, |count| poisson_at_most(count, mean)) as f32
        };
        LEVELS.map(of)
    }

    #[test]
    fn sums_of_chance_are_narrower_than_sums_of_edges_and_those_that_miss_alike_are_not() {
        for (mean, steps) in [(0.2, 12), (3.0, 6), (40.0, 12)] {
            let (parts, whole) = (vec![poisson(mean); steps], poisson(mean * steps as f64));
            let found = sum(&parts, 0.0, 1);
            let slack = 1.0 + 0.35 * (whole[4] - whole[2]);
            for (found, expected) in found.iter().zip(whole) {
                assert!((found - expected).abs() <= slack, "{mean}: {found} for {expected}");
            }
            let alike = sum(&parts, 1.0, 1);
            let edges = poisson(mean).map(|edge| edge * steps as f32);
            assert!(alike[4] > found[4] && alike[4] > 0.8 * edges[4], "{alike:?} {edges:?}");
        }
    }

    #[test]
    fn how_alike_steps_miss_is_learned() {
        let said = [poisson(20.0); 6];
        let (mut alike, mut apart) = (Coupling::default(), Coupling::default());
        assert_eq!(alike.correlation(), USUAL);
        let mut rng = split(3, "test");
        let draw = |deviate: f64| Some(drawn(&said[0], deviate) as u32);
        for _ in 0..200 {
            let level = normal(&mut rng);
            alike.learn(&said, &[0; 6].map(|_| draw(level)));
            apart.learn(&said, &[0; 6].map(|_| draw(normal(&mut rng))));
        }
        assert!(alike.correlation() > 0.8, "{alike:?}");
        assert!(apart.correlation() < 0.25, "{apart:?}");
        let before = apart;
        apart.learn(&said, &[None; 6]);
        assert!(apart.is_sane() && (apart.correlation() - before.correlation()).abs() < 0.05);
    }

    proptest! {
        #[test]
        fn no_sum_is_wild(
            steps in prop::collection::vec([0.0f32..1e6, 0.0f32..1e6, 0.0f32..1e6, 0.0f32..1e6, 0.0f32..1e6], 0..5),
            correlation in prop_oneof![Just(f32::NAN), -2.0f32..2.0],
        ) {
            let mut steps = steps;
            steps.iter_mut().for_each(|step| step.sort_by(f32::total_cmp));
            let found = sum(&steps, correlation, 7);
            prop_assert!(found.is_sorted() && found.iter().all(|count| count.is_finite() && *count >= 0.0));
        }
    }
}
