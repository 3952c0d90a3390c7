//! The call that an owner is called by, from the request to the answer or to its end before that.
//!
//! A call that has reached its function holds up the flow when another is to own it: what it was
//! made with is done with or not by its answer alone. So it has some time from then on, and is cut
//! short after that, where the flow allows it: the guest is stopped, and whatever it answers goes
//! nowhere. One that has not reached its function is given up at once.
//!
//! Invariant: the owner lets go only once its call is over, so no answer of an epoch that is over is
//! ever taken for one.

use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;

use crate::flow::asking::Asking;
use crate::flow::batch::request;
use crate::flow::hand::Hand;
use crate::flow::line::Line;
use crate::flow::saving::pump;
use crate::flow::tries::Work;
use crate::invoker::{Invoker, Reached, Waited};
use crate::observe::function_metrics::TriggerKind;
use crate::refusal::{Reason, Refusal};

/// What became of a call.
pub(crate) enum Called {
    /// It was answered or refused, or its time was over.
    Answered(Result<Response<Bytes>, Refusal>),
    /// It was given up, as somebody else is to own the flow, before it had reached its function.
    Unmade,
    /// It was cut short, as somebody else is to own the flow.
    Cut,
}

/// Since when another is to own the flow.
#[derive(Default)]
struct Notice(Option<Instant>);

impl Notice {
    /// How much longer a call of the owner at `place` may go on; nothing while that is not bounded.
    /// An owner that is only to work elsewhere, or has the flow again, goes on with its call.
    fn left(&mut self, line: &Line, place: usize, is_revoked: bool) -> Option<Duration> {
        if !is_revoked || line.owner() == place {
            self.0 = None;
            return None;
        }
        let since = *self.0.get_or_insert_with(Instant::now);
        let patience = Duration::from_nanos(line.patience(place)?.nanos());
        Some(patience.saturating_sub(since.elapsed()))
    }
}

/// Whoever calls the owner of a flow.
pub(crate) struct Caller<'a> {
    pub(crate) line: &'a Line,
    pub(crate) invoker: &'a dyn Invoker,
    /// Told to begin no further call.
    pub(crate) stop: &'a CancellationToken,
    /// Told to give up the call under way.
    pub(crate) cut: &'a CancellationToken,
}

impl Caller<'_> {
    /// What the owner is called with.
    pub(crate) fn request(&self, work: &Work) -> Request<Bytes> {
        let lanes: Vec<&str> = self.line.called.iter().map(String::as_str).collect();
        let is_batch = self.line.spec.batch > 1;
        request(&self.line.spec.name, &lanes, &work.items, is_batch, work.attempts)
    }

    /// Calls the owner.
    pub(crate) async fn call(&self, place: usize, hand: &mut Hand<'_>, work: &mut Work) -> Called {
        let name = self.line.owner_name(place);
        let (begun, reached) = (Instant::now(), Reached::default());
        let (inlet, mut asking) = Asking::of(self.line);
        let mut request = self.request(work);
        request.extensions_mut().insert(reached.clone());
        request.extensions_mut().insert(inlet);
        self.line.call_begins(reached.clone());
        let mut call = self.invoker.call(name, TriggerKind::Flow, request);
        let mut notice = Notice::default();
        let result = loop {
            let is_revoked = hand.owner.is_revoked();
            let is_over = is_revoked || self.stop.is_cancelled();
            if is_over && !reached.get() {
                self.line.call_ended(place, None);
                return Called::Unmade;
            }
            if asking.is_waiting() {
                pump(self.line);
                asking.serve(hand, work, is_over);
            }
            let left = notice.left(self.line, place, is_revoked);
            tokio::select! {
                // What is answered by now counts, whatever else happened.
                biased;
                result = &mut call => break result,
                () = self.cut.cancelled() => {
                    let why = "the node went down during the call";
                    break Err(Refusal::new(Reason::Stopping, why));
                }
                () = sleep(left.unwrap_or_default()), if left.is_some() && !reached.is_answered() => {
                    // It may have been answered since this began to be waited for.
                    if reached.is_answered() {
                        continue;
                    }
                    drop(call);
                    self.cut_short(place, begun.elapsed().saturating_sub(asking.waited()));
                    return Called::Cut;
                }
                () = self.stop.cancelled(), if !reached.get() || asking.is_waiting() => {}
                ask = asking.heard() => {
                    if let Some(ask) = ask {
                        asking.take_in(ask, hand, work);
                    }
                }
                () = self.line.stir.notified() => {}
            }
        };
        drop(call);
        let answer = result.as_ref().ok();
        let waited = answer.and_then(|answer| answer.extensions().get::<Waited>());
        let waited = waited.map_or(Duration::ZERO, |one| one.0) + asking.waited();
        let worked = begun.elapsed().saturating_sub(waited);
        let has_worked =
            result.as_ref().err().is_none_or(|refusal| refusal.reason == Reason::FunctionFailed);
        self.line.call_ended(place, has_worked.then_some(worked));
        if has_worked {
            self.line.meter.worked(work.items.len() + work.more.len(), worked);
        }
        Called::Answered(result)
    }

    fn cut_short(&self, place: usize, took: Duration) {
        let (flow, owner) = (&self.line.spec.name, self.line.owner_name(place));
        tracing::info!(%flow, %owner, ?took, "a call is cut short, as another is to own the flow");
        self.line.call_ended(place, Some(took));
        self.line.hands.lock().cut();
    }
}
