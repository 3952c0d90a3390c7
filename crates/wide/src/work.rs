//! Arithmetic that is compiled twice: for every processor, and for those with wider registers.
//!
//! A program that runs anywhere does four numbers at a time where the processor under it could do
//! eight. Work that is worth it says so here, and the processor is asked once.
//!
//! Invariant: what comes out is the same bit for bit. The same operations are done in the same
//! order, only of more lanes at once; products are not fused with sums, which would round once
//! where others round twice.

/// Some arithmetic.
pub trait Work {
    /// What comes out.
    type Out;

    /// Does it. It is to be marked `#[inline(always)]`, as is all that it calls in its loops: only
    /// what lies within a function is compiled as that function is. `WIDE` tells whether registers
    /// are wide, for who would cut the work differently then; what comes out must not depend on it.
    fn run<const WIDE: bool>(self) -> Self::Out;
}

/// Does some work with the widest registers that are known here and the processor has.
#[inline]
pub fn widely<W: Work>(work: W) -> W::Out {
    #[cfg(target_arch = "x86_64")]
    if std::arch::is_x86_feature_detected!("avx2") && std::arch::is_x86_feature_detected!("bmi1") {
        #[expect(unsafe_code, reason = "the processor was asked")]
        // SAFETY: the processor has all that the function is compiled for.
        return unsafe { wide(work) };
    }
    work.run::<false>()
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,bmi1")]
fn wide<W: Work>(work: W) -> W::Out {
    work.run::<true>()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Sums of products, in lanes.
    struct Sums<'v>(&'v [f32]);

    impl Work for Sums<'_> {
        type Out = [f32; 16];

        #[inline(always)]
        fn run<const WIDE: bool>(self) -> [f32; 16] {
            let mut sums = [0.1f32; 16];
            for values in self.0.as_chunks::<16>().0 {
                for (sum, value) in sums.iter_mut().zip(values) {
                    *sum = *sum * value + value / 3.0;
                }
            }
            sums
        }
    }

    #[test]
    fn wide_and_narrow_come_to_the_same_bits() {
        let values: Vec<f32> = (0..1600u32).map(|at| (at * 7919 % 1009) as f32 / 700.0).collect();
        let [wide, narrow] = [widely(Sums(&values)), Sums(&values).run::<false>()];
        assert_eq!(wide.map(f32::to_bits), narrow.map(f32::to_bits));
    }
}
