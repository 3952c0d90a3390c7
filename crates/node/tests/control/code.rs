//! The folder of code: whole files under their digests, and nothing else for long.

use std::collections::HashSet;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http_body::Frame;

use swell_node::store::code::{CodeFolder, ReceiveError, UNNAMED_KEPT, is_digest};
use swell_sandbox::body::{BodyError, full};

const HELLO: &str = "sha256:2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824";

fn files(folder: &std::path::Path) -> usize {
    std::fs::read_dir(folder.join("code")).expect("it is there").count()
}

#[tokio::test]
async fn code_is_named_by_its_digest() {
    let data = tempfile::tempdir().expect("a folder for the test");
    let folder = CodeFolder::open(data.path()).expect("it is made");
    assert!(!folder.knows(HELLO));
    for _ in 0..2 {
        let code = folder.receive(full("hello"), 5).await.expect("it fits");
        assert_eq!((code.digest.as_str(), code.bytes), (HELLO, 5));
    }
    assert_eq!((folder.bytes(HELLO), files(data.path())), (Some(5), 1));
    let path = folder.path(HELLO).expect("it is a digest");
    assert_eq!(std::fs::read(path).expect("it is there"), b"hello");
}

#[tokio::test]
async fn what_is_not_whole_is_not_kept() {
    let data = tempfile::tempdir().expect("a folder for the test");
    let folder = CodeFolder::open(data.path()).expect("it is made");
    let error = folder.receive(full("hello!"), 5).await.unwrap_err();
    assert!(matches!(error, ReceiveError::TooLarge { limit: 5 }), "{error}");
    let error = folder.receive(full(""), 5).await.unwrap_err();
    assert!(matches!(error, ReceiveError::Empty), "{error}");
    let error = folder.receive(Broken { begun: false }, 5).await.unwrap_err();
    assert!(matches!(&error, ReceiveError::Broken(why) if why == "gone"), "{error}");
    assert_eq!(files(data.path()), 0);

    // What a killed process left is swept away.
    std::fs::write(data.path().join("code/1.upload"), "he").expect("it is writable");
    CodeFolder::open(data.path()).expect("it is there");
    assert_eq!(files(data.path()), 0);
}

/// A body that breaks off after its first chunk.
struct Broken {
    begun: bool,
}

impl http_body::Body for Broken {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        let first = !std::mem::replace(&mut self.begun, true);
        Poll::Ready(Some(if first {
            Ok(Frame::data(Bytes::from("he")))
        } else {
            Err("gone".into())
        }))
    }
}

#[tokio::test]
async fn only_old_code_that_nobody_names_goes() {
    let data = tempfile::tempdir().expect("a folder for the test");
    let folder = CodeFolder::open(data.path()).expect("it is made");
    let named = folder.receive(full("named"), 9).await.expect("it fits").digest;
    let other = folder.receive(full("other"), 9).await.expect("it fits").digest;
    std::fs::write(data.path().join("code/notes.txt"), "mine").expect("it is writable");
    let names = HashSet::from([named.clone()]);
    assert_eq!(folder.collect(&names, SystemTime::now() - UNNAMED_KEPT), 0);
    assert_eq!(folder.collect(&names, SystemTime::now() + Duration::from_secs(9)), 1);
    assert!(folder.knows(&named) && !folder.knows(&other));
    assert_eq!(files(data.path()), 2, "what is not ours stays");
}

#[test]
fn a_digest_cannot_lead_out_of_the_folder() {
    let data = tempfile::tempdir().expect("a folder for the test");
    let folder = CodeFolder::open(data.path()).expect("it is made");
    let upper = HELLO.to_uppercase();
    let long = format!("{HELLO}0");
    let outside = format!("sha256:../{}", "a".repeat(61));
    for (text, fine) in [
        (HELLO, true),
        (&upper, false),
        (&long, false),
        (&outside, false),
        ("", false),
        ("sha256:", false),
        ("2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824", false),
    ] {
        assert_eq!(is_digest(text), fine, "{text}");
        assert_eq!(folder.path(text).is_some(), fine, "{text}");
    }
}
