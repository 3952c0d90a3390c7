//! In how many queries a range is asked for: Prometheus answers at most 11,000 points a series.

use std::ops::RangeInclusive;

/// Points of a series in one answer, at most.
pub const POINTS_MAX: u64 = 11_000;
/// Queries for one range, at most; of a longer range the end is asked for.
pub const PAGES_MAX: u64 = 100;

/// The first and last moment of each query, in Unix milliseconds, oldest first. Both are
/// answered, so the next begins one step later.
pub fn pages(start_ms: u64, end_ms: u64, step_ms: u64) -> Vec<RangeInclusive<u64>> {
    let step = step_ms.max(1);
    let Some(length) = end_ms.checked_sub(start_ms) else { return Vec::new() };
    let points = length / step + 1;
    let left_out = points.saturating_sub(PAGES_MAX * POINTS_MAX);
    let (first, points) = (start_ms + left_out * step, points - left_out);
    let page = |page: u64| {
        let from = first + page * POINTS_MAX * step;
        from..=end_ms.min(from + (POINTS_MAX - 1) * step)
    };
    (0..points.div_ceil(POINTS_MAX)).map(page).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn short_ranges_are_one_query() {
        assert_eq!(pages(0, 10_999_000, 1000), [0..=10_999_000]);
        assert_eq!(pages(0, 11_000_000, 1000), [0..=10_999_000, 11_000_000..=11_000_000]);
        assert_eq!(pages(5, 5, 0), [5..=5]);
        assert!(pages(6, 5, 1).is_empty());
    }

    proptest! {
        #[test]
        fn every_point_is_asked_for_once(
            start in 0u64..1 << 42, points in 0u64..50_000, step in 1u64..100_000, more in 0u64..100_000,
        ) {
            let end = start + points * step + more % step;
            let pages = pages(start, end, step);
            let mut next = start;
            for page in &pages {
                prop_assert_eq!(*page.start(), next);
                let points = (page.end() - page.start()) / step + 1;
                prop_assert!(points <= POINTS_MAX);
                next += points * step;
            }
            prop_assert!(next > end && next - step <= end);
        }
    }
}
