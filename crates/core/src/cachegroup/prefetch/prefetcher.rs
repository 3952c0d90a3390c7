//! What a member fetches before anybody asks, and what becomes of it.
//!
//! It says which contents to read; whoever carries that out reads them by the protocol as any
//! caller would (R9: a late one cannot install an old version), and tells what came. Copies that
//! nobody has read lie in a [`Room`] of their own, so that they displace nothing that was of
//! use, and reading them ahead does not count as use.

use std::collections::{BTreeMap, BTreeSet};

use crate::cachegroup::names::{ContentId, Version};
use crate::cachegroup::popular::Asked;
use crate::cachegroup::prefetch::counts::Counts;
use crate::cachegroup::prefetch::history::{FunctionId, History};
use crate::cachegroup::prefetch::layers::Layers;
use crate::cachegroup::prefetch::link::Link;
use crate::cachegroup::prefetch::room::{Offered, Room};
use crate::time::{Instant, Span};
use crate::units::Bytes;

/// How much is fetched ahead.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Terms {
    /// Which layers are on.
    pub layers: Layers,
    /// Bytes for copies that nobody has read.
    pub room: Bytes,
    /// Bytes a second that may be fetched ahead.
    pub per_second: Bytes,
    /// What is less likely to be read by a run is not fetched for it.
    pub chance_min: f64,
    /// The most fetches at a time.
    pub under_way_max: usize,
    /// How many of the contents a group asks for most are looked at.
    pub top: usize,
    /// How often a member that is at work asks for them.
    pub pause: Span,
    /// How long a content is taken to be of which nobody has seen the size.
    pub usual: Bytes,
}

impl Default for Terms {
    fn default() -> Self {
        Self {
            layers: Layers::ALL,
            room: Bytes::new(8 << 20),
            per_second: Bytes::new(4 << 20),
            chance_min: 0.3,
            under_way_max: 32,
            top: 64,
            pause: Span::from_secs(10),
            usual: Bytes::new(64 << 10),
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq)]
struct UnderWay {
    worth: f64,
    is_wanted: bool,
}

/// What is to be done with a copy that was fetched ahead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Arrived {
    /// It lies in the room now; these go, unread, and the node is to be told.
    InRoom(Vec<(ContentId, Version)>),
    /// Somebody read it meanwhile, or nobody here fetched it: it is a copy like any other.
    Wanted,
    /// There is no room for it any more: it goes, and the node is to be told.
    Refused,
}

/// The decisions of a member.
#[derive(Debug, Clone, PartialEq)]
pub struct Prefetcher {
    terms: Terms,
    history: History,
    room: Room,
    link: Link,
    under_way: BTreeMap<ContentId, UnderWay>,
    asked_last: Option<Instant>,
    counts: Counts,
}

impl Prefetcher {
    /// One that knows nothing yet.
    pub fn new(now: Instant, terms: Terms) -> Self {
        Self {
            terms,
            history: History::default(),
            room: Room::new(terms.room),
            link: Link::new(now, terms.per_second),
            under_way: BTreeMap::new(),
            asked_last: None,
            counts: Counts::default(),
        }
    }

    /// What came of it so far.
    pub fn counts(&self) -> &Counts {
        &self.counts
    }

    /// Which layers are on.
    pub fn layers(&self) -> Layers {
        self.terms.layers
    }

    /// The room.
    pub fn room(&self) -> &Room {
        &self.room
    }

    /// P1: a task of a function was accepted here. What to fetch for it while its instance
    /// starts, of what `is_here` says is not.
    pub fn on_task(
        &mut self,
        now: Instant,
        function: FunctionId,
        declared: &BTreeSet<ContentId>,
        is_here: impl Fn(ContentId) -> bool,
    ) -> Vec<ContentId> {
        if !self.terms.layers.manifest {
            return Vec::new();
        }
        let expected = self.history.on_task(now, function, declared, self.terms.usual);
        let mut fetches = Vec::new();
        for one in expected {
            if one.chance < self.terms.chance_min || is_here(one.content) {
                continue;
            }
            if self.begin(now, one.content, one.size, one.chance) {
                self.counts.by_history += 1;
                fetches.push(one.content);
            }
        }
        fetches
    }

    /// P2: whether to ask the leader what the group asks for most; at times only, and not while
    /// fetches are under way.
    pub fn wants_suggestions(&mut self, now: Instant) -> bool {
        let is_time = self.asked_last.is_none_or(|last| last + self.terms.pause <= now);
        let asks = self.terms.layers.popular && is_time && self.under_way.is_empty();
        if asks {
            self.asked_last = Some(now);
        }
        asks
    }

    /// How many suggestions to ask for.
    pub fn suggestions_max(&self) -> usize {
        self.terms.top
    }

    /// P2: what the group asks for most, of all its questions together. What to fetch of it.
    pub fn on_suggestions(
        &mut self,
        now: Instant,
        asked: &[Asked],
        total: u64,
        is_here: impl Fn(ContentId) -> bool,
    ) -> Vec<ContentId> {
        if !self.terms.layers.popular {
            return Vec::new();
        }
        let mut fetches = Vec::new();
        for one in asked.iter().take(self.terms.top) {
            let share = one.count as f64 / total.max(one.count).max(1) as f64;
            self.room.refresh(now, one.content, share);
            if !is_here(one.content) && self.begin(now, one.content, one.size, share) {
                self.counts.by_popularity += 1;
                fetches.push(one.content);
            }
        }
        fetches
    }

    fn begin(&mut self, now: Instant, content: ContentId, size: Bytes, worth: f64) -> bool {
        let is_busy = self.under_way.len() >= self.terms.under_way_max;
        if is_busy || self.under_way.contains_key(&content) {
            return false;
        }
        if !self.room.would_keep(now, size, worth) {
            self.counts.refused_by_room += 1;
            return false;
        }
        if !self.link.take(now, size) {
            self.counts.refused_by_link += 1;
            return false;
        }
        self.under_way.insert(content, UnderWay { worth, is_wanted: false });
        true
    }

    /// A caller reads a content, for a function if that is known. What is on its way is late.
    pub fn on_wanted(&mut self, content: ContentId) {
        if let Some(under_way) = self.under_way.get_mut(&content)
            && !under_way.is_wanted
        {
            under_way.is_wanted = true;
            self.counts.late += 1;
        }
    }

    /// A run of a function read a content of that size.
    pub fn on_read(&mut self, function: FunctionId, content: ContentId, size: Bytes) {
        if self.terms.layers.manifest {
            self.history.on_read(function, content, size);
        }
    }

    /// A fetch brought a version that was not here.
    pub fn on_arrived(
        &mut self,
        now: Instant,
        content: ContentId,
        version: Version,
        size: Bytes,
    ) -> Arrived {
        let Some(UnderWay { worth, is_wanted }) = self.under_way.remove(&content) else {
            return Arrived::Wanted;
        };
        if is_wanted {
            return Arrived::Wanted;
        }
        match self.room.offer(now, content, version, size, worth) {
            Offered::Kept(gone) => {
                gone.iter().for_each(|&(_, _, size)| self.counts.waste(size));
                Arrived::InRoom(
                    gone.into_iter().map(|(content, version, _)| (content, version)).collect(),
                )
            }
            Offered::Refused => {
                self.counts.waste(size);
                Arrived::Refused
            }
        }
    }

    /// A fetch has ended, whatever came of it.
    pub fn on_ended(&mut self, content: ContentId) {
        if self.under_way.remove(&content).is_some() {
            self.counts.idle += 1;
        }
    }

    /// A caller was given this version from here: if it lay in the room, it leaves it to be a
    /// copy like any other.
    pub fn on_used(&mut self, content: ContentId, version: Version) -> bool {
        if self.room.version(content) != Some(version) {
            return false;
        }
        self.room.remove(content);
        self.counts.useful += 1;
        true
    }

    /// A version is of no use any more; whether it lay in the room.
    pub fn on_dropped(&mut self, content: ContentId, version: Version) -> bool {
        if self.room.version(content) != Some(version) {
            return false;
        }
        if let Some((_, size)) = self.room.remove(content) {
            self.counts.waste(size);
        }
        true
    }
}

impl Counts {
    fn waste(&mut self, size: Bytes) {
        self.wasted += 1;
        self.wasted_bytes += size.get();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cachegroup::names::Epoch;

    const F: FunctionId = FunctionId(7);
    const VERSION: Version = Version { tenure: 0, epoch: Epoch(1), counter: 1 };
    const SIZE: Bytes = Bytes::new(10);

    fn prefetcher(layers: &str) -> Prefetcher {
        let layers = layers.parse().expect("layers");
        let terms = Terms { layers, room: Bytes::new(30), usual: SIZE, ..Terms::default() };
        Prefetcher::new(Instant::ZERO, terms)
    }

    fn ids(contents: &[u128]) -> BTreeSet<ContentId> {
        contents.iter().copied().map(ContentId).collect()
    }

    /// What a task is prefetched after one that read these.
    fn after(prefetcher: &mut Prefetcher, read: &[u128]) -> Vec<u128> {
        prefetcher.on_task(Instant::ZERO, F, &ids(&[]), |_| true);
        for &content in read {
            prefetcher.on_read(F, ContentId(content), SIZE);
        }
        let is_here = |content| content == ContentId(1);
        let all = prefetcher.on_task(Instant::ZERO, F, &ids(&[]), is_here);
        all.iter().map(|content| content.0).collect()
    }

    #[test]
    fn a_task_is_prefetched_what_the_last_one_read_and_is_not_here() {
        let mut member = prefetcher("p1");
        assert_eq!(after(&mut member, &[1, 2, 3]), [2, 3]);
        assert_eq!(after(&mut prefetcher("p0+p2"), &[1, 2, 3]), []);
        // It is under way.
        assert_eq!(after(&mut member, &[1, 2, 3]), []);
        let arrived = member.on_arrived(Instant::ZERO, ContentId(2), VERSION, SIZE);
        assert_eq!(arrived, Arrived::InRoom(vec![]));
        // Somebody wanted to read the other one before it came.
        member.on_wanted(ContentId(3));
        member.on_wanted(ContentId(3));
        let arrived = member.on_arrived(Instant::ZERO, ContentId(3), VERSION, SIZE);
        assert_eq!(arrived, Arrived::Wanted);
        assert!(!member.on_used(ContentId(2), Version::NEVER));
        assert!(member.on_used(ContentId(2), VERSION) && !member.on_used(ContentId(2), VERSION));
        let counts = Counts { by_history: 2, useful: 1, late: 1, ..Counts::default() };
        assert_eq!(*member.counts(), counts);
    }

    #[test]
    fn the_group_s_wishes_come_after_a_task_s_own() {
        let mut member = prefetcher("p1+p2");
        assert!(member.wants_suggestions(Instant::ZERO));
        assert!(!member.wants_suggestions(Instant::ZERO), "it was asked just now");
        let asked = |content, count| Asked { content: ContentId(content), count, size: SIZE };
        let top = [asked(1, 50), asked(2, 20), asked(3, 10), asked(4, 5)];
        let fetches = member.on_suggestions(Instant::ZERO, &top, 100, |id| id == ContentId(1));
        assert_eq!(fetches, [2, 3, 4].map(ContentId));
        for content in fetches {
            member.on_arrived(Instant::ZERO, content, VERSION, SIZE);
        }
        // A task makes the group's least wanted go, and no suggestion does that to its inputs.
        let declared = ids(&[8, 9]);
        let fetches = member.on_task(Instant::ZERO, F, &declared, |_| false);
        assert_eq!(fetches, [8, 9].map(ContentId));
        let gone = member.on_arrived(Instant::ZERO, ContentId(8), VERSION, SIZE);
        assert_eq!(gone, Arrived::InRoom(vec![(ContentId(4), VERSION)]));
        let gone = member.on_arrived(Instant::ZERO, ContentId(9), VERSION, SIZE);
        assert_eq!(gone, Arrived::InRoom(vec![(ContentId(3), VERSION)]));
        let fetches = member.on_suggestions(Instant::ZERO, &top[2..], 100, |_| false);
        assert_eq!(fetches, []);
        assert_eq!(member.counts().refused_by_room, 2);
        assert_eq!((member.counts().wasted, member.counts().wasted_bytes), (2, 20));
        assert!(member.on_dropped(ContentId(8), VERSION));
        assert!(!member.on_dropped(ContentId(8), VERSION));
    }
}
