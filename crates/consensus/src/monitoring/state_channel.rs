//! A site's end of state monitoring: a port, a certificate and a thread of its own.

use std::collections::BTreeMap;
use std::net::TcpListener;
use std::time::Duration;

use axum::extract::{DefaultBodyLimit, State};
use axum::http::StatusCode;
use axum::routing::post;
use axum::{Extension, Router};
use bytes::Bytes;
use swell_core::ids::SiteId;
use swell_link::client::{Address, Client};
use swell_link::identity::Identity;
use swell_link::peer::Peer;
use swell_link::purpose::Purpose;
use swell_link::server::{Bounds, serve};
use tokio::runtime::{Builder, Runtime};
use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;

use crate::channel::names::{name_of, site_of};
use crate::log::LogError;
use crate::monitoring::talk::{MESSAGE_MAX, Outcome, Talk, Timer, speaker};
use crate::monitoring::voice::Voice;

/// Where messages are posted.
const PATH: &str = "/gossip";
/// How many pieces of news may wait; more are dropped, as gossip may be.
const WAITING_MAX: usize = 256;
/// How long a message may take.
const WITHIN: Duration = Duration::from_secs(1);
/// How often who is known and not heard of is greeted again.
const GREET: Duration = Duration::from_secs(5);

/// A site's end of state monitoring.
pub struct StateChannel {
    runtime: Option<Runtime>,
    there: watch::Receiver<BTreeMap<SiteId, Voice>>,
    known: watch::Sender<BTreeMap<SiteId, String>>,
    client: Client,
    stop: CancellationToken,
}

enum News {
    Message(Bytes),
    Timer(Timer),
}

impl StateChannel {
    /// Opens it. `voice.address` is where others reach `listener`; `routes` is what else comes
    /// over it, such as questions of how a site is.
    pub fn open(
        voice: Voice,
        identity: Identity,
        listener: TcpListener,
        routes: Router,
    ) -> Result<Self, LogError> {
        let expected = name_of(voice.site);
        if identity.purpose() != Purpose::State || identity.name() != expected {
            let why = format!(
                "state monitoring needs a certificate of `{expected}` for `{}`",
                Purpose::State.word()
            );
            return Err(LogError::Refused(why));
        }
        let stopped = |error: std::io::Error| LogError::Stopped(error.to_string());
        listener.set_nonblocking(true).map_err(stopped)?;
        let threads =
            Builder::new_multi_thread().worker_threads(1).thread_name("state").enable_all().build();
        let runtime = threads.map_err(stopped)?;
        let listener = {
            let _inside = runtime.enter();
            tokio::net::TcpListener::from_std(listener).map_err(stopped)?
        };
        let (told, there) = watch::channel(BTreeMap::new());
        let (known, seeds) = watch::channel(BTreeMap::new());
        let (news, heard) = mpsc::channel(WAITING_MAX);
        let stop = CancellationToken::new();
        let client = Client::new(identity.clone());
        let router = Router::new()
            .route(PATH, post(take))
            .layer(DefaultBodyLimit::max(MESSAGE_MAX))
            .with_state(news.clone())
            .merge(routes);
        let asking = client.clone();
        let stopping = stop.clone();
        runtime.spawn(async move {
            serve(listener, &identity, router, Bounds::default(), stopping).await;
        });
        runtime.spawn(gossip(Gossip { voice, client, news, told }, heard, seeds));
        Ok(Self { runtime: Some(runtime), there, known, client: asking, stop })
    }

    /// Tells it of sites and the addresses of their state channels, as the log or people know
    /// them. Whoever is there tells of others.
    pub fn know(&self, sites: BTreeMap<SiteId, String>) {
        self.known.send_replace(sites);
    }

    /// Asks a site something, where gossip says that it is, or else at `at`. All of it runs on
    /// the channel's own thread.
    pub async fn ask(
        &self,
        site: SiteId,
        at: &str,
        path: &'static str,
        limit: usize,
        within: Duration,
    ) -> Result<Bytes, String> {
        let heard = self.there.borrow().get(&site).map(|voice| voice.address.clone());
        let to = Address { name: name_of(site), at: heard.unwrap_or_else(|| at.to_owned()) };
        let Some(runtime) = &self.runtime else { return Err("it is closed".to_owned()) };
        let client = self.client.clone();
        let asked = runtime
            .spawn(async move { client.post(&to, path, Bytes::new(), limit, within).await })
            .await;
        asked.map_err(|error| error.to_string())?.map_err(|error| error.to_string())
    }

    /// Who is there, by what this site has heard; without itself.
    pub fn there(&self) -> watch::Receiver<BTreeMap<SiteId, Voice>> {
        self.there.clone()
    }
}

impl Drop for StateChannel {
    fn drop(&mut self) {
        self.stop.cancel();
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

async fn take(
    State(news): State<mpsc::Sender<News>>,
    Extension(peer): Extension<Peer>,
    message: Bytes,
) -> (StatusCode, &'static str) {
    match speaker(&message) {
        Some(speaker) if Some(speaker.site) == site_of(&peer.name) => {}
        Some(_) => return (StatusCode::FORBIDDEN, "it speaks for another site"),
        None => return (StatusCode::BAD_REQUEST, "it is no message of gossip"),
    }
    match news.try_send(News::Message(message)) {
        Ok(()) => (StatusCode::OK, ""),
        Err(_) => (StatusCode::SERVICE_UNAVAILABLE, "too much was said: come again"),
    }
}

struct Gossip {
    voice: Voice,
    client: Client,
    news: mpsc::Sender<News>,
    told: watch::Sender<BTreeMap<SiteId, Voice>>,
}

async fn gossip(
    gossip: Gossip,
    mut heard: mpsc::Receiver<News>,
    mut seeds: watch::Receiver<BTreeMap<SiteId, String>>,
) {
    let own = gossip.voice.site;
    let mut talk = Talk::new(gossip.voice.clone(), gossip.voice.life ^ u64::from(own.0) << 32);
    let mut again = tokio::time::interval(GREET);
    loop {
        let greet = tokio::select! {
            news = heard.recv() => {
                let Some(news) = news else { return };
                let outcome = match news {
                    News::Message(message) => talk.hear(&message),
                    News::Timer(timer) => talk.remember(timer),
                };
                carry_out(&gossip, &talk, outcome);
                false
            }
            changed = seeds.changed() => {
                if changed.is_err() {
                    return;
                }
                true
            }
            _ = again.tick() => true,
        };
        if greet {
            let seeds = seeds.borrow_and_update().clone();
            for (site, address) in seeds {
                if site != own && !talk.there().contains_key(&site) {
                    let outcome = talk.greet(Voice { site, address, life: 0 });
                    carry_out(&gossip, &talk, outcome);
                }
            }
        }
    }
}

fn carry_out(gossip: &Gossip, talk: &Talk, outcome: Outcome) {
    for (to, message) in outcome.messages {
        let client = gossip.client.clone();
        tokio::spawn(async move {
            let address = Address { name: name_of(to.site), at: to.address };
            // What does not get there is what gossip is about.
            let _ = client.post(&address, PATH, message, MESSAGE_MAX, WITHIN).await;
        });
    }
    for (after, timer) in outcome.timers {
        let news = gossip.news.clone();
        tokio::spawn(async move {
            tokio::time::sleep(after).await;
            let _ = news.send(News::Timer(timer)).await;
        });
    }
    if outcome.has_news {
        gossip.told.send_replace(talk.there().clone());
    }
}
