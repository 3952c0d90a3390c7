//! What is under the one lock: the node that decides, callers that wait, bytes on their way.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use bytes::Bytes;
use tokio::sync::oneshot;

use swell_core::cachegroup::action::{Action, Charter, Input, Outcome, Support};
use swell_core::cachegroup::names::{ContentId, GroupId, Version};
use swell_core::cachegroup::node::Node;
use swell_core::cachegroup::prefetch::prefetcher::Prefetcher;
use swell_core::ids::RequestId;
use swell_core::time::Instant;

use crate::ahead::Ahead;
use crate::naming::ContentName;

/// So many copies are in the member table; beyond, those that were asked for longest ago go.
const COPIES_MAX: usize = 65_536;
/// So many names are remembered.
const NAMES_MAX: usize = 4 * COPIES_MAX;

/// The bytes of a version that came with a piece of news.
#[derive(Debug, Clone)]
pub(crate) struct Brought {
    pub(crate) content: ContentId,
    pub(crate) version: Version,
    pub(crate) bytes: Bytes,
}

/// What a caller is answered, with the bytes if they came with the answer.
#[derive(Debug)]
pub(crate) struct Answered {
    pub(crate) outcome: Outcome,
    pub(crate) brought: Option<Brought>,
}

/// What is under the one lock.
pub(crate) struct Mind {
    pub(crate) node: Node,
    requests: u64,
    waiting: BTreeMap<RequestId, oneshot::Sender<Answered>>,
    /// Versions that callers here have made and that are not in the data store yet.
    pub(crate) drafts: BTreeMap<(ContentId, Version), Bytes>,
    names: BTreeMap<ContentId, ContentName>,
    /// Groups that this node is in, and which of their reigns a former life supported.
    groups: BTreeMap<GroupId, Charter>,
    supports: BTreeMap<GroupId, Support>,
    /// What is fetched before anybody asks.
    pub(crate) ahead: Ahead,
    /// When the alarm goes off, as far as it has been told.
    pub(crate) planned: Instant,
    /// Batches of orders that are given and not yet carried out.
    pub(crate) behind: usize,
}

impl Mind {
    pub(crate) fn new(
        node: Node,
        supports: Vec<(GroupId, Support)>,
        names: Vec<ContentName>,
        prefetcher: Prefetcher,
    ) -> Self {
        Self {
            node,
            requests: 0,
            waiting: BTreeMap::new(),
            drafts: BTreeMap::new(),
            names: names.into_iter().map(|name| (name.id(), name)).collect(),
            groups: BTreeMap::new(),
            supports: supports.into_iter().collect(),
            ahead: Ahead::new(prefetcher),
            planned: Instant::ZERO,
            behind: 0,
        }
    }

    /// Joins a group, if the node is not in it yet.
    pub(crate) fn join(&mut self, now: Instant, group: GroupId, charter: impl Fn() -> Charter) {
        if let Entry::Vacant(place) = self.groups.entry(group) {
            let charter = place.insert(charter()).clone();
            let latest = self.supports.get(&group).copied().unwrap_or_default();
            self.node.join(now, charter, latest);
        }
    }

    /// The groups this node is in.
    pub(crate) fn groups(&self) -> &BTreeMap<GroupId, Charter> {
        &self.groups
    }

    /// Takes up a caller: who it is, and how it will be answered.
    pub(crate) fn enter(&mut self) -> (RequestId, oneshot::Receiver<Answered>) {
        let request = self.number();
        (request, self.wait(request))
    }

    /// The number of a new operation.
    pub(crate) fn number(&mut self) -> RequestId {
        self.requests += 1;
        RequestId(self.requests)
    }

    /// A caller that was answered before will be answered once more.
    pub(crate) fn wait(&mut self, request: RequestId) -> oneshot::Receiver<Answered> {
        let (teller, hearer) = oneshot::channel();
        self.waiting.insert(request, teller);
        hearer
    }

    /// A caller waits no longer.
    pub(crate) fn leave(&mut self, request: RequestId) {
        self.waiting.remove(&request);
    }

    /// Answers a caller; one that is gone hears nothing.
    pub(crate) fn answer(&mut self, request: RequestId, answered: Answered) {
        if let Some(teller) = self.waiting.remove(&request) {
            let _ = teller.send(answered);
        }
    }

    /// Remembers what a content is called.
    pub(crate) fn learn(&mut self, name: &ContentName) {
        let content = name.id();
        if self.names.contains_key(&content) {
            return;
        }
        if self.names.len() >= NAMES_MAX {
            let rows = self.node.table().rows();
            self.names.retain(|content, _| rows.contains_key(content));
        }
        self.names.insert(content, name.clone());
    }

    /// All names that are known here.
    pub(crate) fn names(&self) -> impl Iterator<Item = &ContentName> {
        self.names.values()
    }

    /// What a content is called, if that is known here.
    pub(crate) fn name(&self, content: ContentId) -> Option<&ContentName> {
        self.names.get(&content)
    }

    /// Forgets the copies that were asked for longest ago, if there are too many; whoever leads
    /// is to be told, by what is added to `actions`.
    pub(crate) fn make_room(
        &mut self,
        now: Instant,
        actions: &mut Vec<Action>,
    ) -> Vec<(ContentId, Version)> {
        let rows = self.node.table().rows();
        if rows.len() <= COPIES_MAX {
            return Vec::new();
        }
        let copies = rows.iter().filter_map(|(&content, row)| {
            let copy = row.copy.as_ref()?;
            Some((copy.asked, content, copy.revision.version))
        });
        let mut copies: Vec<(Instant, ContentId, Version)> = copies.collect();
        copies.sort_unstable();
        copies.truncate(COPIES_MAX / 8);
        for &(_, content, version) in &copies {
            self.node.handle(now, Input::Evicted { content, version }, actions);
        }
        copies.into_iter().map(|(_, content, version)| (content, version)).collect()
    }
}
