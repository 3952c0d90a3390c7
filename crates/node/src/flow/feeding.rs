//! Functions of another node feed a flow that stays where it is.
//!
//! Where a function goes without the flows that it feeds, or before them, what it puts in at its
//! new place is sent on, by a lane of its own. The node that has the flow makes room for the lane
//! before the first item comes.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use swell_api::flow::FlowSpec;
use swell_link::error::LinkError;

use crate::flow::arriving::Refused;
use crate::flow::flows::Flows;
use crate::flow::records::FlowRecord;
use crate::flow::up::{Up, gone};
use crate::flow::wire::{ELSEWHERE, Elsewhere, abroad, parse, path, text};
use crate::refusal::{Reason, Refusal};

/// How often it is asked where a flow went.
const HOPS_MAX: usize = 4;

/// Functions that will feed a flow from the node that asks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Feed {
    pub(crate) flow: String,
    pub(crate) functions: Vec<String>,
    /// Where that node is reached for flows.
    #[serde(default)]
    pub(crate) at: String,
}

/// The flow, as who has it knows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Fed {
    pub(crate) spec: FlowSpec,
    pub(crate) term: u32,
    #[serde(default)]
    pub(crate) identity: u64,
    /// Other nodes that may have a way to it.
    #[serde(default)]
    pub(crate) nodes: BTreeMap<String, String>,
}

/// A flow that functions take part in, for a node that they go to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    /// What was deployed.
    pub spec: FlowSpec,
    /// Where it is.
    pub at: Elsewhere,
    /// Whether it goes with them: they own it, and it is here.
    pub goes: bool,
}

impl Flows {
    /// The flows that functions of this node take part in, if it speaks to others; `at` is where
    /// others reach this node for flows.
    pub fn parts_of(&self, functions: &[String], at: &Elsewhere) -> Vec<Part> {
        let parts = self.all().into_iter().filter_map(|up| {
            let record = up.record.lock().clone();
            let owns = functions.contains(&record.spec.to);
            let feeds = record.spec.from.iter().any(|from| functions.contains(from));
            let goes = owns && record.moved.is_none();
            let at = record.moved.unwrap_or_else(|| at.clone());
            (owns || feeds).then_some(Part { spec: record.spec, at, goes })
        });
        parts.collect()
    }

    /// Lets functions that came here feed a flow that is elsewhere; nothing to do if it is here.
    pub async fn feed(
        self: &Arc<Self>,
        flow: &str,
        functions: &[String],
        mut at: Elsewhere,
    ) -> Result<(), Refusal> {
        let link = self.parts.links.get().ok_or_else(|| {
            let title = format!("this node does not reach the flow `{flow}`");
            Refusal::new(Reason::NotReady, title)
                .hint("let the site leave and join again: its certificates are too old")
        })?;
        for _ in 0..HOPS_MAX {
            if at.node == *link.name {
                return Ok(());
            }
            let (flow, functions) = (flow.to_string(), functions.to_vec());
            let order = text(&Feed { flow: flow.clone(), functions, at: link.own(&at).at });
            match link.ask(&at, path::FEED, order, Duration::ZERO).await {
                Ok(said) => {
                    let fed = parse::<Fed>(&said).map_err(|error| unfed(&flow, &at, &error))?;
                    return self.know(fed, at).await;
                }
                Err(LinkError::Refused { status: ELSEWHERE, reason, .. }) => {
                    at = parse(reason.as_bytes()).map_err(|error| unfed(&flow, &at, &error))?;
                }
                Err(error) => return Err(unfed(&flow, &at, &error)),
            }
        }
        Err(unfed(flow, &at, &"it is sent from node to node"))
    }

    /// Functions that came here without their node feed a flow that was at `at`: what they put in
    /// waits until that is there again.
    pub async fn suppose(self: &Arc<Self>, spec: FlowSpec, at: Elsewhere) -> Result<(), Refusal> {
        self.know(Fed { spec, term: 0, identity: 0, nodes: BTreeMap::new() }, at).await
    }

    /// Writes down where a flow is that functions here feed.
    async fn know(self: &Arc<Self>, fed: Fed, at: Elsewhere) -> Result<(), Refusal> {
        let _turn = self.turns.of(&fed.spec.name).await;
        let _everybody = self.turns.of_all().await;
        let former = self.get(&fed.spec.name);
        if let Some(former) = &former {
            let known = former.record.lock();
            let is_same = fed.identity == 0 || fed.identity == known.identity;
            if known.moved.is_none()
                || (known.moved.as_ref() == Some(&at) && known.spec == fed.spec && is_same)
            {
                return Ok(());
            }
        }
        let mut record = FlowRecord::new(fed.spec);
        (record.term, record.identity, record.nodes) = (fed.term, fed.identity, fed.nodes);
        record.moved = Some(at);
        if let Ok(home) = self.home() {
            record.call_after(&home, |_| false);
        }
        self.save(&record).await?;
        if let Some(former) = former {
            self.take_down(&former).await;
        }
        self.put_in(self.bring_up(record));
        Ok(())
    }

    /// Functions of `peer` will feed a flow that is here: it gets lanes for them. Asked for
    /// again, nothing changes.
    pub(crate) async fn widen(self: &Arc<Self>, peer: &str, feed: &Feed) -> Result<Fed, Refused> {
        let name = &feed.flow;
        let _turn = self.turns.of(name).await;
        let up = self.get(name).ok_or_else(|| (404, format!("no flow `{name}` is here")))?;
        let mut record = up.record.lock().clone();
        if let Some(elsewhere) = &record.moved {
            let elsewhere = String::from_utf8(text(elsewhere)).expect("JSON is text");
            return Err((ELSEWHERE, elsewhere));
        }
        if let Some(stranger) = feed.functions.iter().find(|name| !record.spec.from.contains(name))
        {
            return Err((403, format!("`{stranger}` does not feed the flow `{name}`")));
        }
        let lanes = feed.functions.iter().map(|function| abroad(function, peer));
        let new: Vec<String> = lanes.filter(|lane| !record.remote.contains(lane)).collect();
        record.identify();
        let mut nodes = record.nodes.clone();
        nodes.remove(peer);
        let (spec, term, identity) = (record.spec.clone(), record.term, record.identity);
        let fed = Fed { spec, term, identity, nodes };
        if !feed.at.is_empty() {
            record.nodes.insert(peer.to_string(), feed.at.clone());
        }
        if new.is_empty() {
            if record != *up.record.lock() {
                self.save(&record).await.map_err(|refusal| (507, refusal.title.clone()))?;
                *up.record.lock() = record;
            }
            return Ok(fed);
        }
        record.remote.extend(new);
        if record.lanes().len() > swell_fifo::layout::LANES_MAX {
            return Err((409, format!("the flow `{name}` has no lane left")));
        }
        record.epoch = up.next_epoch();
        self.save(&record).await.map_err(|refusal| (507, refusal.title.clone()))?;
        self.put_in(Arc::new(Up::changing(record.clone())));
        self.take_down(&up).await;
        gone(up).await;
        let wider = self.bring_up(record);
        if let Err(why) = &wider.line {
            tracing::error!(flow = %name, %why, "a flow that got a lane did not come up again");
        }
        self.put_in(wider);
        Ok(fed)
    }

    /// Forgets where flows are that no function here has a part in any more.
    pub async fn forget_elsewhere(self: &Arc<Self>, gone: &[String]) -> Result<(), Refusal> {
        for up in self.all() {
            let record = up.record.lock().clone();
            let named = record.spec.from.iter().chain([&record.spec.to]);
            let is_here =
                |name: &&String| !gone.contains(*name) && self.parts.registry.get(name).is_some();
            let is_ours = named.clone().any(|name| gone.contains(name));
            if record.moved.is_some() && is_ours && !named.into_iter().any(|name| is_here(&name)) {
                // Native processes that feed it are not moved, and go on.
                let feeds_natively =
                    record.spec.from.iter().any(|from| swell_api::flow::is_native(from));
                if !feeds_natively {
                    self.remove(&record.spec.name, true).await?;
                }
            }
        }
        Ok(())
    }
}

fn unfed(flow: &str, at: &Elsewhere, error: &dyn std::fmt::Display) -> Refusal {
    let title = format!("the flow `{flow}` is not reached at the node `{}`", at.node);
    Refusal::new(Reason::NotReady, title).detail(error.to_string())
}
