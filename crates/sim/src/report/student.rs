//! How far the mean of a few runs may be from the mean of many?
//!
//! Student's t, two-sided 95 %, as printed in every handbook. Between the printed degrees
//! of freedom the next lower one is used, which makes the interval a little too wide
//! rather than too narrow.

/// Quantiles for 1 to 30 degrees of freedom.
const SMALL: [f64; 30] = [
    12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.160,
    2.145, 2.131, 2.120, 2.110, 2.101, 2.093, 2.086, 2.080, 2.074, 2.069, 2.064, 2.060, 2.056,
    2.052, 2.048, 2.045, 2.042,
];

/// A mean and how sure it is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Estimate {
    /// The mean of the runs.
    pub mean: f64,
    /// Half the width of its 95 % confidence interval; a single run has none.
    pub half: Option<f64>,
}

impl Estimate {
    /// The estimate from the values of single runs.
    pub fn of(values: &[f64]) -> Self {
        let count = values.len() as f64;
        let mean = values.iter().sum::<f64>() / count;
        if values.len() < 2 {
            return Self { mean, half: None };
        }
        let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
        let deviation = (squares / (count - 1.0)).sqrt();
        Self { mean, half: Some(quantile(values.len() - 1) * deviation / count.sqrt()) }
    }
}

/// The quantile for so many degrees of freedom, at least one.
fn quantile(freedom: usize) -> f64 {
    match freedom {
        0..=30 => SMALL[freedom.max(1) - 1],
        31..=39 => SMALL[29],
        40..=59 => 2.021,
        60..=119 => 2.000,
        _ => 1.980,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn intervals_agree_with_the_handbook() {
        assert_eq!(Estimate::of(&[3.0]), Estimate { mean: 3.0, half: None });
        let same = Estimate::of(&[0.2; 5]);
        assert!(same.half.is_some_and(|half| half < 1e-12));
        // Deviation 1, three runs: 4.303 / sqrt(3).
        let three = Estimate::of(&[1.0, 2.0, 3.0]);
        assert!((three.mean - 2.0).abs() < 1e-12);
        assert!((three.half.unwrap_or(0.0) - 2.4843).abs() < 1e-3);
        assert_eq!((quantile(9), quantile(45), quantile(1000)), (2.262, 2.021, 1.980));
    }
}
