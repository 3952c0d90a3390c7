//! What others see of a node and tell it, besides news.

use crate::cachegroup::action::{Outcome, Wish};
use crate::cachegroup::conduct::Conduct;
use crate::cachegroup::desk::View;
use crate::cachegroup::member_table::{LocalCopy, MemberTable};
use crate::cachegroup::names::{ContentId, GroupId, NodeId};
use crate::cachegroup::node::Node;
use crate::cachegroup::reign::Reign;
use crate::cachegroup::rules::Rules;
use crate::time::{Instant, Span};

impl<R: Rules> Node<R> {
    /// Takes up how long a message takes to another node. A leader points its members to the
    /// holder that is nearest to itself.
    pub fn set_distance(&mut self, to: NodeId, distance: Span) {
        self.distances.insert(to, distance);
    }

    /// Sets how this node conducts itself when it leads.
    pub fn set_conduct(&mut self, conduct: Conduct) {
        self.conduct = conduct;
    }

    /// Takes up a copy that outlived a restart on disk, with what the table said of it. It needs
    /// no clock: moments are counted by leaders.
    pub fn restore(&mut self, content: ContentId, group: GroupId, copy: LocalCopy) {
        let copy = LocalCopy { asked: Instant::ZERO, ..copy };
        self.table.install(content, group, copy, &self.rules);
    }

    /// The answer to a read for which nobody has to be asked: the copy that is here is as fresh as
    /// the caller wants. None if the read is to be handled as news.
    pub fn read_here(&self, now: Instant, wish: &Wish) -> Option<Outcome> {
        let Wish { content, level, ref session, .. } = *wish;
        // A version that its writer alone may see comes first.
        if self.writes.pending(content, session.pin(content)).is_some() {
            return None;
        }
        let (group, copy) = self.table.copy_for(now, content, level, session, &self.rules)?;
        Some(copy.read(now, group))
    }

    /// The group member table.
    pub fn table(&self) -> &MemberTable {
        &self.table
    }

    /// Who leads, as far as is known here.
    pub fn view(&self, group: GroupId) -> Option<&View> {
        self.views.get(&group)
    }

    /// The books of a group, if this node leads it at this time.
    pub fn reign(&self, group: GroupId, now: Instant) -> Option<&Reign> {
        let seat = self.seats.get(&group)?;
        let leads = now < seat.lease_until(&self.timing, &self.rules);
        seat.reign().filter(|_| leads || !self.rules.falls_silent_after_lease())
    }
}
