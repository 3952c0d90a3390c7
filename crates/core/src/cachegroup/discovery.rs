//! Groups that nobody named: contents that tasks read together.
//!
//! Tasks tell what they read. Two contents belong together if most tasks that read one read the
//! other too (the Jaccard index of the tasks that read them), and groups are what hangs together
//! by such pairs. Counts halve from time to time, so that what is not read together any more
//! falls apart. The number of pairs is bounded: when it is reached, the rarest go.

use std::collections::{BTreeMap, BTreeSet};

use crate::cachegroup::names::ContentId;
use crate::time::{Instant, Span};

/// How sharing is judged.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Terms {
    /// The least Jaccard index of two contents that belong together.
    pub likeness_min: f64,
    /// The fewest common tasks, of late, that say anything.
    pub common_min: f64,
    /// After which time what was seen counts half.
    pub half_life: Span,
    /// The most pairs that are remembered.
    pub pairs_max: usize,
    /// The most inputs of one task that are looked at.
    pub inputs_max: usize,
}

impl Default for Terms {
    fn default() -> Self {
        Self {
            likeness_min: 0.3,
            common_min: 3.0,
            half_life: Span::from_mins(30),
            pairs_max: 100_000,
            inputs_max: 32,
        }
    }
}

/// What was read together.
#[derive(Debug, Clone, PartialEq)]
pub struct Sharing {
    terms: Terms,
    /// What one task counts now; grows instead of all counts shrinking.
    weight: f64,
    since: Instant,
    reads: BTreeMap<ContentId, f64>,
    pairs: BTreeMap<(ContentId, ContentId), f64>,
}

impl Sharing {
    /// Nothing was read yet.
    pub fn new(now: Instant, terms: Terms) -> Self {
        let (reads, pairs) = (BTreeMap::new(), BTreeMap::new());
        Self { terms, weight: 1.0, since: now, reads, pairs }
    }

    /// A task read these. Beyond the most that are looked at, the others are left out.
    pub fn on_task(&mut self, now: Instant, inputs: &BTreeSet<ContentId>) {
        self.age(now);
        let inputs: Vec<ContentId> =
            inputs.iter().copied().take(self.terms.inputs_max.max(1)).collect();
        for (index, &one) in inputs.iter().enumerate() {
            *self.reads.entry(one).or_default() += self.weight;
            for &other in &inputs[index + 1..] {
                *self.pairs.entry((one, other)).or_default() += self.weight;
            }
        }
        if self.pairs.len() > self.terms.pairs_max {
            self.forget();
        }
    }

    /// Lets what was seen fade, by letting what comes count more.
    fn age(&mut self, now: Instant) {
        let lives = now.since(self.since).secs_f64() / self.terms.half_life.secs_f64().max(1e-9);
        self.since = self.since + now.since(self.since);
        self.weight *= lives.min(1000.0).exp2();
        if self.weight > 1e100 {
            let scale = 1.0 / self.weight;
            self.reads.values_mut().for_each(|count| *count *= scale);
            self.pairs.values_mut().for_each(|count| *count *= scale);
            self.weight = 1.0;
        }
    }

    /// Forgets the rarer half of the pairs, and the contents that are in none.
    fn forget(&mut self) {
        let mut counts: Vec<f64> = self.pairs.values().copied().collect();
        counts.sort_unstable_by(f64::total_cmp);
        let middle = counts[counts.len() / 2];
        self.pairs.retain(|_, count| *count > middle);
        let kept: BTreeSet<ContentId> =
            self.pairs.keys().flat_map(|&(one, other)| [one, other]).collect();
        self.reads.retain(|content, _| kept.contains(content));
    }

    /// How alike two contents are read: tasks that read both, of those that read either.
    fn likeness(&self, one: ContentId, other: ContentId, common: f64) -> f64 {
        let count = |content| self.reads.get(&content).copied().unwrap_or_default();
        let either = count(one) + count(other) - common;
        if either > 0.0 { common / either } else { 0.0 }
    }

    /// The groups: contents that hang together, each with at least two, in order of their
    /// smallest.
    pub fn groups(&self) -> Vec<BTreeSet<ContentId>> {
        let mut group_of: BTreeMap<ContentId, usize> = BTreeMap::new();
        let mut groups: Vec<BTreeSet<ContentId>> = Vec::new();
        for (&(one, other), &common) in &self.pairs {
            let is_seen = common / self.weight >= self.terms.common_min;
            if !is_seen || self.likeness(one, other, common) < self.terms.likeness_min {
                continue;
            }
            let mut home = |content: ContentId| {
                *group_of.entry(content).or_insert_with(|| {
                    groups.push(BTreeSet::from([content]));
                    groups.len() - 1
                })
            };
            let (into, from) = (home(one), home(other));
            if into != from {
                // The smaller goes into the larger, so that each content moves few times.
                let from_is_smaller = groups[from].len() <= groups[into].len();
                let (into, from) = if from_is_smaller { (into, from) } else { (from, into) };
                let moved = std::mem::take(&mut groups[from]);
                for content in moved {
                    group_of.insert(content, into);
                    groups[into].insert(content);
                }
            }
        }
        groups.retain(|group| group.len() > 1);
        groups.sort();
        groups
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(contents: &[u128]) -> BTreeSet<ContentId> {
        contents.iter().copied().map(ContentId).collect()
    }

    #[test]
    fn what_is_read_together_is_found() {
        let mut sharing = Sharing::new(Instant::ZERO, Terms::default());
        for task in 0..40 {
            let inputs: &[u128] = match task % 4 {
                0 => &[1, 2],
                1 => &[2, 3],
                2 => &[7, 8],
                // Read by all now and then, and by none with another in particular.
                _ => &[9],
            };
            sharing.on_task(Instant::from_millis(task), &set(inputs));
        }
        assert_eq!(sharing.groups(), [set(&[1, 2, 3]), set(&[7, 8])]);
    }

    #[test]
    fn a_content_that_everybody_reads_joins_nobody() {
        let mut sharing = Sharing::new(Instant::ZERO, Terms::default());
        for task in 0..60 {
            let own = task % 6;
            sharing.on_task(Instant::ZERO, &set(&[100, 10 + own, 20 + own]));
        }
        let groups = sharing.groups();
        assert_eq!(groups.len(), 6, "{groups:?}");
        assert!(groups.iter().all(|group| !group.contains(&ContentId(100))));
    }

    #[test]
    fn what_is_not_read_together_any_more_falls_apart() {
        let mut sharing = Sharing::new(Instant::ZERO, Terms::default());
        for _ in 0..10 {
            sharing.on_task(Instant::ZERO, &set(&[1, 2]));
        }
        assert_eq!(sharing.groups().len(), 1);
        let later = Instant::ZERO + Span::from_mins(120);
        sharing.on_task(later, &set(&[5, 6]));
        assert_eq!(sharing.groups().len(), 0);
        // However long nobody reads anything.
        sharing.on_task(Instant::NEVER, &set(&[5, 6]));
        assert_eq!(sharing.groups().len(), 0);
    }

    #[test]
    fn memory_is_bounded() {
        let terms = Terms { pairs_max: 100, ..Terms::default() };
        let mut sharing = Sharing::new(Instant::ZERO, terms);
        for task in 0..1000 {
            sharing.on_task(Instant::ZERO, &set(&[1, 2]));
            sharing.on_task(Instant::ZERO, &set(&[1000 + task, 5000 + task, 9000 + task]));
            assert!(sharing.pairs.len() <= 103 && sharing.reads.len() <= 300);
        }
        assert_eq!(sharing.groups(), [set(&[1, 2])]);
        sharing.on_task(Instant::ZERO, &(0..10_000).map(ContentId).collect());
        assert!(sharing.pairs.len() <= 600);
    }
}
