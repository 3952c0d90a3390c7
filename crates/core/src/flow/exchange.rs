//! Who exchanges how many bytes with whom over flows, for how much one has to do with an owner.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::flow::view::FifoId;

/// What of a FIFO's bytes of the last minute went from whom to whom.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// Who put them in.
    pub from: Arc<str>,
    /// Who took them out.
    pub to: Arc<str>,
    /// How many.
    pub bytes: u64,
}

/// A part that changed by less than one in so many is as it was.
const STEADY: u64 = 16;

/// What of all FIFOs of a node went from whom to whom during the last minute.
#[derive(Debug, Clone, Default)]
pub struct Exchange {
    fifos: BTreeMap<FifoId, Vec<Part>>,
    /// Between two, in the order of their names, and of each with anybody.
    pairs: BTreeMap<(Arc<str>, Arc<str>), u64>,
    each: BTreeMap<Arc<str>, u64>,
}

impl Exchange {
    /// Takes in what went through a FIFO, in place of what is known of it.
    pub fn put(&mut self, fifo: FifoId, mut parts: Vec<Part>) {
        parts.retain(|part| part.bytes > 0);
        let known = self.fifos.get(&fifo).map_or(&[][..], Vec::as_slice);
        let is_steady = known.len() == parts.len() && known.iter().zip(&parts).all(is_steady);
        if is_steady {
            return;
        }
        self.remove(fifo);
        for part in &parts {
            *self.pairs.entry(pair(&part.from, &part.to)).or_default() += part.bytes;
            for name in ends(part) {
                *self.each.entry(name.clone()).or_default() += part.bytes;
            }
        }
        if !parts.is_empty() {
            self.fifos.insert(fifo, parts);
        }
    }

    /// A FIFO is no more.
    pub fn remove(&mut self, fifo: FifoId) {
        for part in self.fifos.remove(&fifo).unwrap_or_default() {
            take(&mut self.pairs, &pair(&part.from, &part.to), part.bytes);
            ends(&part).for_each(|name| take(&mut self.each, name, part.bytes));
        }
    }

    /// FIFOs that something is known of.
    pub fn fifos(&self) -> impl Iterator<Item = FifoId> {
        self.fifos.keys().copied()
    }

    /// How much `party` has to do with `owner` and with a FIFO that is that one's: the share of the
    /// `flow` bytes of the FIFO and of all that its owner exchanges over others, of which `own` bytes
    /// of the FIFO came from the party or went to it, and the rest is what the two exchange over
    /// others. From 0 to 1.
    pub fn dependency(
        &self,
        fifo: FifoId,
        (party, owner): (&str, &str),
        (own, flow): (f64, f64),
    ) -> f64 {
        let parts = self.fifos.get(&fifo).map_or(&[][..], Vec::as_slice);
        let here = |names: &dyn Fn(&Part) -> bool| -> u64 {
            parts.iter().filter(|part| names(part)).map(|part| part.bytes).sum()
        };
        let all = self.each.get(owner).copied().unwrap_or(0);
        let all = all - here(&|part| ends(part).any(|name| **name == *owner));
        let key = pair(&party.into(), &owner.into());
        let both = self.pairs.get(&key).copied().unwrap_or(0);
        let both = both - here(&|part| pair(&part.from, &part.to) == key);
        let (whole, share) = (flow + all as f64, own.min(flow) + both as f64);
        if whole > 0.0 { (share / whole).min(1.0) } else { 0.0 }
    }
}

fn is_steady((known, part): (&Part, &Part)) -> bool {
    known.from == part.from
        && known.to == part.to
        && known.bytes.abs_diff(part.bytes) <= known.bytes / STEADY
}

fn pair(one: &Arc<str>, other: &Arc<str>) -> (Arc<str>, Arc<str>) {
    if one <= other { (one.clone(), other.clone()) } else { (other.clone(), one.clone()) }
}

/// Who takes part: two, or one who feeds itself.
fn ends(part: &Part) -> impl Iterator<Item = &Arc<str>> {
    let other = (part.from != part.to).then_some(&part.to);
    std::iter::once(&part.from).chain(other)
}

fn take<K: Ord>(sums: &mut BTreeMap<K, u64>, key: &K, bytes: u64) {
    let Some(sum) = sums.get_mut(key) else { return };
    *sum -= bytes;
    if *sum == 0 {
        sums.remove(key);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn part(from: &str, to: &str, bytes: u64) -> Part {
        Part { from: from.into(), to: to.into(), bytes }
    }

    fn check(exchange: &Exchange, party: &str, bytes: (f64, f64), expected: f64) {
        let dependency = exchange.dependency(FifoId(0), (party, "owner"), bytes);
        assert!((dependency - expected).abs() < 1e-9, "{party} {bytes:?}: {dependency}");
    }

    #[test]
    fn what_goes_over_other_flows_counts() {
        let mut exchange = Exchange::default();
        check(&exchange, "other", (0.0, 0.0), 0.0);
        check(&exchange, "other", (25.0, 100.0), 0.25);
        exchange.put(FifoId(0), vec![part("camera", "owner", 75), part("camera", "other", 25)]);
        check(&exchange, "other", (25.0, 100.0), 0.25);
        // Its owner sends it three times as much over another, in either direction.
        exchange.put(FifoId(1), vec![part("owner", "other", 200)]);
        exchange.put(FifoId(2), vec![part("other", "owner", 100)]);
        check(&exchange, "other", (25.0, 100.0), 325.0 / 400.0);
        check(&exchange, "third", (0.0, 100.0), 0.0);
        // What its owner exchanges with others makes that less.
        exchange.put(FifoId(3), vec![part("third", "owner", 400)]);
        check(&exchange, "other", (25.0, 100.0), 325.0 / 800.0);
        check(&exchange, "third", (0.0, 100.0), 0.5);
        // What others exchange is of no matter.
        exchange.put(FifoId(4), vec![part("third", "other", 4_000)]);
        check(&exchange, "other", (25.0, 100.0), 325.0 / 800.0);
        exchange.remove(FifoId(1));
        exchange.put(FifoId(2), Vec::new());
        check(&exchange, "other", (25.0, 100.0), 25.0 / 500.0);
    }

    #[test]
    fn what_hardly_changed_is_as_it_was() {
        let mut exchange = Exchange::default();
        for (bytes, expected) in [(1_600, 1_600), (1_700, 1_600), (1_701, 1_701), (0, 0)] {
            exchange.put(FifoId(1), vec![part("owner", "other", bytes)]);
            assert_eq!(exchange.each.get("owner").copied().unwrap_or(0), expected, "{bytes}");
        }
    }

    proptest! {
        /// Sums are those of what is known of each FIFO, whatever came and went before.
        #[test]
        fn sums_are_of_what_is_there(
            changes in prop::collection::vec((0u32..4, 0usize..4, 0usize..4, 0u64..3_000), 0..40),
        ) {
            let names = ["a", "b", "c", "owner"];
            let mut exchange = Exchange::default();
            for (fifo, from, to, bytes) in changes {
                exchange.put(FifoId(fifo), vec![part(names[from], names[to], bytes)]);
            }
            let mut fresh = Exchange::default();
            for (fifo, parts) in &exchange.fifos {
                fresh.put(*fifo, parts.clone());
            }
            prop_assert_eq!(&exchange.each, &fresh.each);
            prop_assert_eq!(&exchange.pairs, &fresh.pairs);
            let dependency = exchange.dependency(FifoId(0), ("a", "owner"), (1.0, 10.0));
            prop_assert!((0.0..=1.0).contains(&dependency));
        }
    }
}
