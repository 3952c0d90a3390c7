//! Nodes that share contents over real links: copies come from members, and the loss of a
//! leader costs a lease and an election, and nothing else.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use axum::Router;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use swell_content::answer::{Change, ContentError, Precondition, Reading, Writing};
use swell_content::blob::Blob;
use swell_content::circle::Circle;
use swell_content::contents::Contents;
use swell_content::naming::ContentName;
use swell_content::objects::open::Place;
use swell_content::peers::{Links, listen};
use swell_content::settings::ContentSettings;
use swell_core::cachegroup::action::Origin;
use swell_core::cachegroup::level::{Acknowledgement, ReadLevel};
use swell_core::cachegroup::session::Session;
use swell_link::authority::Authority;
use swell_link::client::Address;
use swell_link::identity::Identity;
use swell_link::purpose::Purpose;

const DAY: Duration = Duration::from_secs(86_400);

struct Member {
    contents: Arc<Contents>,
    links: Arc<Links>,
    stop: CancellationToken,
}

impl Member {
    /// Goes without a word, as a process that is killed.
    fn die(&self) {
        self.stop.cancel();
        self.links.close();
    }
}

/// Nodes of one circle, each with a folder of its own and a data store that all have.
async fn circle(folder: &Path, names: &[&str]) -> Vec<Member> {
    let authority = Authority::found("shops", SystemTime::now()).expect("it is founded");
    let (mut listeners, mut addresses) = (Vec::new(), Vec::new());
    for name in names {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
        let at = listener.local_addr().expect("it is bound").to_string();
        addresses.push(Address { name: (*name).to_string(), at });
        listeners.push(listener);
    }
    let mut members = Vec::new();
    for (name, listener) in names.iter().zip(listeners) {
        let issued = authority.issue(name, Purpose::Content, SystemTime::now(), DAY);
        let issued = issued.expect("it is issued");
        let identity = Identity::of_pem(authority.certificate(), &issued.certificate, &issued.key)
            .expect("it is an identity");
        let data = folder.join(name);
        std::fs::create_dir_all(&data).expect("a folder for the node");
        let settings = ContentSettings {
            store: Place::Folder(folder.join("store")),
            workloads: vec!["shop".to_string()],
            ..ContentSettings::in_folder(&data)
        };
        let links = Links::open(&identity, &addresses);
        let circle = Circle::new(name, names.iter().copied()).expect("names");
        let contents = Contents::open(settings, circle, links.clone()).await.expect("it opens");
        let (contents, stop) = (Arc::new(contents), CancellationToken::new());
        let (heard, stopped) = (contents.clone(), stop.clone());
        tokio::spawn(
            async move { listen(listener, identity, &heard, Router::new(), stopped).await },
        );
        members.push(Member { contents, links, stop });
    }
    members
}

fn name(name: &str) -> ContentName {
    ContentName::new("shop", name).expect("a name")
}

async fn write(member: &Member, key: &str, text: &str) -> Result<Writing, ContentError> {
    let change = Change::Set(Blob::new("text/plain", text.as_bytes()).expect("a short type"));
    let (none, session) = (Precondition::None, Session::default());
    let committed = Acknowledgement::Committed;
    member.contents.write(&name(key), &change, none, &session, committed).await
}

async fn read(member: &Member, key: &str, level: ReadLevel) -> Reading {
    let read = member.contents.read(&name(key), level, Session::default()).await;
    read.unwrap_or_else(|error| panic!("{key} at {level}: {error}"))
}

/// The place of who leads, once somebody does and all know.
async fn leader(members: &[&Member]) -> usize {
    loop {
        for (place, member) in members.iter().enumerate() {
            if member.contents.groups().iter().any(|group| group.leads) {
                return place;
            }
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn members_share_what_they_have() {
    let folder = tempfile::tempdir().expect("a folder for the test");
    let members = circle(folder.path(), &["a", "b", "c"]).await;
    let all: Vec<&Member> = members.iter().collect();
    leader(&all).await;
    let written = write(&members[0], "map", "one").await.expect("it is written");
    let mut from_group = 0;
    for member in &members {
        let first = read(member, "map", ReadLevel::Strict).await;
        assert_eq!((first.version, &first.body()[..]), (written.version, &b"one"[..]));
        from_group += usize::from(first.origin == Origin::Group);
        let again = read(member, "map", ReadLevel::Causal).await;
        assert_eq!((again.version, again.origin), (written.version, Origin::Local));
    }
    assert!(from_group >= 1, "a member that has it is asked before the data store");
    // A session that saw a write sees it everywhere.
    for (writer, reader) in [(0, 1), (1, 2), (2, 0)] {
        let text = format!("by {writer}");
        let written = write(&members[writer], "map", &text).await.expect("it is written");
        let map = name("map");
        let read = members[reader].contents.read(&map, ReadLevel::Causal, written.session);
        let read = read.await.expect("it is read");
        assert_eq!((read.version, &read.body()[..]), (written.version, text.as_bytes()));
    }
    for member in &members {
        member.contents.close().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_leader_that_dies_is_followed_by_another() {
    let folder = tempfile::tempdir().expect("a folder for the test");
    let members = circle(folder.path(), &["a", "b", "c"]).await;
    let first = leader(&members.iter().collect::<Vec<_>>()).await;
    let written = write(&members[first], "map", "one").await.expect("it is written");
    members[first].die();
    let rest: Vec<&Member> = members
        .iter()
        .enumerate()
        .filter(|&(place, _)| place != first)
        .map(|(_, one)| one)
        .collect();
    for member in &rest {
        let read = read(member, "map", ReadLevel::Strict).await;
        assert_eq!((read.version, &read.body()[..]), (written.version, &b"one"[..]));
    }
    let next = leader(&rest).await;
    let second = write(rest[1 - next], "map", "two").await.expect("it is written");
    assert!(second.version > written.version);
    let read = read(rest[next], "map", ReadLevel::Strict).await;
    assert_eq!((read.version, &read.body()[..]), (second.version, &b"two"[..]));
    // Whoever was cut off learns from the data store that it does not lead any more.
    let map = name("map");
    let cut = members[first].contents.read(&map, ReadLevel::Strict, Session::default());
    assert_eq!(cut.await.expect("the data store answers").version, second.version);
    for member in &members {
        member.contents.close().await;
    }
}

/// Whether a content lies at a member that fetched it ahead, and nobody has read it there.
fn is_ahead(member: &Member, key: &str) -> bool {
    member.contents.view(&name(key)).is_ahead
}

async fn until(what: &str, holds: impl Fn() -> bool) {
    for _ in 0..3000 {
        if holds() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("{what} did not come about in a minute");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_task_will_read_is_there_before_it_reads() {
    let folder = tempfile::tempdir().expect("a folder for the test");
    let members = circle(folder.path(), &["a", "b", "c"]).await;
    leader(&members.iter().collect::<Vec<_>>()).await;
    for key in ["one", "two", "three"] {
        write(&members[0], key, key).await.expect("it is written");
    }
    // P1: what a function declares, then what it has read.
    let member = &members[1];
    member.contents.on_task("f", "shop", &["one".to_string()]);
    until("a declared input", || is_ahead(member, "one")).await;
    let first = read(member, "one", ReadLevel::Causal).await;
    assert_eq!((first.origin, &first.body()[..]), (Origin::Local, &b"one"[..]));
    assert!(!is_ahead(member, "one"), "it is a copy like any other");
    member.contents.on_input("f", &name("two"), 3);
    member.contents.on_task("f", "shop", &[]);
    until("an input of the last run", || is_ahead(member, "two")).await;
    assert_eq!(read(member, "two", ReadLevel::Causal).await.origin, Origin::Local);
    let counts = member.contents.fetched_ahead();
    assert_eq!((counts.by_history, counts.useful, counts.wasted), (2, 2, 0), "{counts:?}");
    // What is fetched ahead is never an old version, and a newer one takes its place.
    members[2].contents.on_task("g", "shop", &["three".to_string()]);
    until("another declared input", || is_ahead(&members[2], "three")).await;
    let newer = write(&members[0], "three", "3").await.expect("it is written");
    let strict = read(&members[2], "three", ReadLevel::Strict).await;
    assert_eq!((strict.version, &strict.body()[..]), (newer.version, &b"3"[..]));
    assert_eq!(members[2].contents.fetched_ahead().wasted, 1);
    for member in &members {
        member.contents.close().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_group_asks_for_most_comes_to_who_works_for_it() {
    let folder = tempfile::tempdir().expect("a folder for the test");
    let members = circle(folder.path(), &["a", "b", "c"]).await;
    leader(&members.iter().collect::<Vec<_>>()).await;
    for key in ["often", "never", "mine"] {
        write(&members[0], key, key).await.expect("it is written");
    }
    for _ in 0..5 {
        read(&members[0], "often", ReadLevel::Strict).await;
    }
    // P2: a task of whatever function makes its member ask the leader, whom it knows by now.
    let member = &members[1];
    read(member, "mine", ReadLevel::Strict).await;
    member.contents.on_task("h", "shop", &[]);
    until("a suggestion", || is_ahead(member, "often")).await;
    let counts = member.contents.fetched_ahead();
    assert_eq!((counts.by_popularity, counts.by_history), (1, 0), "{counts:?}");
    assert!(!is_ahead(member, "never"));
    assert_eq!(read(member, "often", ReadLevel::Causal).await.origin, Origin::Local);
    for member in &members {
        member.contents.close().await;
    }
}
