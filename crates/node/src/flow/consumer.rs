//! Takes items out of a flow and calls its owner with them, one call after the other.
//!
//! With `ack = consume` items are done with when their call was answered with a status below
//! 500; else it is made again, after a pause, and in the end the items become a dead letter in
//! the queue of asynchronous calls. With `ack = append` a call is made once. A call that never
//! reached its function, because the node is busy or the function paused or gone, is made
//! again in either case.
//!
//! While it runs, a call may ask for more items, which share its fate (see `asking`).
//!
//! Another owner begins between two items, or between two tries of the same: the items that
//! were not done with are given out again, under the same names. A call that takes too long for
//! that is cut short (see `calling`): with `ack = consume` that is no try, and its items are given
//! out again; with `append` they are lost.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;

use swell_api::flow::Ack;
use swell_fifo::fault::Fault;
use swell_fifo::mapping::Mapping;
use swell_fifo::owner::{Begun, Owner};

use crate::clock::wall_ms;
use crate::flow::calling::{Called, Caller};
use crate::flow::hand::{Found, Hand};
use crate::flow::line::Line;
use crate::flow::meter::Meter;
use crate::flow::saving::{pump, save_work};
use crate::flow::tries::{Tries, Work, verdict};
use crate::invoker::Invoker;
use crate::observe::chance;
use crate::outflow::{Grave, Graves};
use crate::queue::backoff::pause;
use crate::queue::verdict::Verdict;
use crate::refusal::Refusal;

/// How long the consumer sleeps at most where it should be told of everything.
const NAP: Duration = Duration::from_millis(500);
/// The same where there is nothing in the flow: ten thousand that rest are not to keep a core busy.
const REST: Duration = Duration::from_secs(10);
/// The pause after the disk failed.
const DISK_PAUSE: Duration = Duration::from_secs(1);

/// Takes items out of a flow.
pub(crate) struct Consumer {
    pub(crate) line: Arc<Line>,
    pub(crate) invoker: Arc<dyn Invoker>,
    pub(crate) graves: Arc<dyn Graves>,
    /// Told to begin no further call.
    pub(crate) stop: CancellationToken,
    /// Told to give up the call under way.
    pub(crate) cut: CancellationToken,
}

/// Why a consumer works no longer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ended {
    /// It was told to stop.
    Stopped,
    /// It is to work elsewhere.
    Elsewhere,
}

/// Somebody else is to own the flow, or nobody.
struct Over;

/// Nothing is being worked on any more once this is dropped.
struct Done<'a>(&'a Meter);

impl Drop for Done<'_> {
    fn drop(&mut self) {
        self.0.counters().oldest_us.store(0, Ordering::Relaxed);
    }
}

impl Consumer {
    /// Works until told to stop, or to work elsewhere. Items that lie in memory only are saved
    /// when it stops.
    pub(crate) async fn work(&self, tries: &mut Tries) -> Ended {
        let place = self.line.seat.place();
        while self.line.seat.place() == place || self.stop.is_cancelled() {
            match self.own(tries).await {
                Ok(ControlFlow::Continue(())) => {}
                Ok(ControlFlow::Break(Over)) => return Ended::Stopped,
                Err(fault) => {
                    let flow = &self.line.spec.name;
                    tracing::error!(%flow, %fault, "a flow stopped, as its ring is not sound");
                    self.line.set_trouble(Some(fault.to_string()));
                    return Ended::Stopped;
                }
            }
        }
        Ended::Elsewhere
    }

    /// Owns the flow for one epoch, or waits while a native process does; until it is over.
    async fn own(&self, tries: &mut Tries) -> Result<ControlFlow<Over>, Fault> {
        let (place, mut heir) = self.line.heir()?;
        self.line.meter.succeeded();
        if self.line.is_native(place) {
            if !self.wait_native().await {
                return Ok(ControlFlow::Continue(()));
            }
            (_, heir) = self.line.heir()?;
        }
        let owner = loop {
            match heir.begin()? {
                Begun::Owner(owner) => break owner,
                Begun::Revoked => return Ok(ControlFlow::Continue(())),
                Begun::NotYet(later) => heir = later,
            }
            // Not ended by `stop`: what lies in memory only is saved by whoever owns it then.
            tokio::select! {
                () = self.cut.cancelled() => return Ok(ControlFlow::Break(Over)),
                () = self.line.stir.notified() => {}
                () = sleep(NAP) => {}
            }
        };
        self.line.begun();
        let mut hand = Hand::new(&self.line, owner);
        loop {
            if self.stop.is_cancelled() {
                return hand.save().map(|()| ControlFlow::Break(Over));
            }
            let items = match hand.take(self.line.spec.batch as usize, usize::MAX)? {
                Found::Revoked => break,
                Found::Items(items) => items,
            };
            if items.is_empty() {
                self.wait().await;
                continue;
            }
            let mut work = tries.begin(items);
            let over = self.deal(place, &mut hand, &mut work).await;
            tries.keep(&work);
            match over {
                ControlFlow::Continue(()) => {
                    work.items.append(&mut work.more);
                    hand.finish(&work.items);
                    pump(&self.line);
                }
                // What was not done with is found again by whoever comes next.
                ControlFlow::Break(Over) if self.stop.is_cancelled() => {
                    save_work(&self.line, &work);
                    return hand.save().map(|()| ControlFlow::Break(Over));
                }
                ControlFlow::Break(Over) => break,
            }
        }
        hand.owner.release();
        self.line.released();
        Ok(ControlFlow::Continue(()))
    }

    /// Leaves the flow to a native process until somebody else owns it. When the flow is to stop
    /// it is taken back, so that its items can be saved: then true.
    async fn wait_native(&self) -> bool {
        let _done = Done(&self.line.meter);
        while self.line.is_native(self.line.owner()) {
            if self.stop.is_cancelled() {
                while let Err(error) = self.line.reclaim() {
                    let flow = &self.line.spec.name;
                    tracing::warn!(%flow, %error, "items that lie in memory only are not saved");
                    sleep(DISK_PAUSE).await;
                }
                return true;
            }
            pump(&self.line);
            // Whoever attends to a process that is connected looks as well, and more often.
            if self.line.native_owner().is_none() {
                self.line.look_at_oldest();
            }
            tokio::select! {
                () = self.line.stir.notified() => {}
                () = self.stop.cancelled() => {}
                () = sleep(NAP) => {}
            }
        }
        false
    }

    /// Waits for items, having moved those that lie on disk.
    async fn wait(&self) {
        if pump(&self.line) > 0 {
            return;
        }
        let nap = if self.line.meter.depth() == 0 { REST } else { NAP };
        let _starving = self.line.meter.starving();
        tokio::select! {
            () = self.line.stir.notified() => {}
            () = self.stop.cancelled() => {}
            () = sleep(nap) => {}
        }
    }

    fn caller(&self) -> Caller<'_> {
        let Self { line, invoker, stop, cut, .. } = self;
        Caller { line, invoker: &**invoker, stop, cut }
    }

    /// Calls the owner with items until they are done with, or somebody else is to.
    async fn deal(&self, place: usize, hand: &mut Hand<'_>, work: &mut Work) -> ControlFlow<Over> {
        let meter = &self.line.meter;
        let oldest = work.items.iter().map(|item| item.put_us).min().unwrap_or(0);
        meter.counters().oldest_us.store(oldest, Ordering::Relaxed);
        let _done = Done(meter);
        loop {
            work.attempts += 1;
            let result = match self.caller().call(place, hand, work).await {
                Called::Answered(result) => result,
                Called::Unmade => {
                    work.attempts -= 1;
                    return ControlFlow::Break(Over);
                }
                Called::Cut if self.line.spec.ack == Ack::Append => {
                    self.lose(work);
                    return ControlFlow::Continue(());
                }
                Called::Cut => {
                    work.cuts += 1;
                    let count = (work.items.len() + work.more.len()) as u64;
                    meter.again.fetch_add(count, Ordering::Relaxed);
                    return ControlFlow::Break(Over);
                }
            };
            let most = match self.line.spec.ack {
                Ack::Consume => self.line.spec.retry.attempts_max,
                Ack::Append => 1,
            };
            if self.cut.is_cancelled() && self.line.spec.ack == Ack::Append {
                self.lose(work);
                return ControlFlow::Continue(());
            }
            let age = Duration::from_millis(wall_ms().saturating_sub(work.since_ms));
            let verdict = verdict(&result, work.tries(), most, age);
            if !matches!(verdict, Verdict::Done) && self.keeps_less(hand, work) {
                return ControlFlow::Continue(());
            }
            let rest = match verdict {
                Verdict::Done => {
                    meter.succeeded();
                    return ControlFlow::Continue(());
                }
                Verdict::Dead(why) => {
                    meter.failed();
                    let count = work.items.len() as u64;
                    if self.line.spec.ack == Ack::Append {
                        self.lose(work);
                        return ControlFlow::Continue(());
                    }
                    match self.bury(place, work, why).await {
                        Ok(()) => {
                            meter.dead.fetch_add(count, Ordering::Relaxed);
                            return ControlFlow::Continue(());
                        }
                        // There is no room for it yet: better late than lost.
                        Err(_) => {
                            work.attempts -= 1;
                            DISK_PAUSE
                        }
                    }
                }
                Verdict::Again(least, _) => {
                    meter.again.fetch_add(work.items.len() as u64, Ordering::Relaxed);
                    least.max(pause(&self.line.spec.retry, work.tries(), chance::bits()))
                }
                // One flow asks at most so often, whatever its function is up to.
                Verdict::Unreached(closed, _) => {
                    work.attempts -= 1;
                    closed.least
                }
            };
            self.rest(&hand.owner, rest).await?;
        }
    }

    /// Items are lost, as their one call was made.
    fn lose(&self, work: &Work) {
        let count = (work.items.len() + work.more.len()) as u64;
        self.line.meter.lost.fetch_add(count, Ordering::Relaxed);
    }

    /// A call failed: what it took besides is given out again, or lost with it. Whether that
    /// is all there is to do, as the call was done with what it was made with.
    fn keeps_less(&self, hand: &mut Hand<'_>, work: &mut Work) -> bool {
        let is_over = work.is_partly_done;
        match self.line.spec.ack {
            Ack::Consume => hand.put_back(std::mem::take(&mut work.more)),
            Ack::Append if is_over => self.lose(work),
            Ack::Append => {}
        }
        is_over
    }

    async fn bury(&self, place: usize, work: &Work, why: String) -> Result<(), Refusal> {
        let flow = &self.line.spec.name;
        let grave = Grave {
            function: self.line.owner_name(place).to_string(),
            request: self.caller().request(work),
            retry: self.line.spec.retry,
            attempts: work.attempts,
            why: format!("flow `{flow}`: {why}"),
        };
        let buried = self.graves.bury(grave).await;
        buried.inspect_err(|refusal| {
            tracing::warn!(%flow, why = %refusal.title, "a dead letter waits");
        })
    }

    /// Waits before the next try, unless somebody else is to make it.
    async fn rest(&self, owner: &Owner<Mapping>, rest: Duration) -> ControlFlow<Over> {
        let until = Instant::now() + rest;
        while !owner.is_revoked() && !self.stop.is_cancelled() {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return ControlFlow::Continue(());
            }
            tokio::select! {
                () = self.stop.cancelled() => {}
                // Stirred by items too; then it looks again.
                _ = timeout(left, self.line.stir.notified()) => {}
            }
        }
        ControlFlow::Break(Over)
    }
}
