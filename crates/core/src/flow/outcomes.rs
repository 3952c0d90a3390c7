//! What the analyzer is told of: what came of its orders, and what others did to FIFOs.

use crate::flow::analyzer::{Analyzer, whole};
use crate::flow::view::{FifoId, OwnerId};
use crate::time::{Instant, Span};

impl Analyzer {
    /// A FIFO changed hands; it paused for so long, while so many items were in it.
    pub fn on_moved(&mut self, now: Instant, fifo: FifoId, pause: Span, items: u64) {
        let now = whole(now);
        if let Some((from, to)) = self.under_way.remove(&fifo) {
            if let Some(recorder) = &mut self.recorder {
                recorder.moved(now, fifo, pause, items);
            }
            self.policy.on_moved(now, fifo, from, to, pause);
        }
    }

    /// Somebody else gave a FIFO to another owner: a person, or a process that came or went. It is
    /// left there as long as after a change that was ordered here.
    pub fn on_given(&mut self, now: Instant, fifo: FifoId, from: OwnerId, to: OwnerId) {
        let now = whole(now);
        if self.under_way.get(&fifo).is_some_and(|(_, heir)| *heir == to) {
            return;
        }
        self.under_way.remove(&fifo);
        if let Some(recorder) = &mut self.recorder {
            recorder.given(now, fifo, from, to);
        }
        self.policy.on_moved(now, fifo, from, to, Span::ZERO);
    }

    /// A FIFO came from another node, to which or to others it went back so often within a while: it
    /// is left here as long as after a change that was ordered.
    pub fn on_came(&mut self, now: Instant, fifo: FifoId, returns: u32) {
        let now = whole(now);
        if let Some(recorder) = &mut self.recorder {
            recorder.came(now, fifo, returns);
        }
        self.rests.entry(fifo).or_default().on_came(now, returns);
        self.policy.on_came(now, fifo, returns);
    }

    /// A change of hands came to nothing, and why; the FIFO is where it was.
    pub fn on_failed(&mut self, fifo: FifoId, why: &str) {
        if let Some(recorder) = &mut self.recorder {
            recorder.refused(fifo, why);
        }
        self.under_way.remove(&fifo);
        self.leaving.take_if(|leaving| *leaving == fifo);
    }

    /// A FIFO that was to get another region keeps the one it has, and why.
    pub fn on_kept(&mut self, fifo: FifoId, why: &str) {
        if let Some(recorder) = &mut self.recorder {
            recorder.kept(fifo, why);
        }
    }

    /// A FIFO is no more.
    pub fn on_removed(&mut self, fifo: FifoId) {
        if let Some(recorder) = &mut self.recorder {
            recorder.removed(fifo);
        }
        self.under_way.remove(&fifo);
        self.leaving.take_if(|leaving| *leaving == fifo);
        self.last.remove(fifo);
        self.weighed.remove(fifo);
        self.findings.remove(&fifo);
        self.sizes.remove(fifo);
        self.policy.on_removed(fifo);
        self.rests.remove(&fifo);
        self.left.remove(&fifo);
    }
}
