//! What clones saved and cost, hour by hour, as it is kept.

use std::collections::BTreeMap;

use parking_lot::Mutex;
use serde::{Deserialize, Serialize};

use crate::demand::counter::Demand;
use crate::foresight::covered::Covered;

/// What its records are of.
const RECEIPTS: &str = "receipts";
const HOUR_MS: u64 = 3_600_000;
/// Hours that are kept: forty days.
const HOURS_KEPT: usize = 40 * 24;

/// Sums, since the node came up or over an hour.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Sums {
    /// Calls that came, of all functions.
    pub calls: u64,
    /// Calls that waited for a new instance, of all functions.
    pub cold: u64,
    /// Functions whose clones are made.
    pub on: Part,
    /// Functions whose clones are only foreseen.
    pub shadow: Part,
    /// Calls that a clone was ready for.
    pub spared: u64,
    /// How bands of steps held.
    pub steps: Covered,
    /// How bands of minutes held.
    pub minutes: Covered,
}

/// What clones of functions of one mode did, or would have done.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Part {
    /// Calls of these functions that came.
    pub calls: u64,
    /// Calls of these functions that waited for a new instance.
    pub cold: u64,
    /// Clones made, or that would have been.
    pub made: u64,
    /// Of these, those that served a call.
    pub used: u64,
    /// Of these, those that ended without.
    pub unused: u64,
    /// Cold starts avoided on balance, or that would have been.
    pub avoided: i64,
    /// Memory that clones held until their first call or end, in MB seconds.
    pub held: f64,
    /// Of that, what those held that nobody used.
    pub wasted: f64,
}

impl Sums {
    /// What came since an earlier moment of the same run.
    #[must_use]
    pub fn since(&self, earlier: &Self) -> Self {
        Self {
            calls: self.calls.saturating_sub(earlier.calls),
            cold: self.cold.saturating_sub(earlier.cold),
            on: self.on.since(&earlier.on),
            shadow: self.shadow.since(&earlier.shadow),
            spared: self.spared.saturating_sub(earlier.spared),
            steps: self.steps.since(&earlier.steps),
            minutes: self.minutes.since(&earlier.minutes),
        }
    }

    /// Adds what came.
    pub fn add(&mut self, more: &Self) {
        self.calls += more.calls;
        self.cold += more.cold;
        self.on.add(&more.on);
        self.shadow.add(&more.shadow);
        self.spared += more.spared;
        self.steps.add(&more.steps);
        self.minutes.add(&more.minutes);
    }
}

impl Part {
    fn since(&self, earlier: &Self) -> Self {
        Self {
            calls: self.calls.saturating_sub(earlier.calls),
            cold: self.cold.saturating_sub(earlier.cold),
            made: self.made.saturating_sub(earlier.made),
            used: self.used.saturating_sub(earlier.used),
            unused: self.unused.saturating_sub(earlier.unused),
            avoided: self.avoided.saturating_sub(earlier.avoided),
            held: (self.held - earlier.held).max(0.0),
            wasted: (self.wasted - earlier.wasted).max(0.0),
        }
    }

    fn add(&mut self, more: &Self) {
        self.calls += more.calls;
        self.cold += more.cold;
        self.made += more.made;
        self.used += more.used;
        self.unused += more.unused;
        self.avoided = self.avoided.saturating_add(more.avoided);
        self.held += more.held;
        self.wasted += more.wasted;
    }
}

/// The receipts of hours, by their beginnings in milliseconds since 1970.
#[derive(Default)]
pub struct Receipts {
    kept: Mutex<Kept>,
}

#[derive(Default)]
struct Kept {
    hours: BTreeMap<u64, Sums>,
    last: Sums,
}

impl Receipts {
    /// Takes up what earlier runs kept. What cannot be read is left out.
    pub fn open(demand: &Demand) -> Self {
        let mut kept = Kept::default();
        let mut rows = demand.ledger.records(RECEIPTS).unwrap_or_default();
        let old = rows.len().saturating_sub(HOURS_KEPT);
        let gone: Vec<String> = rows.drain(..old).map(|(name, _)| name).collect();
        if !gone.is_empty()
            && let Err(error) = demand.ledger.exchange(RECEIPTS, &gone, &[])
        {
            tracing::warn!(%error, "cannot forget old receipts");
        }
        for (name, bytes) in rows {
            if let (Ok(hour), Ok(sums)) = (name.parse(), serde_json::from_slice(&bytes)) {
                kept.hours.insert(hour, sums);
            }
        }
        Self { kept: Mutex::new(kept) }
    }

    /// Adds what came since `sums` were last told, at a time.
    pub fn note(&self, demand: &Demand, now_ms: u64, sums: Sums) {
        let mut kept = self.kept.lock();
        let more = sums.since(&kept.last);
        kept.last = sums;
        if more == Sums::default() {
            return;
        }
        let hour = now_ms / HOUR_MS * HOUR_MS;
        let row = kept.hours.entry(hour).or_default();
        row.add(&more);
        let bytes = serde_json::to_vec(row).expect("a receipt is plain data");
        while kept.hours.len() > HOURS_KEPT {
            kept.hours.pop_first();
        }
        demand.note(RECEIPTS, format!("{hour:020}"), bytes);
    }

    /// The sums of whole hours from the one of a time on, and when the first of them began.
    pub fn from(&self, from_ms: u64) -> (u64, Sums) {
        let from = from_ms / HOUR_MS * HOUR_MS;
        let kept = self.kept.lock();
        let mut sums = Sums::default();
        for row in kept.hours.range(from..).map(|(_, row)| row) {
            sums.add(row);
        }
        (kept.hours.range(from..).next().map_or(from, |(&hour, _)| hour), sums)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_add_up() {
        let part = |used, avoided, held| Part { used, avoided, held, ..Part::default() };
        let earlier = Sums { calls: 5, on: part(2, -1, 3.0), ..Sums::default() };
        let later = Sums { calls: 9, on: part(2, 4, 4.5), spared: 6, ..Sums::default() };
        let more = later.since(&earlier);
        let expected = Sums { calls: 4, on: part(0, 5, 1.5), spared: 6, ..Sums::default() };
        assert_eq!(more, expected);
        let mut all = earlier;
        all.add(&more);
        assert_eq!(all, later);
    }
}
