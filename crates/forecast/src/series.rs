//! Counts per step of one function, kept in as few bytes as they need.
//!
//! A day of most functions is nearly empty and a day of a few is not, so counts lie in
//! blocks, each as wide as its largest count: a block of zeros takes no byte. A step that
//! nobody measured is a gap, which is another thing than a step without a call, and stays
//! one: nothing is learned from it and nothing is scored on it.

use serde::{Deserialize, Serialize};

/// Steps in a block.
const BLOCK: usize = 288;

/// The largest count that is kept; more is kept as this.
pub const COUNT_MAX: u32 = u32::MAX - 1;

/// Counts per step, oldest first.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Series {
    blocks: Vec<Block>,
    len: usize,
}

/// At most [`BLOCK`] steps. The largest value of a width stands for a gap.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
enum Block {
    Zeros(u16),
    Bytes(Vec<u8>),
    Shorts(Vec<u16>),
    Words(Vec<u32>),
}

impl Series {
    /// A series of these counts; `None` is a gap.
    pub fn from_counts(counts: impl IntoIterator<Item = Option<u32>>) -> Self {
        let mut series = Self::default();
        for count in counts {
            series.push(count);
        }
        series
    }

    /// Adds the count of the next step; `None` is a gap.
    pub fn push(&mut self, count: Option<u32>) {
        if self.len.is_multiple_of(BLOCK) {
            self.blocks.push(Block::Zeros(0));
        }
        self.len += 1;
        let block = self.blocks.last_mut().expect("a block was just made where there was none");
        block.push(count.map(|count| count.min(COUNT_MAX)));
    }

    /// How many steps, gaps included.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there is no step.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The count of a step; none for a gap, and for a step that is not there.
    pub fn get(&self, step: usize) -> Option<u32> {
        (step < self.len).then(|| self.blocks[step / BLOCK].get(step % BLOCK)).flatten()
    }

    /// The counts of the steps before `end` as numbers, gaps as NaN.
    pub fn before(&self, end: usize) -> Vec<f32> {
        let end = end.min(self.len);
        let mut counts = Vec::with_capacity(end);
        for block in &self.blocks {
            block.tell(end - counts.len(), &mut counts);
        }
        counts
    }

    /// Bytes that the counts take.
    pub fn bytes(&self) -> usize {
        self.blocks.iter().map(Block::bytes).sum()
    }
}

impl Block {
    fn push(&mut self, count: Option<u32>) {
        let need = match count {
            Some(0) => 0,
            Some(count) if count < u32::from(u8::MAX) => 1,
            None => 1,
            Some(count) if count < u32::from(u16::MAX) => 2,
            Some(_) => 4,
        };
        if need > self.width() {
            self.widen(need);
        }
        match self {
            Block::Zeros(len) => *len += 1,
            Block::Bytes(values) => values.push(count.map_or(u8::MAX, |count| count as u8)),
            Block::Shorts(values) => values.push(count.map_or(u16::MAX, |count| count as u16)),
            Block::Words(values) => values.push(count.unwrap_or(u32::MAX)),
        }
    }

    fn get(&self, step: usize) -> Option<u32> {
        match self {
            Block::Zeros(_) => Some(0),
            Block::Bytes(values) => (values[step] != u8::MAX).then(|| u32::from(values[step])),
            Block::Shorts(values) => (values[step] != u16::MAX).then(|| u32::from(values[step])),
            Block::Words(values) => (values[step] != u32::MAX).then_some(values[step]),
        }
    }

    /// Adds the counts of at most so many steps, gaps as NaN.
    fn tell(&self, most: usize, counts: &mut Vec<f32>) {
        let number = |count: u32, gap: u32| if count == gap { f32::NAN } else { count as f32 };
        match self {
            Block::Zeros(len) => counts.resize(counts.len() + most.min(usize::from(*len)), 0.0),
            Block::Bytes(values) => {
                let of = |&count: &u8| number(count.into(), u8::MAX.into());
                counts.extend(values.iter().take(most).map(of));
            }
            Block::Shorts(values) => {
                let of = |&count: &u16| number(count.into(), u16::MAX.into());
                counts.extend(values.iter().take(most).map(of));
            }
            Block::Words(values) => {
                counts.extend(values.iter().take(most).map(|&count| number(count, u32::MAX)));
            }
        }
    }

    fn width(&self) -> usize {
        match self {
            Block::Zeros(_) => 0,
            Block::Bytes(_) => 1,
            Block::Shorts(_) => 2,
            Block::Words(_) => 4,
        }
    }

    fn len(&self) -> usize {
        match self {
            Block::Zeros(len) => usize::from(*len),
            Block::Bytes(values) => values.len(),
            Block::Shorts(values) => values.len(),
            Block::Words(values) => values.len(),
        }
    }

    fn widen(&mut self, width: usize) {
        let counts: Vec<Option<u32>> = (0..self.len()).map(|step| self.get(step)).collect();
        *self = match width {
            1 => Block::Bytes(Vec::with_capacity(BLOCK)),
            2 => Block::Shorts(Vec::with_capacity(BLOCK)),
            _ => Block::Words(Vec::with_capacity(BLOCK)),
        };
        for count in counts {
            self.push(count);
        }
    }

    fn bytes(&self) -> usize {
        self.width() * self.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_and_gaps_come_back_as_they_were() {
        let counts: Vec<Option<u32>> = (0..1500u32)
            .map(|step| match step {
                0..300 => Some(0),
                _ if step % 7 == 3 => None,
                300..600 => Some(step % 255),
                600..900 => Some(step * 70),
                _ => Some(step * 1_000_000),
            })
            .collect();
        let series = Series::from_counts(counts.iter().copied());
        for (step, &count) in counts.iter().enumerate() {
            assert_eq!(series.get(step), count, "step {step}");
        }
        assert_eq!((series.len(), series.get(1500)), (1500, None));
        for end in [0, 1, 288, 305, 1500, 9999] {
            let before = series.before(end);
            assert_eq!(before.len(), end.min(1500));
            for (step, count) in before.into_iter().enumerate() {
                let expected = counts[step].map_or(f32::NAN, |count| count as f32);
                assert_eq!(count.to_bits(), expected.to_bits(), "step {step} before {end}");
            }
        }
    }

    #[test]
    fn a_block_is_as_wide_as_its_largest_count() {
        for (count, bytes) in
            [(Some(0), 0), (None, 288), (Some(254), 288), (Some(255), 576), (Some(70_000), 1152)]
        {
            let series = Series::from_counts(std::iter::repeat_n(count, 288));
            assert_eq!(series.bytes(), bytes, "{count:?}");
        }
        let huge = Series::from_counts([Some(u32::MAX)]);
        assert_eq!(huge.get(0), Some(COUNT_MAX));
    }
}
