//! What keeping is worth: the best ratio of chance of reuse to time held.
//!
//! For an instance idle for `a`, the index is the maximum over horizons `h` of
//!
//! > P(gap <= a + h | gap > a) / E[min(gap - a, h) | gap > a],
//!
//! uses per second of holding if it is let go after `h` unused (Gittins, 1979; for caches
//! Jain et al., "Hazard rate caching"). It takes in both that an ageing heavy-tailed gap
//! grows hopeless and that a periodic one grows due. Seen in the plane of (time held,
//! chance of reuse), the index at the lower edge of a bin is the steepest chord to any
//! later edge, so one walk from the right with an upper hull gives it for all bins.

use crate::keepalive::hazard::bins::{BINS, lower_edge};

/// Computes the index at the lower edge of every bin, in uses per second, from the
/// weights of the bins and the weight `never` of gaps that do not end.
pub fn index(weights: &[f32; BINS], never: f32, widths: &[f64; BINS], into: &mut [f32; BINS]) {
    // The hull's corners, the nearest last. The walk goes left, so coordinates decrease.
    let mut hull = [(0.0f64, 0.0f64); BINS + 1];
    let mut corners = 1;
    let mut survivors = f64::from(never);
    let (mut held, mut reused) = (0.0f64, 0.0f64);
    for bin in (0..BINS).rev() {
        let weight = f64::from(weights[bin]);
        // Within a bin gaps end evenly, so half of its weight is there on average.
        held -= widths[bin] * (survivors + weight / 2.0);
        reused -= weight;
        survivors += weight;
        while corners >= 2 {
            let (near, far) = (hull[corners - 1], hull[corners - 2]);
            let near_is_below =
                (near.1 - reused) * (far.0 - held) < (far.1 - reused) * (near.0 - held);
            if !near_is_below {
                break;
            }
            corners -= 1;
        }
        let best = hull[corners - 1];
        let run = best.0 - held;
        into[bin] = if run > 0.0 { ((best.1 - reused) / run) as f32 } else { 0.0 };
        hull[corners] = (held, reused);
        corners += 1;
    }
}

/// The widths of all bins, in seconds.
pub fn widths() -> [f64; BINS] {
    std::array::from_fn(|bin| (lower_edge(bin + 1) - lower_edge(bin)).secs_f64())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng;

    /// The definition, spelled out.
    fn slow(weights: &[f32; BINS], never: f32, from: usize) -> f64 {
        let widths = widths();
        let mut survivors: f64 =
            weights[from..].iter().map(|&w| f64::from(w)).sum::<f64>() + f64::from(never);
        let (mut held, mut reused, mut best) = (0.0, 0.0, 0.0f64);
        for bin in from..BINS {
            let weight = f64::from(weights[bin]);
            held += widths[bin] * (survivors - weight / 2.0);
            reused += weight;
            survivors -= weight;
            if held > 0.0 {
                best = best.max(reused / held);
            }
        }
        best
    }

    #[test]
    fn agrees_with_the_definition() {
        let mut rng = rng::split(5, "gittins");
        let widths = widths();
        for _ in 0..200 {
            let sparse = 1 + rng::below(&mut rng, 20);
            let weights = std::array::from_fn(|_| {
                let some = rng::below(&mut rng, sparse) == 0;
                if some { rng::unit(&mut rng) as f32 } else { 0.0 }
            });
            let never = rng::unit(&mut rng) as f32 * 0.3;
            let mut found = [0.0; BINS];
            index(&weights, never, &widths, &mut found);
            for bin in 0..BINS {
                let expected = slow(&weights, never, bin);
                let close = (f64::from(found[bin]) - expected).abs() <= 1e-5 * expected.max(1e-9);
                assert!(close, "bin {bin}: {} for {expected}", found[bin]);
            }
        }
    }

    #[test]
    fn a_periodic_gap_grows_due_and_a_heavy_tail_grows_hopeless() {
        let (widths, mut found) = (widths(), [0.0; BINS]);
        let mut periodic = [0.0; BINS];
        periodic[20] = 1.0;
        index(&periodic, 0.01, &widths, &mut found);
        assert!(found[0] < found[10] && found[10] < found[19]);
        assert!(found[21] == 0.0, "past its due time nothing speaks for it");
        let tail = std::array::from_fn(|bin| 0.9f32.powi(bin as i32));
        index(&tail, 0.1, &widths, &mut found);
        assert!(found[5] > found[15] && found[15] > found[30]);
    }
}
