//! Latencies by how often each occurred, exact to below one percent at any size, in memory
//! that does not grow with their number (the layout of HdrHistogram: 128 steps per power
//! of two).

use std::time::Duration;

const STEP_BITS: u32 = 7;
const STEPS: u64 = 1 << STEP_BITS;

/// Latencies.
#[derive(Debug, Clone, Default)]
pub struct Latency {
    counts: Vec<u64>,
    count: u64,
    sum: u128,
    /// The shortest and the longest, in nanoseconds.
    ends: Option<(u64, u64)>,
}

impl Latency {
    /// One more.
    pub fn record(&mut self, latency: Duration) {
        let nanos = u64::try_from(latency.as_nanos()).unwrap_or(u64::MAX);
        let place = place(nanos);
        if self.counts.len() <= place {
            self.counts.resize(place + 1, 0);
        }
        self.counts[place] += 1;
        self.count += 1;
        self.sum += u128::from(nanos);
        let (least, most) = self.ends.unwrap_or((nanos, nanos));
        self.ends = Some((least.min(nanos), most.max(nanos)));
    }

    /// All of another's too.
    pub fn merge(&mut self, other: &Self) {
        if self.counts.len() < other.counts.len() {
            self.counts.resize(other.counts.len(), 0);
        }
        for (count, more) in self.counts.iter_mut().zip(&other.counts) {
            *count += more;
        }
        self.count += other.count;
        self.sum += other.sum;
        self.ends = match (self.ends, other.ends) {
            (Some(one), Some(two)) => Some((one.0.min(two.0), one.1.max(two.1))),
            (one, two) => one.or(two),
        };
    }

    /// How many there are.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// The shortest, the mean and the longest, in microseconds.
    pub fn least_mean_most(&self) -> Option<(f64, f64, f64)> {
        let (least, most) = self.ends?;
        let mean = self.sum as f64 / self.count as f64;
        Some((least as f64 / 1e3, mean / 1e3, most as f64 / 1e3))
    }

    /// The latency that `percent` of all do not exceed, in microseconds.
    pub fn percentile(&self, percent: f64) -> Option<f64> {
        let (least, most) = self.ends?;
        let rank = ((percent / 100.0 * self.count as f64).ceil() as u64).clamp(1, self.count);
        let mut seen = 0;
        for (place, count) in self.counts.iter().enumerate() {
            seen += count;
            if seen >= rank {
                return Some(upper(place).clamp(least, most) as f64 / 1e3);
            }
        }
        Some(most as f64 / 1e3)
    }
}

/// The cell of a number: itself while it is small, then 128 cells for each doubling.
fn place(nanos: u64) -> usize {
    let Some(shift) = (u64::BITS - nanos.leading_zeros()).checked_sub(STEP_BITS + 1) else {
        return nanos as usize;
    };
    (u64::from(shift) * STEPS + (nanos >> shift)) as usize
}

/// The largest number in a cell.
fn upper(place: usize) -> u64 {
    let place = place as u64;
    let shift = (place / STEPS).saturating_sub(1);
    let step = u128::from(place - shift * STEPS);
    u64::try_from(((step + 1) << shift) - 1).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_in_order_and_narrow() {
        let mut last = None;
        for nanos in (0..1_000_000).chain((20..64).map(|bit| (1 << bit) - 1)) {
            let cell = place(nanos);
            assert!(last <= Some(cell), "{nanos}");
            last = Some(cell);
            let upper = upper(cell);
            assert!(upper >= nanos, "{nanos} {upper}");
            assert!((upper - nanos) as f64 <= nanos as f64 / 127.0, "{nanos} {upper}");
        }
        assert_eq!(upper(place(u64::MAX)), u64::MAX);
    }

    #[test]
    fn percentiles_are_those_of_the_sorted_list() {
        let mut latency = Latency::default();
        for micros in 1..=1_000 {
            latency.record(Duration::from_micros(micros));
        }
        for (percent, expected) in
            [(0.0, 1.0), (50.0, 500.0), (90.0, 900.0), (99.9, 999.0), (100.0, 1_000.0)]
        {
            let found = latency.percentile(percent).expect("there are some");
            assert!((found - expected).abs() <= expected / 100.0, "{percent}: {found}");
        }
        assert_eq!(latency.least_mean_most(), Some((1.0, 500.5, 1_000.0)));
    }

    #[test]
    fn parts_merge_to_the_whole() {
        let (mut one, mut two) = (Latency::default(), Latency::default());
        assert_eq!(one.percentile(50.0), None);
        two.record(Duration::from_secs(2));
        one.merge(&two);
        one.merge(&Latency::default());
        two.record(Duration::from_micros(3));
        one.merge(&two);
        assert_eq!(one.count(), 3);
        assert_eq!(one.least_mean_most().map(|row| (row.0, row.2)), Some((3.0, 2e6)));
        let third = one.percentile(30.0).expect("there are some");
        assert!((third - 3.0).abs() <= 3.0 / 100.0, "{third}");
        assert_eq!(one.percentile(100.0), Some(2e6));
    }
}
