//! What a move takes off its source, and whether that is worth a move.

/// A move is worth it if it takes off at least one in so many parts of what is too much.
const PARTS: u32 = 10;

/// What is expected of a source, and what a move would take off it, in parts per million of what
/// the source can bear.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Relief {
    /// How full the source would be at most, if nothing moved.
    pub peak_ppm: u32,
    /// What leaves it with the move.
    pub share_ppm: u32,
    /// Above this there is too much.
    pub limit_ppm: u32,
}

impl Relief {
    /// Whether it takes off a tenth of what is above the limit, or more.
    pub fn is_worth_it(self) -> bool {
        let excess = self.peak_ppm.saturating_sub(self.limit_ppm);
        self.share_ppm > 0 && self.share_ppm >= excess.div_ceil(PARTS)
    }

    /// The bar that the source must keep to for the move to have helped, by rules that do not
    /// compare: the limit if the move can bring it there, else half of what leaves it below what it
    /// would have been at. The rest is for what nobody foresees exactly.
    pub fn bar_ppm(self) -> u32 {
        self.limit_ppm.max(self.peak_ppm.saturating_sub(self.share_ppm / 2))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn little_is_not_worth_a_move_and_the_source_must_feel_it() {
        let limit_ppm = 850_000;
        for (peak_ppm, share_ppm, is_worth_it, bar_ppm) in [
            (900_000, 200_000, true, 850_000),
            (900_000, 5_000, true, 897_500),
            (900_000, 4_999, false, 897_501),
            (1_500_000, 1_000, false, 1_499_500),
            (1_500_000, 200_000, true, 1_400_000),
            (800_000, 0, false, 850_000),
            (800_000, 1, true, 850_000),
        ] {
            let relief = Relief { peak_ppm, share_ppm, limit_ppm };
            assert_eq!((relief.is_worth_it(), relief.bar_ppm()), (is_worth_it, bar_ppm));
        }
    }
}
