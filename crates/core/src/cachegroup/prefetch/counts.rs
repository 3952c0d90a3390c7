//! What came of prefetching.

/// Counts of copies that were fetched ahead.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// Fetches begun because a function declares or usually reads the content (P1).
    pub by_history: u64,
    /// Fetches begun because the group asks for the content often (P2).
    pub by_popularity: u64,
    /// Copies that were read before they went.
    pub useful: u64,
    /// Copies that were still on their way when somebody wanted to read them.
    pub late: u64,
    /// Copies that went unread: others were worth more, or a newer version came.
    pub wasted: u64,
    /// Bytes of these.
    pub wasted_bytes: u64,
    /// Fetches that came to nothing, or brought what was here by then.
    pub idle: u64,
    /// What was foreseen and not fetched, as what lies here is worth more.
    pub refused_by_room: u64,
    /// What was foreseen and not fetched, as the link had no bytes left for it.
    pub refused_by_link: u64,
}

impl Counts {
    /// Fetches begun.
    pub fn begun(&self) -> u64 {
        self.by_history + self.by_popularity
    }

    /// Adds those of another node.
    pub fn add(&mut self, other: &Counts) {
        *self = self.each(other, |own, other| own + other);
    }

    /// What has been counted since these were.
    pub fn since(&self, before: &Counts) -> Counts {
        self.each(before, u64::saturating_sub)
    }

    fn each(&self, other: &Counts, both: fn(u64, u64) -> u64) -> Counts {
        Counts {
            by_history: both(self.by_history, other.by_history),
            by_popularity: both(self.by_popularity, other.by_popularity),
            useful: both(self.useful, other.useful),
            late: both(self.late, other.late),
            wasted: both(self.wasted, other.wasted),
            wasted_bytes: both(self.wasted_bytes, other.wasted_bytes),
            idle: both(self.idle, other.idle),
            refused_by_room: both(self.refused_by_room, other.refused_by_room),
            refused_by_link: both(self.refused_by_link, other.refused_by_link),
        }
    }
}
