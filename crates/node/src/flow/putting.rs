//! From an answer to items: into each flow of the function that gave it, in the order of the
//! flows' names.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use http::header::CONTENT_TYPE;

use swell_fifo::envelope::Envelope;
use swell_fifo::refusal::PushError;

use crate::flow::flows::Flows;
use crate::flow::lane::PutError;
use crate::flow::meter::now_us;
use crate::flow::up::{Down, Up};
use crate::outflow::{Doing, Flowing, Outflow};
use crate::refusal::{Reason, Refusal};

/// Flows of functions, as the gateway sees them.
pub struct Answers(pub Arc<Flows>);

impl Outflow for Answers {
    fn takes(&self, function: &str) -> bool {
        self.0.table.read().by_from.contains_key(function)
    }

    fn put(&self, answer: Flowing) -> Doing<'_> {
        let flows = self.0.clone();
        // Whoever asked may leave: the function has answered, and what follows from that does.
        let task = tokio::spawn(async move { put_all(&flows, &answer).await });
        Box::pin(async move {
            let broke = |error| Refusal::new(Reason::Internal, format!("{error}"));
            task.await.map_err(broke)?
        })
    }
}

async fn put_all(flows: &Flows, answer: &Flowing) -> Result<(), Refusal> {
    let mut names: Vec<String> = {
        let table = flows.table.read();
        let Some(ups) = table.by_from.get(&answer.function) else { return Ok(()) };
        ups.iter().map(|up| up.record.lock().spec.name.clone()).collect()
    };
    names.sort_unstable();
    for name in names {
        put_one(flows, &name, answer).await?;
    }
    Ok(())
}

async fn put_one(flows: &Flows, name: &str, answer: &Flowing) -> Result<(), Refusal> {
    loop {
        // Gone meanwhile, with or without another in its place.
        let Some(up) = flows.get(name) else { return Ok(()) };
        match try_put(flows, &up, answer).await {
            Ok(()) => return Ok(()),
            Err(PutError::Closed) if !flows.stop.is_cancelled() => {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
            Err(error) => return Err(refusal(name, answer, error)),
        }
    }
}

async fn try_put(flows: &Flows, up: &Up, answer: &Flowing) -> Result<(), PutError> {
    let line = match &up.line {
        Ok(line) => line,
        Err(Down::Changing) => return Err(PutError::Closed),
        Err(Down::Broken(_)) => return Err(PutError::Down),
    };
    let Some(lane) = line.lanes.iter().find(|lane| *lane.from == *answer.function) else {
        return Ok(());
    };
    let hops = answer.hops.saturating_add(1);
    if line.spec.hops_max.is_some_and(|most| hops > most) {
        line.meter.ended.fetch_add(1, Ordering::Relaxed);
        return Ok(());
    }
    let length = answer.body.len();
    if length as u64 > line.spec.item_bytes {
        return Err(PutError::Ring(PushError::TooLarge { length, max: line.spec.item_bytes }));
    }
    let media_type = answer.headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    let envelope = Envelope {
        put_us: now_us(),
        hops: u16::try_from(hops).unwrap_or(u16::MAX),
        media_type: media_type.unwrap_or(""),
    };
    let item = envelope.wrap(&answer.body);
    let put = lane.put(&item, answer.deadline, &flows.stop).await;
    line.stir.notify_one();
    put.map(|_| ())
}

/// What it means for the caller that an answer is not in a flow.
fn refusal(flow: &str, answer: &Flowing, error: PutError) -> Refusal {
    let function = &answer.function;
    match error {
        PutError::Full => {
            Refusal::new(Reason::QueueFull, format!("the flow `{flow}` of `{function}` is full"))
                .hint("call again later, or let it have another `full`, or a faster owner")
                .retry_after(Duration::from_secs(1))
        }
        PutError::Closed => Refusal::new(Reason::Stopping, "this node is going down")
            .hint("try another node, or this one in a few seconds")
            .retry_after(Duration::from_secs(5)),
        PutError::Down => {
            Refusal::new(Reason::NotReady, format!("the flow `{flow}` of `{function}` is not up"))
                .hint(format!("`swell flow show {flow}` tells why"))
        }
        PutError::Disk(error) => {
            let title = format!("the flow `{flow}` could not keep what `{function}` answered");
            Refusal::new(Reason::Storage, title).detail(error.to_string())
        }
        PutError::Ring(PushError::TooLarge { length, max }) => {
            let title = format!(
                "`{function}` answered with {length} bytes, and an item of the flow `{flow}` has \
                 up to {max}"
            );
            Refusal::new(Reason::BadAnswer, title).hint("raise the flow's `item`")
        }
        PutError::Ring(error) => {
            let title = format!("the flow `{flow}` is broken");
            Refusal::new(Reason::Internal, title).detail(error.to_string())
        }
    }
}
