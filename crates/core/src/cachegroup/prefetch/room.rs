//! The room of what was fetched ahead and nobody has read yet.
//!
//! It is apart from the copies that callers have asked for, so that nothing which was of use
//! ever makes room for something that may be. A copy leaves it for those as soon as it is read.
//! Inside, what is worth more per byte stays: the chance that it is read times what that saves,
//! fading with time.

use std::collections::{BTreeMap, BTreeSet};

use crate::cachegroup::names::{ContentId, Version};
use crate::time::{Instant, Span};
use crate::units::Bytes;

/// After which time what was foreseen is worth half.
pub const HALF_LIFE: Span = Span::from_secs(60);

/// Worth per byte, as a logarithm that time is added to instead of being taken from all others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Rank(i64);

impl Rank {
    /// In millionths of a doubling.
    fn new(now: Instant, worth: f64, size: Bytes) -> Self {
        let per_byte = (worth.max(1e-30) / (size.get().max(1) as f64)).log2();
        let lives = now.since(Instant::ZERO).secs_f64() / HALF_LIFE.secs_f64();
        Rank(((per_byte + lives) * 1e6) as i64)
    }
}

#[derive(Debug, Clone, PartialEq)]
struct Entry {
    version: Version,
    size: Bytes,
    rank: Rank,
}

/// What came of an offer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Offered {
    /// It is in, and these had to go, which are worth less.
    Kept(Vec<(ContentId, Version, Bytes)>),
    /// What would have to go is worth more, or it is larger than the room.
    Refused,
}

/// The room.
#[derive(Debug, Clone, PartialEq)]
pub struct Room {
    most: Bytes,
    used: u64,
    entries: BTreeMap<ContentId, Entry>,
    order: BTreeSet<(Rank, ContentId)>,
}

impl Room {
    /// An empty one of that size.
    pub fn new(most: Bytes) -> Self {
        Self { most, used: 0, entries: BTreeMap::new(), order: BTreeSet::new() }
    }

    /// Bytes that lie here.
    pub fn used(&self) -> Bytes {
        Bytes::new(self.used)
    }

    /// What lies here.
    pub fn contents(&self) -> impl Iterator<Item = (ContentId, Version)> {
        self.entries.iter().map(|(&content, entry)| (content, entry.version))
    }

    /// The version of a content that lies here.
    pub fn version(&self, content: ContentId) -> Option<Version> {
        self.entries.get(&content).map(|entry| entry.version)
    }

    /// Whether something of that worth would be kept.
    pub fn would_keep(&self, now: Instant, size: Bytes, worth: f64) -> bool {
        self.victims(Rank::new(now, worth, size), size, None).is_some()
    }

    /// Offers a copy. An older version of the same content makes room for it in any case.
    pub fn offer(
        &mut self,
        now: Instant,
        content: ContentId,
        version: Version,
        size: Bytes,
        worth: f64,
    ) -> Offered {
        let rank = Rank::new(now, worth, size);
        let Some(victims) = self.victims(rank, size, Some(content)) else {
            return Offered::Refused;
        };
        let mut gone = Vec::new();
        for victim in victims {
            gone.extend(self.remove(victim).map(|(version, size)| (victim, version, size)));
        }
        if let Some((old, size)) = self.remove(content).filter(|&(old, _)| old != version) {
            gone.push((content, old, size));
        }
        self.used += size.get();
        self.order.insert((rank, content));
        self.entries.insert(content, Entry { version, size, rank });
        Offered::Kept(gone)
    }

    /// A content that lies here is still foreseen: it is worth so much now, if that is more.
    pub fn refresh(&mut self, now: Instant, content: ContentId, worth: f64) {
        if let Some(entry) = self.entries.get_mut(&content) {
            let rank = Rank::new(now, worth, entry.size).max(entry.rank);
            self.order.remove(&(entry.rank, content));
            self.order.insert((rank, content));
            entry.rank = rank;
        }
    }

    /// Takes a content out; its version and size, if it was here.
    pub fn remove(&mut self, content: ContentId) -> Option<(Version, Bytes)> {
        let Entry { version, size, rank } = self.entries.remove(&content)?;
        self.order.remove(&(rank, content));
        self.used -= size.get();
        Some((version, size))
    }

    /// What would have to go for something of that rank; nothing if it may not come.
    fn victims(&self, rank: Rank, size: Bytes, own: Option<ContentId>) -> Option<Vec<ContentId>> {
        if size > self.most {
            return None;
        }
        let own_size = own.and_then(|own| self.entries.get(&own)).map_or(0, |own| own.size.get());
        let mut used = self.used - own_size + size.get();
        let mut victims = Vec::new();
        for &(worst, victim) in self.order.iter().filter(|(_, content)| Some(*content) != own) {
            if used <= self.most.get() {
                break;
            }
            if worst >= rank {
                return None;
            }
            used -= self.entries[&victim].size.get();
            victims.push(victim);
        }
        Some(victims)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::cachegroup::names::Epoch;

    fn version(counter: u64) -> Version {
        Version { tenure: 0, epoch: Epoch(1), counter }
    }

    /// Worth per byte as it is after so long.
    fn faded(worth: f64, size: u64, age_ms: u64) -> f64 {
        worth / size as f64 * 0.5_f64.powf(age_ms as f64 / HALF_LIFE.millis_f64())
    }

    proptest! {
        /// Whatever comes and goes, the room is never overfull, and nothing makes room for what
        /// is worth less.
        #[test]
        fn nothing_displaces_what_is_more_useful(
            steps in prop::collection::vec(
                (0u128..12, 1u64..60, 1u32..1000, 0u64..90_000, prop::bool::weighted(0.2)),
                1..120,
            ),
        ) {
            let mut room = Room::new(Bytes::new(100));
            let mut now = 0;
            let mut held: BTreeMap<u128, (u64, f64, u64)> = BTreeMap::new();
            for (content, size, worth, pause, takes) in steps {
                now += pause;
                let (id, at) = (ContentId(content), Instant::from_millis(now));
                if takes {
                    let is_here = held.remove(&content).is_some();
                    prop_assert_eq!(room.remove(id).is_some(), is_here);
                    continue;
                }
                let worth = f64::from(worth) / 1000.0;
                let newest = faded(worth, size, 0);
                match room.offer(at, id, version(1), Bytes::new(size), worth) {
                    Offered::Kept(gone) => {
                        for (victim, ..) in gone {
                            let (size, worth, since) = held.remove(&victim.0).expect("it was here");
                            prop_assert!(faded(worth, size, now - since) <= newest * 1.0001);
                        }
                        held.insert(content, (size, worth, now));
                    }
                    Offered::Refused => {
                        // Something in the way is worth as much.
                        let least = held.iter().filter(|(other, _)| **other != content);
                        let worths = least.map(|(_, &(size, worth, since))| faded(worth, size, now - since));
                        prop_assert!(worths.fold(0.0, f64::max) >= newest * 0.9999);
                    }
                }
                prop_assert_eq!(room.contents().count(), held.len());
                let used: u64 = held.values().map(|&(size, ..)| size).sum();
                prop_assert!(used <= 100 && room.used() == Bytes::new(used));
            }
        }
    }

    #[test]
    fn what_is_still_foreseen_does_not_fade() {
        let (at, size) = (|lives| Instant::ZERO + HALF_LIFE * lives, Bytes::new(10));
        let mut room = Room::new(size);
        room.offer(at(0), ContentId(1), version(1), size, 0.5);
        assert!(room.would_keep(at(1), size, 0.3), "it is worth half by now");
        room.refresh(at(1), ContentId(1), 0.5);
        assert!(!room.would_keep(at(1), size, 0.3));
        room.refresh(at(1), ContentId(1), 0.1);
        room.refresh(at(1), ContentId(2), 0.9);
        assert!(!room.would_keep(at(1), size, 0.3) && room.contents().count() == 1);
    }

    #[test]
    fn a_newer_version_follows_the_older() {
        let mut room = Room::new(Bytes::new(10));
        let (id, size) = (ContentId(1), Bytes::new(6));
        assert_eq!(room.offer(Instant::ZERO, id, version(1), size, 0.5), Offered::Kept(vec![]));
        assert_eq!(room.offer(Instant::ZERO, id, version(1), size, 0.5), Offered::Kept(vec![]));
        let gone = Offered::Kept(vec![(id, version(1), size)]);
        assert_eq!(room.offer(Instant::ZERO, id, version(2), size, 0.1), gone);
        assert_eq!(room.used(), size);
        let long = room.offer(Instant::ZERO, ContentId(2), version(1), Bytes::new(11), 1.0);
        assert_eq!(long, Offered::Refused);
    }
}
