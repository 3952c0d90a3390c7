//! What really happened, kept beside the nodes, and which invariants it broke.

use std::collections::{BTreeMap, BTreeSet};

use swell_core::cachegroup::level::Acknowledgement;
use swell_core::cachegroup::names::{ContentId, Epoch, GroupId, NodeId, Version};
use swell_core::cachegroup::session::Revision;
use swell_core::cachegroup::store::StoreTable;
use swell_core::cachegroup::store_message::{StoreReply, StoreRequest};

use crate::state::{is_as_made, is_pending};

/// What really happened.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub(crate) struct Witness {
    /// Committed versions of each content, in order.
    pub(crate) chains: BTreeMap<ContentId, Vec<Version>>,
    /// What each writer had seen.
    pasts: BTreeMap<(ContentId, Version), BTreeMap<ContentId, Version>>,
    /// The highest fence asked of the data store, and its tenure.
    seals: BTreeMap<ContentId, Version>,
    /// Who began which reign.
    leaders: BTreeMap<(GroupId, Epoch), NodeId>,
    /// Pending versions that were acknowledged.
    pub(crate) pending: BTreeSet<(ContentId, Version)>,
    pub(crate) broken: BTreeSet<&'static str>,
}

impl Witness {
    pub(crate) fn break_invariant(&mut self, name: &'static str) {
        self.broken.insert(name);
    }

    pub(crate) fn past(
        &self,
        content: ContentId,
        version: Version,
    ) -> BTreeMap<ContentId, Version> {
        self.pasts.get(&(content, version)).cloned().unwrap_or_default()
    }

    /// A writer makes a version.
    pub(crate) fn on_publish(
        &mut self,
        content: ContentId,
        token: Version,
        base: Version,
        seen: &BTreeMap<ContentId, Version>,
    ) {
        let mut past = self.past(content, base);
        for (&content, &version) in seen {
            let known = past.entry(content).or_default();
            *known = version.max(*known);
        }
        if self.pasts.insert((content, token), past).is_some() {
            self.break_invariant("I3");
        }
    }

    /// A version is given to a caller.
    pub(crate) fn on_read(
        &mut self,
        content: ContentId,
        revision: &Revision,
        is_pending: bool,
        store: &StoreTable,
    ) {
        let is_committed = self.is_committed(content, revision.version);
        if !is_committed && !is_pending || !is_as_made(content, revision) {
            self.break_invariant("I9");
        }
        if is_committed {
            self.check_readable(content, revision, store);
        }
    }

    /// A version is acknowledged to its writer.
    pub(crate) fn on_written(
        &mut self,
        content: ContentId,
        revision: &Revision,
        acknowledged: Acknowledgement,
        store: &StoreTable,
    ) {
        if is_pending(acknowledged) {
            self.pending.insert((content, revision.version));
            return;
        }
        if !self.is_committed(content, revision.version) {
            self.break_invariant("I2");
        }
        self.check_readable(content, revision, store);
    }

    fn check_readable(&mut self, content: ContentId, revision: &Revision, store: &StoreTable) {
        let digest = revision.payload.map(|payload| payload.digest);
        if digest.is_some() && store.blob(content, revision.version) != digest {
            self.break_invariant("I2");
        }
    }

    pub(crate) fn is_committed(&self, content: ContentId, version: Version) -> bool {
        let chain = self.chains.get(&content);
        version == Version::NEVER || chain.is_some_and(|chain| chain.contains(&version))
    }

    /// The data store carried out a request.
    pub(crate) fn on_store(
        &mut self,
        before: &StoreTable,
        after: &StoreTable,
        request: &StoreRequest,
        reply: &StoreReply,
    ) {
        match *request {
            StoreRequest::Commit { content, base, ref revision, .. } => {
                let (old, new) = (before.content(content), after.content(content));
                if old.accepted == new.accepted {
                    return;
                }
                let token = revision.version;
                let chain = self.chains.entry(content).or_default();
                let newest = chain.last().copied().unwrap_or_default();
                let is_once = !chain.contains(&token);
                let is_next = base == newest && token > newest;
                chain.push(token);
                if !is_next {
                    self.break_invariant("I1");
                }
                if !is_once || token < old.fence {
                    self.break_invariant("I3");
                }
                if token < self.seals.get(&content).copied().unwrap_or_default() {
                    self.break_invariant("I5");
                }
            }
            StoreRequest::Seal { content, .. } | StoreRequest::Move { content, .. } => {
                let fence = after.content(content).fence;
                let seal = self.seals.entry(content).or_default();
                *seal = fence.max(*seal);
            }
            StoreRequest::Claim { group, epoch, .. } => {
                if let StoreReply::Claimed { leader, .. } = *reply
                    && *self.leaders.entry((group, epoch)).or_insert(leader) != leader
                {
                    self.break_invariant("I4");
                }
            }
            _ => {}
        }
    }
}
