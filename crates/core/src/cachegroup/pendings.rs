//! Versions that a voter keeps for the data store, because their writer could not reach it.
//!
//! Any keeper may commit them: it is the same commit under the same token. Until then each
//! keeps the lock alive, so that the leader does not raise the fence over them.

use std::collections::BTreeMap;

use crate::cachegroup::action::Action;
use crate::cachegroup::desk::{Desk, Views};
use crate::cachegroup::message::{Message, PendingCopy};
use crate::cachegroup::names::{ContentId, GroupId, NodeId, Ticket, Version};
use crate::cachegroup::store_message::{StoreAnswer, StoreRequest};
use crate::cachegroup::voters::Voters;
use crate::time::Instant;

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Kept {
    copy: PendingCopy,
    is_uploaded: bool,
    due: Instant,
    renew_at: Instant,
}

/// Versions that wait here for the data store.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Pendings {
    kept: BTreeMap<(ContentId, Version), Kept>,
}

impl Pendings {
    /// What a former life kept.
    pub fn recover<R>(&mut self, desk: &Desk<'_, R>, copies: Vec<PendingCopy>) {
        for copy in copies {
            self.insert(copy, desk.now, desk.now);
        }
    }

    fn insert(&mut self, copy: PendingCopy, due: Instant, renew_at: Instant) {
        let key = (copy.content, copy.revision.version);
        self.kept.entry(key).or_insert(Kept { copy, is_uploaded: false, due, renew_at });
    }

    /// Keeps a copy for its writer. Its writer will commit it when it can; this one tries after
    /// a while. `voters` is what a leader tells.
    pub fn on_copy<R>(
        &mut self,
        desk: &mut Desk<'_, R>,
        from: NodeId,
        copy: &PendingCopy,
        voters: Vec<Voters>,
    ) {
        let (content, token, group) = (copy.content, copy.revision.version, copy.group);
        if !self.kept.contains_key(&(content, token)) {
            desk.actions.push(Action::KeepPending { copy: copy.clone() });
        }
        let renew_at = desk.now + desk.timing.lock_renewal;
        self.insert(copy.clone(), desk.now + desk.timing.store_timeout, renew_at);
        desk.send(from, group, Message::Copied { content, token, voters });
    }

    /// Whether anything is kept, of one group.
    pub fn has_any_of(&self, group: GroupId) -> bool {
        self.kept.values().any(|kept| kept.copy.group == group)
    }

    /// What is kept, of one group.
    pub fn of(&self, group: GroupId) -> Vec<PendingCopy> {
        let copies = self.kept.values().map(|kept| &kept.copy);
        copies.filter(|copy| copy.group == group).cloned().collect()
    }

    /// The data store answered.
    pub fn on_store<R>(
        &mut self,
        desk: &mut Desk<'_, R>,
        views: &Views,
        (content, token, answer): (ContentId, Version, StoreAnswer),
    ) {
        let Some(kept) = self.kept.get_mut(&(content, token)) else { return };
        match answer {
            StoreAnswer::Uploaded => {
                kept.is_uploaded = true;
                Self::tell_store(desk, kept);
            }
            StoreAnswer::Committed | StoreAnswer::Rejected | StoreAnswer::Forgotten => {
                let is_committed = answer == StoreAnswer::Committed;
                let PendingCopy { group, revision, .. } = kept.copy.clone();
                self.kept.remove(&(content, token));
                desk.actions.push(Action::ForgetPending { content, token });
                desk.actions.push(Action::Settled { content, token, is_committed });
                let leader = views.get(&group).and_then(|view| view.leader);
                if let Some(leader) = leader.filter(|_| is_committed) {
                    // Of nobody's operation: whoever it answers to will not know it.
                    let ticket = Ticket { incarnation: 0, number: 0 };
                    desk.send(leader, group, Message::Free { ticket, content, revision });
                }
            }
            StoreAnswer::Unavailable => kept.due = desk.now + desk.timing.retry,
        }
    }

    fn tell_store<R>(desk: &mut Desk<'_, R>, kept: &mut Kept) {
        kept.due = desk.now + desk.timing.store_timeout;
        let PendingCopy { group, content, base, revision } = kept.copy.clone();
        if kept.is_uploaded || revision.payload.is_none() {
            desk.store(StoreRequest::Commit { content, group, base, revision });
        } else {
            desk.store(StoreRequest::Upload { content, revision });
        }
    }

    /// Tries again what is due.
    pub fn wake<R>(&mut self, desk: &mut Desk<'_, R>, views: &Views) {
        for kept in self.kept.values_mut() {
            let (content, token) = (kept.copy.content, kept.copy.revision.version);
            if kept.renew_at <= desk.now {
                kept.renew_at = desk.now + desk.timing.lock_renewal;
                let leader = views.get(&kept.copy.group).and_then(|view| view.leader);
                if let Some(leader) = leader {
                    desk.send(leader, kept.copy.group, Message::Renew { content, token });
                }
            }
            if kept.due <= desk.now {
                Self::tell_store(desk, kept);
            }
        }
    }

    /// When [`wake`](Self::wake) has something to do.
    pub fn next_wakeup(&self) -> Instant {
        let due = self.kept.values().map(|kept| kept.due.min(kept.renew_at));
        due.min().unwrap_or(Instant::NEVER)
    }
}
