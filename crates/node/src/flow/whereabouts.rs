//! Where flows are that went on from node to node: whoever begins with one tells the nodes that may
//! have a way to it, until each has heard; and where nobody answers at the end of a way, the others
//! are asked. So a way leads on even if the node in between is gone for good.
//!
//! Invariant: a node that says so has written down where it believes a flow to be.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::MissedTickBehavior;

use swell_core::flow::directory::Whereabouts;
use swell_core::time::Instant;
use swell_link::purpose::check_name;

use crate::clock::Clock;
use crate::flow::arriving::Refused;
use crate::flow::errands::{FLOWS_MAX, Talk};
use crate::flow::flows::Flows;
use crate::flow::link::Link;
use crate::flow::records::FlowRecord;
use crate::flow::up::Up;
use crate::flow::wire::{Elsewhere, parse, path, text};

/// How often it is looked whether anything is to be told or asked.
const EVERY: Duration = Duration::from_secs(1);
/// The longest address that is believed.
const ADDRESS_MAX: usize = 256;

/// What a node is answered.
type Known = BTreeMap<String, Whereabouts>;

impl Flows {
    /// Tells and asks until the node goes down.
    pub(crate) async fn run_errands(self: Arc<Self>) {
        let clock = Clock::start(1.0);
        let mut ticks = tokio::time::interval(EVERY);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                () = self.stop.cancelled() => return,
                _ = ticks.tick() => {}
            }
            let Some(link) = self.parts.links.get() else { continue };
            for (to, talk) in self.talks(clock.now(), &link) {
                tokio::spawn(self.clone().talk(link.clone(), to, talk));
            }
        }
    }

    /// What is to be said now, and to whom.
    fn talks(&self, now: Instant, link: &Link) -> Vec<(Elsewhere, Talk)> {
        let mut talks: BTreeMap<(String, String), Talk> = BTreeMap::new();
        for (to, flows) in self.errands.due(now) {
            for flow in flows {
                let Some(up) = self.get(&flow).filter(|up| up.away.is_none()) else {
                    self.errands.forget(&flow);
                    continue;
                };
                // One that is being changed is told of when that is done.
                if let Some(place) = here(&up, link, &to) {
                    let key = (to.node.clone(), to.at.clone());
                    talks.entry(key).or_default().told.insert(flow, place);
                }
            }
        }
        let is_silent = |up: &Arc<Up>| up.away.as_ref().is_some_and(|it| it.silence.is_kept());
        let silent: BTreeMap<String, FlowRecord> = {
            let table = self.table.read();
            let silent = table.by_name.iter().filter(|(_, up)| is_silent(up));
            silent.map(|(name, up)| (name.clone(), up.record.lock().clone())).collect()
        };
        for (name, record) in self.errands.sought(silent, now) {
            let unreached = record.moved.map(|moved| moved.node);
            for (node, at) in
                record.nodes.iter().filter(|(node, _)| Some(*node) != unreached.as_ref())
            {
                let sought = &mut talks.entry((node.clone(), at.clone())).or_default().sought;
                if sought.len() < FLOWS_MAX {
                    sought.insert(name.clone());
                }
            }
        }
        talks.into_iter().map(|((node, at), talk)| (Elsewhere { node, at }, talk)).collect()
    }

    async fn talk(self: Arc<Self>, link: Link, to: Elsewhere, talk: Talk) {
        let said = link.ask(&to, path::WHERE, text(&talk), Duration::ZERO).await;
        let known = said.map_err(|error| error.to_string());
        match known.and_then(|said| parse::<Known>(&said).map_err(|error| error.to_string())) {
            Ok(known) => {
                self.errands.told(&to.node, talk.told.keys());
                for (flow, heard) in known.iter().filter(|(flow, _)| talk.sought.contains(*flow)) {
                    // It is asked again where that was not kept.
                    let _ = self.believe(flow, heard).await;
                }
            }
            Err(error) => tracing::debug!(node = %to.node, %error, "a node did not hear of flows"),
        }
    }

    /// Another node says which flows it has, and asks for others.
    pub(crate) async fn hear(self: &Arc<Self>, peer: &str, talk: Talk) -> Result<Known, Refused> {
        if talk.told.len().max(talk.sought.len()) > FLOWS_MAX {
            return Err((400, format!("more than {FLOWS_MAX} flows at a time")));
        }
        if let Some((flow, place)) = talk.told.iter().find(|(_, place)| place.node != peer) {
            let node = place.node.escape_default();
            return Err((403, format!("`{peer}` does not speak for `{node}`, of `{flow}`")));
        }
        for (flow, place) in &talk.told {
            self.believe(flow, place).await?;
        }
        let link =
            self.parts.links.get().ok_or_else(|| (503, "it speaks to no nodes".to_string()))?;
        let known = talk.sought.into_iter().filter_map(|flow| {
            let up = self.get(&flow)?;
            let record = up.record.lock().clone();
            let place = match record.moved {
                Some(Elsewhere { node, at }) if record.identity != 0 => {
                    Some(Whereabouts { term: record.term, identity: record.identity, node, at })
                }
                Some(_) => None,
                None => {
                    let at = record.nodes.get(peer).cloned().unwrap_or_default();
                    here(&up, &link, &Elsewhere { node: peer.to_string(), at })
                }
            };
            Some((flow, place?))
        });
        Ok(known.collect())
    }

    /// Writes down that a flow which is not here went on, if that is news.
    async fn believe(self: &Arc<Self>, flow: &str, heard: &Whereabouts) -> Result<(), Refused> {
        let Whereabouts { node, at, .. } = heard;
        if check_name(node).is_err() || at.len() > ADDRESS_MAX {
            return Err((400, format!("`{}` is no node", node.escape_default())));
        }
        let _turn = self.turns.of(flow).await;
        let Some(up) = self.get(flow) else { return Ok(()) };
        let Some(away) = &up.away else { return Ok(()) };
        let mut record = up.record.lock().clone();
        let Elsewhere { node: former, at: former_at } = away.to();
        let known = Whereabouts {
            term: record.term,
            identity: record.identity,
            node: former.clone(),
            at: former_at.clone(),
        };
        if known.heard([heard]).is_none() || *self.home()? == **node {
            return Ok(());
        }
        let to = Elsewhere { node: node.clone(), at: at.clone() };
        record.nodes.extend([(former.clone(), former_at), (node.clone(), at.clone())]);
        (record.term, record.moved) = (heard.term, Some(to.clone()));
        self.save(&record).await.map_err(|refusal| (507, refusal.title.clone()))?;
        tracing::info!(%flow, %former, %node, "a flow went further");
        away.redirect(to);
        self.put_in(Arc::new(Up::away(record, node, away.clone())));
        Ok(())
    }
}

/// Where a flow is that is here, for a node at this address. It is here under the term that it came
/// up with: under one that it is to leave with, another node may have it before this is heard, and
/// would take it for gone from there.
fn here(up: &Up, link: &Link, towards: &Elsewhere) -> Option<Whereabouts> {
    up.line.as_ref().ok()?;
    let (term, identity) = (up.term, up.record.lock().identity);
    let Elsewhere { node, at } = link.own(towards);
    (identity != 0).then_some(Whereabouts { term, identity, node, at })
}

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

    use swell_link::authority::Authority;
    use swell_link::client::Client;
    use swell_link::identity::Identity;
    use swell_link::purpose::Purpose;

    use super::*;
    use crate::flow::alone::flow_alone;
    use crate::flow::news::News;

    #[tokio::test]
    async fn a_flow_that_is_to_leave_is_told_to_be_here_under_the_term_it_came_with() {
        let authority = Authority::found("shops", SystemTime::now()).expect("it is founded");
        let issued = authority.issue("berlin", Purpose::Flow, SystemTime::now(), EVERY * 3_600);
        let issued = issued.expect("it is issued");
        let identity = Identity::of_pem(authority.certificate(), &issued.certificate, &issued.key);
        let link = Link {
            name: "berlin".into(),
            client: Client::new(identity.expect("it is an identity")),
            at: std::net::SocketAddr::from(([127, 0, 0, 1], 7403)),
        };
        let (line, _folder) = flow_alone(&News::default(), 1, 0);
        let mut record = FlowRecord::new(line.spec.clone());
        (record.term, record.identity) = (4, 9);
        let up = Up { line: Ok(Arc::new(line)), ..Up::changing(record) };
        up.record.lock().term = 5;
        let to = Elsewhere { node: "paris".to_string(), at: "127.0.0.1:1".to_string() };
        assert_eq!(here(&up, &link, &to).map(|place| place.term), Some(4));
    }
}
