//! How often each content is asked for: Zipf's law in whole numbers.
//!
//! Content `k` has the weight `floor(2^40 / k^alpha)`, so a sum of weights is exact and a
//! draw means the same content in every program. Exponents 0, 0.5, 0.75 and 1 are computed
//! by whole numbers and square roots, which are the same on every machine; others by the
//! machine's power function.

use crate::cache::splitmix::SplitMix64;

/// Weight of the most popular content.
const ONE: u64 = 1 << 40;
/// The most contents of one law: the sum of their weights stays below 2^64.
pub const CONTENTS_MAX: u32 = 16_000_000;
/// Places of the guide for each content: what a draw falls into is found in about one step.
const GUIDE: usize = 4;

/// A law of popularity over contents `1..=contents`.
#[derive(Debug, Clone)]
pub struct Popularity {
    /// `prefix[k - 1]` is the weight of contents `1..=k` together.
    prefix: Vec<u64>,
    /// Where to begin looking, for each stretch of `2^shift` draws.
    guide: Vec<u32>,
    shift: u32,
    total: u64,
}

impl Popularity {
    /// Zipf's law with that exponent. Asserts that there are contents, not too many, and
    /// that the exponent is a number from 0: whoever reads them from people checks first.
    pub fn zipf(contents: u32, alpha: f64) -> Self {
        assert!((1..=CONTENTS_MAX).contains(&contents), "contents are counted from 1");
        assert!(alpha >= 0.0 && alpha.is_finite(), "an exponent is a number from 0");
        let mut total = 0;
        let mut prefix = Vec::with_capacity(contents as usize);
        for rank in 1..=u64::from(contents) {
            total += weight(rank, alpha);
            prefix.push(total);
        }
        let places = (contents as usize * GUIDE).next_power_of_two() as u64;
        let shift = (u64::BITS - total.leading_zeros()).saturating_sub(places.trailing_zeros());
        let mut guide = Vec::with_capacity((total >> shift) as usize + 1);
        let mut rank = 0;
        for place in 0..=(total - 1) >> shift {
            while prefix[rank] <= place << shift {
                rank += 1;
            }
            guide.push(rank as u32);
        }
        Self { prefix, guide, shift, total }
    }

    /// The content that a draw means: the first whose prefix weight exceeds the draw's
    /// remainder by the sum of weights.
    #[inline]
    pub fn content(&self, draw: u64) -> u32 {
        let wanted = draw % self.total;
        let mut rank = self.guide[(wanted >> self.shift) as usize];
        while self.prefix[rank as usize] <= wanted {
            rank += 1;
        }
        rank + 1
    }

    /// A content by chance.
    #[inline]
    pub fn draw(&self, generator: &mut SplitMix64) -> u32 {
        self.content(generator.draw())
    }
}

/// `floor(2^40 / rank^alpha)`.
fn weight(rank: u64, alpha: f64) -> u64 {
    let root = (rank as f64).sqrt();
    match alpha {
        0.0 => ONE,
        1.0 => ONE / rank,
        0.5 => (ONE as f64 / root) as u64,
        0.75 => (ONE as f64 / (root * root.sqrt())) as u64,
        _ => (ONE as f64 / (rank as f64).powf(alpha)) as u64,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The plain definition: one content after the other.
    fn by_definition(contents: u32, alpha: f64, draw: u64) -> u32 {
        let weights = (1..=u64::from(contents)).map(|rank| weight(rank, alpha));
        let total: u64 = weights.clone().sum();
        let mut left = draw % total;
        for (place, weight) in weights.enumerate() {
            if left < weight {
                return place as u32 + 1;
            }
            left -= weight;
        }
        panic!("a remainder is below the sum");
    }

    #[test]
    fn draws_mean_what_the_definition_says() {
        let mut generator = SplitMix64::new(3);
        for contents in [1, 2, 3, 10, 1000] {
            for alpha in [0.0, 0.5, 0.75, 0.9, 1.0, 1.3, 4.0] {
                let law = Popularity::zipf(contents, alpha);
                let edges = law.prefix.iter().flat_map(|&edge| [edge - 1, edge, edge + 1]);
                for draw in edges.chain((0..200).map(|_| generator.draw())).chain([0, u64::MAX]) {
                    let expected = by_definition(contents, alpha, draw);
                    assert_eq!(law.content(draw), expected, "{contents} {alpha} {draw}");
                }
            }
        }
    }

    #[test]
    fn weights_are_the_stated_ones() {
        assert_eq!(weight(3, 1.0), 366_503_875_925);
        assert_eq!(weight(16, 0.5), ONE / 4);
        assert_eq!(weight(16, 0.75), ONE / 8);
        assert_eq!(weight(9, 0.0), ONE);
    }
}
