//! Calls by messages of MQTT brokers.
//!
//! One connection for each broker, whichever functions want its messages. A message is
//! acknowledged when the calls it makes are on disk; the session outlives the connection,
//! so what a broker holds back while the node is away arrives later. A full queue is not
//! read into: the broker then waits as well.

use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use http::header::{CONTENT_TYPE, HeaderValue};
use http::{HeaderName, Method, Request};
use rumqttc::{AsyncClient, Event, EventLoop, MqttOptions, Packet, Publish, QoS, SubscribeFilter};
use rumqttc::{TlsConfiguration, Transport};
use swell_core::council::acting::Acting;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;

use crate::deploy::secrets;
use crate::later::Deferred;
use crate::observe::chance;
use crate::observe::function_metrics::TriggerKind;
use crate::refusal::Reason;
use crate::trigger::table::{Broker, Subscription};
use crate::trigger::topic;
use crate::trigger::triggers::{Triggers, deferred};

/// The topic of the message.
const TOPIC: HeaderName = HeaderName::from_static("x-mqtt-topic");
/// Its quality of service.
const QUALITY: HeaderName = HeaderName::from_static("x-mqtt-qos");
/// Whether the broker had kept it for those who come later.
const RETAINED: HeaderName = HeaderName::from_static("x-mqtt-retained");
/// The name under which the node's name for brokers is remembered.
const CLIENT: &str = "mqtt/client";
/// The longest message.
const MESSAGE_BYTES_MAX: usize = 16 << 20;
/// Messages that wait to be written down.
const MESSAGES_MAX: usize = 64;
/// Acknowledgements and subscriptions that wait to be sent; more than can be under way.
const REQUESTS_MAX: usize = 4_096;
/// The first and the longest pause before the next attempt to connect.
const PAUSES: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(30));
/// How long a farewell may take.
const FAREWELL: Duration = Duration::from_secs(2);

/// What a connection is to be subscribed to.
type Wanted = watch::Receiver<Arc<Vec<Subscription>>>;

/// Keeps connections to brokers until told to stop.
pub async fn run(triggers: Arc<Triggers>, secrets: Option<PathBuf>, stop: CancellationToken) {
    let mut changes = triggers.changes();
    let mut links: HashMap<Broker, Link> = HashMap::new();
    loop {
        changes.mark_unchanged();
        let table = triggers.table();
        for (broker, link) in &links {
            if !table.brokers.contains_key(broker) {
                link.wanted.send_replace(Arc::default());
            }
        }
        links.retain(|broker, _| table.brokers.contains_key(broker));
        for (broker, subscriptions) in &table.brokers {
            match links.get(broker) {
                Some(link) => drop(link.wanted.send_replace(Arc::new(subscriptions.clone()))),
                None => {
                    let name = client_name(&triggers).await;
                    let subscriptions = subscriptions.clone();
                    let link = Link::start(&triggers, broker, subscriptions, &secrets, name, &stop);
                    links.insert(broker.clone(), link);
                }
            }
        }
        tokio::select! {
            () = stop.cancelled() => break,
            changed = changes.changed() => if changed.is_err() { break },
        }
    }
    for (_, link) in links {
        // A connection that panicked has nothing left to say.
        let _ = link.task.await;
    }
}

/// The node's name for brokers: the same after each start, so that they know it again.
async fn client_name(triggers: &Triggers) -> String {
    let known = triggers.queue().mark(CLIENT).unwrap_or_else(|error| {
        tracing::warn!(%error, "cannot read this node's name for brokers");
        None
    });
    let number = match known {
        Some(number) => number,
        None => {
            let number = chance::bits();
            let kept = triggers.queue().accept_all(Vec::new(), Some((CLIENT.to_string(), number)));
            if let Err(refusal) = kept.await {
                tracing::warn!(why = %refusal.title, "cannot keep this node's name for brokers");
            }
            number
        }
    };
    format!("swell-{number:016x}")
}

/// A connection to a broker.
struct Link {
    wanted: watch::Sender<Arc<Vec<Subscription>>>,
    task: JoinHandle<()>,
}

impl Link {
    fn start(
        triggers: &Arc<Triggers>,
        broker: &Broker,
        subscriptions: Vec<Subscription>,
        secrets: &Option<PathBuf>,
        name: String,
        stop: &CancellationToken,
    ) -> Self {
        let (wanted, watched) = watch::channel(Arc::new(subscriptions));
        let (client, events) = connection(broker, secrets.as_ref(), name);
        let (messages, arriving) = mpsc::channel(MESSAGES_MAX);
        let kept = keep(triggers.clone(), client.clone(), watched.clone(), arriving);
        let keeper = tokio::spawn(kept);
        let (url, stop) = (broker.url.clone(), stop.clone());
        let task = tokio::spawn(async move {
            listen(&url, &client, events, watched, messages, &stop).await;
            keeper.abort();
        });
        Self { wanted, task }
    }
}

fn connection(broker: &Broker, file: Option<&PathBuf>, name: String) -> (AsyncClient, EventLoop) {
    let (host, port, tls) = address(&broker.url);
    let mut options = MqttOptions::new(name, host, port);
    options.set_keep_alive(Duration::from_secs(30));
    options.set_clean_session(false);
    options.set_manual_acks(true);
    options.set_max_packet_size(MESSAGE_BYTES_MAX, MESSAGE_BYTES_MAX);
    if tls {
        options.set_transport(Transport::tls_with_config(trust()));
    }
    if let Some(username) = &broker.username {
        let password = broker.password_secret.as_ref().map(|wanted| {
            let known = secrets::read(file.map(PathBuf::as_path));
            let found = known.as_ref().map(|known| known.get(wanted).cloned());
            match found {
                Ok(Some(password)) => password,
                Ok(None) => {
                    tracing::warn!(broker = %broker.url, secret = %wanted, "there is no such secret");
                    String::new()
                }
                Err(why) => {
                    tracing::warn!(broker = %broker.url, %why, "no password for the broker");
                    String::new()
                }
            }
        });
        options.set_credentials(username, password.unwrap_or_default());
    }
    AsyncClient::new(options, REQUESTS_MAX)
}

/// Host, port, and whether TLS is spoken; deployments are checked, so each is there.
fn address(url: &str) -> (String, u16, bool) {
    let tls = url.starts_with("mqtts://");
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest).trim_end_matches('/');
    let usual = if tls { 8883 } else { 1883 };
    let (host, port) = match rest.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => (host, port.parse().unwrap_or(usual)),
        _ => (rest, usual),
    };
    (host.trim_matches(['[', ']']).to_string(), port, tls)
}

/// The authorities that this machine trusts.
fn trust() -> TlsConfiguration {
    let mut roots = rustls::RootCertStore::empty();
    let found = rustls_native_certs::load_native_certs();
    for error in &found.errors {
        tracing::warn!(%error, "a certificate of this machine cannot be read");
    }
    roots.add_parsable_certificates(found.certs);
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("the provider has what its own versions need")
        .with_root_certificates(roots)
        .with_no_client_auth();
    TlsConfiguration::Rustls(Arc::new(config))
}

/// Stays connected and passes messages on, until nothing is wanted or the node stops.
async fn listen(
    url: &str,
    client: &AsyncClient,
    mut events: EventLoop,
    mut wanted: Wanted,
    messages: mpsc::Sender<Publish>,
    stop: &CancellationToken,
) {
    let mut subscribed = BTreeMap::new();
    let mut connected = false;
    let mut pause = PAUSES.0;
    loop {
        let event = tokio::select! {
            () = stop.cancelled() => break,
            changed = wanted.changed() => {
                let next = topics(&wanted.borrow_and_update());
                if connected {
                    change(client, &subscribed, &next);
                    subscribed = next;
                }
                if changed.is_err() || wanted.borrow().is_empty() {
                    break;
                }
                continue;
            }
            event = events.poll() => event,
        };
        match event {
            Ok(Event::Incoming(Packet::ConnAck(_))) => {
                tracing::info!(broker = %url, "connected");
                (connected, pause) = (true, PAUSES.0);
                subscribed = topics(&wanted.borrow());
                change(client, &BTreeMap::new(), &subscribed);
            }
            Ok(Event::Incoming(Packet::Publish(message))) => {
                if messages.send(message).await.is_err() {
                    break;
                }
            }
            Ok(_) => {}
            Err(error) => {
                if connected || pause == PAUSES.0 {
                    tracing::warn!(broker = %url, %error, "no connection; trying again");
                }
                connected = false;
                tokio::select! {
                    () = sleep(pause) => {}
                    () = stop.cancelled() => break,
                }
                pause = (pause * 2).min(PAUSES.1);
            }
        }
    }
    if connected && client.try_disconnect().is_ok() {
        let farewell = async { while events.poll().await.is_ok() {} };
        // A broker that does not hear it notices by itself.
        let _ = timeout(FAREWELL, farewell).await;
    }
}

/// What to subscribe to, each topic once at the best quality that anybody wants.
fn topics(subscriptions: &[Subscription]) -> BTreeMap<String, u8> {
    let mut topics = BTreeMap::new();
    for Subscription { topic, qos, .. } in subscriptions {
        let best = topics.entry(topic.clone()).or_insert(*qos);
        *best = (*best).max(*qos);
    }
    topics
}

fn change(client: &AsyncClient, former: &BTreeMap<String, u8>, next: &BTreeMap<String, u8>) {
    let fresh = next.iter().filter(|(topic, qos)| former.get(*topic) != Some(qos));
    let fresh: Vec<_> =
        fresh.map(|(topic, qos)| SubscribeFilter::new(topic.clone(), quality(*qos))).collect();
    // There is room for more requests than topics can change between two of them.
    if !fresh.is_empty() && client.try_subscribe_many(fresh).is_err() {
        tracing::warn!("a broker takes no further subscription");
    }
    for topic in former.keys().filter(|topic| !next.contains_key(*topic)) {
        if client.try_unsubscribe(topic).is_err() {
            tracing::warn!(%topic, "a broker goes on sending what nobody wants");
        }
    }
}

fn quality(qos: u8) -> QoS {
    match qos {
        0 => QoS::AtMostOnce,
        1 => QoS::AtLeastOnce,
        _ => QoS::ExactlyOnce,
    }
}

/// How long a message waits of which it is not known whose it is, until that is asked again.
const UNSURE: Duration = Duration::from_millis(200);

/// Writes messages down as calls, then acknowledges them.
async fn keep(
    triggers: Arc<Triggers>,
    client: AsyncClient,
    wanted: Wanted,
    mut arriving: mpsc::Receiver<Publish>,
) {
    while let Some(message) = arriving.recv().await {
        loop {
            let subscriptions = wanted.borrow().clone();
            let mut calls = calls(&subscriptions, &message);
            let is_unsure = |call: &Deferred| triggers.acts_for(&call.function) == Acting::Unsure;
            if calls.iter().any(is_unsure) {
                // Not acknowledged, so it is not lost should this node go down meanwhile.
                sleep(UNSURE).await;
                continue;
            }
            calls.retain(|call| triggers.acts_for(&call.function) == Acting::Ours);
            if calls.is_empty() {
                break;
            }
            let Err(refusal) = triggers.queue().accept_all(calls, None).await else { break };
            let (topic, why) = (&message.topic, &refusal.title);
            if !matches!(refusal.reason, Reason::QueueFull | Reason::Storage) {
                tracing::warn!(%topic, %why, "a message is lost");
                break;
            }
            tracing::warn!(%topic, %why, "a message waits");
            sleep(refusal.retry_after.unwrap_or(PAUSES.0)).await;
        }
        if client.ack(&message).await.is_err() {
            return;
        }
    }
}

fn calls(subscriptions: &[Subscription], message: &Publish) -> Vec<Deferred> {
    let wanted = subscriptions.iter().filter(|one| topic::fits(&one.topic, &message.topic));
    wanted.map(|one| deferred(&one.callee, TriggerKind::Mqtt, request(message))).collect()
}

fn request(message: &Publish) -> Request<bytes::Bytes> {
    let mut request = Request::new(message.payload.clone());
    *request.method_mut() = Method::POST;
    let headers = request.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/octet-stream"));
    if let Ok(topic) = HeaderValue::from_bytes(message.topic.as_bytes()) {
        headers.insert(TOPIC, topic);
    }
    headers.insert(QUALITY, HeaderValue::from(message.qos as u8 as u16));
    let retained = if message.retain { "true" } else { "false" };
    headers.insert(RETAINED, HeaderValue::from_static(retained));
    request
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read() {
        for (url, expected) in [
            ("mqtt://box", ("box", 1883, false)),
            ("mqtt://box:99/", ("box", 99, false)),
            ("mqtts://box", ("box", 8883, true)),
            ("mqtt://[::1]:1884", ("::1", 1884, false)),
            ("mqtt://[::1]", ("::1", 1883, false)),
        ] {
            let (host, port, tls) = address(url);
            assert_eq!((&*host, port, tls), expected, "{url}");
        }
    }
}
