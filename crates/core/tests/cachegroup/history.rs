//! What callers were told, and whether it is what they were promised.

use std::collections::{BTreeMap, BTreeSet};

use swell_core::cachegroup::level::ReadLevel;
use swell_core::cachegroup::names::{ContentId, Version};
use swell_core::cachegroup::store_message::{StoreReply, StoreRequest};
use swell_core::time::{Instant, Span};

/// An operation that was answered with a version.
#[derive(Debug, Clone)]
pub(crate) struct Done {
    pub(crate) content: ContentId,
    pub(crate) version: Version,
    /// None for a write.
    pub(crate) level: Option<ReadLevel>,
    pub(crate) began: Instant,
    pub(crate) ended: Instant,
}

/// What happened, in true time.
#[derive(Default)]
pub(crate) struct History {
    pub(crate) done: Vec<Done>,
    /// Versions that became the newest, and when.
    commits: BTreeMap<ContentId, Vec<(Instant, Version)>>,
    /// What the writer of each version had seen.
    pasts: BTreeMap<(ContentId, Version), BTreeMap<ContentId, Version>>,
    /// Pending versions that were acknowledged.
    pub(crate) pending: BTreeSet<(ContentId, Version)>,
    pub(crate) faults: Vec<String>,
}

impl History {
    /// The data store made a version the newest: each is made from the one before it.
    pub(crate) fn on_store(&mut self, now: Instant, request: &StoreRequest, reply: &StoreReply) {
        let StoreRequest::Commit { content, base, revision, .. } = request else { return };
        let chain = self.commits.entry(*content).or_default();
        let is_new = chain.iter().all(|&(_, version)| version != revision.version);
        if matches!(reply, StoreReply::Committed { .. }) && is_new {
            let newest = chain.last().map_or(Version::NEVER, |&(_, version)| version);
            if *base != newest || revision.version <= newest {
                let (version, base) = (revision.version, *base);
                self.faults.push(format!("I1: {version} was made from {base}, not {newest}"));
            }
            chain.push((now, revision.version));
        }
    }

    /// A writer makes a version, having seen this much.
    pub(crate) fn on_publish(
        &mut self,
        content: ContentId,
        (token, base): (Version, Version),
        seen: &BTreeMap<ContentId, Version>,
    ) {
        let mut past = self.pasts.get(&(content, base)).cloned().unwrap_or_default();
        merge(&mut past, seen);
        if self.pasts.insert((content, token), past).is_some() {
            self.faults.push(format!("I3: the token {token} was given out twice"));
        }
    }

    /// A caller that has seen this much sees a version.
    pub(crate) fn see(
        &self,
        seen: &mut BTreeMap<ContentId, Version>,
        content: ContentId,
        version: Version,
    ) {
        let past = self.pasts.get(&(content, version)).cloned().unwrap_or_default();
        merge(seen, &past);
        merge(seen, &BTreeMap::from([(content, version)]));
    }

    pub(crate) fn is_committed(&self, content: ContentId, version: Version) -> bool {
        let mut chain = self.commits.get(&content).into_iter().flatten();
        version == Version::NEVER || chain.any(|&(_, committed)| committed == version)
    }

    /// The newest version at a time.
    fn newest_at(&self, content: ContentId, then: Instant) -> Version {
        let chain = self.commits.get(&content).into_iter().flatten();
        let before = chain.take_while(|&&(when, _)| when <= then);
        before.last().map_or(Version::NEVER, |&(_, version)| version)
    }

    /// Strict reads and writes of each content, as one register: what began after a version was
    /// told to anybody returns that version or a later one, and writes a later one. As versions
    /// are in order, that is all there is to linearizability.
    pub(crate) fn check_strict(&mut self) {
        let mut contents: BTreeMap<ContentId, Vec<&Done>> = BTreeMap::new();
        for done in &self.done {
            contents.entry(done.content).or_default().push(done);
        }
        let mut faults = Vec::new();
        for dones in contents.values() {
            let mut by_begin = dones.clone();
            by_begin.sort_by_key(|done| done.began);
            let mut by_end = dones.iter().collect::<Vec<_>>();
            by_end.sort_by_key(|done| done.ended);
            let mut ended = by_end.into_iter().peekable();
            let mut newest = Version::NEVER;
            for done in by_begin {
                while let Some(before) = ended.next_if(|before| before.ended < done.began) {
                    newest = newest.max(before.version);
                }
                let is_right = match done.level {
                    Some(ReadLevel::Strict) => done.version >= newest,
                    Some(_) => true,
                    None => done.version > newest,
                };
                if !is_right {
                    faults.push(format!("strict: {done:?} after {newest} was known"));
                }
            }
        }
        self.faults.extend(faults);
    }

    /// I11: what a bounded read returned was the newest within its bound. Clocks that run
    /// differently have a say of two in a hundred.
    pub(crate) fn check_bounded(&mut self) {
        let mut faults = Vec::new();
        for done in &self.done {
            if let Some(ReadLevel::Bounded(bound)) = done.level {
                let bound = bound + Span::from_nanos(bound.nanos() / 50);
                let then = Instant::from_nanos(done.began.nanos().saturating_sub(bound.nanos()));
                let newest = self.newest_at(done.content, then);
                if done.version < newest {
                    faults.push(format!("I11: {done:?} though {newest} was there at {then:?}"));
                }
            }
        }
        self.faults.extend(faults);
    }

    /// Nothing that was acknowledged is lost.
    pub(crate) fn check_durable(&mut self, with_pending: bool) {
        let written = self.done.iter().filter(|done| done.level.is_none());
        let lost: Vec<String> = written
            .filter(|done| !self.is_committed(done.content, done.version))
            .map(|done| format!("I2: {done:?} is lost"))
            .collect();
        self.faults.extend(lost);
        for &(content, version) in self.pending.iter().filter(|_| with_pending) {
            if !self.is_committed(content, version) {
                self.faults.push(format!("pending: {version} of {content:?} is lost"));
            }
        }
    }
}

fn merge(into: &mut BTreeMap<ContentId, Version>, from: &BTreeMap<ContentId, Version>) {
    for (&content, &version) in from {
        let known = into.entry(content).or_default();
        *known = version.max(*known);
    }
}
