//! Orders of idle instances that several keepers share.
//!
//! [`Recency`] is a list in the order of becoming idle, each step in constant time.
//! [`Ranking`] keeps any ordered key per instance, in logarithmic time.

use std::cmp::Ordering;
use std::collections::BTreeSet;

use crate::pool::instance::NONE;

/// Idle instances, the longest idle first.
#[derive(Debug)]
pub struct Recency {
    links: Vec<Link>,
    oldest: u32,
    newest: u32,
}

#[derive(Debug, Clone, Copy)]
struct Link {
    older: u32,
    newer: u32,
    listed: bool,
}

const UNLISTED: Link = Link { older: NONE, newer: NONE, listed: false };

impl Default for Recency {
    fn default() -> Self {
        Self { links: Vec::new(), oldest: NONE, newest: NONE }
    }
}

impl Recency {
    /// Adds an instance as the newest. Asserts that it is not listed.
    pub fn push(&mut self, slot: u32) {
        let index = slot as usize;
        if index >= self.links.len() {
            self.links.resize(index + 1, UNLISTED);
        }
        assert!(!self.links[index].listed, "an instance becomes idle once at a time");
        self.links[index] = Link { older: self.newest, newer: NONE, listed: true };
        match self.newest {
            NONE => self.oldest = slot,
            newest => self.links[newest as usize].newer = slot,
        }
        self.newest = slot;
    }

    /// Takes an instance out, if it is listed.
    pub fn remove(&mut self, slot: u32) {
        let Some(link) = self.links.get(slot as usize).copied().filter(|link| link.listed) else {
            return;
        };
        match link.older {
            NONE => self.oldest = link.newer,
            older => self.links[older as usize].newer = link.newer,
        }
        match link.newer {
            NONE => self.newest = link.older,
            newer => self.links[newer as usize].older = link.older,
        }
        self.links[slot as usize] = UNLISTED;
    }

    /// The listed instances, the longest idle first.
    pub fn oldest_first(&self) -> impl Iterator<Item = u32> + '_ {
        let first = (self.oldest != NONE).then_some(self.oldest);
        std::iter::successors(first, |&slot| {
            let newer = self.links[slot as usize].newer;
            (newer != NONE).then_some(newer)
        })
    }
}

/// A number as a key of an order. Never "not a number": asserted when made.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Key(f64);

impl Key {
    /// The key of a number.
    pub fn new(value: f64) -> Self {
        assert!(!value.is_nan(), "a priority is a number");
        Self(value)
    }

    /// The number.
    pub fn value(self) -> f64 {
        self.0
    }
}

impl Eq for Key {}

impl PartialOrd for Key {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Key {
    fn cmp(&self, other: &Self) -> Ordering {
        self.0.total_cmp(&other.0)
    }
}

/// Things named by small integers (slots, functions), the lowest key first; equal keys
/// in the order they were set.
#[derive(Debug, Default)]
pub struct Ranking {
    order: BTreeSet<(Key, u64, u32)>,
    entries: Vec<Option<(Key, u64)>>,
    stamp: u64,
}

impl Ranking {
    /// Sets the key of `name`, replacing a former one.
    pub fn set(&mut self, name: u32, key: Key) {
        self.remove(name);
        let index = name as usize;
        if index >= self.entries.len() {
            self.entries.resize(index + 1, None);
        }
        self.stamp += 1;
        self.entries[index] = Some((key, self.stamp));
        self.order.insert((key, self.stamp, name));
    }

    /// Takes `name` out, if it is in, and returns its key.
    pub fn remove(&mut self, name: u32) -> Option<Key> {
        let (key, stamp) = self.entries.get_mut(name as usize)?.take()?;
        self.order.remove(&(key, stamp, name));
        Some(key)
    }

    /// The key of `name`, if it is in.
    pub fn key(&self, name: u32) -> Option<Key> {
        self.entries.get(name as usize).copied().flatten().map(|entry| entry.0)
    }

    /// Keys and names, the lowest key first.
    pub fn entries(&self) -> impl Iterator<Item = (Key, u32)> + '_ {
        self.order.iter().map(|entry| (entry.0, entry.2))
    }

    /// The names, the lowest key first.
    pub fn lowest_first(&self) -> impl Iterator<Item = u32> + '_ {
        self.order.iter().map(|entry| entry.2)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn recency_keeps_the_order_of_becoming_idle() {
        let mut recency = Recency::default();
        for slot in [4, 2, 9, 7] {
            recency.push(slot);
        }
        recency.remove(2);
        recency.remove(7);
        recency.remove(7);
        recency.push(2);
        assert_eq!(recency.oldest_first().collect::<Vec<_>>(), [4, 9, 2]);
        recency.remove(4);
        recency.remove(2);
        recency.remove(9);
        assert_eq!(recency.oldest_first().count(), 0);
    }

    #[test]
    fn ranking_is_by_key_then_by_age() {
        let mut ranking = Ranking::default();
        for (name, key) in [(1, 2.0), (2, 1.0), (3, 2.0), (4, 0.5)] {
            ranking.set(name, Key::new(key));
        }
        ranking.set(4, Key::new(3.0));
        assert_eq!(ranking.lowest_first().collect::<Vec<_>>(), [2, 1, 3, 4]);
        assert_eq!(ranking.remove(1), Some(Key::new(2.0)));
        assert_eq!(ranking.remove(1), None);
        assert_eq!(ranking.lowest_first().collect::<Vec<_>>(), [2, 3, 4]);
    }
}
