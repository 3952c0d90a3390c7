//! What an owner has taken out of a flow's ring and is not done with, in order: what calls
//! are given, and what calls that failed gave back.
//!
//! Invariant: what was given back goes out again before anything behind it, so items are done
//! with in their order, and the ring is told of no more than that.

use std::collections::VecDeque;
use std::sync::atomic::Ordering;

use swell_fifo::fault::Fault;
use swell_fifo::mapping::Mapping;
use swell_fifo::owner::{Next, Owner};

use crate::flow::batch::Taken;
use crate::flow::line::Line;
use crate::flow::saving::{found_regions, save, save_taken};

/// The owner of a flow's ring, for one epoch.
pub(crate) struct Hand<'a> {
    line: &'a Line,
    pub(crate) owner: Owner<Mapping>,
    held: VecDeque<Taken>,
}

/// What was there to take.
pub(crate) enum Found {
    /// Items, or none where nothing waits.
    Items(Vec<Taken>),
    /// Somebody else is to own the flow.
    Revoked,
}

impl<'a> Hand<'a> {
    pub(crate) fn new(line: &'a Line, owner: Owner<Mapping>) -> Self {
        Self { line, owner, held: VecDeque::new() }
    }

    /// Takes up to `most` items, as many as have `bytes_max` bytes together; at least one, if
    /// there is one.
    pub(crate) fn take(&mut self, most: usize, bytes_max: usize) -> Result<Found, Fault> {
        let mut items = Vec::new();
        match self.gather(most, bytes_max, &mut items) {
            Ok(true) => Ok(Found::Items(items)),
            // They are given out to nobody, so they are not done with what is done with next.
            Ok(false) => {
                self.put_back(items);
                Ok(Found::Revoked)
            }
            Err(fault) => {
                self.put_back(items);
                Err(fault)
            }
        }
    }

    /// Takes items into `into`; false if somebody else is to own the flow.
    fn gather(
        &mut self,
        most: usize,
        bytes_max: usize,
        into: &mut Vec<Taken>,
    ) -> Result<bool, Fault> {
        let mut bytes = 0;
        while into.len() < most {
            if self.owner.is_revoked() {
                return Ok(false);
            }
            let item = match self.held.pop_front() {
                Some(item) => Some(item),
                None => self.next()?,
            };
            let Some(item) = item else { break };
            bytes += item.payload.len();
            if bytes > bytes_max && !into.is_empty() {
                self.held.push_front(item);
                break;
            }
            into.push(item);
        }
        Ok(true)
    }

    fn next(&mut self) -> Result<Option<Taken>, Fault> {
        loop {
            match self.owner.take()? {
                Next::Item(item) => {
                    let mut bytes = Vec::new();
                    let (lane, sequence) = (item.lane(), item.sequence());
                    if let Some(waited_ms) = item.waited_ms() {
                        self.line.meter.sampled(waited_ms);
                    }
                    self.line.lanes[lane].took(sequence);
                    if item.copy_to(&mut bytes) {
                        return Ok(Some(Taken::of(lane, sequence, item.end(), bytes)));
                    }
                    self.line.meter.counters().overwritten.fetch_add(1, Ordering::Relaxed);
                }
                Next::Revoked => return Ok(None),
                Next::Empty => {
                    if !found_regions(self.line, &mut self.owner) {
                        return Ok(None);
                    }
                }
            }
        }
    }

    /// Takes back items that a call was given and is not done with.
    pub(crate) fn put_back(&mut self, items: Vec<Taken>) {
        for item in items.into_iter().rev() {
            self.held.push_front(item);
        }
    }

    /// Saves what lies in memory only, as the node goes down in order.
    pub(crate) fn save(&mut self) -> Result<(), Fault> {
        save_taken(self.line, &self.held);
        save(self.line, &mut self.owner)
    }

    /// Writes down that items are done with, which were given out and are all that is: what
    /// was put back stays.
    pub(crate) fn finish(&mut self, items: &[Taken]) {
        if items.is_empty() {
            return;
        }
        let last = |number| {
            let own = items.iter().filter(move |item: &&Taken| item.lane == number);
            own.max_by_key(|item| item.sequence)
        };
        let lanes = self.line.lanes.iter().enumerate();
        let ends = lanes.filter_map(|(number, lane)| Some((number, lane, last(number)?)));
        let ends: Vec<_> = ends.collect();
        if self.held.is_empty() {
            self.owner.commit();
        } else {
            ends.iter().for_each(|(number, _, last)| self.owner.commit_to(*number, last.end));
        }
        for (_, lane, last) in ends {
            if let Err(error) = lane.finish(last.sequence + 1) {
                // They would be given out again after a crash, under the same names.
                let flow = &self.line.spec.name;
                tracing::warn!(%flow, %error, "that items are done with is not on disk");
            }
        }
        for item in items {
            self.line.meter.finished(item.put_us, item.payload.len());
        }
        self.line.meter.stirred();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Barrier;

    use swell_api::flow::{Ack, FlowSpec, Full};
    use swell_fifo::envelope::Envelope;
    use swell_fifo::owner::Begun;
    use tokio_util::sync::CancellationToken;

    use crate::flow::alone::{flow_alone, flow_in};
    use crate::flow::keep::Keep;
    use crate::flow::news::News;
    use crate::flow::saving::pump;

    fn hand(line: &Line) -> Hand<'_> {
        let (_, heir) = line.heir().expect("the ring is sound");
        let Begun::Owner(owner) = heir.begin().expect("the ring is sound") else {
            panic!("nobody is before it")
        };
        line.begun();
        Hand::new(line, owner)
    }

    #[tokio::test]
    async fn what_was_taken_as_somebody_else_came_is_left_to_them() {
        const ITEMS: usize = 2_000;
        let mut hits = 0;
        for _ in 0..20 {
            let (line, _folder) = flow_alone(&News::default(), 0, 1 << 20);
            let items: Vec<Vec<u8>> = (0..ITEMS).map(|_| vec![7]).collect();
            let stop = CancellationToken::new();
            let (put, placed) = line.lanes[0].put_unkept(&items, &stop, &line.stir).await;
            placed.expect("there is room for all");
            assert_eq!(put.count as usize, ITEMS);
            let mut first_hand = hand(&line);
            let Found::Items(first) = first_hand.take(1, usize::MAX).expect("it is sound") else {
                panic!("nobody else is to own it yet")
            };
            let barrier = Barrier::new(2);
            std::thread::scope(|scope| {
                scope.spawn(|| {
                    barrier.wait();
                    line.reseat(Default::default()).expect("there is memory")
                });
                barrier.wait();
                while let Found::Items(items) =
                    first_hand.take(usize::MAX, usize::MAX).expect("it is sound")
                {
                    first_hand.put_back(items);
                }
            });
            hits += usize::from(!first_hand.held.is_empty());
            first_hand.finish(&first);
            first_hand.owner.release();
            let mut next = hand(&line);
            let Found::Items(rest) = next.take(usize::MAX, usize::MAX).expect("it is sound") else {
                panic!("nobody else is to own it")
            };
            let sequences: Vec<u64> = rest.iter().map(|item| item.sequence).collect();
            assert_eq!(sequences, (1..ITEMS as u64).collect::<Vec<_>>());
        }
        assert!(hits > 0, "it never came in between");
    }

    #[tokio::test]
    async fn what_waits_outlives_every_stop_whatever_it_is_promised() {
        let folder = tempfile::tempdir().expect("a folder for the test");
        let (mut put, mut done) = (0u8, 0u8);
        for ack in [Ack::Consume, Ack::Append, Ack::Append, Ack::Consume, Ack::Append, Ack::Append]
        {
            let plain = FlowSpec::plain("frames", &["camera"], "detect");
            let spec = FlowSpec { ack, full: Full::Spill, ..plain };
            // A few items fill it, and those behind them lie on disk only.
            let line = flow_in(&News::default(), 0, 16 << 10, spec, folder.path());
            assert_eq!(line.meter.depth(), u64::from(put - done), "{ack:?}");
            pump(&line);
            let envelope = Envelope { put_us: 1, hops: 0, media_type: "" };
            let item = |number: u8| envelope.wrap(&[number; 3_000]);
            let items: Vec<Vec<u8>> = (put..put + 3).map(item).collect();
            let stop = CancellationToken::new();
            let (_, placed) = line.lanes[0].put(&items, None, &stop, &line.stir).await;
            placed.expect("there is room on disk");
            put += 3;
            let mut owner = hand(&line);
            let Found::Items(mut first) = owner.take(2, usize::MAX).expect("it is sound") else {
                panic!("nobody else is to own it")
            };
            assert_eq!(first[0].payload[0], done, "{ack:?}");
            // A call took more than it was done with.
            owner.put_back(first.split_off(1));
            owner.finish(&first);
            done += 1;
            owner.save().expect("the ring is sound");
        }
        let log = Keep::open(folder.path().join("camera"), 1 << 20).expect("it opens");
        let (_, items) = log.run_from(0, usize::MAX).expect("it can be read");
        let left: Vec<u8> = items.iter().filter_map(|item| item.last().copied()).collect();
        assert_eq!(left, (done..put).collect::<Vec<u8>>());
    }
}
