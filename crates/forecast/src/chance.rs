//! The distributions that counting needs.

/// The share of a standard normal below `deviate` (the error function by Abramowitz and
/// Stegun, Handbook of Mathematical Functions, 7.1.26; off by at most 1.5e-7).
pub fn normal_below(deviate: f64) -> f64 {
    let x = deviate.abs() / std::f64::consts::SQRT_2;
    let t = 1.0 / (1.0 + 0.327_591_1 * x);
    let terms = [1.061_405_429, -1.453_152_027, 1.421_413_741, -0.284_496_736, 0.254_829_592];
    let sum = terms.iter().fold(0.0, |sum, term| (sum + term) * t);
    let half_tail = 0.5 * sum * (-x * x).exp();
    if deviate < 0.0 { half_tail } else { 1.0 - half_tail }
}

/// The chance that a Poisson number of this mean is at most `count`. Summed where that is
/// short, else by the cube root (Wilson and Hilferty, 1931), which is right to three digits.
pub fn poisson_at_most(count: u64, mean: f64) -> f64 {
    if mean <= 0.0 {
        return 1.0;
    }
    if mean <= 60.0 && count <= 400 {
        let mut term = (-mean).exp();
        let mut sum = term;
        for step in 1..=count {
            term *= mean / step as f64;
            sum += term;
        }
        return sum.min(1.0);
    }
    let shape = count as f64 + 1.0;
    let root = (mean / shape).cbrt();
    normal_below(3.0 * shape.sqrt() * (1.0 - 1.0 / (9.0 * shape) - root))
}

/// The least count that a distribution does not exceed with a chance of `level`; `at_most`
/// gives the chance that it is at most so many, and rises to one. Beyond `limit` it is not
/// looked for.
pub fn quantile(level: f64, limit: u64, at_most: impl Fn(u64) -> f64) -> u64 {
    let (mut low, mut step) = (0u64, 1u64);
    if at_most(0) >= level {
        return 0;
    }
    while low + step < limit && at_most(low + step) < level {
        low += step;
        step *= 2;
    }
    let mut high = (low + step).min(limit);
    while low + 1 < high {
        let middle = low + (high - low) / 2;
        if at_most(middle) >= level {
            high = middle;
        } else {
            low = middle;
        }
    }
    high
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_those_of_tables() {
        for (deviate, share) in [(0.0, 0.5), (1.2816, 0.9), (1.96, 0.975), (-1.6449, 0.05)] {
            assert!((normal_below(deviate) - share).abs() < 1e-4, "{deviate}");
        }
        for (count, mean, share) in [
            (0, 1.0, 0.367_879),
            (2, 3.0, 0.423_190),
            (10, 10.0, 0.583_040),
            (110, 100.0, 0.852_863),
            (1000, 1000.0, 0.508_4),
            (5, 0.0, 1.0),
        ] {
            let found = poisson_at_most(count, mean);
            assert!((found - share).abs() < 1e-3, "{count} of {mean}: {found}");
        }
    }

    #[test]
    fn quantiles_are_the_least_that_suffice() {
        for mean in [0.01, 0.5, 3.0, 59.0, 61.0, 5000.0] {
            for level in [0.025, 0.5, 0.9, 0.999] {
                let found = quantile(level, u64::MAX / 4, |count| poisson_at_most(count, mean));
                assert!(poisson_at_most(found, mean) >= level, "{mean} {level}");
                let is_least = found == 0 || poisson_at_most(found - 1, mean) < level;
                assert!(is_least, "{mean} {level}: {found}");
            }
        }
        assert_eq!(quantile(0.9, 7, |_| 0.0), 7);
    }
}
