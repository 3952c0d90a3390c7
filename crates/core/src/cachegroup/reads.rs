//! The reads of a node that are not answered from its own copies at once.
//!
//! A read asks the leader, then the member that the leader points to; whenever one of them does
//! not answer, it falls back on the data store (R10), which costs a round trip and is always
//! right. Each read asks for itself: a strict one may not use an answer to a question that was
//! put before it began.

use std::collections::BTreeMap;

use crate::cachegroup::action::{Action, Origin, Outcome, Wish};
use crate::cachegroup::agenda::Agenda;
use crate::cachegroup::desk::{Desk, Views};
use crate::cachegroup::level::ReadLevel;
use crate::cachegroup::member_table::{LocalCopy, MemberTable};
use crate::cachegroup::message::{Message, Standing};
use crate::cachegroup::names::{Digest, GroupId, Sequence, Version};
use crate::cachegroup::read::{Read, Source, Stage, Target};
use crate::cachegroup::rules::Rules;
use crate::cachegroup::session::Revision;
use crate::cachegroup::store_message::StoreRequest;
use crate::cachegroup::store_table::ContentRow;
use crate::ids::RequestId;
use crate::time::{Instant, Span};

/// The reads of a node that are under way.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Reads {
    open: BTreeMap<RequestId, Read>,
    agenda: Agenda<RequestId>,
}

impl Reads {
    /// Answers a read from the copy that is here, or sets out to find one.
    pub fn begin<R: Rules>(
        &mut self,
        desk: &mut Desk<'_, R>,
        views: &Views,
        table: &MemberTable,
        request: RequestId,
        wish: Wish,
    ) {
        let Wish { content, level, ref session, .. } = wish;
        let local = table.copy_for(desk.now, content, level, session, desk.rules);
        if let Some((group, copy)) = local {
            return desk.answer(request, copy.read(desk.now, group));
        }
        let group = table.group(content, wish.group);
        let read = Read::new(wish, group, desk.now);
        self.open.insert(request, read);
        self.ask(desk, views, table, request);
    }

    fn ask<R: Rules>(
        &mut self,
        desk: &mut Desk<'_, R>,
        views: &Views,
        table: &MemberTable,
        request: RequestId,
    ) {
        let Some(read) = self.open.get_mut(&request) else { return };
        let leader = views.get(&read.group).and_then(|view| view.leader);
        let is_patient = desk.now < read.began + desk.timing.patience || read.is_store_down;
        let Some(leader) = leader.filter(|_| is_patient) else {
            return self.read_row(desk, table, request);
        };
        let content = read.wish.content;
        read.stage = Stage::Asking;
        read.due = desk.now + desk.timing.leader_timeout;
        let (ticket, group) = (desk.ticket(request), read.group);
        let have = table.version(content);
        desk.send(leader, group, Message::Ask { ticket, content, have });
    }

    /// R10: the data store knows.
    fn read_row<R: Rules>(
        &mut self,
        desk: &mut Desk<'_, R>,
        table: &MemberTable,
        request: RequestId,
    ) {
        let Some(read) = self.open.get_mut(&request) else { return };
        read.stage = Stage::Reading;
        read.due = desk.now + desk.timing.store_timeout;
        let (ticket, content, group) = (desk.ticket(request), read.wish.content, read.group);
        let have = table.version(content);
        desk.store(StoreRequest::Newest { ticket, content, group, have });
    }

    fn fetch<R: Rules>(&mut self, desk: &mut Desk<'_, R>, request: RequestId, target: Target) {
        let Some(read) = self.open.get_mut(&request) else { return };
        let (content, version) = (read.wish.content, target.revision.version);
        read.stage = Stage::Fetching { target };
        read.due = desk.now + desk.timing.store_timeout;
        desk.store(StoreRequest::Fetch { ticket: desk.ticket(request), content, version });
    }

    fn wait<R: Rules>(&mut self, desk: &Desk<'_, R>, request: RequestId, retry: Span) {
        if let Some(read) = self.open.get_mut(&request) {
            read.stage = Stage::Waiting;
            read.due = desk.now + retry;
        }
    }

    fn finish<R: Rules>(
        &mut self,
        desk: &mut Desk<'_, R>,
        table: &mut MemberTable,
        request: RequestId,
        target: Target,
        origin: Origin,
    ) {
        let Some(read) = self.open.remove(&request) else { return };
        let Target { revision, committed, validated } = target;
        let (content, version) = (read.wish.content, revision.version);
        let is_new = revision.payload.is_some() && table.version(content) != Some(version);
        let copy =
            LocalCopy { revision: revision.clone(), committed, validated, asked: read.began };
        let (useless, is_taken) = table.install(content, read.group, copy, desk.rules);
        if is_taken && is_new {
            desk.actions.push(Action::Install { content, version });
        }
        if let Some(version) = useless {
            desk.actions.push(Action::Drop { content, version });
        }
        let age = desk.now.since(read.began);
        let group = read.group;
        let outcome = Outcome::Read { group, revision, committed, origin, age, is_pending: false };
        desk.answer(request, outcome);
    }

    /// Takes up what the leader said of a free content; `source` has it if it is not here.
    pub fn on_standing<R: Rules>(
        &mut self,
        desk: &mut Desk<'_, R>,
        table: &mut MemberTable,
        request: RequestId,
        standing: &Standing,
        source: Option<Source>,
    ) {
        let Some(read) = self.open.get_mut(&request) else { return };
        if !matches!(read.stage, Stage::Asking | Stage::Waiting) {
            return;
        }
        let target = Target::from(standing);
        let content = read.wish.content;
        let version = target.revision.version;
        // A leader that has not noticed that its reign is over knows less than the caller does.
        // (Only where clocks did what they must not: this keeps sessions apart from clocks.)
        let session = &read.wish.session;
        let is_behind =
            target.validated < session.floor(read.group) || version < session.pin(content);
        if is_behind && desk.rules.honours_the_floor() {
            return self.read_row(desk, table, request);
        }
        if table.version(content) == Some(version) || target.revision.payload.is_none() {
            return self.finish(desk, table, request, target, Origin::Local);
        }
        let Some(source) = source else {
            return self.fetch(desk, request, target);
        };
        read.stage = Stage::Pulling { target, source };
        read.due = desk.now + source.patience(desk.timing);
        if let Source::Member(holder) = source {
            let (ticket, group) = (desk.ticket(request), read.group);
            desk.send(holder, group, Message::Pull { ticket, content, version });
        }
    }

    /// The leader says that somebody may be writing: the caller itself, if the version that the
    /// leader waits for is `pending` here and the caller has seen it, and nothing of a later reign.
    ///
    /// Where nobody is known to write (`is_unknown`), the leader has yet to look there itself.
    pub fn on_locked<R: Rules>(
        &mut self,
        desk: &mut Desk<'_, R>,
        table: &MemberTable,
        request: RequestId,
        (retry, is_unknown): (Span, bool),
        pending: Option<(GroupId, &Revision)>,
    ) {
        let Some(read) = self.open.get_mut(&request) else { return };
        if read.stage != Stage::Asking {
            return;
        }
        let session = &read.wish.session;
        if let Some((group, revision)) = pending
            && session.pin(read.wish.content) == revision.version
            && session.floor(group).epoch <= revision.version.epoch
        {
            self.open.remove(&request);
            return desk.answer(request, Outcome::pending(group, revision));
        }
        read.was_locked = true;
        // Who takes any version has no reason to wait for the next one.
        if read.wish.level == ReadLevel::Any || is_unknown && !read.is_store_down {
            self.read_row(desk, table, request);
        } else {
            self.wait(desk, request, retry);
        }
    }

    /// The node that was asked does not lead; the view has been brought up to date.
    pub fn on_not_leader<R: Rules>(&mut self, desk: &Desk<'_, R>, request: RequestId) {
        if self.open.get(&request).is_some_and(|read| read.stage == Stage::Asking) {
            self.wait(desk, request, Span::ZERO);
        }
    }

    /// Another group has the content.
    pub fn on_moved<R: Rules>(
        &mut self,
        desk: &mut Desk<'_, R>,
        table: &MemberTable,
        request: RequestId,
        group: GroupId,
    ) {
        let Some(read) = self.open.get_mut(&request) else { return };
        if read.stage == Stage::Asking && read.group != group {
            read.group = group;
            // Where the other group is, and whether this is the end of the way, the data store
            // knows.
            self.read_row(desk, table, request);
        }
    }

    /// The member that was asked sent bytes: the right ones, or it might as well have sent none.
    pub fn on_data<R: Rules>(
        &mut self,
        desk: &mut Desk<'_, R>,
        views: &Views,
        table: &mut MemberTable,
        request: RequestId,
        version: Version,
        digest: Digest,
    ) {
        let Some(Read { stage: Stage::Pulling { target, source }, .. }) = self.open.get(&request)
        else {
            return;
        };
        let origin = source.holder().map_or(Origin::Store, |_| Origin::Group);
        if target.revision.version != version && desk.rules.pulls_by_version() {
            return;
        }
        let target = target.clone();
        let is_right = target.revision.payload.is_some_and(|payload| payload.digest == digest);
        if is_right || !desk.rules.pulls_by_version() {
            self.finish(desk, table, request, target, origin);
        } else {
            self.on_gone(desk, views, request, version);
        }
    }

    /// The member that was asked does not have the version.
    pub fn on_gone<R: Rules>(
        &mut self,
        desk: &mut Desk<'_, R>,
        views: &Views,
        request: RequestId,
        version: Version,
    ) {
        if let Some(Read { stage: Stage::Pulling { target, .. }, .. }) = self.open.get(&request)
            && target.revision.version == version
        {
            self.fetch_elsewhere(desk, views, request);
        }
    }

    /// The member that the leader pointed to is of no use: the leader is told, and the data
    /// store has the bytes.
    fn fetch_elsewhere<R: Rules>(
        &mut self,
        desk: &mut Desk<'_, R>,
        views: &Views,
        request: RequestId,
    ) {
        let Some(read) = self.open.get(&request) else { return };
        let Stage::Pulling { target, source } = read.stage.clone() else { return };
        let (content, version) = (read.wish.content, target.revision.version);
        if let Some(holder) = source.holder() {
            desk.report_missing(views, read.group, content, version, holder);
        }
        self.fetch(desk, request, target);
    }

    /// Takes up the data store's row, and the bytes of its version if they came along.
    pub fn on_row<R: Rules>(
        &mut self,
        desk: &mut Desk<'_, R>,
        table: &mut MemberTable,
        request: RequestId,
        row: &ContentRow,
        digest: Option<Digest>,
    ) {
        let Some(read) = self.open.get_mut(&request) else { return };
        if read.stage != Stage::Reading {
            return;
        }
        read.group = row.group.unwrap_or(read.group);
        let pin = read.wish.session.pin(read.wish.content);
        if row.revision.version < pin && row.fence <= pin {
            // What the caller wrote waits for the data store still, and may come.
            read.was_locked = true;
            let retry = desk.timing.retry;
            return self.wait(desk, request, retry);
        }
        let revision = row.revision.clone();
        let (content, version) = (read.wish.content, revision.version);
        let (committed, validated) = (None, Sequence::START);
        let target = Target { revision, committed, validated };
        let wanted = target.revision.payload.map(|payload| payload.digest);
        let is_here = table.version(content) == Some(version);
        if wanted.is_none() || is_here || wanted == digest {
            return self.finish(desk, table, request, target, Origin::Store);
        }
        self.fetch(desk, request, target);
    }

    /// The data store sent bytes.
    pub fn on_fetched<R: Rules>(
        &mut self,
        desk: &mut Desk<'_, R>,
        table: &mut MemberTable,
        request: RequestId,
        version: Version,
        digest: Option<Digest>,
    ) {
        let Some(Read { stage: Stage::Fetching { target }, .. }) = self.open.get(&request) else {
            return;
        };
        if target.revision.version != version {
            return;
        }
        let wanted = target.revision.payload.map(|payload| payload.digest);
        if wanted.is_some() && wanted == digest {
            let target = target.clone();
            self.finish(desk, table, request, target, Origin::Store);
        } else {
            // It was cleared away meanwhile, or hurt: the newest may be another by now.
            let retry = desk.timing.retry;
            self.wait(desk, request, retry);
        }
    }

    /// The data store could not be reached.
    pub fn on_unavailable<R: Rules>(&mut self, desk: &Desk<'_, R>, request: RequestId) {
        let Some(read) = self.open.get_mut(&request) else { return };
        if matches!(read.stage, Stage::Reading | Stage::Fetching { .. }) {
            read.was_locked = false;
            read.is_store_down = true;
            let retry = desk.timing.retry;
            self.wait(desk, request, retry);
        }
    }

    /// Does what is due, and gives up what has waited long enough.
    pub fn wake<R: Rules>(&mut self, desk: &mut Desk<'_, R>, views: &Views, table: &MemberTable) {
        for request in self.agenda.due(desk.now) {
            self.wake_one(desk, views, table, request);
            self.refresh(request);
        }
    }

    fn wake_one<R: Rules>(
        &mut self,
        desk: &mut Desk<'_, R>,
        views: &Views,
        table: &MemberTable,
        request: RequestId,
    ) {
        let Some(read) = self.open.get(&request) else { return };
        if read.deadline <= desk.now {
            let outcome = if read.was_locked { Outcome::Busy } else { Outcome::Unavailable };
            self.open.remove(&request);
            return desk.answer(request, outcome);
        }
        match read.stage {
            Stage::Waiting => self.ask(desk, views, table, request),
            Stage::Asking => self.read_row(desk, table, request),
            Stage::Pulling { .. } => self.fetch_elsewhere(desk, views, request),
            Stage::Reading | Stage::Fetching { .. } => {
                let retry = desk.timing.retry;
                self.wait(desk, request, retry);
            }
        }
    }

    /// When [`wake`](Self::wake) has something to do.
    pub fn next_wakeup(&self) -> Instant {
        self.agenda.first()
    }

    /// Notes when an operation is to be looked at. To be called whenever it was told something.
    pub fn refresh(&mut self, request: RequestId) {
        let due = self.open.get(&request).map(|read| read.due.min(read.deadline));
        self.agenda.set(request, due.unwrap_or(Instant::NEVER));
    }
}
