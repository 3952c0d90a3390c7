//! R12: how a leader gives contents to another group, and what it knows of those that are there.
//!
//! A content goes as soon as nobody writes it. What other groups have may come back, so a leader
//! believes for a while only that a content is elsewhere, and then looks at the data store again
//! when somebody asks for it.

use crate::cachegroup::desk::Desk;
use crate::cachegroup::leader_table::{Known, LeaderTag};
use crate::cachegroup::names::{ContentId, GroupId, Version};
use crate::cachegroup::reign::Reign;
use crate::cachegroup::rules::Rules;
use crate::cachegroup::store_message::StoreRequest;

/// So many contents wait to go at a time; who wants more to go says so again later.
pub const LEAVING_MAX: usize = 1024;

impl Reign {
    /// Gives a content to another group, once nobody writes it.
    pub fn give<R: Rules>(&mut self, desk: &mut Desk<'_, R>, content: ContentId, to: GroupId) {
        let is_new = !self.leaving.contains_key(&content);
        if to == self.group || is_new && self.leaving.len() >= LEAVING_MAX {
            return;
        }
        self.leaving.insert(content, to);
        if self.row(content).tag == LeaderTag::Unknown {
            // Nobody has to go who is not there.
            self.seal(desk, content, None, false);
        }
        self.send_off(desk);
    }

    /// Sends off those that wait to go and that nobody writes any more. To be called whenever
    /// contents may have become free.
    pub fn send_off<R: Rules>(&mut self, desk: &mut Desk<'_, R>) {
        let free = self.leaving.iter().filter_map(|(content, &to)| {
            match self.table.get(content).map(|row| &row.tag) {
                Some(LeaderTag::Free(known)) => Some((*content, to, known.clone())),
                _ => None,
            }
        });
        for (content, to, known) in free.collect::<Vec<_>>() {
            self.begin_to_move(desk, content, to, known);
        }
    }

    /// Copies that were found valid here before now are led out by the floor that the content
    /// takes along: without it a reader of what happens there would still trust its copy from
    /// here.
    fn begin_to_move<R: Rules>(
        &mut self,
        desk: &mut Desk<'_, R>,
        content: ContentId,
        to: GroupId,
        mut known: Known,
    ) {
        let token = self.token(known.tenure);
        if desk.rules.marks_what_moves() {
            let moment = self.count(token, desk.rules);
            known.revision.past.raise(self.group, moment);
        }
        self.ask_to_move(desk, content, to, token, known);
    }

    /// Asks the data store to give a content to another group.
    pub(super) fn ask_to_move<R: Rules>(
        &mut self,
        desk: &mut Desk<'_, R>,
        content: ContentId,
        to: GroupId,
        token: Version,
        known: Known,
    ) {
        let moved = known.revision.clone();
        let due = desk.now + desk.timing.store_timeout;
        self.set(content, LeaderTag::Moving { to, token, known, due });
        desk.store(StoreRequest::Move { content, from: self.group, to, token, moved });
    }

    /// The data store says that another group has a content.
    pub(super) fn on_elsewhere<R: Rules>(
        &mut self,
        desk: &Desk<'_, R>,
        content: ContentId,
        group: GroupId,
    ) {
        let was_known = match self.row(content).tag {
            LeaderTag::Moving { .. } => true,
            LeaderTag::Sealing { is_first, .. } => !is_first,
            _ => return,
        };
        if was_known {
            // When it comes back, it is as late as this: after any copy was found valid here.
            self.forgotten = self.forgotten.max(self.moment(desk.rules));
        }
        self.leaving.remove(&content);
        self.row(content).holders.clear();
        // Whoever asks again after a pause finds it so.
        let until = desk.now + desk.timing.lock + desk.timing.retry;
        self.set(content, LeaderTag::Elsewhere { group, until });
    }

    /// The contents that wait to go, and where to.
    pub fn leaving(&self) -> impl Iterator<Item = (ContentId, GroupId)> {
        self.leaving.iter().map(|(&content, &to)| (content, to))
    }
}
