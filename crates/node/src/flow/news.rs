//! Which flows anything happened in since the last tick: a bit for each, in memory that lies
//! together, so that ten thousand flows which rest cost a tick next to nothing.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use swell_core::flow::view::FifoId;

/// Flows that have a bit of their own; more share them, and are looked at together.
const BITS: u32 = 1 << 16;

/// The bits of all flows.
pub(crate) struct News(Box<[AtomicU64]>);

impl News {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self((0..BITS / 64).map(|_| AtomicU64::new(0)).collect()))
    }

    /// Takes the bits that are set.
    pub(crate) fn take(&self) -> Vec<u32> {
        let mut bits = Vec::new();
        for (place, word) in self.0.iter().enumerate() {
            if word.load(Ordering::Relaxed) == 0 {
                continue;
            }
            let mut left = word.swap(0, Ordering::AcqRel);
            while left != 0 {
                bits.push(place as u32 * 64 + left.trailing_zeros());
                left &= left - 1;
            }
        }
        bits
    }
}

/// Flows up to `last` that a bit stands for.
pub(crate) fn flows_of(bit: u32, last: FifoId) -> impl Iterator<Item = FifoId> {
    (bit..=last.0).step_by(BITS as usize).map(FifoId)
}

/// The bell of one flow.
pub(crate) struct Bell {
    news: Arc<News>,
    pub(crate) id: FifoId,
}

impl Bell {
    pub(crate) fn new(news: Arc<News>, id: FifoId) -> Self {
        Self { news, id }
    }

    /// Something happened; what it is must be told before.
    pub(crate) fn ring(&self) {
        let bit = self.id.0 % BITS;
        self.news.0[(bit / 64) as usize].fetch_or(1 << (bit % 64), Ordering::AcqRel);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bells_are_heard_once() {
        let news = News::new();
        for id in [0, 63, 64, 9_999, BITS + 64, 64] {
            Bell::new(news.clone(), FifoId(id)).ring();
        }
        assert_eq!(news.take(), [0, 63, 64, 9_999]);
        assert_eq!(news.take(), [0u32; 0]);
        let flows: Vec<_> = flows_of(64, FifoId(2 * BITS)).map(|id| id.0).collect();
        assert_eq!(flows, [64, BITS + 64]);
        assert_eq!(flows_of(64, FifoId(63)).count(), 0);
    }
}
