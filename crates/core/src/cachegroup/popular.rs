//! P2: what a group asks its leader for most. The leader sees every miss and every validation.
//!
//! Counts are whole numbers that halve from time to time, so that they say what is asked for of
//! late. Their number is bounded: when it is reached, the rarer half goes.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::cachegroup::names::ContentId;
use crate::time::{Instant, Span};
use crate::units::Bytes;

/// After which time what was asked counts half.
pub const HALF_LIFE: Span = Span::from_secs(300);
/// What one question counts when it is asked.
const ONE: u64 = 1 << 10;

/// How often a content was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Asked {
    /// Which.
    pub content: ContentId,
    /// What the questions count now.
    pub count: u64,
    /// How long its newest version is.
    pub size: Bytes,
}

/// What a group asks for.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Popular {
    since: Instant,
    total: u64,
    counts: BTreeMap<ContentId, (u64, Bytes)>,
}

impl Popular {
    /// A member asked for a content of that size. At most `most` contents are counted.
    pub fn on_ask(&mut self, now: Instant, content: ContentId, size: Bytes, most: usize) {
        if most == 0 {
            return;
        }
        self.age(now);
        if self.counts.len() >= most && !self.counts.contains_key(&content) {
            self.forget();
        }
        let (count, known) = self.counts.entry(content).or_default();
        *count += ONE;
        *known = size;
        self.total += ONE;
    }

    /// The contents that are asked for most, and what all questions count together.
    pub fn top(&self, most: usize) -> (Vec<Asked>, u64) {
        let mut all: Vec<Asked> = self
            .counts
            .iter()
            .map(|(&content, &(count, size))| Asked { content, count, size })
            .collect();
        all.sort_unstable_by_key(|asked| (u64::MAX - asked.count, asked.content));
        all.truncate(most);
        (all, self.total)
    }

    fn age(&mut self, now: Instant) {
        let lives = now.since(self.since).nanos() / HALF_LIFE.nanos();
        if lives == 0 {
            return;
        }
        self.since = now;
        let by = u32::try_from(lives).unwrap_or(u32::MAX).min(63);
        self.counts.values_mut().for_each(|(count, _)| *count >>= by);
        self.counts.retain(|_, (count, _)| *count > 0);
        self.total >>= by;
    }

    fn forget(&mut self) {
        let mut counts: Vec<u64> = self.counts.values().map(|&(count, _)| count).collect();
        counts.sort_unstable();
        let middle = counts[counts.len() / 2];
        self.counts.retain(|_, (count, _)| *count > middle);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_asked_for_most_comes_first_and_fades() {
        let mut popular = Popular::default();
        let mut ask = |at, contents: &[u128]| {
            for &content in contents {
                let now = Instant::ZERO + HALF_LIFE * at;
                popular.on_ask(now, ContentId(content), Bytes::new(1), 100);
            }
            let (top, total) = popular.top(2);
            (top.iter().map(|asked| asked.content.0).collect::<Vec<_>>(), total / ONE)
        };
        assert_eq!(ask(1, &[3, 1, 2, 1]), (vec![1, 2], 4));
        assert_eq!(ask(2, &[3, 3]), (vec![3, 1], 4));
        assert_eq!(ask(99, &[5]), (vec![5], 1));
    }

    #[test]
    fn memory_is_bounded() {
        let mut popular = Popular::default();
        for content in 0..10_000 {
            popular.on_ask(Instant::ZERO, ContentId(7), Bytes::new(1), 100);
            popular.on_ask(Instant::ZERO, ContentId(1000 + content), Bytes::new(1), 100);
            assert!(popular.counts.len() <= 100);
        }
        assert_eq!(popular.top(1).0[0].content, ContentId(7), "what is asked for often stays");
        popular.on_ask(Instant::ZERO, ContentId(1), Bytes::new(1), 0);
        assert!(!popular.counts.contains_key(&ContentId(1)));
    }
}
