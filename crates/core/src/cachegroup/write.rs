//! One write: what it has come to, and what it says to the data store, the leader and the voters.

use std::collections::BTreeSet;

use crate::cachegroup::action::{Action, Outcome};
use crate::cachegroup::desk::{Desk, Views};
use crate::cachegroup::level::Acknowledgement;
use crate::cachegroup::member_table::{MemberTable, MemberTag};
use crate::cachegroup::message::{Message, PendingCopy};
use crate::cachegroup::names::{ContentId, GroupId, NodeId, Sequence, Version};
use crate::cachegroup::rules::Rules;
use crate::cachegroup::session::Revision;
use crate::cachegroup::store_message::StoreRequest;
use crate::cachegroup::voters::Voters;
use crate::ids::RequestId;
use crate::time::Instant;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Stage {
    /// The leader was asked for the lock.
    Locking,
    /// The caller makes the new version.
    Holding,
    /// Bytes go to the data store.
    Uploading,
    /// The data store was asked to make it the newest.
    Committing,
    /// The leader was told.
    Freeing,
    /// Over; kept for a while to recognise what comes late.
    Done,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Write {
    pub(crate) content: ContentId,
    pub(crate) group: GroupId,
    pub(crate) stage: Stage,
    pub(crate) token: Version,
    pub(crate) base: Revision,
    /// When the token was given out: nothing made after it was visible then.
    pub(crate) granted: Sequence,
    /// The new version, once the caller has made it.
    pub(crate) revision: Revision,
    pub(crate) acknowledgement: Acknowledgement,
    /// Voters that keep a copy.
    pub(crate) copies: BTreeSet<NodeId>,
    /// Who votes while the leader of the token's reign keeps one; nobody, if it is not known to.
    pub(crate) lists: Vec<Voters>,
    /// When the new version was made: if it is committed, it was the newest some time after that,
    /// and maybe long ago, as anybody who keeps a pending version may commit it.
    pub(crate) made: Instant,
    /// A commit was sent, by us or maybe by who keeps a copy: the lock cannot be given back.
    pub(crate) is_out: bool,
    pub(crate) is_answered: bool,
    pub(crate) due: Instant,
    pub(crate) renew_at: Instant,
    pub(crate) deadline: Instant,
}

impl Write {
    /// One that asks for the lock.
    pub(crate) fn new(content: ContentId, group: GroupId, now: Instant, deadline: Instant) -> Self {
        Self {
            content,
            group,
            stage: Stage::Locking,
            token: Version::NEVER,
            base: Revision::default(),
            granted: Sequence::START,
            revision: Revision::default(),
            acknowledgement: Acknowledgement::Committed,
            copies: BTreeSet::new(),
            lists: Vec::new(),
            made: Instant::ZERO,
            is_out: false,
            is_answered: false,
            due: now,
            renew_at: Instant::NEVER,
            deadline,
        }
    }

    fn copy(&self) -> PendingCopy {
        PendingCopy {
            group: self.group,
            content: self.content,
            base: self.base.version,
            revision: self.revision.clone(),
        }
    }

    /// Whether the token is in use.
    pub(crate) fn holds(&self) -> bool {
        matches!(self.stage, Stage::Holding | Stage::Uploading | Stage::Committing)
    }

    /// Uploads or commits, as far as it has come.
    pub(crate) fn tell_store<R>(&mut self, desk: &mut Desk<'_, R>) {
        self.due = desk.now + desk.timing.store_timeout;
        let PendingCopy { group, content, base, revision } = self.copy();
        match self.stage {
            Stage::Uploading => desk.store(StoreRequest::Upload { content, revision }),
            Stage::Committing => {
                self.is_out = true;
                desk.store(StoreRequest::Commit { content, group, base, revision });
            }
            _ => {}
        }
    }

    /// Tells the leader that the version is there.
    pub(crate) fn free<R>(&mut self, desk: &mut Desk<'_, R>, views: &Views, request: RequestId) {
        self.due = desk.now + desk.timing.leader_timeout;
        let (ticket, content) = (desk.ticket(request), self.content);
        let revision = self.revision.clone();
        if let Some(leader) = views.get(&self.group).and_then(|view| view.leader) {
            desk.send(leader, self.group, Message::Free { ticket, content, revision });
        }
    }

    /// Lays copies at voters, if that is good enough for the caller.
    pub(crate) fn lay_copies<R>(
        &mut self,
        desk: &mut Desk<'_, R>,
        views: &Views,
        table: &mut MemberTable,
    ) {
        if !matches!(self.acknowledgement, Acknowledgement::Pending(_)) {
            return;
        }
        let copy = self.copy();
        if table.rows().get(&self.content).map(|row| row.tag)
            != Some(MemberTag::Pending(self.token))
        {
            table.tag(self.content, self.group, MemberTag::Pending(self.token));
            desk.actions.push(Action::KeepPending { copy: copy.clone() });
        }
        self.is_out = true;
        let view = views.get(&self.group);
        let told = self.lists.iter().flat_map(|list| &list.names);
        let known = view.iter().flat_map(|view| view.voters.names.iter().chain(&view.leader));
        let voters: BTreeSet<NodeId> = known.chain(told).copied().collect();
        for &voter in voters.difference(&self.copies) {
            desk.send(voter, self.group, Message::Copy { copy: copy.clone() });
        }
    }

    /// Answers the caller once enough keep a copy: as many as it asked for, the leader among
    /// them (which will not break the lock), and so many voters that no majority of them could
    /// elect another leader without one that knows. Who votes is what the leader said: until the
    /// version is decided, it lets nobody else.
    pub(crate) fn check_copies<R: Rules>(
        &mut self,
        desk: &mut Desk<'_, R>,
        views: &Views,
        request: RequestId,
    ) {
        let Acknowledgement::Pending(wanted) = self.acknowledgement else { return };
        let others = self.copies.iter().filter(|&&keeper| keeper != desk.me).count();
        let by_hearsay = || views.get(&self.group).map(|view| view.voters.clone());
        let is_wide = match desk.rules.counts_by_the_list_in_office() {
            true => self.lists.iter().all(|list| list.always_meet(&self.copies)),
            false => by_hearsay().is_some_and(|list| list.always_meet(&self.copies)),
        };
        if others + 1 >= usize::from(wanted) && is_wide && !self.lists.is_empty() {
            let acknowledged =
                Acknowledgement::Pending(u8::try_from(others + 1).unwrap_or(u8::MAX));
            let (group, revision) = (self.group, self.revision.clone());
            let outcome = Outcome::Written { group, revision, committed: None, acknowledged };
            self.answer(desk, request, outcome);
        }
    }

    /// Answers the caller, once.
    pub(crate) fn answer<R>(
        &mut self,
        desk: &mut Desk<'_, R>,
        request: RequestId,
        outcome: Outcome,
    ) {
        if !self.is_answered {
            self.is_answered = true;
            desk.answer(request, outcome);
        }
    }

    /// Answers the caller that the version is committed.
    pub(crate) fn answer_written<R>(
        &mut self,
        desk: &mut Desk<'_, R>,
        request: RequestId,
        committed: Option<Sequence>,
    ) {
        let (group, revision) = (self.group, self.revision.clone());
        let acknowledged = Acknowledgement::Committed;
        self.answer(desk, request, Outcome::Written { group, revision, committed, acknowledged });
    }

    /// The data store has decided.
    pub(crate) fn settle<R>(
        &self,
        desk: &mut Desk<'_, R>,
        table: &mut MemberTable,
        is_committed: bool,
    ) {
        let (content, token) = (self.content, self.token);
        let tag = table.rows().get(&content).map(|row| row.tag);
        if tag == Some(MemberTag::Pending(token)) {
            desk.actions.push(Action::ForgetPending { content, token });
            desk.actions.push(Action::Settled { content, token, is_committed });
        }
        if tag == Some(MemberTag::Pending(token)) || tag == Some(MemberTag::Lock(token)) {
            table.tag(content, self.group, MemberTag::Free);
        }
    }

    /// Gives the lock back: nothing will come of it.
    pub(crate) fn abort<R>(
        &mut self,
        desk: &mut Desk<'_, R>,
        views: &Views,
        table: &mut MemberTable,
    ) {
        let (content, token, was_sent) = (self.content, self.token, self.is_out);
        if let Some(leader) = views.get(&self.group).and_then(|view| view.leader) {
            desk.send(leader, self.group, Message::Abort { content, token, was_sent });
        }
        self.finish(desk, table);
    }

    /// Is over, and remembered until nothing that was sent to it can matter any more.
    pub(crate) fn finish<R>(&mut self, desk: &mut Desk<'_, R>, table: &mut MemberTable) {
        self.settle(desk, table, false);
        if self.stage != Stage::Freeing && self.revision.payload.is_some() {
            let (content, version) = (self.content, self.token);
            desk.actions.push(Action::Drop { content, version });
        }
        self.stage = Stage::Done;
        self.due = desk.now + desk.timing.lock;
    }

    /// When something is due.
    pub(crate) fn next_wakeup(&self) -> Instant {
        let renew_at = if self.holds() { self.renew_at } else { Instant::NEVER };
        let waits = !self.is_answered || self.stage == Stage::Freeing;
        let deadline =
            if waits && self.stage != Stage::Done { self.deadline } else { Instant::NEVER };
        self.due.min(renew_at).min(deadline)
    }
}
