//! How a node conducts itself when it leads.

use crate::cachegroup::way::Way;

/// How a node conducts itself when it leads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Conduct {
    /// How it helps members to what they lack.
    pub way: Way,
    /// The most contents in its table that nobody writes. Those it forgets are looked up in the
    /// data store when they are asked for again.
    pub rows_max: usize,
    /// Of how many contents it counts how often they are asked for; none if nobody prefetches by
    /// that.
    pub popular_max: usize,
}

impl Default for Conduct {
    fn default() -> Self {
        Self { way: Way::default(), rows_max: 1 << 16, popular_max: 0 }
    }
}
