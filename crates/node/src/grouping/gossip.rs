//! Nodes that share contents find each other by gossip, beside those that their settings name:
//! who speaks to one is soon known to all. Who votes, the settings say alone.
//!
//! The gossip is that of sites, on the port and with the certificates of contents. It knows nodes
//! by number; the name that a certificate proves stands before the address.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{DefaultBodyLimit, State};
use axum::http::StatusCode;
use axum::routing::post;
use axum::{Extension, Router};
use bytes::Bytes;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use swell_consensus::monitoring::talk::{MESSAGE_MAX, Outcome, Talk, Timer, speaker};
use swell_consensus::monitoring::voice::Voice;
use swell_content::naming::node_of;
use swell_core::ids::SiteId;
use swell_link::client::{Address, Client};
use swell_link::peer::Peer;

/// Where messages are posted.
const PATH: &str = "/gossip";
/// Pieces of news that may wait; more are dropped, as gossip may be.
const WAITING_MAX: usize = 256;
/// How long a message may take.
const WITHIN: Duration = Duration::from_secs(1);
/// How often who is named and not heard of is greeted again.
const GREET: Duration = Duration::from_secs(2);

/// A piece of news.
pub enum News {
    /// What another node said.
    Message(Bytes),
    /// Something is due.
    Timer(Timer),
}

/// A node's part in the gossip.
pub struct Gossip {
    client: Client,
    voice: Voice,
    named: Vec<Address>,
    news: mpsc::Sender<News>,
}

/// The voice of a node.
fn voice(node: &Address, life: u64) -> Voice {
    let Address { name, at } = node;
    Voice { site: SiteId(node_of(name).0), address: format!("{name}={at}"), life }
}

/// Where a voice is, if it is one of a node.
fn address(voice: &Voice) -> Option<Address> {
    let (name, at) = voice.address.split_once('=')?;
    let is_own = node_of(name).0 == voice.site.0;
    is_own.then(|| Address { name: name.to_string(), at: at.to_string() })
}

impl Gossip {
    /// The part of the node that is at `me`, in its life that began at `life`, who knows of
    /// `named`; and what it will hear.
    pub fn new(
        client: Client,
        me: &Address,
        life: u64,
        named: &[Address],
    ) -> (Self, mpsc::Receiver<News>) {
        let (news, heard) = mpsc::channel(WAITING_MAX);
        let named = named.iter().filter(|peer| peer.name != me.name).cloned().collect();
        (Self { client, voice: voice(me, life), named, news }, heard)
    }

    /// What others may tell, on the port where messages of contents come.
    pub fn routes(&self) -> Router {
        Router::new()
            .route(PATH, post(take))
            .layer(DefaultBodyLimit::max(MESSAGE_MAX))
            .with_state(self.news.clone())
    }

    /// Talks until `stop`; `met` is told who is there whenever that changes.
    pub async fn talk(
        self,
        mut heard: mpsc::Receiver<News>,
        met: Arc<dyn Fn(Vec<Address>) + Send + Sync>,
        stop: CancellationToken,
    ) {
        let mut talk = Talk::new(self.voice.clone(), self.voice.life);
        let mut again = tokio::time::interval(GREET);
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                news = heard.recv() => {
                    let outcome = match news {
                        Some(News::Message(message)) => talk.hear(&message),
                        Some(News::Timer(timer)) => talk.remember(timer),
                        None => return,
                    };
                    self.carry_out(outcome, &talk, &*met);
                }
                _ = again.tick() => {
                    for peer in &self.named {
                        let greeted = voice(peer, 0);
                        if !talk.there().contains_key(&greeted.site) {
                            let outcome = talk.greet(greeted);
                            self.carry_out(outcome, &talk, &*met);
                        }
                    }
                }
            }
        }
    }

    fn carry_out(&self, outcome: Outcome, talk: &Talk, met: &(dyn Fn(Vec<Address>) + Send + Sync)) {
        for (to, message) in outcome.messages {
            let (client, Some(to)) = (self.client.clone(), address(&to)) else { continue };
            tokio::spawn(async move {
                // What does not get there is what gossip is about.
                let _ = client.post(&to, PATH, message, MESSAGE_MAX, WITHIN).await;
            });
        }
        for (after, timer) in outcome.timers {
            let news = self.news.clone();
            tokio::spawn(async move {
                tokio::time::sleep(after).await;
                let _ = news.send(News::Timer(timer)).await;
            });
        }
        if outcome.has_news {
            let there: &BTreeMap<SiteId, Voice> = talk.there();
            met(there.values().filter_map(address).collect());
        }
    }
}

async fn take(
    State(news): State<mpsc::Sender<News>>,
    Extension(peer): Extension<Peer>,
    message: Bytes,
) -> (StatusCode, &'static str) {
    let Some(speaker) = speaker(&message) else {
        return (StatusCode::BAD_REQUEST, "it is no message of gossip");
    };
    if address(&speaker).is_none_or(|speaker| speaker.name != peer.name) {
        return (StatusCode::FORBIDDEN, "it speaks for another node");
    }
    match news.try_send(News::Message(message)) {
        Ok(()) => (StatusCode::OK, ""),
        Err(_) => (StatusCode::SERVICE_UNAVAILABLE, "too much was said: come again"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_voice_says_who_and_where_and_nobody_speaks_for_another() {
        let oslo = Address { name: "oslo".to_string(), at: "10.0.0.2:7071".to_string() };
        let mut said = voice(&oslo, 7);
        assert_eq!(address(&said), Some(oslo));
        said.address = "paris=10.0.0.2:7071".to_string();
        assert_eq!(address(&said), None);
        said.address = "10.0.0.2:7071".to_string();
        assert_eq!(address(&said), None);
    }
}
