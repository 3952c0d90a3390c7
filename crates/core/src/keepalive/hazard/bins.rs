//! Lengths of gaps, in bins two to a doubling, from two seconds to a day and a half.
//!
//! Only integers and constants are used to find a bin, so that no machine's logarithm
//! decides what is evicted.

use crate::time::Span;

/// Doublings told apart, from two seconds.
const DOUBLINGS: usize = 16;

/// Number of bins: one below two seconds, two per doubling, the last of them open-ended.
pub const BINS: usize = 1 + 2 * DOUBLINGS;

const FIRST: u64 = 2_000_000_000;
/// The square root of two, in millionths.
const HALF_DOUBLING: u64 = 1_414_214;

/// The bin of a gap.
pub fn bin(gap: Span) -> usize {
    let firsts = gap.nanos() / FIRST;
    if firsts == 0 {
        return 0;
    }
    let doublings = 63 - firsts.leading_zeros() as usize;
    if doublings >= DOUBLINGS {
        return BINS - 1;
    }
    let millionths = (gap.nanos() >> doublings) / (FIRST / 1_000_000);
    1 + 2 * doublings + usize::from(millionths >= HALF_DOUBLING)
}

/// The least gap of a bin; for `BINS` the nominal end of the last one.
pub fn lower_edge(bin: usize) -> Span {
    match bin {
        0 => Span::ZERO,
        _ => {
            let half = if bin % 2 == 1 { 1_000_000 } else { HALF_DOUBLING };
            Span::from_nanos((half << ((bin - 1) / 2)) * (FIRST / 1_000_000))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn edges_belong_to_their_bins() {
        for index in 1..BINS {
            let edge = lower_edge(index);
            // Edges are rounded; half a millisecond on either side is surely off them.
            assert_eq!(bin(edge + Span::from_nanos(500_000)), index);
            assert_eq!(bin(edge - Span::from_nanos(500_000)), index - 1);
        }
        assert_eq!(bin(Span::ZERO), 0);
        assert_eq!(bin(Span::FOREVER), BINS - 1);
    }
}
