//! What members fetch ahead: a prefetcher each, and the reads it has under way.

use std::collections::{BTreeMap, BTreeSet};

use swell_core::cachegroup::names::{ContentId, Version};
use swell_core::cachegroup::popular::Asked;
use swell_core::cachegroup::prefetch::counts::Counts;
use swell_core::cachegroup::prefetch::history::FunctionId;
use swell_core::cachegroup::prefetch::layers::Layers;
use swell_core::cachegroup::prefetch::prefetcher::{Arrived, Prefetcher, Terms};
use swell_core::ids::RequestId;
use swell_core::time::Instant;
use swell_core::units::Bytes;

/// How long every content is.
pub const SIZE: Bytes = Bytes::new(1);
/// Contents that a member may fetch ahead each second.
const PER_SECOND: Bytes = Bytes::new(100);
/// One of so many slots is for what was fetched ahead.
const ROOM_SHARE: u32 = 8;

/// Slots of a cache that are for what was fetched ahead.
pub fn room(layers: Layers, slots: u32) -> u32 {
    match layers.fetch() && slots > 1 {
        true => (slots / ROOM_SHARE).max(1),
        false => 0,
    }
}

/// The prefetchers of all members.
#[derive(Debug)]
pub struct Ahead {
    terms: Terms,
    members: Vec<Prefetcher>,
    /// Reads that fetch ahead: for which member, and what.
    open: BTreeMap<RequestId, (usize, ContentId)>,
    /// Counts of members that crashed.
    gone: Counts,
    /// What all had when counting began.
    marked: Counts,
}

impl Ahead {
    /// Of so many members whose caches have so many slots.
    pub fn new(layers: Layers, members: usize, slots: u32) -> Self {
        let room = Bytes::new(u64::from(room(layers, slots)));
        let top = Terms::default().top.min(slots as usize);
        let terms =
            Terms { layers, room, per_second: PER_SECOND, usual: SIZE, top, ..Terms::default() };
        let fresh = Prefetcher::new(Instant::ZERO, terms);
        let members = vec![fresh; members];
        Self {
            terms,
            members,
            open: BTreeMap::new(),
            gone: Counts::default(),
            marked: Counts::default(),
        }
    }

    /// What to fetch for a task that was accepted.
    pub fn on_task(
        &mut self,
        now: Instant,
        member: usize,
        function: FunctionId,
        is_here: impl Fn(ContentId) -> bool,
    ) -> Vec<ContentId> {
        self.members[member].on_task(now, function, &BTreeSet::new(), is_here)
    }

    /// Whether a member asks for suggestions now, and for how many.
    pub fn asks(&mut self, now: Instant, member: usize) -> Option<u16> {
        let own = &mut self.members[member];
        own.wants_suggestions(now).then(|| own.suggestions_max() as u16)
    }

    /// What to fetch of what was suggested.
    pub fn on_suggested(
        &mut self,
        now: Instant,
        member: usize,
        asked: &[Asked],
        total: u64,
        is_here: impl Fn(ContentId) -> bool,
    ) -> Vec<ContentId> {
        self.members[member].on_suggestions(now, asked, total, is_here)
    }

    /// A read that fetches ahead begins.
    pub fn begin(&mut self, request: RequestId, member: usize, content: ContentId) {
        self.open.insert(request, (member, content));
    }

    /// Whether a read fetches ahead.
    pub fn is_ahead(&self, request: RequestId) -> bool {
        self.open.contains_key(&request)
    }

    /// A read that fetches ahead has ended; whether it was one.
    pub fn end(&mut self, request: RequestId) -> bool {
        let Some((member, content)) = self.open.remove(&request) else { return false };
        self.members[member].on_ended(content);
        true
    }

    /// A task reads a content of a member.
    pub fn on_wanted(&mut self, member: usize, content: ContentId) {
        self.members[member].on_wanted(content);
    }

    /// It has read it.
    pub fn on_read(&mut self, member: usize, function: FunctionId, content: ContentId) {
        self.members[member].on_read(function, content, SIZE);
    }

    /// What was fetched ahead is there.
    pub fn on_arrived(
        &mut self,
        now: Instant,
        member: usize,
        content: ContentId,
        version: Version,
    ) -> Arrived {
        self.members[member].on_arrived(now, content, version, SIZE)
    }

    /// A caller was given a copy; whether it leaves the room.
    pub fn on_used(&mut self, member: usize, content: ContentId, version: Version) -> bool {
        self.members[member].on_used(content, version)
    }

    /// A version that a caller fetched takes the place of what may lie in the room.
    pub fn on_replaced(&mut self, member: usize, content: ContentId) {
        let own = &mut self.members[member];
        if let Some(version) = own.room().version(content) {
            own.on_dropped(content, version);
        }
    }

    /// A member crashed.
    pub fn on_crash(&mut self, now: Instant, member: usize) {
        let fresh = Prefetcher::new(now, self.terms);
        let crashed = std::mem::replace(&mut self.members[member], fresh);
        self.gone.add(crashed.counts());
        self.open.retain(|_, (other, _)| *other != member);
    }

    /// Counts from now on.
    pub fn mark(&mut self) {
        self.marked = self.all();
    }

    /// What came of it since counting began.
    pub fn counts(&self) -> Counts {
        self.all().since(&self.marked)
    }

    fn all(&self) -> Counts {
        let mut all = self.gone;
        self.members.iter().for_each(|member| all.add(member.counts()));
        all
    }
}
