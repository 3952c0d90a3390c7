//! Numbers per step, in chunks that are kept, written and forgotten whole.
//!
//! Steps are numbered from 1970 and a chunk is a day of 5-minute steps, so what a chunk holds
//! never moves and a finished one is written once. Zeros at a chunk's end, and chunks of
//! nothing else, are not there at all: whoever asks gets zero, and knows from elsewhere
//! whether the step was measured.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use swell_forecast::series::Series;

/// Steps in a chunk.
pub const CHUNK: u64 = 288;

/// Numbers per step.
#[derive(Debug, Clone, Default)]
pub struct Chunks {
    chunks: BTreeMap<u64, Series>,
    changed: BTreeSet<u64>,
}

impl Chunks {
    /// The number of a step becomes this, if the step comes after all that were set; what
    /// comes too late is left as it is.
    pub fn set(&mut self, step: u64, number: u32) {
        if number == 0 {
            return;
        }
        let (chunk, place) = (step / CHUNK, (step % CHUNK) as usize);
        let series = self.chunks.entry(chunk).or_default();
        if series.len() > place {
            return;
        }
        while series.len() < place {
            series.push(Some(0));
        }
        series.push(Some(number));
        self.changed.insert(chunk);
    }

    /// The number of a step.
    pub fn get(&self, step: u64) -> u32 {
        let series = self.chunks.get(&(step / CHUNK));
        series.and_then(|series| series.get((step % CHUNK) as usize)).unwrap_or(0)
    }

    /// The numbers of some steps, in their order.
    pub fn numbers(&self, steps: Range<u64>) -> impl Iterator<Item = u32> {
        let mut chunk = None;
        steps.map(move |step| {
            let series = match chunk {
                Some((number, series)) if number == step / CHUNK => series,
                _ => chunk.insert((step / CHUNK, self.chunks.get(&(step / CHUNK)))).1,
            };
            series.and_then(|series| series.get((step % CHUNK) as usize)).unwrap_or(0)
        })
    }

    /// Puts a chunk in that was kept.
    pub fn put(&mut self, chunk: u64, series: Series) {
        self.chunks.insert(chunk, series);
    }

    /// The chunks that changed since they were last taken, as they are now.
    pub fn take_changed(&mut self) -> Vec<(u64, &Series)> {
        let changed = std::mem::take(&mut self.changed);
        changed.into_iter().filter_map(|chunk| Some((chunk, self.chunks.get(&chunk)?))).collect()
    }

    /// Forgets the chunks that end before `step`; which they were.
    pub fn forget_before(&mut self, step: u64) -> Vec<u64> {
        let rest = self.chunks.split_off(&(step / CHUNK));
        let gone = std::mem::replace(&mut self.chunks, rest);
        self.changed.retain(|chunk| !gone.contains_key(chunk));
        gone.into_keys().collect()
    }

    /// The last step that has a number.
    pub fn last(&self) -> Option<u64> {
        let (chunk, series) = self.chunks.last_key_value()?;
        Some(chunk * CHUNK + (series.len() as u64).checked_sub(1)?)
    }

    /// Whether nothing is kept.
    pub fn is_empty(&self) -> bool {
        self.chunks.is_empty()
    }

    /// Bytes that the numbers take.
    pub fn bytes(&self) -> usize {
        self.chunks.values().map(Series::bytes).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_come_back_and_what_is_late_changes_nothing() {
        let mut chunks = Chunks::default();
        for (step, number) in [(10, 3), (12, 0), (500, 70_000), (499, 8), (501, 1)] {
            chunks.set(step, number);
        }
        for (step, number) in
            [(9, 0), (10, 3), (11, 0), (499, 0), (500, 70_000), (501, 1), (9999, 0)]
        {
            assert_eq!(chunks.get(step), number, "{step}");
        }
        let changed: Vec<u64> = chunks.take_changed().iter().map(|(chunk, _)| *chunk).collect();
        assert_eq!(changed, [0, 1]);
        assert!(chunks.take_changed().is_empty());
        chunks.set(502, 2);
        assert_eq!(chunks.take_changed().len(), 1);
        assert_eq!(chunks.forget_before(300), [0]);
        assert_eq!((chunks.get(10), chunks.get(502)), (0, 2));
    }
}
