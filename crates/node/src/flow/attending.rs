//! Attends to a native owner for one epoch, on a thread of its own: gives it the flow once the
//! owner before has let go, notes what it is done with, and takes the flow from it where it does
//! not let go by itself.

use std::io;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use swell_fifo::envelope::{ENVELOPE_MAX, Envelope};
use swell_fifo::fault::Fault;
use swell_fifo::handshake::Refused;
use swell_fifo::mapping::Mapping;
use swell_fifo::mirror::{Done, Mirror};

use crate::flow::line::Line;
use crate::flow::meter::now_us;
use crate::flow::natives::Native;

/// How long a process that was told to let go may take. After that what it does counts for
/// nothing.
const GRACE: Duration = Duration::from_millis(500);
/// How often is looked at what wakes nobody.
const NAP: Duration = Duration::from_millis(50);
/// The same where the flow stands still until it is seen.
const GLANCE: Duration = Duration::from_millis(1);

/// Whether the owner before an epoch still has the flow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Before {
    /// It has let go, or there was none.
    Gone,
    /// It has not let go yet.
    There,
    /// A later epoch was raised meanwhile.
    Over,
}

/// One epoch of a native owner.
pub(crate) struct Period {
    pub(crate) line: Arc<Line>,
    pub(crate) native: Arc<Native>,
    pub(crate) epoch: u32,
    /// The page that everybody goes by, and the one that the process writes.
    pub(crate) own: Mapping,
    pub(crate) theirs: Mapping,
}

/// Attends from now on.
pub(crate) fn begin(period: Period) -> io::Result<()> {
    let thread = std::thread::Builder::new().name("swell-flow".to_string());
    thread.stack_size(256 << 10).spawn(move || {
        if let Err(fault) = period.attend() {
            let (line, native) = (&period.line, &period.native);
            let (flow, name) = (&line.spec.name, &native.name);
            tracing::warn!(%flow, %name, %fault, "a native owner wrote nonsense, and is ended");
            native.evict(Refused::Nonsense, format!("what it wrote makes no sense: {fault}"));
            period.leave();
        }
    })?;
    Ok(())
}

impl Line {
    /// Looks when the oldest item in its lanes was put in: where a process owns it, or is to, nobody
    /// is seen to take items out.
    pub(crate) fn look_at_oldest(&self) {
        let ring = self.ring.lock();
        let put_us = |lane| {
            let mut head = [0; ENVELOPE_MAX as usize];
            let read = ring.fifo.peek(lane, &mut head)?;
            Some(Envelope::open(&head[..read])?.0.put_us)
        };
        let oldest = (0..self.lanes.len()).filter_map(put_us).min().unwrap_or(0);
        self.meter.counters().oldest_us.store(oldest, Ordering::Relaxed);
    }
}

impl Period {
    /// Attends until somebody else owns the flow.
    fn attend(&self) -> Result<(), Fault> {
        loop {
            match self.line.before(self.epoch) {
                Before::Gone => break,
                Before::Over => return Ok(()),
                Before::There => std::thread::sleep(GLANCE),
            }
        }
        let (own, theirs) = (self.own.clone(), self.theirs.clone());
        let Some(mut mirror) = self.line.give(self.epoch, own, theirs)? else { return Ok(()) };
        let followed = self.follow(&mut mirror);
        if followed.is_err() {
            // Before it is known that the owner has let go, so that its heir is the next.
            self.leave();
        }
        // Whoever is next looks for itself.
        self.line.meter.counters().oldest_us.store(0, Ordering::Relaxed);
        mirror.release();
        self.line.released();
        self.line.stir.notify_one();
        followed
    }

    fn follow(&self, mirror: &mut Mirror<Mapping>) -> Result<(), Fault> {
        let mut has_begun = false;
        let mut revoked: Option<Instant> = None;
        let mut idle_us = now_us();
        loop {
            mirror.ask();
            // Looked at before the page: what was committed by then is seen below.
            let is_over = self.native.over.is_cancelled();
            let is_revoked = mirror.is_revoked();
            let mut next = vec![None; self.line.lanes.len()];
            let mut oldest_us = None;
            let looked = mirror.look(|done| {
                let put_us = self.done(&done, &mut next);
                oldest_us = Some(oldest_us.map_or(put_us, |oldest: u64| oldest.min(put_us)));
            });
            self.finish(&next);
            if let Some(oldest_us) = oldest_us {
                idle_us = self.worked(idle_us.max(oldest_us));
            }
            let standing = looked?;
            if standing.has_begun && !has_begun {
                self.line.begun();
                has_begun = true;
            }
            if let Some(lane) = standing.lost {
                let regions = self.line.regions_of(lane);
                regions.into_iter().skip(1).for_each(|region| mirror.announce(lane, region));
                continue;
            }
            if is_revoked {
                let since = *revoked.get_or_insert_with(Instant::now);
                let is_free = !has_begun || standing.has_released || is_over;
                if is_free || since.elapsed() >= GRACE {
                    return Ok(());
                }
            } else if standing.has_released || is_over {
                // It left without being told to: nobody else will raise an epoch for it.
                self.leave();
            }
            match standing.has_moved {
                // Whatever was the oldest is done with; what is now is seen before it sleeps.
                true => self.line.meter.counters().oldest_us.store(0, Ordering::Relaxed),
                false if !is_revoked => self.line.look_at_oldest(),
                false => {}
            }
            if !standing.has_moved {
                mirror.wait(if is_revoked { GLANCE } else { NAP });
            }
        }
    }

    /// Notes that an item is done with; when it was put in.
    fn done(&self, done: &Done<'_, Mapping>, next: &mut [Option<u64>]) -> u64 {
        let mut head = [0; ENVELOPE_MAX as usize];
        let read = done.read(&mut head);
        let opened = Envelope::open(&head[..read]);
        let (put_us, enveloped) =
            opened.map_or((0, 0), |(envelope, rest)| (envelope.put_us, read - rest.len()));
        let line = &self.line;
        line.lanes[done.lane].took(done.sequence);
        line.meter.finished(put_us, done.length - enveloped);
        self.native.items.fetch_add(1, Ordering::Relaxed);
        next[done.lane] = Some(done.sequence + 1);
        put_us
    }

    /// Notes that the process worked since then, and returns until when. Nobody sees when it
    /// begins with an item: as one after the other it is when it was done with the one before,
    /// or when the item came, if that was later.
    fn worked(&self, since_us: u64) -> u64 {
        let now_us = now_us();
        let worked = now_us.saturating_sub(since_us).saturating_mul(1_000);
        self.line.meter.counters().worked.fetch_add(worked, Ordering::Relaxed);
        self.line.meter.stirred();
        now_us
    }

    /// Writes down that items are done with, and makes room.
    fn finish(&self, next: &[Option<u64>]) {
        for (lane, next) in self.line.lanes.iter().zip(next) {
            let Some(next) = next else { continue };
            if let Err(error) = lane.finish(*next) {
                let flow = &self.line.spec.name;
                tracing::warn!(%flow, %error, "that items are done with is not on disk");
            }
            if let Err(error) = lane.pump() {
                let flow = &self.line.spec.name;
                tracing::warn!(%flow, from = %lane.from, ?error, "items wait on disk");
            }
        }
    }

    /// Lets the flow go to whoever it goes to without this process, if it still has it.
    fn leave(&self) {
        self.line.leave(self.native.number);
    }
}

#[cfg(test)]
mod tests {
    use tokio_util::sync::CancellationToken;

    use super::*;
    use crate::flow::alone::flow_alone;
    use crate::flow::news::News;

    #[tokio::test]
    async fn the_oldest_item_is_seen_though_nobody_takes_it_out() {
        let news = News::default();
        let (line, _folder) = flow_alone(&news, 0, 16 << 10);
        let oldest = || line.meter.counters().oldest_us.load(Ordering::Relaxed);
        line.look_at_oldest();
        assert_eq!(oldest(), 0, "there is none");
        let item = |put_us| Envelope { put_us, hops: 0, media_type: "" }.wrap(b"frame");
        let stop = CancellationToken::new();
        let (put, _) = line.lanes[0].put(&[item(7), item(9)], None, &stop, &line.stir).await;
        assert_eq!(put.count, 2);
        line.look_at_oldest();
        assert_eq!(oldest(), 7);
    }
}
