//! Counts that come by chance.

use swell_core::rng::{Rng, unit};

/// A Poisson number: exact for small means, by parts for large ones.
pub(crate) fn poisson(rng: &mut Rng, mean: f64) -> u32 {
    if mean > 30.0 {
        return poisson(rng, mean / 2.0) + poisson(rng, mean / 2.0);
    }
    let (limit, mut product, mut count) = ((-mean).exp(), unit(rng), 0);
    while product > limit {
        product *= unit(rng);
        count += 1;
    }
    count
}
