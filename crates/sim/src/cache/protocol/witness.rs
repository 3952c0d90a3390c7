//! Somebody who sees everything at once, and says which reads were older than promised.
//!
//! A *strict* read must not be older than what anybody had been told before it began; a
//! *causal* one not older than what its caller had seen, or what had led to that; a *bounded*
//! one not older than what was the newest before its bound. Any read may be compared with what
//! had been told to anybody: that is how far behind it was, promised or not.

use std::collections::BTreeMap;

use swell_core::cachegroup::level::ReadLevel;
use swell_core::cachegroup::names::Version;
use swell_core::time::Instant;

use crate::cache::replacement::bank::Content;

/// The newest versions that somebody knows of.
type Seen = BTreeMap<Content, Version>;

/// Moments and the version that was the newest from then on.
type Steps = Vec<(Instant, Version)>;

/// What a read was worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Judged {
    /// It was older than its level promises.
    pub is_stale: bool,
    /// It was older than what somebody had been told before it began.
    pub is_behind: bool,
}

/// All that was told and seen.
#[derive(Debug, Default)]
pub struct Witness {
    /// What everybody has from the beginning, which is therefore nothing to see.
    first: Version,
    told: BTreeMap<Content, Steps>,
    committed: BTreeMap<Content, Steps>,
    /// What each caller has seen.
    callers: BTreeMap<u32, Seen>,
    /// What the writer of each version had seen.
    pasts: BTreeMap<(Content, Version), Seen>,
}

impl Witness {
    /// A witness of contents that all have `first` at the beginning.
    pub fn new(first: Version) -> Self {
        Self { first, ..Self::default() }
    }

    /// The data store made a version the newest.
    pub fn on_commit(&mut self, now: Instant, content: Content, version: Version) {
        step(self.committed.entry(content).or_default(), now, version);
    }

    /// A caller makes a version, knowing what it has seen.
    pub fn on_publish(&mut self, caller: u32, content: Content, version: Version) {
        let past = self.callers.get(&caller).cloned().unwrap_or_default();
        self.pasts.insert((content, version), past);
    }

    /// A caller was told that its write is done.
    pub fn on_written(&mut self, now: Instant, caller: u32, content: Content, version: Version) {
        step(self.told.entry(content).or_default(), now, version);
        self.see(caller, content, version);
    }

    /// A caller's read that began then was answered with this version.
    pub fn on_read(
        &mut self,
        (began, now): (Instant, Instant),
        caller: u32,
        level: ReadLevel,
        content: Content,
        version: Version,
    ) -> Judged {
        let told = newest_before(self.told.get(&content), began).unwrap_or(self.first);
        let seen = self.callers.get(&caller).and_then(|seen| seen.get(&content));
        let is_stale = match level {
            ReadLevel::Strict => version < told,
            ReadLevel::Causal => seen.is_some_and(|&seen| version < seen),
            ReadLevel::Bounded(bound) => {
                let then = Instant::from_nanos(began.nanos().saturating_sub(bound.nanos()));
                let newest = newest_before(self.committed.get(&content), then);
                newest.is_some_and(|newest| version < newest)
            }
            ReadLevel::Any => false,
        };
        if version > self.first {
            step(self.told.entry(content).or_default(), now, version);
            self.see(caller, content, version);
        }
        Judged { is_stale, is_behind: version < told }
    }

    /// A caller's node was started anew: its callers are others.
    pub fn forget(&mut self, caller: u32) {
        self.callers.remove(&caller);
    }

    fn see(&mut self, caller: u32, content: Content, version: Version) {
        let seen = self.callers.entry(caller).or_default();
        let known = seen.entry(content).or_default();
        if *known >= version {
            return;
        }
        *known = version;
        let past = self.pasts.get(&(content, version));
        for (&content, &version) in past.into_iter().flatten() {
            let known = seen.entry(content).or_default();
            *known = version.max(*known);
        }
    }
}

fn step(steps: &mut Steps, now: Instant, version: Version) {
    if steps.last().is_none_or(|&(_, newest)| newest < version) {
        steps.push((now, version));
    }
}

fn newest_before(steps: Option<&Steps>, then: Instant) -> Option<Version> {
    let steps = steps?;
    let after = steps.partition_point(|&(at, _)| at < then);
    steps[..after].last().map(|&(_, version)| version)
}

#[cfg(test)]
mod tests {
    use swell_core::cachegroup::names::Epoch;
    use swell_core::time::Span;

    use super::*;

    const FIRST: Version = version(1);

    const fn version(counter: u64) -> Version {
        Version { tenure: 0, epoch: Epoch(1), counter }
    }

    fn at(ms: u64) -> Instant {
        Instant::from_millis(ms)
    }

    /// Caller 1 wrote version 2 of content 7, committed at 10 ms and told at 20 ms.
    fn after_a_write() -> Witness {
        let mut witness = Witness::new(FIRST);
        witness.on_publish(1, 7, version(2));
        witness.on_commit(at(10), 7, version(2));
        witness.on_written(at(20), 1, 7, version(2));
        witness
    }

    #[test]
    fn each_level_has_its_promise() {
        let bounded = |ms| ReadLevel::Bounded(Span::from_millis(ms));
        for (caller, level, began, version_read, is_stale, is_behind) in [
            (2, ReadLevel::Strict, 30, 1, true, true),
            (2, ReadLevel::Strict, 15, 1, false, false),
            (2, ReadLevel::Strict, 30, 2, false, false),
            (2, ReadLevel::Causal, 30, 1, false, true),
            (1, ReadLevel::Causal, 30, 1, true, true),
            (1, ReadLevel::Causal, 30, 2, false, false),
            (2, bounded(5), 30, 1, true, true),
            (2, bounded(25), 30, 1, false, true),
            (1, ReadLevel::Any, 30, 1, false, true),
        ] {
            let judged = after_a_write().on_read(
                (at(began), at(began + 1)),
                caller,
                level,
                7,
                version(version_read),
            );
            let expected = Judged { is_stale, is_behind };
            assert_eq!(judged, expected, "{caller} {level} {began} {version_read}");
        }
    }

    #[test]
    fn what_led_to_a_version_is_seen_with_it() {
        let mut witness = after_a_write();
        // Caller 1 goes on to write content 8; caller 2 reads that, then an old 7.
        witness.on_publish(1, 8, version(3));
        witness.on_written(at(40), 1, 8, version(3));
        let causal = ReadLevel::Causal;
        witness.on_read((at(50), at(51)), 2, causal, 8, version(3));
        assert!(witness.on_read((at(60), at(61)), 2, causal, 7, FIRST).is_stale);
        assert!(!witness.on_read((at(60), at(61)), 3, causal, 7, FIRST).is_stale);
        witness.forget(2);
        assert!(!witness.on_read((at(60), at(61)), 2, causal, 7, FIRST).is_stale);
    }
}
