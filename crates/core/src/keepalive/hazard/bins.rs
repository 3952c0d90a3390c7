//! Lengths of gaps, in bins three to a doubling, from one second to a day and beyond.
//!
//! Only integers and constants are used to find a bin, so that no machine's logarithm
//! decides what is evicted.

use crate::time::Span;

/// Number of bins: one below a second, three per doubling up to 2^17 s (36 h), the last
/// of them open-ended.
pub const BINS: usize = 1 + 3 * 17;

const SECOND: u64 = 1_000_000_000;
/// 2^(1/3) and 2^(2/3), in millionths.
const THIRDS: [u64; 3] = [1_000_000, 1_259_921, 1_587_401];

/// The bin of a gap.
pub fn bin(gap: Span) -> usize {
    let seconds = gap.nanos() / SECOND;
    if seconds == 0 {
        return 0;
    }
    let doublings = 63 - seconds.leading_zeros() as usize;
    if doublings >= 17 {
        return BINS - 1;
    }
    let millionths = (gap.nanos() >> doublings) / (SECOND / 1_000_000);
    let third = THIRDS.iter().rposition(|&third| millionths >= third).unwrap_or(0);
    1 + 3 * doublings + third
}

/// The least gap of a bin; for `BINS` the nominal end of the last one.
pub fn lower_edge(bin: usize) -> Span {
    match bin {
        0 => Span::ZERO,
        _ => {
            let third = THIRDS[(bin - 1) % 3] << ((bin - 1) / 3);
            Span::from_nanos(third * (SECOND / 1_000_000))
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
            // An edge is rounded to a microsecond; half a millisecond on is surely inside.
            assert_eq!(bin(edge + Span::from_nanos(500_000)), index);
            assert_eq!(bin(edge - Span::from_nanos(500_000)), index - 1);
        }
        assert_eq!(bin(Span::ZERO), 0);
        assert_eq!(bin(Span::FOREVER), BINS - 1);
    }
}
