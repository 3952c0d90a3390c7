//! The hazard of a function's own rests: of those that lasted as long as the present one, the
//! share that ended now.

use std::ops::Range;

use crate::panel::Past;
use crate::prewarm::readiness::Readiness;

/// Answers by the rests of the function alone.
#[derive(Debug, Clone, Copy)]
pub struct IdleGap;

/// Steps with a call that a function needs before its rests say anything.
const CALLS_MIN: usize = 3;

impl Readiness for IdleGap {
    fn ready(&self, past: &Past<'_>, members: Range<usize>) -> Vec<f32> {
        members.map(|member| hazard(&past.counts(member))).collect()
    }
}

fn hazard(counts: &[f32]) -> f32 {
    let calls: Vec<usize> = (0..counts.len()).filter(|&step| counts[step] > 0.0).collect();
    if calls.len() < CALLS_MIN {
        return 0.0;
    }
    let idle = counts.len() - calls[calls.len() - 1];
    let gaps = || calls.windows(2).map(|pair| pair[1] - pair[0]);
    match gaps().filter(|gap| *gap >= idle).count() {
        0 => 0.02,
        alive => {
            let ended = gaps().filter(|gap| *gap == idle).count() as f32;
            (ended + 0.05) / (alive as f32 + 1.0)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rest_ends_as_earlier_ones_did() {
        let calls_at = |steps: &[usize], len: usize| {
            let mut counts = vec![0.0; len];
            steps.iter().for_each(|&step| counts[step] = 1.0);
            counts
        };
        for (steps, len, expected) in [
            (&[0, 4][..], 9, 0.0),
            // Three rests of four: due after four, not before.
            (&[0, 4, 8, 12], 16, 3.05 / 4.0),
            (&[0, 4, 8, 12], 14, 0.05 / 4.0),
            (&[0, 4, 8, 12], 19, 0.02),
        ] {
            let found = hazard(&calls_at(steps, len));
            assert!((found - expected).abs() < 1e-6, "{steps:?} at {len}: {found}");
        }
    }
}
