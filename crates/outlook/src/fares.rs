//! Do calls fail more than they did? Answered for a few calls too: where a function hardly ever
//! failed before, two failures in a row say more than a share of many calls.

use serde::{Deserialize, Serialize};

/// It fails more if as many failures would come by chance less often than this.
const CHANCE: f64 = 0.01;
/// Of many calls, a little more is no reason to act: the share of failures must be larger by this.
const MORE_MIN: f64 = 0.1;
/// Before anything is known of a function, one in so many of its calls is taken to fail.
const SUPPOSED: f64 = 20.0;

/// What calls came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Fares {
    /// All.
    pub calls: u64,
    /// Those of them that failed or were refused.
    pub failed: u64,
}

impl Fares {
    /// Both together.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self { calls: self.calls + other.calls, failed: self.failed + other.failed }
    }

    /// What came since.
    #[must_use]
    pub fn since(self, before: Self) -> Self {
        Self {
            calls: self.calls.saturating_sub(before.calls),
            failed: self.failed.saturating_sub(before.failed),
        }
    }

    /// Whether calls fail more than they did before: more by a tenth at least, and so many that by
    /// the former share of failures it would happen in one case of a hundred at most. The chance is
    /// bounded from above by Chernoff's inequality (Hoeffding 1963, theorem 1), which is exact where
    /// all failed.
    pub fn fails_more(self, before: Fares) -> bool {
        let supposed = (before.failed as f64 + 1.0) / (before.calls as f64 + SUPPOSED);
        if self.calls == 0 || supposed >= 1.0 {
            return false;
        }
        let calls = self.calls as f64;
        let share = (self.failed as f64 / calls).min(1.0);
        if share < supposed + MORE_MIN {
            return false;
        }
        let part = |share: f64, of: f64| if share > 0.0 { share * (share / of).ln() } else { 0.0 };
        let divergence = part(share, supposed) + part(1.0 - share, 1.0 - supposed);
        (-calls * divergence).exp() <= CHANCE
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_failures_count_where_there_were_none() {
        for ((calls, failed), (before, failed_before), expected) in [
            ((1, 1), (0, 0), false),
            ((2, 2), (0, 0), true),
            ((1, 1), (20, 0), false),
            ((2, 2), (20, 0), true),
            ((1, 1), (80, 0), true),
            ((3, 1), (80, 0), false),
            ((4, 0), (80, 0), false),
            ((0, 0), (80, 0), false),
            ((9, 9), (100, 100), false),
            ((9, 9), (100, 50), true),
            ((9, 5), (100, 50), false),
            ((100, 30), (100, 2), true),
            ((10_000, 300), (10_000, 100), false),
            ((5, 9), (80, 0), true),
        ] {
            let now = Fares { calls, failed };
            let before = Fares { calls: before, failed: failed_before };
            assert_eq!(now.fails_more(before), expected, "{now:?} after {before:?}");
        }
    }
}
