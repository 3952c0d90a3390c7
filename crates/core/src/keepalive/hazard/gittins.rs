//! What keeping is worth: the best ratio of chance of reuse to time held.
//!
//! For an instance idle for `a`, the index is the maximum over horizons `h` of
//!
//! > P(gap <= a + h | gap > a) / E[min(gap - a, h) | gap > a],
//!
//! uses per second of holding if it is let go after `h` unused (Gittins, 1979). It takes
//! in both that an ageing heavy-tailed gap grows hopeless and that a periodic one grows
//! due. Horizons are the edges of bins.

use crate::keepalive::hazard::bins::{BINS, lower_edge};
use crate::keepalive::hazard::gain::Gain;

/// The index at the lower edge of the bin `from`, in uses per second, given the weights
/// of the bins and the weight `never` of gaps that do not end.
pub fn index(weights: &[f32; BINS], never: f32, widths: &[f64; BINS], from: usize) -> f64 {
    let (weights, widths) = (&weights[from..], &widths[from..]);
    let mut best = Best { reused: 0.0, held: 1.0 };
    let mut reused = 0.0;
    walk(weights, widths, survivors(weights, never), 0.0, |weight, held| {
        reused += weight;
        best.or(reused, held);
    });
    best.ratio()
}

/// What comes before the first gap of an instance that is yet to be made.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Head {
    /// What it is worth to serve the request at hand, in uses.
    pub uses: f64,
    /// Seconds of holding until the gap begins.
    pub held: f64,
}

/// The index of an instance that is yet to be made, with and without the request at hand.
pub fn gain(weights: &[f32; BINS], never: f32, widths: &[f64; BINS], head: Head) -> Gain {
    let survivors = survivors(weights, never);
    let (held, served) = (head.held * survivors, head.uses * survivors);
    let best =
        |reused| if held > 0.0 { Best { reused, held } } else { Best { reused: 0.0, held: 1.0 } };
    let (mut later, mut with_request) = (best(0.0), best(served));
    let (mut reused, mut served) = (0.0, served);
    walk(weights, widths, survivors, held, |weight, held| {
        reused += weight;
        served += weight;
        later.or(reused, held);
        with_request.or(served, held);
    });
    Gain { later: later.ratio(), with_request: with_request.ratio() }
}

fn survivors(weights: &[f32], never: f32) -> f64 {
    f64::from(weights.iter().sum::<f32>() + never)
}

/// Visits the horizons, the nearest first: how much ends in the bin before each, and how
/// long all are held until then.
#[inline]
fn walk(
    weights: &[f32],
    widths: &[f64],
    mut survivors: f64,
    mut held: f64,
    mut visit: impl FnMut(f64, f64),
) {
    for (&weight, &width) in weights.iter().zip(widths) {
        let weight = f64::from(weight);
        // Within a bin gaps end evenly, so half of its weight is there on average.
        held += width * (survivors - weight / 2.0);
        survivors -= weight;
        visit(weight, held);
    }
}

/// The best ratio of reuse to holding so far.
struct Best {
    reused: f64,
    held: f64,
}

impl Best {
    #[inline]
    fn or(&mut self, reused: f64, held: f64) {
        // reused / held > self.reused / self.held, without dividing.
        if reused * self.held > self.reused * held {
            *self = Self { reused, held };
        }
    }

    fn ratio(&self) -> f64 {
        if self.held > 0.0 { self.reused / self.held } else { 0.0 }
    }
}

/// The widths of all bins, in seconds.
pub fn widths() -> [f64; BINS] {
    std::array::from_fn(|bin| (lower_edge(bin + 1) - lower_edge(bin)).secs_f64())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(weights: &[f32; BINS], never: f32, from: usize) -> f64 {
        index(weights, never, &widths(), from)
    }

    #[test]
    fn one_sure_gap_is_worth_its_inverse() {
        // Gaps between 64 and 80.6 s: 72.3 s of holding on average, from the start.
        let mut weights = [0.0; BINS];
        weights[19] = 3.0;
        let middle = (lower_edge(19).secs_f64() + lower_edge(20).secs_f64()) / 2.0;
        assert!((at(&weights, 0.0, 0) - 1.0 / middle).abs() < 1e-9);
        // With as many that never end, holding to the end of the bin is all in vain for half.
        let end = lower_edge(20).secs_f64();
        assert!((at(&weights, 3.0, 0) - 0.5 / (middle + end) * 2.0).abs() < 1e-9);
    }

    #[test]
    fn a_periodic_gap_grows_due_and_a_heavy_tail_grows_hopeless() {
        let mut periodic = [0.0; BINS];
        periodic[20] = 1.0;
        let found = |bin| at(&periodic, 0.01, bin);
        assert!(found(0) < found(10) && found(10) < found(19));
        assert!(found(21) == 0.0, "past its due time nothing speaks for it");
        let tail = std::array::from_fn(|bin| 0.9f32.powf(bin as f32));
        let found = |bin| at(&tail, 0.1, bin);
        assert!(found(5) > found(15) && found(15) > found(30));
    }

    #[test]
    fn nothing_known_is_worth_nothing() {
        assert_eq!(at(&[0.0; BINS], 0.0, 3), 0.0);
        assert_eq!(at(&[0.0; BINS], 1.0, 3), 0.0);
    }

    #[test]
    fn what_comes_before_the_gap_is_held_and_used_as_well() {
        let mut weights = [0.0; BINS];
        weights[19] = 1.0;
        let gap = (lower_edge(19).secs_f64() + lower_edge(20).secs_f64()) / 2.0;
        for (uses, held, later, with_request) in [
            (0.0, 0.0, 1.0 / gap, 1.0 / gap),
            // A start of 10 s is held on top; the request at hand is used on top, a little.
            (0.005, 10.0, 1.0 / (gap + 10.0), 1.005 / (gap + 10.0)),
            // After a short start the request alone is worth more than to wait for the next.
            (0.3, 1.0, 1.0 / (gap + 1.0), 0.3),
        ] {
            let found = gain(&weights, 0.0, &widths(), Head { uses, held });
            assert!((found.later - later).abs() < 1e-9, "{uses} {held}: {found:?}");
            assert!((found.with_request - with_request).abs() < 1e-9, "{uses} {held}: {found:?}");
        }
    }
}
