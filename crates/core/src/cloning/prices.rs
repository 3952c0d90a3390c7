//! What a start and its memory may cost, by what clones of late were good for.

use crate::cloning::uses::Lately;

/// What things cost, in cold starts avoided.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Prices {
    /// A start that nobody asked for, while nothing is known of how many clones are used.
    pub start: f64,
    /// The same, while most are.
    pub start_used: f64,
    /// The same, while few are.
    pub start_unused: f64,
    /// Up to this share of clones that are used, 0 to 1, they are few.
    pub few: f64,
    /// From this share on they are most.
    pub most: f64,
    /// The same, while clones have shown that they do not pay, whether they are used or not.
    pub start_useless: f64,
    /// Holding a GB for a second, unless most clones are used.
    pub rent: f64,
    /// Whether an avoided start counts by its length in seconds rather than as one.
    pub by_cost: bool,
}

impl Default for Prices {
    fn default() -> Self {
        Self {
            start: 0.4,
            start_used: 0.2,
            start_unused: 0.8,
            few: 0.3,
            most: 0.6,
            start_useless: 0.95,
            rent: 0.0005,
            by_cost: false,
        }
    }
}

impl Prices {
    /// Whether anything hangs on what clones were good for.
    pub(crate) fn learn(&self) -> bool {
        let dear = self.start_unused.max(self.start_useless);
        dear > self.start.min(self.start_used)
    }

    /// What holds, given what clones of late were good for.
    pub(crate) fn at(&self, lately: Lately) -> Price {
        let standing = if self.learn() { lately.standing } else { 1.0 };
        let (usual, unused) = match lately.used {
            None => (self.start, 1.0),
            Some(used) => {
                let width = (self.most - self.few).max(1e-6);
                let unused = ((self.most - used) / width).clamp(0.0, 1.0);
                let dear = self.start_unused.max(self.start_used);
                (self.start_used + (dear - self.start_used) * unused, unused)
            }
        };
        let useless = 1.0 - standing;
        let start = usual + (self.start_useless - usual).max(0.0) * useless;
        Price { start, rent: self.rent * unused.max(useless), trust: standing }
    }
}

/// What things cost, given what clones of late were good for.
pub(crate) struct Price {
    /// A start that nobody asked for.
    pub(crate) start: f64,
    /// Holding a GB for a second.
    pub(crate) rent: f64,
    /// How much of what a forecast says an instance is worth to be kept counts: where it spares
    /// nothing, habit knows better.
    pub(crate) trust: f64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_start_is_cheap_where_clones_are_used_and_pay() {
        for (used, standing, start, trust) in [
            (None, 1.0, 0.4, 1.0),
            (None, 0.0, 0.95, 0.0),
            (Some(0.9), 1.0, 0.2, 1.0),
            (Some(0.45), 1.0, 0.5, 1.0),
            (Some(0.1), 1.0, 0.8, 1.0),
            (Some(0.9), 0.5, 0.575, 0.5),
            (Some(0.9), 0.0, 0.95, 0.0),
            (Some(0.1), 0.0, 0.95, 0.0),
        ] {
            let lately = Lately { used, standing };
            let price = Prices::default().at(lately);
            let is_near = |found: f64, expected: f64| (found - expected).abs() < 1e-9;
            assert!(is_near(price.start, start), "{lately:?}: {}", price.start);
            assert!(is_near(price.trust, trust), "{lately:?}: {}", price.trust);
        }
    }

    #[test]
    fn who_asks_one_price_whatever_clones_are_good_for_learns_nothing() {
        let one = Prices {
            start: 0.2,
            start_used: 0.2,
            start_unused: 0.2,
            start_useless: 0.2,
            ..Prices::default()
        };
        assert!(Prices::default().learn() && !one.learn());
        assert_eq!(one.at(Lately::USELESS).trust, 1.0);
    }
}
