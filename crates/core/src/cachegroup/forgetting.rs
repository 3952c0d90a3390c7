//! What a leader remembers of the contents that are asked for, and what it forgets.
//!
//! Its table is a cache of the data store's truth: a content that nobody writes can be forgotten,
//! and is looked up again when it is asked for. Only the moment may not be lost at which the
//! group learned of its version, since copies of older ones were found valid before it.

use std::ops::Bound;

use crate::cachegroup::desk::Desk;
use crate::cachegroup::leader_table::LeaderTag;
use crate::cachegroup::names::ContentId;
use crate::cachegroup::popular::Popular;
use crate::cachegroup::reign::Reign;

impl Reign {
    /// What the group asks for.
    pub fn popular(&self) -> &Popular {
        &self.popular
    }

    /// A member asks for a content.
    pub fn on_asked<R>(&mut self, desk: &Desk<'_, R>, content: ContentId) {
        let row = self.row(content);
        row.is_idle = false;
        if let LeaderTag::Free(known) = &row.tag
            && let Some(payload) = known.revision.payload
        {
            self.popular.on_ask(desk.now, content, payload.size, desk.conduct.popular_max);
        }
        self.make_room(desk, content);
    }

    /// Forgets contents until there are not too many, but not this one.
    pub fn make_room<R>(&mut self, desk: &Desk<'_, R>, content: ContentId) {
        while self.table.len() > desk.conduct.rows_max.max(1) && self.forget(content) {}
    }

    /// Forgets a content that nobody writes and nobody asked for of late: the first that was not
    /// asked for since the last round (CLOCK). False if there is none.
    fn forget(&mut self, but: ContentId) -> bool {
        // The first round may only mark what it meets.
        for _ in 0..=2 * self.table.len() {
            let after = self.hand.map_or(Bound::Unbounded, Bound::Excluded);
            let next = self.table.range_mut((after, Bound::Unbounded)).next();
            let Some((&content, row)) = next else {
                self.hand = None;
                continue;
            };
            self.hand = Some(content);
            let rests = matches!(
                row.tag,
                LeaderTag::Free(_) | LeaderTag::Elsewhere { .. } | LeaderTag::Unknown
            );
            if !rests || content == but {
                continue;
            }
            if !std::mem::replace(&mut row.is_idle, true) {
                continue;
            }
            if let LeaderTag::Free(known) = &row.tag {
                self.forgotten = self.forgotten.max(known.committed);
            }
            self.drop_row(content);
            return true;
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cachegroup::conduct::Conduct;
    use crate::cachegroup::desk::Distances;
    use crate::cachegroup::leader_table::Known;
    use crate::cachegroup::names::{Epoch, GroupId, NodeId, Sequence, Ticket, Version};
    use crate::cachegroup::rules::Kept;
    use crate::cachegroup::session::Revision;
    use crate::cachegroup::timing::Timing;
    use crate::time::{Instant, Span};

    #[test]
    fn what_nobody_asks_for_is_forgotten_and_what_is_written_is_not() {
        let (timing, distances, mut actions) = (Timing::default(), Distances::new(), Vec::new());
        let desk = Desk {
            now: Instant::ZERO,
            me: NodeId(1),
            incarnation: 1,
            timing: &timing,
            rules: &Kept,
            distances: &distances,
            conduct: Conduct { rows_max: 4, ..Conduct::default() },
            actions: &mut actions,
        };
        let mut reign = Reign::new(&desk, GroupId(1), Epoch(3), &[]);
        let known = |counter| {
            let committed = Sequence { epoch: Epoch(3), counter };
            Known { revision: Revision::default(), committed, tenure: 0 }
        };
        let locked = ContentId(0);
        let lock = LeaderTag::Lock {
            token: Version::NEVER,
            holder: NodeId(2),
            ticket: Ticket { incarnation: 1, number: 1 },
            base: known(0),
            deadline: Instant::ZERO + Span::from_secs(1),
        };
        reign.set(locked, lock);
        for number in 1..100 {
            let content = ContentId(number);
            reign.set(content, LeaderTag::Free(known(number as u64)));
            reign.on_asked(&desk, content);
            // One content is asked for all the time.
            reign.on_asked(&desk, ContentId(1));
            assert!(reign.table().len() <= 4 && reign.table().contains_key(&content));
        }
        let kept = |number| reign.table().contains_key(&ContentId(number));
        assert!(kept(0) && kept(1) && !kept(50));
        assert!(reign.forgotten.counter >= 90, "the latest of them counts");
        let nothing_rests = Desk { conduct: Conduct { rows_max: 0, ..desk.conduct }, ..desk };
        reign.make_room(&nothing_rests, ContentId(1));
        assert!(reign.table().contains_key(&locked));
    }
}
