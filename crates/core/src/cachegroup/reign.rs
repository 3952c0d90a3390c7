//! The books of a leader: its table, its two counters, and what it has asked of the data store.
//!
//! Everything that makes a content known, or unknown again, is here: the fence (R5) and the clock
//! of causality (R11). The way to another group (R12) is in `giving`.

use std::collections::BTreeMap;

use crate::cachegroup::agenda::Agenda;
use crate::cachegroup::desk::Desk;
use crate::cachegroup::leader_table::{Known, LeaderRow, LeaderTable, LeaderTag};
use crate::cachegroup::message::PendingCopy;
use crate::cachegroup::names::{ContentId, Epoch, GroupId, NodeId, Sequence, Ticket, Version};
use crate::cachegroup::popular::Popular;
use crate::cachegroup::relay::Relays;
use crate::cachegroup::rules::Rules;
use crate::cachegroup::store_message::{StoreReply, StoreRequest};
use crate::cachegroup::store_table::ContentRow;
use crate::time::Instant;

/// The books of one reign over one group.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Reign {
    pub(super) group: GroupId,
    pub(super) epoch: Epoch,
    /// Counts the writes that became visible.
    pub(super) visible: u64,
    /// Counts the tokens and fences given out.
    pub(super) tokens: u64,
    pub(super) table: LeaderTable,
    /// Contents whose state ends by time.
    pub(super) agenda: Agenda<ContentId>,
    /// What the group asks for.
    pub(super) popular: Popular,
    /// Where the next row to be forgotten is looked for.
    pub(super) hand: Option<ContentId>,
    /// The latest moment at which the group learned of a version that was forgotten here.
    pub(super) forgotten: Sequence,
    /// What members wait for, from the data store.
    pub(super) relays: Relays,
    /// Contents that are to go to another group once nobody writes them.
    pub(super) leaving: BTreeMap<ContentId, GroupId>,
    /// A later reign was seen in the data store.
    pub(super) is_deposed: bool,
}

impl Reign {
    /// Begins with an empty table, but for versions that voters keep for the data store: their
    /// contents are locked until these are decided, or given up.
    pub fn new<R: Rules>(
        desk: &Desk<'_, R>,
        group: GroupId,
        epoch: Epoch,
        pending: &[PendingCopy],
    ) -> Self {
        let mut reign = Self {
            group,
            epoch,
            visible: 0,
            tokens: 0,
            table: BTreeMap::new(),
            agenda: Agenda::default(),
            popular: Popular::default(),
            hand: None,
            forgotten: Sequence { epoch, counter: 0 },
            relays: Relays::default(),
            leaving: BTreeMap::new(),
            is_deposed: false,
        };
        let adopted = pending.iter().filter(|_| desk.rules.adopts_what_is_pending());
        for PendingCopy { content, revision, .. } in adopted {
            let token = revision.version;
            let held = match reign.row(*content).tag {
                LeaderTag::Adopted { token, .. } => token,
                _ => Version::NEVER,
            };
            if token > held {
                let deadline = desk.now + desk.timing.lock;
                reign.set(*content, LeaderTag::Adopted { token, deadline });
            }
        }
        reign
    }

    /// The group.
    pub fn group(&self) -> GroupId {
        self.group
    }

    /// The reign.
    pub fn epoch(&self) -> Epoch {
        self.epoch
    }

    /// How many tokens and fences were given out.
    pub fn tokens(&self) -> u64 {
        self.tokens
    }

    /// The group leader table.
    pub fn table(&self) -> &LeaderTable {
        &self.table
    }

    /// Whether the data store told of a later reign.
    pub fn is_deposed(&self) -> bool {
        self.is_deposed
    }

    /// A row, which is made if it is not there.
    pub fn row(&mut self, content: ContentId) -> &mut LeaderRow {
        self.table.entry(content).or_default()
    }

    /// Changes how a content stands.
    pub fn set(&mut self, content: ContentId, tag: LeaderTag) {
        self.agenda.set(content, tag.due());
        self.row(content).tag = tag;
    }

    /// A token larger than any before.
    pub fn token(&mut self, tenure: u32) -> Version {
        self.tokens += 1;
        Version { tenure, epoch: self.epoch, counter: self.tokens }
    }

    /// The moment at which a version becomes visible: a new one.
    pub fn count(&mut self, version: Version, rules: &impl Rules) -> Sequence {
        self.visible += 1;
        let counter = if rules.counts_what_is_visible() { self.visible } else { version.counter };
        Sequence { epoch: self.epoch, counter }
    }

    /// This moment.
    pub fn moment(&self, rules: &impl Rules) -> Sequence {
        let counter = if rules.counts_what_is_visible() { self.visible } else { self.tokens };
        Sequence { epoch: self.epoch, counter }
    }

    /// A row, if it is there.
    pub fn known_row(&mut self, content: ContentId) -> Option<&mut LeaderRow> {
        self.table.get_mut(&content)
    }

    /// Forgets a row.
    pub(super) fn drop_row(&mut self, content: ContentId) {
        self.agenda.set(content, Instant::NEVER);
        self.table.remove(&content);
    }

    /// Keeps a lock alive, for whoever has to do with its token.
    pub fn renew(&mut self, content: ContentId, token: Version, until: Instant) {
        match self.table.get_mut(&content).map(|row| &mut row.tag) {
            Some(
                LeaderTag::Lock { token: held, deadline, .. }
                | LeaderTag::Adopted { token: held, deadline },
            ) if *held == token => {
                *deadline = until;
                self.agenda.set(content, until);
            }
            _ => {}
        }
    }

    /// R5: no lock is taken for broken, and no content for known, before the fence is raised.
    /// `creates` says whether a content that nobody ever had to do with gets a row by it.
    pub fn seal<R: Rules>(
        &mut self,
        desk: &mut Desk<'_, R>,
        content: ContentId,
        before: Option<Known>,
        creates: bool,
    ) {
        self.tokens += 1;
        let (group, epoch, counter) = (self.group, self.epoch, self.tokens);
        let due = desk.now + desk.timing.store_timeout;
        let is_first = match self.row(content).tag {
            LeaderTag::Unknown | LeaderTag::Adopted { .. } => true,
            LeaderTag::Sealing { is_first, .. } => is_first,
            _ => false,
        };
        self.set(content, LeaderTag::Sealing { counter, before, is_first, creates, due });
        desk.store(StoreRequest::Seal { content, group, epoch, counter, creates });
    }

    /// Fetches a version from the data store for a member; false if too much is under way.
    pub fn relay<R>(
        &mut self,
        desk: &mut Desk<'_, R>,
        member: NodeId,
        ticket: Ticket,
        content: ContentId,
        version: Version,
    ) -> bool {
        self.relays.begin(desk, member, ticket, content, version)
    }

    /// Takes up what the data store answered to a seal, a move or a fetch.
    pub fn on_store<R: Rules>(&mut self, desk: &mut Desk<'_, R>, reply: &StoreReply) {
        self.relays.on_store(desk, self.group, reply);
        match reply {
            StoreReply::Sealed { content, epoch, counter, row } if *epoch == self.epoch => {
                self.on_sealed(desk, *content, *counter, row);
            }
            StoreReply::Absent { content, epoch, counter } if *epoch == self.epoch => {
                let is_asked = matches!(self.table.get(content), Some(LeaderRow {
                    tag: LeaderTag::Sealing { counter: asked, .. }, ..
                }) if asked == counter);
                if is_asked {
                    self.drop_row(*content);
                    self.leaving.remove(content);
                }
            }
            StoreReply::Elsewhere { content, group } if *group != self.group => {
                self.on_elsewhere(desk, *content, *group);
            }
            StoreReply::Rejected { content, version } => {
                let is_of_move = matches!(self.table.get(content), Some(LeaderRow {
                    tag: LeaderTag::Moving { token, .. }, ..
                }) if token == version);
                if is_of_move {
                    self.seal(desk, *content, None, true);
                }
            }
            _ => {}
        }
    }

    fn on_sealed<R: Rules>(
        &mut self,
        desk: &mut Desk<'_, R>,
        content: ContentId,
        counter: u64,
        row: &ContentRow,
    ) {
        let (before, is_first) = match &self.row(content).tag {
            LeaderTag::Sealing { counter: asked, before, is_first, .. } if *asked == counter => {
                (before.clone(), *is_first)
            }
            _ => return,
        };
        if row.fence.epoch > self.epoch {
            self.is_deposed = true;
            return;
        }
        let revision = row.revision.clone();
        let same = before.filter(|before| before.revision.version == revision.version);
        let committed = match same {
            Some(same) => same.committed,
            // No copy of another version was found valid in this reign, so that its beginning
            // is late enough; what its writer had seen it carries itself. A later moment would
            // make readers ask about all their other copies anew.
            // Unless it was known before and forgotten: then it is as late as the latest of
            // those, which is after any copy of an older version was found valid.
            None if is_first => self.forgotten,
            None => self.count(revision.version, desk.rules),
        };
        let known = Known { revision, committed, tenure: row.fence.tenure };
        self.set(content, LeaderTag::Free(known));
    }

    /// Breaks locks whose time is up, and asks the data store again for what it has not
    /// answered.
    pub fn wake<R: Rules>(&mut self, desk: &mut Desk<'_, R>) {
        for content in self.agenda.due(desk.now) {
            match self.row(content).tag.clone() {
                LeaderTag::Lock { base, .. } if desk.rules.seals_before_breaking() => {
                    self.seal(desk, content, Some(base), true);
                }
                LeaderTag::Lock { base, .. } => self.set(content, LeaderTag::Free(base)),
                LeaderTag::Adopted { .. } => self.seal(desk, content, None, true),
                LeaderTag::Sealing { counter, before, is_first, creates, .. } => {
                    let due = desk.now + desk.timing.store_timeout;
                    let tag = LeaderTag::Sealing { counter, before, is_first, creates, due };
                    self.set(content, tag);
                    let (group, epoch) = (self.group, self.epoch);
                    desk.store(StoreRequest::Seal { content, group, epoch, counter, creates });
                }
                LeaderTag::Moving { to, token, known, .. } => {
                    self.ask_to_move(desk, content, to, token, known);
                }
                LeaderTag::Elsewhere { .. } => self.drop_row(content),
                LeaderTag::Unknown | LeaderTag::Free(_) => {}
            }
        }
    }

    /// When [`wake`](Self::wake) has something to do.
    pub fn next_wakeup(&self) -> Instant {
        self.agenda.first()
    }

    /// Who holds the lock of a content, and under which token, as far as this is known.
    pub fn lock(&self, content: ContentId) -> (Option<NodeId>, Option<Version>) {
        match self.table.get(&content).map(|row| &row.tag) {
            Some(&LeaderTag::Lock { holder, token, .. }) => (Some(holder), Some(token)),
            Some(&LeaderTag::Adopted { token, .. }) => (None, Some(token)),
            _ => (None, None),
        }
    }
}
