//! When the next call is due, by how long a function rested between its calls.

/// How likely each step ahead has a call: renewals of the idle times seen, begun from a rest
/// as long as the present one.
pub fn chances(calls: &[usize], len: usize, horizon: usize) -> Vec<f32> {
    let Some(&last) = calls.last() else { return vec![0.0; horizon] };
    let idle = len - 1 - last;
    let reach = idle + horizon + 1;
    let mut gaps = vec![0.0f32; reach + 1];
    let mut longer = 0.1;
    for pair in calls.windows(2) {
        match pair[1] - pair[0] {
            gap if gap <= reach => gaps[gap] += 1.0,
            _ => longer += 1.0,
        }
    }
    // From a rest of `idle`: the first call at `ahead` is a gap of `idle + 1 + ahead`.
    let alive: f32 = gaps[idle + 1..].iter().sum::<f32>() + longer;
    let all: f32 = gaps.iter().sum::<f32>() + longer;
    let mut chances = vec![0.0f32; horizon];
    for ahead in 0..horizon {
        let first = gaps[idle + 1 + ahead] / alive;
        let again: f32 =
            (0..ahead).map(|before| chances[before] * gaps[ahead - before] / all).sum();
        chances[ahead] = (first + again).min(1.0);
    }
    chances
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_timer_is_expected_when_it_is_due() {
        let calls: Vec<usize> = (0..20).map(|turn| turn * 5).collect();
        let chances = chances(&calls, 98, 8);
        let due: Vec<bool> = chances.iter().map(|&chance| chance > 0.5).collect();
        assert_eq!(due, [false, false, true, false, false, false, false, true], "{chances:?}");
    }
}
