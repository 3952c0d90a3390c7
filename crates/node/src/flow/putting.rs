//! From an answer to items: into each flow of the function that gave it, or into none where one
//! of them refuses it and its caller is told so.

use std::sync::Arc;
use std::time::Duration;

use http::header::CONTENT_TYPE;
use tokio::time::Instant;

use swell_api::flow::Full;
use swell_fifo::refusal::PushError;
use swell_sandbox::flow::CallFlows;

use crate::flow::end::PutError;
use crate::flow::ends::Ends;
use crate::flow::entry::{Sent, put, would_take};
use crate::flow::flows::Flows;
use crate::flow::up::Up;
use crate::outflow::{Caller, Doing, Flowing, Outflow};
use crate::refusal::{Reason, Refusal};

/// Flows of functions, as the gateway sees them.
pub struct Answers(pub Arc<Flows>);

impl Outflow for Answers {
    fn of_call(&self, call: Caller<'_>) -> Option<Arc<dyn CallFlows>> {
        let is_named = self.0.table.read().named.contains_key(&**call.function);
        is_named.then(|| -> Arc<dyn CallFlows> { Arc::new(Ends::new(&self.0, call)) })
    }

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
    // Those that refuse at once first: what they refuse is in no other.
    let mut names: Vec<(bool, String)> = {
        let table = flows.table.read();
        let Some(ups) = table.by_from.get(&answer.function) else { return Ok(()) };
        ups.iter().map(|up| (up.spec.full != Full::Reject, up.spec.name.clone())).collect()
    };
    names.sort_unstable();
    if names.len() > 1 {
        // Those that are waited for first: the others have room just now, then.
        for (waits, name) in names.iter().rev() {
            // Where nobody can be told, an item that one flow refuses is still one of the others.
            if *waits || answer.deadline.is_some() {
                step(flows, name, answer, Step::Look).await?;
            }
        }
    }
    let mut refused = Ok(());
    for (_, name) in names {
        match step(flows, &name, answer, Step::Put).await {
            Err(refusal) if answer.deadline.is_none() && refusal.reason == Reason::QueueFull => {
                refused = Err(refusal);
            }
            put => put?,
        }
    }
    refused
}

/// What is done with an answer and a flow.
#[derive(Debug, Clone, Copy)]
enum Step {
    /// It is made sure that the flow would take it.
    Look,
    /// It is put in.
    Put,
}

async fn step(flows: &Flows, name: &str, answer: &Flowing, step: Step) -> Result<(), Refusal> {
    loop {
        // Gone meanwhile, with or without another in its place.
        let Some(up) = flows.get(name) else { return Ok(()) };
        match attempt(flows, &up, answer, step).await {
            Ok(()) => return Ok(()),
            // Another takes its place, for which whoever called waits as it does for room.
            Err(PutError::Closed) if !flows.stop.is_cancelled() => {
                if answer.deadline.is_some_and(|until| Instant::now() >= until) {
                    return Err(refusal(name, answer, PutError::Down));
                }
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
            Err(error) => return Err(refusal(name, answer, error)),
        }
    }
}

async fn attempt(flows: &Flows, up: &Up, answer: &Flowing, step: Step) -> Result<(), PutError> {
    let media_type = answer.headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    let sent = Sent { hops: answer.hops, media_type: media_type.unwrap_or("") };
    let Flowing { function, body, deadline, .. } = answer;
    match step {
        Step::Look => would_take(flows, up, function, &sent, body, *deadline).await,
        Step::Put => put(flows, up, function, &sent, &[body], *deadline).await?.1,
    }
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
                .retry_after(Duration::from_secs(1))
        }
        PutError::Unreached(why) => {
            let title = format!("the flow `{flow}` of `{function}` is at another node: {why}");
            Refusal::new(Reason::NotReady, title)
                .hint(format!(
                    "call again later; where that node has no such flow any more, `swell flow rm \
                     {flow}` here takes the way to it out"
                ))
                .retry_after(Duration::from_secs(1))
        }
        PutError::InDoubt { item, why } => {
            let title = format!(
                "nobody knows whether the flow `{flow}`, at another node, took what `{function}` \
                 answered: {why}"
            );
            Refusal::new(Reason::Undecided, title)
                .detail(format!(
                    "if it did, or does, the item is `{item}` (`x-swell-item`): it is sent again \
                     under that name, before any other, for as long as this node is up"
                ))
                .hint(format!(
                    "call again only if two effects do no harm, or once you know that there was \
                     none of `{item}`: another call is another item, of another name"
                ))
        }
        PutError::OutOfTurn => {
            Refusal::new(Reason::Internal, format!("items of the flow `{flow}` are missing"))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_may_have_been_served_is_not_told_to_call_again_later() {
        let answer = Flowing {
            function: "camera".to_string(),
            headers: Default::default(),
            body: Default::default(),
            hops: 0,
            deadline: None,
        };
        let why = "`oslo` did not answer in time".to_string();
        let refused = refusal("frames", &answer, PutError::Unreached(why.clone()));
        assert_eq!(refused.reason, Reason::NotReady);
        assert!(refused.retry_after.is_some());
        assert!(refused.hint.is_some_and(|hint| hint.contains("`swell flow rm frames` here")));
        let doubt = PutError::InDoubt { item: "camera/17".to_string(), why };
        let doubted = refusal("frames", &answer, doubt);
        assert_eq!((doubted.reason, doubted.retry_after), (Reason::Undecided, None));
        assert!(doubted.detail.is_some_and(|detail| detail.contains("`camera/17`")));
    }
}
