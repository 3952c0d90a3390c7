//! What becomes of items that are sent on to a node that is away, or does not answer as it should.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use http::StatusCode;
use parking_lot::Mutex;
use tokio::net::TcpListener;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use swell_api::flow::FlowSpec;
use swell_link::authority::Authority;
use swell_link::client::Client;
use swell_link::error::LinkError;
use swell_link::identity::Identity;
use swell_link::purpose::Purpose;
use swell_link::server::{Bounds, serve};

use crate::flow::away::Away;
use crate::flow::end::PutError;
use crate::flow::lane::Put;
use crate::flow::link::{Link, Links};
use crate::flow::records::FlowRecord;
use crate::flow::wire::{Chunk, ELSEWHERE, Elsewhere, Next, path, text};

const DAY: Duration = Duration::from_secs(86_400);
/// Long enough for a try on a busy machine; the tests wait it out.
const WAIT: Duration = Duration::from_millis(300);

/// The other node: what its lane got, and whether it fails once it has taken something.
#[derive(Default)]
struct Oslo {
    items: Vec<Vec<u8>>,
    fails: bool,
    /// Whether the flow has left it, for berlin; and whether it leaves with what fails next.
    is_left: bool,
    leaves: bool,
}

type Shared = Arc<Mutex<Oslo>>;

impl Oslo {
    fn next(&self) -> Vec<u8> {
        let next = self.items.len() as u64;
        text(&Next { next, ..Next::default() })
    }
}

async fn next(State(oslo): State<Shared>) -> Vec<u8> {
    oslo.lock().next()
}

async fn put(State(oslo): State<Shared>, body: Bytes) -> Response {
    let chunk = Chunk::decode(&body).expect("it is whole");
    let mut oslo = oslo.lock();
    if oslo.is_left {
        let berlin = Elsewhere { node: "berlin".to_string(), at: "127.0.0.1:7403".to_string() };
        let status = StatusCode::from_u16(ELSEWHERE).expect("it is one");
        return (status, text(&berlin)).into_response();
    }
    let known = oslo.items.len() as u64 - chunk.first;
    oslo.items.extend(chunk.items.into_iter().skip(known as usize));
    oslo.is_left |= oslo.leaves;
    if oslo.fails {
        StatusCode::INTERNAL_SERVER_ERROR.into_response()
    } else {
        oslo.next().into_response()
    }
}

fn identity(authority: &Authority, name: &str) -> Identity {
    let issued = authority.issue(name, Purpose::Flow, SystemTime::now(), DAY);
    let issued = issued.expect("it is issued");
    let identity = Identity::of_pem(authority.certificate(), &issued.certificate, &issued.key);
    identity.expect("it is an identity")
}

/// The way from berlin to a flow at oslo, where nobody listens yet.
fn away(authority: &Authority, at: &str) -> Away {
    let links = Links::default();
    let client = Client::new(identity(authority, "berlin"));
    let own = std::net::SocketAddr::from(([127, 0, 0, 1], 7403));
    links.set(Some(Link { name: "berlin".into(), client, at: own }));
    let record = FlowRecord::new(FlowSpec::plain("frames", &["camera"], "detect"));
    let to = Elsewhere { node: "oslo".to_string(), at: at.to_string() };
    Away::new(&record, to, Arc::new(links))
}

async fn send(away: &Away, item: &str, wait: Duration) -> (Put, Result<(), PutError>) {
    let stop = CancellationToken::new();
    let until = Some(Instant::now() + wait);
    away.put("camera", &[item.as_bytes().to_vec()], (until, &stop)).await
}

/// Sends an item again for as long as it surely was not taken.
async fn send_until_taken(away: &Away, item: &str) {
    loop {
        match send(away, item, Duration::from_secs(10)).await {
            (_, Err(PutError::Unreached(_))) => {}
            (put, sent) => return assert!(sent.is_ok() && put.count == 1, "{item}: {sent:?}"),
        }
    }
}

#[tokio::test]
async fn what_did_not_leave_is_not_kept_and_what_is_in_doubt_is_told_as_such_and_goes_first() {
    let authority = Authority::found("shops", SystemTime::now()).expect("it is founded");
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
    let at = listener.local_addr().expect("it is bound");
    drop(listener);
    let away = away(&authority, &at.to_string());
    let (put, sent) = send(&away, "lost", WAIT).await;
    assert!(matches!(sent, Err(PutError::Unreached(_))), "{sent:?}");
    assert_eq!(put, Put::default());
    assert!(away.silence.told(Instant::now()).is_some(), "nobody hears that it is away");

    let oslo = Shared::default();
    let routes = Router::new().route(path::NEXT, post(next)).route(path::PUT, post(self::put));
    let router = routes.with_state(oslo.clone());
    let up = async || {
        let (listener, stop) = (TcpListener::bind(at).await, CancellationToken::new());
        let listener = listener.expect("the port is free");
        let (identity, router, stopped) =
            (identity(&authority, "oslo"), router.clone(), stop.clone());
        let serving = async move {
            serve(listener, &identity, router, Bounds::default(), stopped).await;
        };
        (tokio::spawn(serving), stop)
    };
    let (serving, stop) = up().await;
    send_until_taken(&away, "first").await;
    assert_eq!(away.silence.told(Instant::now()), None);

    // It is gone: once that is known nothing leaves, though the numbers are known by now.
    stop.cancel();
    serving.await.expect("it ends");
    while !matches!(send(&away, "second", WAIT).await, (_, Err(PutError::Unreached(_)))) {}
    let (_, sent) = send(&away, "third", WAIT).await;
    assert!(matches!(sent, Err(PutError::Unreached(_))), "{sent:?}");
    let (_serving, _stop) = up().await;
    send_until_taken(&away, "fourth").await;

    // It takes it, and does not say so.
    oslo.lock().fails = true;
    let name = format!("camera/{}", oslo.lock().items.len());
    let (_, sent) = send(&away, "fifth", WAIT).await;
    assert!(matches!(&sent, Err(PutError::InDoubt { item, .. }) if *item == name), "{sent:?}");
    oslo.lock().fails = false;
    send_until_taken(&away, "sixth").await;
    let items = std::mem::take(&mut oslo.lock().items);
    let items: Vec<_> = items.into_iter().filter(|item| item != b"second").collect();
    assert_eq!(items, [&b"first"[..], b"fourth", b"fifth", b"sixth"]);
}

#[tokio::test]
async fn what_is_on_its_way_while_the_flow_comes_home_is_in_it_once_or_told_to_be_in_doubt() {
    let authority = Authority::found("shops", SystemTime::now()).expect("it is founded");
    let cases = [
        // Where the numbers are those of the life before, they tell what came.
        (0, Some("then"), "closed"),
        (0, Some("now"), "in"),
        (0, None, "closed"),
        (5, Some("then"), "closed"),
        (5, Some("now"), "in doubt"),
        (5, None, "closed"),
    ];
    for (life, fails, expected) in cases {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
        let away = away(&authority, &listener.local_addr().expect("it is bound").to_string());
        let oslo = Shared::default();
        let routes = Router::new().route(path::NEXT, post(next)).route(path::PUT, post(self::put));
        let (router, identity) = (routes.with_state(oslo.clone()), identity(&authority, "oslo"));
        let stop = CancellationToken::new();
        let stopped = stop.clone();
        let serving = async move {
            serve(listener, &identity, router, Bounds::default(), stopped).await;
        };
        let _serving = tokio::spawn(serving);
        send_until_taken(&away, "first").await;
        // One more is taken without an answer: before the flow goes, or as the last thing there.
        oslo.lock().fails = fails.is_some();
        if fails == Some("then") {
            let (_, sent) = send(&away, "second", WAIT).await;
            assert!(matches!(sent, Err(PutError::InDoubt { .. })), "{sent:?}");
        }
        oslo.lock().leaves = true;
        oslo.lock().is_left = fails != Some("now");
        // Numbers of another life are as far ahead as the clock.
        let due = if life == 0 { 1 + u64::from(fails.is_some()) } else { 1 << 50 };
        away.come_home([("camera".to_string(), (life, due))].into());
        let (put, sent) = send(&away, "third", Duration::from_secs(10)).await;
        let told = match sent {
            Ok(()) => "in",
            Err(PutError::Closed) => "closed",
            Err(PutError::InDoubt { .. }) => "in doubt",
            Err(error) => panic!("{life} {fails:?}: {error:?}"),
        };
        assert_eq!(told, expected, "{life} {fails:?}");
        assert_eq!(put.count == 1, told == "in", "{life} {fails:?}");
        stop.cancel();
    }
}

#[tokio::test]
async fn who_has_not_answered_for_a_while_is_asked_before_others_get_anything() {
    let authority = Authority::found("shops", SystemTime::now()).expect("it is founded");
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
    let at = listener.local_addr().expect("it is bound").to_string();
    drop(listener);
    let away = away(&authority, &at);
    assert!(away.answers("camera").await.is_ok(), "nobody was in vain there yet");
    let (peer, reason) = ("oslo".to_string(), "refused".to_string());
    let unreachable = LinkError::Unreachable { peer, address: at, reason };
    away.silence.hear(Some(&unreachable), Instant::now() - Duration::from_secs(6));
    let told = away.answers("camera").await;
    assert!(matches!(told, Err(PutError::Unreached(_))), "{told:?}");
}
