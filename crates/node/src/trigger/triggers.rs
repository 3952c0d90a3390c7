//! All triggers of a node: a table that follows the functions, and those that are set off
//! by whoever calls here, events and ends of calls.

use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderValue};
use http::{Method, Request};
use parking_lot::RwLock;
use swell_core::council::acting::Acting;
use tokio::sync::watch;

use crate::api::context::{Events, Publishing};
use crate::later::{DEPTH, Deferred, Ended, Followers, ORIGIN, ORIGIN_STATUS};
use crate::observe::function_metrics::TriggerKind;
use crate::queue::calls::Queue;
use crate::refusal::Refusal;
use crate::registry::Registry;
use crate::trigger::cloud_event::{self, Incoming};
use crate::trigger::table::{Callee, Table};

/// Calls that may lead to a call, each by its end: more can only be a circle.
const DEPTH_MAX: u32 = 16;

/// The triggers of a node.
pub struct Triggers {
    registry: Arc<Registry>,
    queue: Arc<Queue>,
    changes: watch::Receiver<u64>,
    table: RwLock<(u64, Arc<Table>)>,
    rule: OnceLock<Rule>,
}

/// Whether a function is called from here by clocks and brokers.
type Rule = Box<dyn Fn(&str) -> Acting + Send + Sync>;

impl Triggers {
    /// The triggers of the functions in `registry`, which `changes` counts the changes of;
    /// their calls go into `queue`.
    pub fn new(registry: Arc<Registry>, queue: Arc<Queue>, changes: watch::Receiver<u64>) -> Self {
        let count = *changes.borrow();
        let table = RwLock::new((count, Arc::new(Table::of(&registry))));
        Self { registry, queue, changes, table, rule: OnceLock::new() }
    }

    /// The triggers now: never older than the last change that somebody was told of.
    pub fn table(&self) -> Arc<Table> {
        let count = *self.changes.borrow();
        {
            let known = self.table.read();
            if known.0 == count {
                return known.1.clone();
            }
        }
        let fresh = Arc::new(Table::of(&self.registry));
        *self.table.write() = (count, fresh.clone());
        fresh
    }

    /// Clocks and brokers call only functions of which `rule` says so; once.
    pub fn act_if(&self, rule: impl Fn(&str) -> Acting + Send + Sync + 'static) {
        let _ = self.rule.set(Box::new(rule));
    }

    /// Whether clocks and brokers call a function from here.
    pub fn acts_for(&self, function: &str) -> Acting {
        self.rule.get().map_or(Acting::Ours, |rule| rule(function))
    }

    /// Where calls go.
    pub fn queue(&self) -> &Arc<Queue> {
        &self.queue
    }

    /// Tells of changes of functions.
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.changes.clone()
    }

    /// Whether a function is called for events of that type and source.
    pub fn hears(&self, function: &str, kind: &str, source: &str) -> bool {
        let table = self.table();
        let mut own = table.events.iter().filter(|one| *one.callee.function == *function);
        own.any(|one| one.fits(kind, source))
    }

    /// Whether a function of a workload is called for events of that type and source.
    pub fn workload_hears(&self, workload: &str, kind: &str, source: &str) -> bool {
        let table = self.table();
        let mut fitting = table.events.iter().filter(|one| one.fits(kind, source));
        fitting.any(|one| {
            let function = self.registry.get(&one.callee.function);
            function.is_some_and(|function| {
                let own = &function.leading().spec.workload;
                own.as_deref().unwrap_or(&function.name) == workload
            })
        })
    }

    /// Calls whoever wants these events, once each, however often they are told of while the
    /// calls are remembered. How many calls that makes.
    pub async fn tell(&self, events: &[Incoming]) -> Result<usize, Refusal> {
        let table = self.table();
        let mut calls = Vec::new();
        for event in events {
            let wanted = table.events.iter().filter(|one| one.fits(&event.kind, &event.source));
            // Who published an event twice, because the first answer was lost, meant one.
            let key = format!("event:{} {}", event.source, event.id);
            calls.extend(wanted.map(|one| {
                let mut call = deferred(&one.callee, TriggerKind::Event, event.request());
                call.key = Some(key.clone());
                call
            }));
        }
        match calls.len() {
            0 => Ok(0),
            _ => Ok(self.queue.accept_all(calls, None).await?.len()),
        }
    }

    async fn publish(&self, request: Request<Bytes>) -> Result<usize, Refusal> {
        self.tell(&cloud_event::read(&request)?).await
    }
}

impl Events for Triggers {
    fn publish(&self, request: Request<Bytes>) -> Publishing<'_> {
        Box::pin(self.publish(request))
    }
}

impl Followers for Triggers {
    fn wanted(&self, function: &str, status: u16) -> bool {
        let table = self.table();
        table.ends.get(function).is_some_and(|ends| ends.iter().any(|end| end.fits(status)))
    }

    fn after(&self, ended: &Ended<'_>) -> Vec<Deferred> {
        let table = self.table();
        let Some(ends) = table.ends.get(ended.function) else { return Vec::new() };
        if is_circle(ended) {
            let function = ended.function;
            tracing::warn!(%function, depth = ended.depth, "no call follows: this is a circle");
            return Vec::new();
        }
        let wanted = ends.iter().filter(|end| end.fits(ended.status));
        wanted.map(|end| deferred(&end.callee, TriggerKind::Function, following(ended))).collect()
    }
}

/// Whether so many calls led to it that they can only go round.
fn is_circle(ended: &Ended<'_>) -> bool {
    ended.depth >= DEPTH_MAX
}

/// The request that tells of an end: its body is the answer's.
fn following(ended: &Ended<'_>) -> Request<Bytes> {
    let mut request = Request::new(ended.body.clone());
    *request.method_mut() = Method::POST;
    let headers = request.headers_mut();
    if let Some(kind) = ended.headers.get(CONTENT_TYPE) {
        headers.insert(CONTENT_TYPE, kind.clone());
    }
    let origin = HeaderValue::from_str(ended.function).expect("names of functions are ASCII");
    headers.insert(ORIGIN, origin);
    headers.insert(ORIGIN_STATUS, HeaderValue::from(ended.status));
    headers.insert(DEPTH, HeaderValue::from(ended.depth + 1));
    request
}

/// A call for a trigger.
pub fn deferred(callee: &Callee, trigger: TriggerKind, request: Request<Bytes>) -> Deferred {
    let Callee { function, retry } = callee;
    let (function, retry) = (function.to_string(), *retry);
    Deferred { function, trigger, request, callback: None, retry, key: None }
}

#[cfg(test)]
mod tests {
    use http::HeaderMap;

    use super::*;
    use crate::later::depth;

    #[test]
    fn calls_that_go_round_end() {
        // Versions that are brought back can close a circle.
        let headers = HeaderMap::new();
        let (mut hops, body) = (0, Bytes::from_static(b"Eve"));
        loop {
            let (function, headers) = ("after", &headers);
            let ended = Ended { function, status: 200, headers, body: body.clone(), depth: hops };
            if is_circle(&ended) {
                break;
            }
            let request = following(&ended);
            assert_eq!((depth(request.headers()), request.body()), (hops + 1, &body));
            hops += 1;
        }
        assert_eq!(hops, 16);
    }
}
