//! The group member table: which copies are here, and as of when.

use std::collections::BTreeMap;

use crate::cachegroup::action::{Origin, Outcome};
use crate::cachegroup::level::ReadLevel;
use crate::cachegroup::names::{ContentId, GroupId, Sequence, Version};
use crate::cachegroup::rules::Rules;
use crate::cachegroup::session::{Revision, Session};
use crate::time::Instant;

/// How a content stands at a member.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum MemberTag {
    /// Nobody here writes it.
    #[default]
    Free,
    /// Somebody here writes it, under this token.
    Lock(Version),
    /// A new version from here waits for the data store.
    Pending(Version),
}

/// A row: content, its group (whose leader's address is the node's view of the group), tag,
/// and what the copy is.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct MemberRow {
    /// The group that has the content, as far as is known.
    pub group: GroupId,
    /// Whether it is being written here.
    pub tag: MemberTag,
    /// The copy, if its bytes are here (or it has none).
    pub copy: Option<LocalCopy>,
}

/// A copy of a committed version.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct LocalCopy {
    /// What it is a copy of.
    pub revision: Revision,
    /// When the group learned of the version, if that was said.
    pub committed: Option<Sequence>,
    /// The latest moment at which the leader said that it was the newest.
    pub validated: Sequence,
    /// It was the newest at some moment after this one, on our clock; zero if that was in a
    /// former life.
    pub asked: Instant,
}

/// Group member table.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct MemberTable {
    rows: BTreeMap<ContentId, MemberRow>,
}

impl LocalCopy {
    /// What a caller who may have the copy is answered.
    pub fn read(&self, now: Instant, group: GroupId) -> Outcome {
        Outcome::Read {
            group,
            revision: self.revision.clone(),
            committed: self.committed,
            origin: Origin::Local,
            age: now.since(self.asked),
            is_pending: false,
        }
    }

    /// Whether a caller at this level may have the copy without anybody being asked.
    ///
    /// R11 for causal reads. A bounded read counts from when the copy was asked for, so that
    /// it costs writers nothing: nobody has to wait for copies to run out.
    fn satisfies(
        &self,
        now: Instant,
        content: ContentId,
        group: GroupId,
        level: ReadLevel,
        session: &Session,
        rules: &impl Rules,
    ) -> bool {
        match level {
            ReadLevel::Strict => false,
            ReadLevel::Causal => {
                let is_at_floor = self.validated >= session.floor(group);
                let is_at_pin = self.revision.version >= session.pin(content);
                is_at_floor && is_at_pin || !rules.honours_the_floor()
            }
            ReadLevel::Bounded(span) => self.asked > Instant::ZERO && self.asked + span >= now,
            ReadLevel::Any => true,
        }
    }
}

impl MemberTable {
    /// The rows.
    pub fn rows(&self) -> &BTreeMap<ContentId, MemberRow> {
        &self.rows
    }

    /// The group of a content, if it is known; else the one that is supposed.
    pub fn group(&self, content: ContentId, supposed: GroupId) -> GroupId {
        self.rows.get(&content).map_or(supposed, |row| row.group)
    }

    /// The copy of a content.
    pub fn copy(&self, content: ContentId) -> Option<&LocalCopy> {
        self.rows.get(&content)?.copy.as_ref()
    }

    /// The copy of a content, if a caller at this level may have it.
    pub fn copy_for(
        &self,
        now: Instant,
        content: ContentId,
        level: ReadLevel,
        session: &Session,
        rules: &impl Rules,
    ) -> Option<(GroupId, &LocalCopy)> {
        let row = self.rows.get(&content)?;
        let copy = row.copy.as_ref()?;
        let may = copy.satisfies(now, content, row.group, level, session, rules);
        may.then_some((row.group, copy))
    }

    /// The version that is here.
    pub fn version(&self, content: ContentId) -> Option<Version> {
        self.copy(content).map(|copy| copy.revision.version)
    }

    /// R9: takes up a copy, unless a newer one is here already. Returns the version that is of
    /// no use any more, and whether the copy was taken.
    pub fn install(
        &mut self,
        content: ContentId,
        group: GroupId,
        copy: LocalCopy,
        rules: &impl Rules,
    ) -> (Option<Version>, bool) {
        let row = self.row(content, group);
        let new = copy.revision.version;
        let old = row.copy.as_ref().map(|old| old.revision.version);
        if old.is_some_and(|old| old > new) && rules.refuses_late_data() {
            return (None, false);
        }
        let copy = match row.copy.take() {
            // What is known of one version in one group is known for good.
            Some(known) if known.revision.version == new && row.group == group => LocalCopy {
                committed: copy.committed.or(known.committed),
                validated: copy.validated.max(known.validated),
                asked: copy.asked.max(known.asked),
                revision: copy.revision,
            },
            Some(known) if !rules.refuses_late_data() => {
                LocalCopy { validated: copy.validated.max(known.validated), ..copy }
            }
            _ => copy,
        };
        row.group = group;
        row.copy = Some(copy);
        (old.filter(|&old| old != new), true)
    }

    /// Changes whether the content is being written here.
    pub fn tag(&mut self, content: ContentId, group: GroupId, tag: MemberTag) {
        self.row(content, group).tag = tag;
        self.sweep(content);
    }

    /// Forgets the copy, if it is of this version; returns the group that should know.
    pub fn evict(&mut self, content: ContentId, version: Version) -> Option<GroupId> {
        let row = self.rows.get_mut(&content)?;
        if row.copy.as_ref().is_none_or(|copy| copy.revision.version != version) {
            return None;
        }
        row.copy = None;
        let group = row.group;
        self.sweep(content);
        Some(group)
    }

    fn row(&mut self, content: ContentId, group: GroupId) -> &mut MemberRow {
        let row = MemberRow { group, tag: MemberTag::Free, copy: None };
        self.rows.entry(content).or_insert(row)
    }

    /// A row that says nothing is no row.
    fn sweep(&mut self, content: ContentId) {
        if let Some(row) = self.rows.get(&content)
            && row.copy.is_none()
            && row.tag == MemberTag::Free
        {
            self.rows.remove(&content);
        }
    }
}

impl MemberTag {
    /// The tag as the deck writes it.
    pub fn word(self) -> &'static str {
        match self {
            MemberTag::Free => "Free",
            MemberTag::Lock(_) => "Lock",
            MemberTag::Pending(_) => "Pending",
        }
    }
}
