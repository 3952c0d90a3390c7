//! Chance of the reference cases: SplitMix64, so that any program can draw the same.
//!
//! Steele, Lea and Flood, "Fast Splittable Pseudorandom Number Generators" (OOPSLA 2014),
//! as in the reference implementation by Vigna. The rest of the house draws from its own
//! generator; this one is here because published results depend on its very stream.

/// The generator; its state is a counter.
#[derive(Debug, Clone)]
pub struct SplitMix64(u64);

/// What separates the streams of one seed from each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stream {
    /// Who asks for what: the stream of the reference cases, from the very seed.
    Requests,
    /// Coins of strategies that throw some.
    Coins,
    /// Victims of random replacement.
    Victims,
    /// Which links are long, and who has which workload.
    Shape,
    /// Which source holds which content.
    Sources,
    /// When requests are made.
    Moments,
    /// Which requests write.
    Writes,
    /// What goes wrong, and when.
    Troubles,
    /// Which functions are called, and what they read.
    Tasks,
}

impl SplitMix64 {
    /// The generator with that seed.
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// One of the streams of a seed. What one draws never shifts another.
    pub fn stream(seed: u64, stream: Stream) -> Self {
        if stream == Stream::Requests {
            return Self::new(seed);
        }
        let mut mixer = Self::new(seed ^ (stream as u64).rotate_right(8));
        Self::new(mixer.draw())
    }

    /// The next 64 bits.
    #[inline]
    pub fn draw(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// An integer in `0..bound`: the remainder of a draw, as the reference cases have it.
    /// Its bias is below `bound / 2^64`.
    #[inline]
    pub fn below(&mut self, bound: u64) -> u64 {
        self.draw() % bound
    }

    /// A number in `[0, 1)` with 53 bits.
    #[inline]
    pub fn unit(&mut self) -> f64 {
        (self.draw() >> 11) as f64 / (1u64 << 53) as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_stream_is_the_published_one() {
        // The first words for seed 1234567, as printed with the reference implementation.
        let mut generator = SplitMix64::new(1_234_567);
        let expected = [
            6_457_827_717_110_365_317,
            3_203_168_211_198_807_973,
            9_817_491_932_198_370_423,
            4_593_380_528_125_082_431,
            16_408_922_859_458_223_821,
        ];
        assert_eq!([(); 5].map(|()| generator.draw()), expected);
    }

    #[test]
    fn streams_of_a_seed_differ() {
        let first = |stream| SplitMix64::stream(7, stream).draw();
        let all =
            [Stream::Requests, Stream::Coins, Stream::Victims, Stream::Shape, Stream::Sources]
                .map(first);
        assert_eq!(all[0], SplitMix64::new(7).draw());
        for (place, one) in all.iter().enumerate() {
            assert!(!all[..place].contains(one), "{all:?}");
        }
    }
}
