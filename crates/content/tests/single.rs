//! One node by itself: it leads, it keeps what it acknowledged, and it says what is wrong.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use swell_content::answer::{Change, ContentError, Precondition, Reading};
use swell_content::blob::Blob;
use swell_content::carrier::Nobody;
use swell_content::circle::Circle;
use swell_content::contents::Contents;
use swell_content::naming::ContentName;
use swell_content::settings::ContentSettings;
use swell_core::cachegroup::action::Origin;
use swell_core::cachegroup::level::{Acknowledgement, ReadLevel};
use swell_core::cachegroup::names::Version;
use swell_core::cachegroup::session::Session;

async fn open(data: &Path) -> Contents {
    open_keeping(data, Duration::from_secs(60)).await
}

/// The same under another name.
async fn open_as(data: &Path, me: &str) -> Contents {
    let circle = Circle::new(me, []).expect("one name");
    let settings = ContentSettings {
        workloads: vec!["shop".to_string()],
        wait_max: Duration::from_secs(5),
        ..ContentSettings::in_folder(data)
    };
    Contents::open(settings, circle, Arc::new(Nobody)).await.expect("it opens")
}

/// One that keeps the bytes of old versions for so long.
async fn open_keeping(data: &Path, superseded_keep: Duration) -> Contents {
    let settings = ContentSettings {
        workloads: vec!["shop".to_string()],
        wait_max: Duration::from_secs(5),
        superseded_keep,
        ..ContentSettings::in_folder(data)
    };
    let circle = Circle::new("alone", []).expect("one name");
    Contents::open(settings, circle, Arc::new(Nobody)).await.expect("it opens")
}

fn name(name: &str) -> ContentName {
    ContentName::new("shop", name).expect("a name")
}

fn text(text: &str) -> Change {
    Change::Set(Blob::new("text/plain", text.as_bytes()).expect("a short type"))
}

async fn put(contents: &Contents, key: &str, value: &str) -> (Version, Session) {
    let (none, session) = (Precondition::None, Session::default());
    let written = contents
        .write(&name(key), &text(value), none, &session, Acknowledgement::Committed)
        .await
        .expect("it is written");
    (written.version, written.session)
}

async fn get(contents: &Contents, key: &str, level: ReadLevel) -> Reading {
    contents.read(&name(key), level, Session::default()).await.expect("it is read")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_on_its_own_takes_its_groups_along_to_another_name() {
    let data = tempfile::tempdir().expect("a folder for the test");
    let contents = open(data.path()).await;
    let (first, _) = put(&contents, "a", "one").await;
    assert_eq!(contents.voters("shop").await.expect("it is known").voters, ["alone"]);
    contents.close().await;

    let contents = open_as(data.path(), "renamed").await;
    let written = async {
        loop {
            let (none, session) = (Precondition::None, Session::default());
            let committed = Acknowledgement::Committed;
            let (name, two) = (name("a"), text("two"));
            match contents.write(&name, &two, none, &session, committed).await {
                Ok(written) => break written.version,
                Err(error) => assert_eq!(error, ContentError::Busy, "nobody leads yet"),
            }
        }
    };
    let patience = Duration::from_secs(60);
    let second = tokio::time::timeout(patience, written).await.expect("it leads its groups");
    assert!(first < second);
    let electorate = contents.voters("shop").await.expect("it is known");
    assert_eq!((electorate.voters, electorate.number), (vec!["renamed".to_string()], 2));
    contents.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_written_is_read_and_outlives_a_restart() {
    let data = tempfile::tempdir().expect("a folder for the test");
    let contents = open(data.path()).await;
    assert!(get(&contents, "a", ReadLevel::Strict).await.blob.is_none());
    let (first, _) = put(&contents, "a", "one").await;
    let (second, session) = put(&contents, "a", "two").await;
    assert!(first < second);
    let read = get(&contents, "a", ReadLevel::Strict).await;
    assert_eq!((read.version, &read.body()[..]), (second, &b"two"[..]));
    assert_eq!(read.origin, Origin::Local, "its writer has a copy");
    let read = contents.read(&name("a"), ReadLevel::Causal, session).await.expect("it is read");
    assert_eq!((read.version, read.origin), (second, Origin::Local));
    contents.close().await;

    let contents = open(data.path()).await;
    let read = get(&contents, "a", ReadLevel::Any).await;
    assert_eq!((read.version, &read.body()[..]), (second, &b"two"[..]));
    assert_eq!(read.origin, Origin::Local, "copies outlive an orderly restart");
    let (third, _) = put(&contents, "a", "three").await;
    assert!(second < third);
    contents.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_without_its_copies_reads_the_data_store() {
    let data = tempfile::tempdir().expect("a folder for the test");
    let contents = open(data.path()).await;
    let (version, _) = put(&contents, "a", "one").await;
    contents.close().await;
    std::fs::remove_dir_all(data.path().join("copies")).expect("they are there");
    let contents = open(data.path()).await;
    for level in [ReadLevel::Any, ReadLevel::Causal, ReadLevel::Strict] {
        let read = get(&contents, "a", level).await;
        assert_eq!((read.version, &read.body()[..]), (version, &b"one"[..]), "{level}");
    }
    contents.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn preconditions_are_kept() {
    let data = tempfile::tempdir().expect("a folder for the test");
    let contents = open(data.path()).await;
    let (first, _) = put(&contents, "a", "one").await;
    let (newest, _) = put(&contents, "a", "two").await;
    let write = async |key: &str, change: &Change, precondition| {
        let session = Session::default();
        let committed = Acknowledgement::Committed;
        contents.write(&name(key), change, precondition, &session, committed).await
    };
    for (key, precondition, is_right) in [
        ("a", Precondition::Is(first), false),
        ("a", Precondition::Absent, false),
        ("b", Precondition::Exists, false),
        ("b", Precondition::Is(Version::NEVER), false),
        ("a", Precondition::Is(newest), true),
        ("a", Precondition::Exists, true),
        ("b", Precondition::Absent, true),
    ] {
        let written = write(key, &text("x"), precondition).await;
        match written {
            Ok(_) => assert!(is_right, "{key} {precondition:?}"),
            Err(ContentError::Precondition(_)) => assert!(!is_right, "{key} {precondition:?}"),
            Err(other) => panic!("{other}"),
        }
    }
    // What is deleted is not there, and can be made again.
    write("b", &Change::Delete, Precondition::None).await.expect("it goes");
    assert!(get(&contents, "b", ReadLevel::Strict).await.blob.is_none());
    let again = write("b", &Change::Delete, Precondition::None).await;
    assert!(matches!(again, Err(ContentError::NotFound)), "{again:?}");
    assert!(write("b", &text("y"), Precondition::Absent).await.expect("made").is_new);
    let (listed, more) = contents.list("shop", "", None, 10).await.expect("listed");
    let names: Vec<&str> = listed.iter().map(|one| one.name.as_str()).collect();
    assert_eq!((names, more), (vec!["a", "b"], None));
    contents.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn writers_take_turns_and_lose_nothing() {
    let data = tempfile::tempdir().expect("a folder for the test");
    let contents = Arc::new(open(data.path()).await);
    put(&contents, "count", "0").await;
    let writers = (0..4).map(|_| {
        let contents = contents.clone();
        tokio::spawn(async move {
            let mut done = 0;
            while done < 5 {
                let read = get(&contents, "count", ReadLevel::Strict).await;
                let count: u32 = String::from_utf8_lossy(&read.body()).parse().expect("a number");
                let change = text(&(count + 1).to_string());
                let (is, session) = (Precondition::Is(read.version), Session::default());
                let committed = Acknowledgement::Committed;
                match contents.write(&name("count"), &change, is, &session, committed).await {
                    Ok(_) => done += 1,
                    Err(ContentError::Precondition(_) | ContentError::Conflict) => {}
                    Err(other) => panic!("{other}"),
                }
            }
        })
    });
    for writer in writers.collect::<Vec<_>>() {
        writer.await.expect("it writes");
    }
    let read = get(&contents, "count", ReadLevel::Strict).await;
    assert_eq!(&read.body()[..], b"20");
    contents.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn while_the_data_store_is_away_writes_wait_if_their_caller_allows() {
    let data = tempfile::tempdir().expect("a folder for the test");
    let contents = open(data.path()).await;
    put(&contents, "a", "one").await;
    let (store, aside) = (data.path().join("contents"), data.path().join("unmounted"));
    std::fs::rename(&store, &aside).expect("it is moved");

    // The leader knows what is free, and its node has the copy.
    let read = get(&contents, "a", ReadLevel::Strict).await;
    assert_eq!(&read.body()[..], b"one");
    let (none, session) = (Precondition::None, Session::default());
    let pending = Acknowledgement::Pending(1);
    let written = contents.write(&name("a"), &text("two"), none, &session, pending).await;
    let written = written.expect("it is kept");
    assert_eq!(written.acknowledged, Acknowledgement::Pending(1));
    let own = contents.read(&name("a"), ReadLevel::Causal, written.session).await;
    let own = own.expect("its writer sees it");
    assert!(own.is_pending && &own.body()[..] == b"two");
    // A restart meanwhile: nothing that was acknowledged is lost.
    contents.close().await;
    drop(contents);
    std::fs::rename(&aside, &store).expect("it is moved back");
    let contents = open(data.path()).await;
    let mut read = get(&contents, "a", ReadLevel::Strict).await;
    while read.version < written.version {
        tokio::time::sleep(Duration::from_millis(20)).await;
        read = get(&contents, "a", ReadLevel::Strict).await;
    }
    assert_eq!((read.version, &read.body()[..]), (written.version, &b"two"[..]));
    contents.close().await;
}

/// Files below a folder.
fn files(folder: &Path) -> usize {
    let Ok(entries) = std::fs::read_dir(folder) else { return 0 };
    let count = |path: &Path| if path.is_dir() { files(path) } else { 1 };
    entries.map(|entry| count(&entry.expect("an entry").path())).sum()
}

#[tokio::test(flavor = "multi_thread")]
async fn reading_what_never_was_leaves_nothing_behind() {
    let data = tempfile::tempdir().expect("a folder for the test");
    let contents = open(data.path()).await;
    put(&contents, "a", "one").await;
    let rows = data.path().join("contents/rows");
    assert_eq!(files(&rows), 1);
    for number in 0..30 {
        for level in [ReadLevel::Strict, ReadLevel::Causal] {
            let read = get(&contents, &format!("none/{number}"), level).await;
            assert!(read.blob.is_none());
        }
    }
    // The leader's look at the data store comes after the answer.
    while contents.groups()[0].led_contents > 1 {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(files(&rows), 1);
    // Such a name can be written as any other.
    put(&contents, "none/3", "one").await;
    assert_eq!(&get(&contents, "none/3", ReadLevel::Strict).await.body()[..], b"one");
    contents.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn bytes_that_a_crash_left_behind_are_cleared_later() {
    let data = tempfile::tempdir().expect("a folder for the test");
    let contents = open_keeping(data.path(), Duration::from_secs(3600)).await;
    put(&contents, "a", "one").await;
    put(&contents, "a", "two").await;
    let (newest, _) = put(&contents, "a", "three").await;
    put(&contents, "b", "one").await;
    contents.close().await;
    let blobs = data.path().join("contents/blobs");
    assert_eq!(files(&blobs), 4, "nobody was there to clear them");
    let contents = open_keeping(data.path(), Duration::from_millis(10)).await;
    while files(&blobs) > 2 {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let read = get(&contents, "a", ReadLevel::Strict).await;
    assert_eq!((read.version, &read.body()[..]), (newest, &b"three"[..]));
    assert_eq!(&get(&contents, "b", ReadLevel::Strict).await.body()[..], b"one");
    contents.close().await;
}
