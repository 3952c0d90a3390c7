//! A call before and after a try: pure steps from one entry to the next.

use std::time::Duration;

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderValue};
use http::{Request, Response};

use swell_api::invocation::InvocationState;

use crate::later::{ATTEMPT, Ended, depth};
use crate::queue::backoff::{millis, pause};
use crate::queue::callback::{CALL_ID, PostError};
use crate::queue::entry::{AnswerHead, Entry};
use crate::queue::ledger::Change;
use crate::queue::verdict::{Closed, Verdict, judge};
use crate::refusal::Refusal;

/// How often an answer is posted before that is given up.
const POSTS_MAX: u32 = 10;

/// A call that is about to be tried, and its request.
pub fn begin(mut entry: Entry, body: Bytes) -> Result<(Entry, Request<Bytes>), http::Error> {
    entry.state = InvocationState::Running;
    entry.attempts += 1;
    let mut request = entry.request.with(body)?;
    let id = HeaderValue::from_str(&entry.id.to_string()).expect("an id is plain ASCII");
    request.headers_mut().insert(CALL_ID, id);
    request.headers_mut().insert(ATTEMPT, HeaderValue::from(entry.attempts));
    Ok((entry, request))
}

/// What became of a call: what to write, and its last answer if it ended.
pub struct Settled {
    /// What to write.
    pub change: Change,
    /// The answer, if the call ended.
    pub ended: Option<Response<Bytes>>,
    /// The try did not reach the function, which is to be left alone for so long.
    pub unreached: Option<Closed>,
}

impl Settled {
    /// The end as followers hear of it.
    pub fn end(&self) -> Option<Ended<'_>> {
        let answer = self.ended.as_ref()?;
        let entry = &self.change.entry;
        let depth = entry.request.with(()).map_or(0, |request| depth(request.headers()));
        Some(Ended {
            function: &entry.function,
            status: answer.status().as_u16(),
            headers: answer.headers(),
            body: answer.body().clone(),
            depth,
        })
    }
}

/// What a try means for the call.
pub fn settle(
    mut entry: Entry,
    result: Result<Response<Bytes>, Refusal>,
    now_ms: u64,
    chance: u64,
) -> Settled {
    let age = Duration::from_millis(now_ms.saturating_sub(entry.accepted_at_ms));
    let verdict = judge(&result, entry.attempts, entry.retry.attempts_max, age);
    let answered = result.is_ok();
    let answer = result.unwrap_or_else(|refusal| letter(&refusal));
    let again = pause(&entry.retry, entry.attempts, chance);
    let mut unreached = None;
    match verdict {
        Verdict::Again(least, why) => {
            entry.state = InvocationState::Queued;
            entry.due_ms = now_ms.saturating_add(millis(again.max(least)));
            entry.error = Some(why);
        }
        Verdict::Unreached(closed, why) => {
            entry.state = InvocationState::Queued;
            entry.attempts -= 1;
            // Half as long again at most, so that not all come back at once.
            let spread = millis(closed.least) / 2 + 1;
            entry.due_ms = now_ms.saturating_add(millis(closed.least) + chance % spread);
            unreached = Some(closed);
            entry.error = Some(why);
        }
        Verdict::Done => {
            entry.error = None;
            return ended(entry, InvocationState::Done, answered, answer, now_ms);
        }
        Verdict::Dead(why) => {
            entry.error = Some(why);
            return ended(entry, InvocationState::Dead, answered, answer, now_ms);
        }
    }
    let change = Change { entry, answer: None, drop_request: false };
    Settled { change, ended: None, unreached }
}

fn ended(
    mut entry: Entry,
    state: InvocationState,
    answered: bool,
    answer: Response<Bytes>,
    now_ms: u64,
) -> Settled {
    let done = state == InvocationState::Done;
    entry.state = state;
    (entry.ended_at_ms, entry.due_ms) = (Some(now_ms), now_ms);
    // A letter of the node is told to those who wait, but is no answer of the function.
    entry.answer = answered.then(|| AnswerHead::of(&answer));
    // The request of a dead call stays, so that it can be tried again.
    let request = if done { 0 } else { entry.bytes };
    let kept = answered.then(|| answer.body().clone());
    entry.bytes = request + kept.as_ref().map_or(0, |body| body.len() as u64);
    let change = Change { entry, answer: kept, drop_request: done };
    Settled { change, ended: Some(answer), unreached: None }
}

/// What a refusal looks like to whoever would have had the answer.
pub fn letter(refusal: &Refusal) -> Response<Bytes> {
    let problem = refusal.problem(None);
    let bytes = serde_json::to_vec(&problem).expect("a problem is plain data");
    let mut response = Response::new(Bytes::from(bytes));
    *response.status_mut() = problem.status.try_into().expect("every reason has a status");
    let kind = HeaderValue::from_static("application/problem+json");
    response.headers_mut().insert(CONTENT_TYPE, kind);
    response
}

/// What a post of the answer means for the call.
pub fn posted(mut entry: Entry, result: Result<(), PostError>, now_ms: u64, chance: u64) -> Change {
    let again = entry.callback.as_ref().map_or(1, |callback| callback.attempts + 1);
    let next = now_ms.saturating_add(millis(pause(&entry.retry, again, chance)));
    if let Some(callback) = &mut entry.callback {
        callback.attempts = again;
        match result {
            Ok(()) => callback.pending = false,
            Err(error) => {
                callback.pending = error.again && again < POSTS_MAX;
                let url = &callback.url;
                entry.error = Some(format!("posting the answer to {url} failed: {}", error.why));
            }
        }
    }
    entry.due_ms = next;
    Change { entry, answer: None, drop_request: false }
}
