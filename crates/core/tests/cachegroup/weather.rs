//! What goes wrong in a run, and how often.

use swell_core::cachegroup::conduct::Conduct;
use swell_core::cachegroup::way::Way;
use swell_core::rng::{self, Rng};

/// Chances in a thousand, and whether a fault happens at all.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Weather {
    /// Messages lost.
    pub(crate) loss: u64,
    /// Messages that come twice.
    pub(crate) repeats: u64,
    /// Bytes between members that arrive hurt.
    pub(crate) hurts: u64,
    /// Two-way and one-way partitions, of nodes from each other and from the data store.
    pub(crate) has_partitions: bool,
    pub(crate) has_crashes: bool,
    /// No two nodes are down at once.
    pub(crate) is_one_down: bool,
    pub(crate) has_outages: bool,
    /// Clocks that jump, forth and back, beyond any margin.
    pub(crate) has_jumps: bool,
    /// Voters change, and settings of nodes name whomever.
    pub(crate) has_changes: bool,
    /// How leaders help, and how soon they forget.
    pub(crate) conduct: Conduct,
}

impl Weather {
    /// The weather of a seed. Each kind of fault is away in some runs, as they hide each other.
    pub(crate) fn of(seed: u64) -> Self {
        let mut rng = rng::split(seed, "cachegroup/weather");
        let has = |rng: &mut Rng| rng::below(rng, 2) == 0;
        Self {
            loss: if has(&mut rng) { rng::below(&mut rng, 100) } else { 0 },
            repeats: if has(&mut rng) { rng::below(&mut rng, 100) } else { 0 },
            hurts: if has(&mut rng) { 20 } else { 0 },
            has_partitions: has(&mut rng),
            has_crashes: has(&mut rng),
            is_one_down: seed.is_multiple_of(2),
            has_outages: has(&mut rng),
            has_jumps: seed % 4 == 3,
            has_changes: !seed.is_multiple_of(3),
            conduct: Conduct {
                way: Way::ALL[(seed % 3) as usize],
                // Of two contents in a group one is forgotten whenever the other is asked for.
                rows_max: if seed % 5 < 3 { 1 } else { 100 },
                popular_max: 8,
            },
        }
    }

    /// Whether pending versions that were acknowledged must all be committed in the end: the
    /// nodes that keep them are never all away from the leader for longer than a lock lasts.
    pub(crate) fn keeps_what_is_pending(&self) -> bool {
        !self.has_partitions && !self.has_jumps && (self.is_one_down || !self.has_crashes)
    }

    /// Whether clocks do what freshness rests on.
    pub(crate) fn keeps_time(&self) -> bool {
        !self.has_jumps
    }
}
