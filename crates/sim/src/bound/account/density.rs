//! What fits into a given room at best.
//!
//! Gaps are items of a knapsack: weight `memory x gap`, value one start (or its length).
//! Taken in order of weight per value, and the last one in part, they give the most value
//! that any choice can reach (Dantzig, "Discrete-Variable Extremum Problems", 1957).
//! Sorting would keep the whole trace; instead items are summed in buckets whose
//! weight per value differs by at most 1/32, so the books have a fixed size. Only the one
//! bucket in which the room ends is not known exactly, and there the answer is rounded
//! up, to the side on which a bound stays a bound.

/// Sub-buckets of a power of two: `2^SHIFT`.
const SHIFT: u32 = 5;
/// Mantissa bits of an `f64` dropped by a bucket.
const DROPPED: u32 = f64::MANTISSA_DIGITS - 1 - SHIFT;
/// Weight per value of the first bucket, `2^-64`: one byte-nanosecond for the longest
/// start. The largest is below `2^128`.
const FIRST: u64 = (1023 - 64) << SHIFT;
/// Number of buckets.
const BUCKETS: usize = (64 + 128) << SHIFT;
/// Covers the rounding of a quotient and of a product of two integers as `f64`.
const ROUNDING: f64 = 1e-12;

/// Items summed by weight per value.
#[derive(Debug)]
pub struct Densities {
    buckets: Vec<Sum>,
    /// Value of the items without weight: they always fit.
    weightless: u128,
    value: u128,
}

#[derive(Debug, Clone, Copy, Default)]
struct Sum {
    value: u128,
    weight: u128,
}

impl Densities {
    /// No items.
    pub fn new() -> Self {
        Self { buckets: vec![Sum::default(); BUCKETS], weightless: 0, value: 0 }
    }

    /// Adds an item of weight `memory x gap` (bytes and nanoseconds). `value_inverse` is
    /// `1 / value`, which the caller knows once per function.
    pub fn add(&mut self, memory: u64, gap: u64, value: u64, value_inverse: f64) {
        if value == 0 {
            return;
        }
        self.value += u128::from(value);
        if memory == 0 || gap == 0 {
            self.weightless += u128::from(value);
            return;
        }
        let ratio = memory as f64 * gap as f64 * value_inverse;
        let index = (ratio.to_bits() >> DROPPED).saturating_sub(FIRST) as usize;
        let sum = &mut self.buckets[index.min(BUCKETS - 1)];
        sum.value += u128::from(value);
        sum.weight = sum.weight.saturating_add(u128::from(memory) * u128::from(gap));
    }

    /// Value of all items.
    pub fn value(&self) -> u128 {
        self.value
    }

    /// At least the most value that fits into `room`, and at most one bucket's spread
    /// more than that.
    pub fn fit(&self, room: u128) -> u128 {
        let mut fitting = self.weightless;
        let mut left = room;
        for (index, sum) in self.buckets.iter().enumerate() {
            if sum.weight > left {
                return fitting + partly(index, sum, left);
            }
            left -= sum.weight;
            fitting += sum.value;
        }
        fitting
    }
}

impl Default for Densities {
    fn default() -> Self {
        Self::new()
    }
}

/// The most value of one bucket in a room smaller than its weight: no item there takes
/// less room than the bucket's lower edge tells, and what is left out loses at least
/// what the upper edge tells.
fn partly(index: usize, sum: &Sum, room: u128) -> u128 {
    let edge = |index: u64| f64::from_bits((FIRST + index) << DROPPED);
    let lower = edge(index as u64) * (1.0 - ROUNDING);
    let upper = edge(index as u64 + 1) * (1.0 + ROUNDING);
    let inside = (room as f64 / lower * (1.0 + ROUNDING)) as u128;
    let outside = ((sum.weight - room) as f64 / upper * (1.0 - ROUNDING)).ceil() as u128;
    inside.min(sum.value.saturating_sub(outside))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The most value in `room`, by sorting, the last item in part and rounded down.
    fn exact(items: &[(u64, u64, u64)], room: u128) -> u128 {
        let mut sorted: Vec<(u128, u64)> = items
            .iter()
            .map(|&(memory, gap, value)| (u128::from(memory) * u128::from(gap), value))
            .filter(|&(_, value)| value > 0)
            .collect();
        sorted.sort_by(|a, b| (a.0 * u128::from(b.1)).cmp(&(b.0 * u128::from(a.1))));
        let (mut fitting, mut left) = (0, room);
        for (weight, value) in sorted {
            if weight > left {
                return fitting + left * u128::from(value) / weight;
            }
            left -= weight;
            fitting += u128::from(value);
        }
        fitting
    }

    fn sums(items: &[(u64, u64, u64)]) -> Densities {
        let mut densities = Densities::new();
        for &(memory, gap, value) in items {
            densities.add(memory, gap, value, 1.0 / value as f64);
        }
        densities
    }

    #[test]
    fn extremes_stay_in_their_buckets() {
        let items = [(u64::MAX, u64::MAX, 1), (1, 1, u64::MAX), (0, 9, 2), (9, 0, 3), (5, 5, 0)];
        let densities = sums(&items);
        assert_eq!(densities.value(), 1 + u128::from(u64::MAX) + 5);
        assert_eq!(densities.fit(0), 5);
        assert_eq!(densities.fit(1), 5 + u128::from(u64::MAX));
        assert_eq!(densities.fit(u128::MAX), densities.value());
    }

    proptest! {
        #[test]
        fn never_less_than_the_exact_fit_and_little_more(
            items in prop::collection::vec((0u64..1000, 0u64..1_000_000, 0u64..2000), 0..200),
            share in 0.0f64..1.2,
        ) {
            let weight: u128 = items.iter().map(|&(m, g, _)| u128::from(m * g)).sum();
            let room = (weight as f64 * share) as u128;
            let (exact, fit) = (exact(&items, room), sums(&items).fit(room));
            prop_assert!(fit >= exact, "{fit} < {exact}");
            prop_assert!(fit as f64 <= exact as f64 * (1.0 + 1.0 / 32.0) + 1.0, "{fit} >> {exact}");
        }
    }
}
