//! The way of messages to the leader: they are lost, doubled, overtake each other, and some
//! ways are closed, perhaps in one direction only.

use std::collections::BTreeSet;

use swell_core::council::entry::Entry;
use swell_core::rng::{Rng, below};

use crate::choice::chance;
use crate::coverage::Coverage;

/// Messages under way, and the ways that are closed.
#[derive(Debug, Default)]
pub(crate) struct Network {
    under_way: Vec<(usize, Entry)>,
    closed: BTreeSet<(usize, usize)>,
}

/// The most messages under way; more are lost.
const UNDER_WAY_MAX: usize = 64;

impl Network {
    pub(crate) fn send(&mut self, from: usize, entry: Entry, rng: &mut Rng, c: &mut Coverage) {
        if chance(rng, 8) || self.under_way.len() >= UNDER_WAY_MAX {
            return c.count("message lost");
        }
        if chance(rng, 10) {
            c.count("message duplicated");
            self.under_way.push((from, entry.clone()));
        }
        self.under_way.push((from, entry));
    }

    /// A message that arrives now, whichever; the older the likelier.
    pub(crate) fn arrive(&mut self, rng: &mut Rng, c: &mut Coverage) -> Option<(usize, Entry)> {
        let waiting = self.under_way.len() as u64;
        if waiting == 0 {
            return None;
        }
        let place = below(rng, waiting).min(below(rng, waiting)).min(below(rng, waiting));
        if place > 0 {
            c.count("message overtaken");
        }
        Some(self.under_way.remove(place as usize))
    }

    pub(crate) fn is_open(&self, from: usize, to: usize) -> bool {
        from == to || !self.closed.contains(&(from, to))
    }

    pub(crate) fn part(&mut self, nodes: usize, rng: &mut Rng, c: &mut Coverage) {
        self.closed.clear();
        if chance(rng, 3) {
            c.count("one-way cut");
            let (from, to) = (below(rng, nodes as u64) as usize, below(rng, nodes as u64) as usize);
            self.closed.insert((from, to));
            return;
        }
        c.count("partition");
        let side = below(rng, 1 << nodes);
        for from in 0..nodes {
            for to in 0..nodes {
                if side >> from & 1 != side >> to & 1 {
                    self.closed.insert((from, to));
                }
            }
        }
    }

    pub(crate) fn heal(&mut self) {
        self.closed.clear();
    }
}
