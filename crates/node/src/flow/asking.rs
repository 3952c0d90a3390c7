//! What a call asks of the flow it was made for while it runs: more items, and to be done
//! with those it has.
//!
//! With `ack = append` an item's one call is made once it was given out, so what a call was
//! given before is done with when it asks for more.

use std::future::pending;
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, sleep_until};

use swell_api::flow::Ack;
use swell_sandbox::flow::{FlowError, FlowItem};

use crate::flow::batch::Taken;
use crate::flow::check::BATCH_MAX;
use crate::flow::hand::{Found, Hand};
use crate::flow::line::Line;
use crate::flow::meter::Waiting;
use crate::flow::tries::Work;
use crate::inlet::{Ask, Inlet};

/// Bytes of items that are given out at a time, besides the first.
const POP_BYTES_MAX: usize = 1 << 20;

/// The asking end of a call that runs.
pub(crate) struct Asking<'a> {
    line: &'a Line,
    asked: mpsc::Receiver<Ask>,
    pop: Option<Pop<'a>>,
    waited: Duration,
}

/// Somebody waits for items.
struct Pop<'a> {
    most: usize,
    since: Instant,
    until: Instant,
    answer: oneshot::Sender<Result<Vec<FlowItem>, FlowError>>,
    _starving: Waiting<'a>,
}

impl<'a> Asking<'a> {
    /// The two ends of the way from a call to the items of a flow.
    pub(crate) fn of(line: &'a Line) -> (Inlet, Self) {
        let (asks, asked) = mpsc::channel(1);
        let inlet = Inlet { flow: line.spec.name.as_str().into(), asks };
        (inlet, Self { line, asked, pop: None, waited: Duration::ZERO })
    }

    /// Whether somebody waits for items.
    pub(crate) fn is_waiting(&self) -> bool {
        self.pop.is_some()
    }

    /// How long the call waited for items, in all.
    pub(crate) fn waited(&self) -> Duration {
        self.waited
    }

    /// Waits for something to be asked, or for the end of somebody's waiting.
    pub(crate) async fn heard(&mut self) -> Option<Ask> {
        match &self.pop {
            Some(pop) => {
                sleep_until(pop.until).await;
                None
            }
            None => match self.asked.recv().await {
                Some(ask) => Some(ask),
                None => pending().await,
            },
        }
    }

    /// Takes in what was asked.
    pub(crate) fn take_in(&mut self, ask: Ask, hand: &mut Hand<'_>, work: &mut Work) {
        match ask {
            Ask::Done { answer } => {
                settle(hand, work);
                // Who asked may be gone.
                let _ = answer.send(Ok(()));
            }
            Ask::Pop { most, wait, answer } => {
                if self.line.spec.ack == Ack::Append {
                    settle(hand, work);
                }
                let since = Instant::now();
                let most = (most.min(BATCH_MAX)) as usize;
                // More than a year is as long as the call may take.
                let until = since + wait.min(Duration::from_secs(1 << 25));
                let starving = self.line.meter.starving();
                self.pop = Some(Pop { most, since, until, answer, _starving: starving });
            }
        }
    }

    /// Answers whoever waits for items, if that can be done by now.
    pub(crate) fn serve(&mut self, hand: &mut Hand<'_>, work: &mut Work, is_over: bool) {
        let Some(pop) = self.pop.take() else { return };
        let answer = if is_over {
            Err(FlowError::Moved)
        } else {
            match hand.take(pop.most, POP_BYTES_MAX) {
                Err(fault) => Err(FlowError::Other(fault.to_string())),
                Ok(Found::Revoked) => Err(FlowError::Moved),
                Ok(Found::Items(items)) => {
                    let is_patient = pop.most > 0 && Instant::now() < pop.until;
                    if items.is_empty() && is_patient {
                        self.pop = Some(pop);
                        return;
                    }
                    let given = items.iter().map(|item| self.given(item)).collect();
                    work.more.extend(items);
                    Ok(given)
                }
            }
        };
        self.waited += pop.since.elapsed();
        // Who asked may be gone; then the call fails, and its items are put back.
        let _ = pop.answer.send(answer);
    }

    fn given(&self, item: &Taken) -> FlowItem {
        FlowItem {
            from: self.line.called[item.lane].clone(),
            sequence: item.sequence,
            media_type: item.media_type.clone(),
            payload: item.payload.clone(),
        }
    }
}

/// All that a call was given so far is done with.
fn settle(hand: &mut Hand<'_>, work: &mut Work) {
    let given: Vec<Taken> = work.items.drain(..).chain(work.more.drain(..)).collect();
    work.is_partly_done |= !given.is_empty();
    hand.finish(&given);
}
