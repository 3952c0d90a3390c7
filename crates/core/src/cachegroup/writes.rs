//! The writes of a node that are under way.
//!
//! A write asks the leader for the lock, is granted a token and the version to start from,
//! uploads, commits, and only then tells the leader (R2, R4). Where the data store cannot be
//! reached, it lays copies at voters, if its caller is content with that, and goes on asking.

use std::collections::BTreeMap;

use crate::cachegroup::action::{Action, Outcome};
use crate::cachegroup::agenda::Agenda;
use crate::cachegroup::desk::{Desk, Views};
use crate::cachegroup::level::Acknowledgement;
use crate::cachegroup::member_table::{LocalCopy, MemberTable, MemberTag};
use crate::cachegroup::message::Message;
use crate::cachegroup::names::{ContentId, GroupId, NodeId, Payload, Sequence, Version};
use crate::cachegroup::rules::Rules;
use crate::cachegroup::session::{Revision, Session};
use crate::cachegroup::store_message::{StoreAnswer, StoreRequest};
use crate::cachegroup::voters::Voters;
use crate::cachegroup::write::{Stage, Write};
use crate::ids::RequestId;
use crate::time::{Instant, Span};

/// The writes of a node that are under way.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Writes {
    open: BTreeMap<RequestId, Write>,
    tokens: BTreeMap<(ContentId, Version), RequestId>,
    agenda: Agenda<RequestId>,
}

impl Writes {
    /// Asks for the lock.
    pub fn lock<R: Rules>(
        &mut self,
        desk: &mut Desk<'_, R>,
        views: &Views,
        request: RequestId,
        content: ContentId,
        group: GroupId,
        within: Span,
    ) {
        let write = Write::new(content, group, desk.now, desk.now + within);
        self.open.insert(request, write);
        self.ask(desk, views, request);
    }

    fn ask<R: Rules>(&mut self, desk: &mut Desk<'_, R>, views: &Views, request: RequestId) {
        let Some(write) = self.open.get_mut(&request) else { return };
        let (ticket, content, group) = (desk.ticket(request), write.content, write.group);
        write.due = desk.now + desk.timing.leader_timeout;
        match views.get(&group).and_then(|view| view.leader) {
            Some(leader) => desk.send(leader, group, Message::Lock { ticket, content }),
            // The data store knows who leads, and which group.
            None => desk.store(StoreRequest::Read { ticket, content, group }),
        }
    }

    /// The lock is not to be had at this moment.
    pub fn on_locked<R: Rules>(&mut self, desk: &Desk<'_, R>, request: RequestId, retry: Span) {
        if let Some(write) = self.open.get_mut(&request)
            && write.stage == Stage::Locking
        {
            write.due = desk.now + retry;
        }
    }

    /// Another group has the content, or another node leads: asks there.
    pub fn on_elsewhere<R: Rules>(
        &mut self,
        desk: &Desk<'_, R>,
        request: RequestId,
        group: Option<GroupId>,
    ) {
        if let Some(write) = self.open.get_mut(&request)
            && matches!(write.stage, Stage::Locking | Stage::Freeing)
        {
            if write.stage == Stage::Locking {
                write.group = group.unwrap_or(write.group);
            }
            write.due = write.due.min(desk.now + desk.timing.retry);
        }
    }

    /// The lock is ours.
    pub fn on_grant<R: Rules>(
        &mut self,
        desk: &mut Desk<'_, R>,
        table: &mut MemberTable,
        request: RequestId,
        (from, group, token, base, granted): (NodeId, GroupId, Version, &Revision, Sequence),
    ) {
        let Some(write) = self.open.get_mut(&request) else { return };
        if write.stage == Stage::Locking && write.group == group {
            write.stage = Stage::Holding;
            write.token = token;
            self.tokens.insert((write.content, token), request);
            write.base = base.clone();
            write.granted = granted;
            write.due = Instant::NEVER;
            write.renew_at = desk.now + desk.timing.lock_renewal;
            table.tag(write.content, group, MemberTag::Lock(token));
            let base = base.clone();
            return desk.answer(request, Outcome::Granted { group, token, base });
        }
        // A second token for one operation: nothing was ever sent under it.
        let is_known = write.token == token && desk.rules.aborts_only_what_was_not_sent();
        if write.stage != Stage::Locking && !is_known {
            let (content, was_sent) = (write.content, false);
            desk.send(from, group, Message::Abort { content, token, was_sent });
        }
    }

    /// The caller has made the new version.
    pub fn publish<R: Rules>(
        &mut self,
        desk: &mut Desk<'_, R>,
        views: &Views,
        request: RequestId,
        payload: Option<Payload>,
        session: &Session,
        (acknowledgement, within): (Acknowledgement, Span),
    ) {
        let is_ours = |write: &&mut Write| write.stage == Stage::Holding;
        let Some(write) = self.open.get_mut(&request).filter(is_ours) else {
            return desk.answer(request, Outcome::Conflict);
        };
        let mut past = Session::default();
        if desk.rules.carries_the_past() {
            past.absorb(&write.base.past);
            past.absorb(session);
        }
        write.revision = Revision { version: write.token, payload, past };
        write.acknowledgement = acknowledgement;
        write.made = desk.now;
        write.deadline = desk.now + within;
        write.stage = Stage::Uploading;
        if !desk.rules.frees_after_commit() {
            write.free(desk, views, request);
        }
        if payload.is_none() || !desk.rules.uploads_before_commit() {
            write.stage = Stage::Committing;
        }
        write.tell_store(desk);
    }

    /// The caller writes nothing after all.
    pub fn abandon<R: Rules>(
        &mut self,
        desk: &mut Desk<'_, R>,
        views: &Views,
        table: &mut MemberTable,
        request: RequestId,
    ) {
        let Some(write) = self.open.get_mut(&request) else { return };
        match write.stage {
            Stage::Holding => write.abort(desk, views, table),
            Stage::Locking => write.finish(desk, table),
            _ => {}
        }
    }

    /// The data store answered to what was uploaded or committed.
    pub fn on_store<R: Rules>(
        &mut self,
        desk: &mut Desk<'_, R>,
        views: &Views,
        table: &mut MemberTable,
        (content, token, answer): (ContentId, Version, StoreAnswer),
    ) {
        let Some(&request) = self.tokens.get(&(content, token)) else { return };
        let Some(write) = self.open.get_mut(&request) else { return };
        match (answer, write.stage) {
            (StoreAnswer::Uploaded, Stage::Uploading) => {
                write.stage = Stage::Committing;
                write.tell_store(desk);
            }
            (StoreAnswer::Committed, Stage::Committing) => {
                write.stage = Stage::Freeing;
                write.settle(desk, table, true);
                // If nobody acknowledges that, the lock will have been broken by then.
                write.deadline = desk.now + desk.timing.lock;
                let copy = LocalCopy {
                    revision: write.revision.clone(),
                    committed: None,
                    validated: Sequence::START,
                    asked: write.made,
                };
                let (useless, is_taken) = table.install(content, write.group, copy, desk.rules);
                if write.revision.payload.is_some() {
                    let version = token;
                    desk.actions.push(match is_taken {
                        true => Action::Install { content, version },
                        false => Action::Drop { content, version },
                    });
                }
                if let Some(version) = useless {
                    desk.actions.push(Action::Drop { content, version });
                }
                write.free(desk, views, request);
            }
            (StoreAnswer::Rejected, Stage::Committing) => {
                write.answer(desk, request, Outcome::Conflict);
                write.abort(desk, views, table);
            }
            (StoreAnswer::Forgotten, Stage::Committing) => {
                write.answer(desk, request, Outcome::Undecided { token });
                write.finish(desk, table);
            }
            (StoreAnswer::Unavailable, Stage::Uploading | Stage::Committing) => {
                write.due = desk.now + desk.timing.retry;
                write.lay_copies(desk, views, table);
                write.check_copies(desk, views, request);
            }
            _ => {}
        }
        self.refresh(request);
    }

    /// A voter keeps a copy.
    pub fn on_copied<R: Rules>(
        &mut self,
        desk: &mut Desk<'_, R>,
        views: &Views,
        from: NodeId,
        content: ContentId,
        token: Version,
        voters: &[Voters],
    ) {
        let Some(&request) = self.tokens.get(&(content, token)) else { return };
        let Some(write) = self.open.get_mut(&request) else { return };
        write.copies.insert(from);
        if !voters.is_empty() {
            write.lists = voters.to_vec();
        }
        write.check_copies(desk, views, request);
        self.refresh(request);
    }

    /// The group knows of the version since this moment.
    pub fn on_acknowledged<R: Rules>(
        &mut self,
        desk: &mut Desk<'_, R>,
        table: &mut MemberTable,
        request: RequestId,
        version: Version,
        (committed, is_newest): (Sequence, bool),
    ) {
        let Some(write) = self.open.get_mut(&request) else { return };
        if write.stage != Stage::Freeing || write.token != version {
            return;
        }
        let copy = LocalCopy {
            revision: write.revision.clone(),
            committed: Some(committed),
            validated: committed,
            asked: write.made,
        };
        if is_newest && table.version(write.content) == Some(version) {
            table.install(write.content, write.group, copy, desk.rules);
        }
        write.answer_written(desk, request, Some(committed));
        write.finish(desk, table);
    }

    /// A version that waits here for the data store: its group, when its token was given out,
    /// and what it is.
    pub fn pending(
        &self,
        content: ContentId,
        token: Version,
    ) -> Option<(GroupId, Sequence, &Revision)> {
        let write = self.open.get(self.tokens.get(&(content, token))?)?;
        if !matches!(write.stage, Stage::Uploading | Stage::Committing) {
            return None;
        }
        Some((write.group, write.granted, &write.revision))
    }

    /// Does what is due, and gives up what has waited long enough.
    pub fn wake<R: Rules>(
        &mut self,
        desk: &mut Desk<'_, R>,
        views: &Views,
        table: &mut MemberTable,
    ) {
        for request in self.agenda.due(desk.now) {
            self.wake_one(desk, views, table, request);
            self.refresh(request);
        }
    }

    fn wake_one<R: Rules>(
        &mut self,
        desk: &mut Desk<'_, R>,
        views: &Views,
        table: &mut MemberTable,
        request: RequestId,
    ) {
        let Some(write) = self.open.get_mut(&request) else { return };
        if write.renew_at <= desk.now {
            write.renew_at = desk.now + desk.timing.lock_renewal;
            let (content, token) = (write.content, write.token);
            if let Some(leader) = views.get(&write.group).and_then(|view| view.leader) {
                desk.send(leader, write.group, Message::Renew { content, token });
            }
        }
        if write.deadline <= desk.now && !write.is_answered {
            match write.stage {
                Stage::Locking => {
                    write.answer(desk, request, Outcome::Busy);
                    write.finish(desk, table);
                }
                // The caller took too long; what it publishes later is a conflict.
                Stage::Holding => {
                    write.is_answered = true;
                    write.abort(desk, views, table);
                }
                Stage::Uploading if !write.is_out => {
                    write.answer(desk, request, Outcome::Unavailable);
                    write.abort(desk, views, table);
                }
                Stage::Uploading | Stage::Committing => {
                    let token = write.token;
                    write.answer(desk, request, Outcome::Undecided { token });
                }
                Stage::Freeing | Stage::Done => {}
            }
        }
        if write.deadline <= desk.now && write.stage == Stage::Freeing {
            write.answer_written(desk, request, None);
            write.finish(desk, table);
        }
        if write.due > desk.now {
            return;
        }
        match write.stage {
            Stage::Locking => self.ask(desk, views, request),
            Stage::Uploading | Stage::Committing => {
                write.tell_store(desk);
                write.lay_copies(desk, views, table);
            }
            Stage::Freeing => {
                // The version is safe; without the moment, the session pins it.
                write.answer_written(desk, request, None);
                write.free(desk, views, request);
            }
            Stage::Done => {
                let (content, token) = (write.content, write.token);
                self.tokens.remove(&(content, token));
                self.open.remove(&request);
            }
            Stage::Holding => write.due = Instant::NEVER,
        }
    }

    /// When [`wake`](Self::wake) has something to do.
    pub fn next_wakeup(&self) -> Instant {
        self.agenda.first()
    }

    /// Notes when an operation is to be looked at. To be called whenever it was told something.
    pub fn refresh(&mut self, request: RequestId) {
        let due = self.open.get(&request).map(Write::next_wakeup);
        self.agenda.set(request, due.unwrap_or(Instant::NEVER));
    }
}
