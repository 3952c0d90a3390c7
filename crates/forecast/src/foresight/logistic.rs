//! A logistic regression that learns as it goes, one example after the other.
//!
//! Each weight has its own pace, which slows with what it has already moved (AdaGrad: Duchi,
//! Hazan and Singer, 2011), so that rare features learn as fast as common ones and nothing
//! needs to be scaled by hand. A hidden layer beside it was tried and saved no more cold
//! starts.

/// How fast weights move at first.
const PACE: f32 = 0.1;
/// The farthest that a sum goes: chances stay off nought and one.
const SUM_MAX: f32 = 9.0;

/// The regression.
#[derive(Debug, Clone)]
pub struct Logistic {
    weights: Vec<f32>,
    moved: Vec<f32>,
}

impl Logistic {
    /// A regression that begins with these weights.
    pub fn new(weights: Vec<f32>) -> Self {
        let moved = vec![1.0; weights.len()];
        Self { weights, moved }
    }

    /// The chance, given the features.
    pub fn chance(&self, features: &[f32]) -> f32 {
        let sum: f32 = self.weights.iter().zip(features).map(|(weight, x)| weight * x).sum();
        1.0 / (1.0 + (-sum.clamp(-SUM_MAX, SUM_MAX)).exp())
    }

    /// Takes in what came.
    pub fn learn(&mut self, features: &[f32], came: bool) {
        let miss = f32::from(u8::from(came)) - self.chance(features);
        for ((weight, moved), x) in self.weights.iter_mut().zip(&mut self.moved).zip(features) {
            let slope = miss * x;
            *moved += slope * slope;
            *weight += PACE * slope / moved.sqrt();
        }
    }
}

/// The logarithm of the odds of `hits` of `all`, pulled towards `usual` as if by `weight` more.
pub fn log_odds(hits: f32, all: f32, usual: f32, weight: f32) -> f32 {
    let share = (hits + usual * weight) / (all + weight).max(1e-6);
    let share = share.clamp(1e-4, 1.0 - 1e-4);
    (share / (1.0 - share)).ln()
}

#[cfg(test)]
mod tests {
    use swell_core::rng;

    use super::*;

    #[test]
    fn what_it_says_often_is_often() {
        let mut model = Logistic::new(vec![0.0; 3]);
        let mut rng = rng::split(5, "logistic");
        let mut said = [(0.0, 0.0); 4];
        for round in 0..40_000 {
            let place = rng::below(&mut rng, 4) as usize;
            let features = [1.0, (place & 1) as f32, (place >> 1) as f32];
            let came = rng::below(&mut rng, 100) < [5, 20, 40, 76][place];
            if round >= 20_000 {
                said[place].0 += model.chance(&features);
                said[place].1 += 1.0;
            }
            model.learn(&features, came);
        }
        for ((sum, count), expected) in said.into_iter().zip([0.05, 0.2, 0.4, 0.76]) {
            assert!((sum / count - expected).abs() < 0.06, "{} not {expected}", sum / count);
        }
    }
}
