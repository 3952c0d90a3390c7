//! Simple exponential smoothing, the step under half of the classical methods.

/// The level after the last value, starting from the first. Zero of nothing.
pub fn level(values: impl IntoIterator<Item = f32>, weight: f32) -> f32 {
    let mut values = values.into_iter();
    let first = values.next().unwrap_or(0.0);
    values.fold(first, |level, value| level + weight * (value - level))
}

/// The sum of squared one-step errors of smoothing with this weight.
fn squares(values: &[f32], weight: f32) -> f32 {
    let Some((&first, rest)) = values.split_first() else { return 0.0 };
    let mut level = first;
    let mut squares = 0.0;
    for &value in rest {
        squares += (value - level) * (value - level);
        level += weight * (value - level);
    }
    squares
}

/// The weight between `low` and `high` with the least squared one-step error, by golden
/// section.
pub fn best_weight(values: &[f32], low: f32, high: f32) -> f32 {
    const RATIO: f32 = 0.618_034;
    let (mut low, mut high) = (low, high);
    let (mut left, mut right) = (high - RATIO * (high - low), low + RATIO * (high - low));
    let (mut at_left, mut at_right) = (squares(values, left), squares(values, right));
    for _ in 0..12 {
        if at_left < at_right {
            (high, right, at_right) = (right, left, at_left);
            left = high - RATIO * (high - low);
            at_left = squares(values, left);
        } else {
            (low, left, at_left) = (left, right, at_right);
            right = low + RATIO * (high - low);
            at_right = squares(values, right);
        }
    }
    (low + high) / 2.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_follow_and_weights_fit() {
        assert_eq!(level([4.0, 8.0, 8.0], 0.5), 7.0);
        assert_eq!(level([], 0.5), 0.0);
        let calm: Vec<f32> = (0..200u32).map(|step| 10.0 + (step * 7919 % 5) as f32).collect();
        let walk: Vec<f32> = (0..200).map(|step: i32| (step / 20 * 50) as f32).collect();
        assert!(best_weight(&calm, 0.01, 0.99) < 0.2);
        assert!(best_weight(&walk, 0.01, 0.99) > 0.8);
    }
}
