//! How are counts per function and minute kept small?
//!
//! Files list them by function, calls are wanted by minute. So the table is turned once
//! while reading: each minute holds the functions that were called, as differences of
//! their ids, with their counts. A function quiet for an hour costs nothing, and most
//! entries take one byte: a full day of Azure 2019 (46,000 functions) about 15 MB.

use crate::error::TraceError;

/// Most calls of one function in one minute; more is a broken file.
pub const COUNT_MAX: u64 = 10_000_000;

/// Most calls of all functions in one minute, the unit in which calls are sorted.
pub const MINUTE_CALLS_MAX: u64 = 30_000_000;

/// One function's calls in one minute.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Count {
    /// The row of the function.
    pub function: u32,
    /// How many calls.
    pub calls: u32,
}

/// Counts of all functions, by minute.
#[derive(Debug, Default)]
pub struct Counts {
    minutes: Vec<Box<[u8]>>,
}

impl Counts {
    /// How many minutes the counts cover.
    pub fn minutes(&self) -> usize {
        self.minutes.len()
    }

    /// Replaces the content of `counts` with those of a minute, in order of function.
    pub fn minute(&self, minute: usize, counts: &mut Vec<Count>) {
        counts.clear();
        decode(
            &self.minutes[minute],
            |delta, last| last + delta as u32,
            |count| counts.push(count),
        );
    }
}

/// Takes counts in the order of a file, a stretch of minutes (a day) at a time.
#[derive(Debug, Default)]
pub struct CountsBuilder {
    done: Vec<Box<[u8]>>,
    open: Vec<OpenMinute>,
}

#[derive(Debug, Default, Clone)]
struct OpenMinute {
    bytes: Vec<u8>,
    last: u32,
    calls: u64,
}

impl CountsBuilder {
    /// Begins a stretch of so many minutes after those already there.
    pub fn begin(&mut self, minutes: usize) {
        self.end();
        self.open = vec![OpenMinute::default(); minutes];
    }

    /// Adds calls of a function in a minute of the open stretch; those added twice sum up.
    pub fn add(&mut self, minute: usize, function: u32, calls: u32) -> Result<(), TraceError> {
        let open = &mut self.open[minute];
        open.calls += u64::from(calls);
        if open.calls > MINUTE_CALLS_MAX {
            let minute = self.done.len() + minute + 1;
            return Err(TraceError::Format(format!(
                "minute {minute} has more than {MINUTE_CALLS_MAX} calls; is the file cumulative?"
            )));
        }
        let delta = i64::from(function) - i64::from(open.last);
        encode(&mut open.bytes, ((delta << 1) ^ (delta >> 63)).cast_unsigned(), calls);
        open.last = function;
        Ok(())
    }

    /// Closes the last stretch.
    pub fn finish(mut self) -> Counts {
        self.end();
        Counts { minutes: self.done }
    }

    fn end(&mut self) {
        let mut counts: Vec<Count> = Vec::new();
        for open in self.open.drain(..) {
            counts.clear();
            let back = |delta: u64, last: u32| {
                let delta = (delta >> 1).cast_signed() ^ -(delta & 1).cast_signed();
                (i64::from(last) + delta) as u32
            };
            decode(&open.bytes, back, |count| counts.push(count));
            counts.sort_unstable();
            counts.dedup_by(|next, kept| {
                let same = next.function == kept.function;
                kept.calls += if same { next.calls } else { 0 };
                same
            });
            let mut bytes = Vec::with_capacity(open.bytes.len());
            let mut last = 0;
            for count in &counts {
                encode(&mut bytes, u64::from(count.function - last), count.calls);
                last = count.function;
            }
            self.done.push(bytes.into_boxed_slice());
        }
    }
}

/// Two bits for a count of 1, 2, 3 or more, the difference of ids above them; then what a
/// larger count has above 4.
fn encode(bytes: &mut Vec<u8>, delta: u64, calls: u32) {
    let small = calls.clamp(1, 4) - 1;
    varint(bytes, (delta << 2) | u64::from(small));
    if small == 3 {
        varint(bytes, u64::from(calls - 4));
    }
}

fn varint(bytes: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        bytes.push(value as u8 | 0x80);
        value >>= 7;
    }
    bytes.push(value as u8);
}

fn decode(bytes: &[u8], next: impl Fn(u64, u32) -> u32, mut take: impl FnMut(Count)) {
    let mut bytes = bytes.iter();
    let mut last = 0;
    while let Some(token) = unvarint(&mut bytes) {
        let small = (token & 3) as u32;
        let more = if small == 3 { unvarint(&mut bytes).unwrap_or(0) as u32 } else { 0 };
        last = next(token >> 2, last);
        take(Count { function: last, calls: small + 1 + more });
    }
}

fn unvarint(bytes: &mut std::slice::Iter<'_, u8>) -> Option<u64> {
    let mut value = 0;
    let mut shift = 0;
    for &byte in bytes {
        value |= u64::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            return Some(value);
        }
        shift += 7;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    proptest! {
        #[test]
        fn what_was_added_is_found(
            rows in prop::collection::vec((0usize..3, 0u32..2000, 1u32..COUNT_MAX as u32), 0..200),
        ) {
            let mut builder = CountsBuilder::default();
            let mut expected: BTreeMap<(usize, u32), u64> = BTreeMap::new();
            for (day, rows) in rows.chunks(50).enumerate() {
                builder.begin(3);
                for &(minute, function, calls) in rows {
                    let calls = calls / 100 + 1;
                    builder.add(minute, function, calls).unwrap();
                    *expected.entry((day * 3 + minute, function)).or_default() += u64::from(calls);
                }
            }
            let counts = builder.finish();
            let mut found = BTreeMap::new();
            let mut minute = Vec::new();
            for index in 0..counts.minutes() {
                counts.minute(index, &mut minute);
                prop_assert!(minute.is_sorted());
                for count in &minute {
                    found.insert((index, count.function), u64::from(count.calls));
                }
            }
            prop_assert_eq!(found, expected);
        }
    }

    #[test]
    fn absurd_minutes_are_refused() {
        let mut builder = CountsBuilder::default();
        builder.begin(1);
        let mut add = || builder.add(0, 0, COUNT_MAX as u32);
        assert!((0..3).all(|_| add().is_ok()));
        assert!(add().unwrap_err().to_string().contains("minute 1 has more"));
    }
}
