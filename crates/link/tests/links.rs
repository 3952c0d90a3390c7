//! Two nodes and those who should not be heard.

use std::time::{Duration, SystemTime};

use axum::routing::post;
use axum::{Extension, Router};
use bytes::Bytes;
use swell_link::authority::Authority;
use swell_link::client::{Address, Client};
use swell_link::error::LinkError;
use swell_link::identity::Identity;
use swell_link::peer::Peer;
use swell_link::purpose::Purpose;
use swell_link::server::{Bounds, serve};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

const DAY: Duration = Duration::from_secs(86_400);
const PATIENCE: Duration = Duration::from_secs(20);

fn identity(authority: &Authority, name: &str, purpose: Purpose) -> Identity {
    let issued = authority.issue(name, purpose, SystemTime::now(), DAY).expect("it is issued");
    Identity::of_pem(authority.certificate(), &issued.certificate, &issued.key)
        .expect("it is an identity")
}

fn authority() -> Authority {
    Authority::found("shops", SystemTime::now()).expect("it is founded")
}

/// A node `name` that tells callers who they are and what they said.
async fn up(identity: Identity) -> (Address, CancellationToken) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
    let at = listener.local_addr().expect("it is bound").to_string();
    let address = Address { name: identity.name().to_owned(), at };
    let echo = |Extension(peer): Extension<Peer>, body: Bytes| async move {
        format!("{}: {}", peer.name, String::from_utf8_lossy(&body))
    };
    let router = Router::new().route("/echo", post(echo));
    let stop = CancellationToken::new();
    let stopped = stop.clone();
    tokio::spawn(async move {
        serve(listener, &identity, router, Bounds::default(), stopped).await;
    });
    (address, stop)
}

async fn say(client: &Client, to: &Address, limit: usize) -> Result<Bytes, LinkError> {
    client.post(to, "/echo", Bytes::from_static(b"hello"), limit, PATIENCE).await
}

#[tokio::test]
async fn a_peer_is_known_by_its_certificate() {
    let authority = authority();
    let (berlin, stop) = up(identity(&authority, "berlin", Purpose::State)).await;
    let client = Client::new(identity(&authority, "paris", Purpose::State));
    assert_eq!(say(&client, &berlin, 100).await.expect("it answers"), "paris: hello");
    let long = say(&client, &berlin, 3).await;
    assert!(matches!(long, Err(LinkError::TooLong { limit: 3, .. })), "{long:?}");
    let lost = client.post(&berlin, "/none", Bytes::new(), 100, PATIENCE).await;
    assert!(matches!(lost, Err(LinkError::Refused { status: 404, .. })), "{lost:?}");
    stop.cancel();
}

#[tokio::test]
async fn strangers_are_not_heard() {
    let authority = authority();
    let (berlin, stop) = up(identity(&authority, "berlin", Purpose::State)).await;
    // Certified for something else, by someone else, and looking for somebody else.
    let other_purpose = Client::new(identity(&authority, "paris", Purpose::Content));
    let stranger = Client::new(identity(&self::authority(), "paris", Purpose::State));
    let honest = Client::new(identity(&authority, "paris", Purpose::State));
    let elsewhere = Address { name: "rome".to_owned(), at: berlin.at.clone() };
    for (client, to) in [(&other_purpose, &berlin), (&stranger, &berlin), (&honest, &elsewhere)] {
        let answer = say(client, to, 100).await;
        assert!(matches!(answer, Err(LinkError::Unreachable { .. })), "{answer:?}");
    }
    assert!(say(&honest, &berlin, 100).await.is_ok());
    stop.cancel();
}

#[tokio::test]
async fn a_server_looks_at_the_purpose_itself() {
    let authority = authority();
    let (berlin, stop) = up(identity(&authority, "berlin", Purpose::State)).await;
    // A client of our authority that does not look at the server's purpose.
    let issued =
        authority.issue("paris", Purpose::Content, SystemTime::now(), DAY).expect("it is issued");
    let answer = tokio::task::spawn_blocking(move || {
        raw::first_bytes(&berlin.at, "berlin.state.swell.internal", &authority, &issued)
    });
    let answer = answer.await.expect("it does not panic");
    assert_eq!(answer, None, "the connection is closed without a word");
    stop.cancel();
}

#[tokio::test]
async fn a_peer_that_comes_back_is_found_again() {
    let authority = authority();
    let identity_of_berlin = identity(&authority, "berlin", Purpose::State);
    let (berlin, stop) = up(identity_of_berlin.clone()).await;
    let client = Client::new(identity(&authority, "paris", Purpose::State));
    assert!(say(&client, &berlin, 100).await.is_ok());
    stop.cancel();
    while say(&client, &berlin, 100).await.is_ok() {
        tokio::task::yield_now().await;
    }
    let (moved, stop) = up(identity_of_berlin).await;
    assert!(say(&client, &moved, 100).await.is_ok());
    stop.cancel();
}

#[test]
fn what_does_not_belong_together_is_refused() {
    let authority = authority();
    let issue = |name| authority.issue(name, Purpose::Flow, SystemTime::now(), DAY);
    let (one, other) = (issue("one").expect("issued"), issue("other").expect("issued"));
    let of =
        |certificate: &str, key: &str| Identity::of_pem(authority.certificate(), certificate, key);
    assert!(of(&one.certificate, &one.key).is_ok());
    assert!(of(&one.certificate, &other.key).is_err());
    assert!(of("nothing", &one.key).is_err());
    assert!(of(&one.certificate, "nothing").is_err());
    assert!(of(authority.certificate(), &authority.key()).is_err(), "it names no node");
    assert!(issue("no name").is_err());
    let again = Authority::of_pem(authority.certificate(), &authority.key()).expect("the same");
    let late = again.issue("late", Purpose::Flow, SystemTime::now(), DAY).expect("issued");
    assert!(of(&late.certificate, &late.key).is_ok(), "the same authority after a restart");
    assert!(Authority::of_pem(authority.certificate(), "nothing").is_err());
}

/// A client with rustls alone.
mod raw {
    use std::io::Read;
    use std::net::TcpStream;
    use std::sync::Arc;

    use rustls::pki_types::pem::PemObject;
    use rustls::pki_types::{CertificateDer, PrivateKeyDer};
    use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
    use swell_link::authority::{Authority, Issued};

    /// The first byte a server says after the handshake, if it says any.
    pub(crate) fn first_bytes(
        at: &str,
        host: &str,
        authority: &Authority,
        issued: &Issued,
    ) -> Option<u8> {
        let of = |pem: &str| CertificateDer::from_pem_slice(pem.as_bytes()).expect("PEM");
        let mut roots = RootCertStore::empty();
        roots.add(of(authority.certificate())).expect("an authority");
        let key = PrivateKeyDer::from_pem_slice(issued.key.as_bytes()).expect("PEM");
        let mut config =
            ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
                .with_safe_default_protocol_versions()
                .expect("versions")
                .with_root_certificates(roots)
                .with_client_auth_cert(vec![of(&issued.certificate)], key)
                .expect("they belong together");
        config.alpn_protocols = vec![b"h2".to_vec()];
        let host = host.to_owned().try_into().expect("a name");
        let connection = ClientConnection::new(Arc::new(config), host).expect("it begins");
        let stream = TcpStream::connect(at).expect("it is reached");
        let mut byte = [0];
        let read = StreamOwned::new(connection, stream).read(&mut byte);
        matches!(read, Ok(1)).then_some(byte[0])
    }
}
