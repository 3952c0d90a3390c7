//! What every keeper of objects must do, and all of them against it.

use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use object_store::memory::InMemory;

use swell_content::objects::bucket::Bucket;
use swell_content::objects::folder::Folder;
use swell_content::objects::open::{Place, open};
use swell_content::objects::seam::{Condition, ObjectError, Objects, Put};

/// The bucket that the suite is to run against, such as `s3://bucket/prefix`, with what else is
/// needed in the environment as other programs take it.
const BUCKET: &str = "SWELL_TEST_BUCKET";

fn bytes(text: &str) -> Bytes {
    Bytes::copy_from_slice(text.as_bytes())
}

async fn put(objects: &dyn Objects, key: &str, text: &str, condition: Condition) -> Put {
    objects.put(key, bytes(text), condition).await.expect("the objects can be reached")
}

async fn get(objects: &dyn Objects, key: &str) -> Option<String> {
    let found = objects.get(key).await.expect("the objects can be reached")?;
    Some(String::from_utf8(found.bytes.to_vec()).expect("a text was put"))
}

/// The suite, in a part of the keys of its own.
async fn suite(objects: Arc<dyn Objects>, part: &str) {
    let key = |name: &str| format!("rows/{part}/{name}");

    // One that is not there.
    assert_eq!(get(&*objects, &key("a")).await, None);
    objects.delete(&key("a")).await.expect("no failure");
    assert_eq!(objects.list(&format!("rows/{part}")).await, Ok(vec![]));

    // Made once, and not again.
    assert_eq!(put(&*objects, &key("a"), "1", Condition::Absent).await, Put::Done);
    assert_eq!(put(&*objects, &key("a"), "2", Condition::Absent).await, Put::Differs);
    assert_eq!(get(&*objects, &key("a")).await.as_deref(), Some("1"));

    // Replaced while it is as it was read, and not later.
    let read = objects.get(&key("a")).await.expect("reached").expect("it is there");
    let condition = Condition::Is(read.mark);
    assert_eq!(put(&*objects, &key("a"), "2", condition.clone()).await, Put::Done);
    assert_eq!(put(&*objects, &key("a"), "3", condition.clone()).await, Put::Differs);
    assert_eq!(get(&*objects, &key("a")).await.as_deref(), Some("2"));

    // Not replaced when it is gone.
    objects.delete(&key("a")).await.expect("it goes");
    assert_eq!(get(&*objects, &key("a")).await, None);
    assert_eq!(put(&*objects, &key("a"), "4", condition).await, Put::Differs);

    // Empty, large, and listed one level deep.
    for name in ["z=2F", "b.c_d-e"] {
        assert_eq!(put(&*objects, &key(name), "", Condition::Absent).await, Put::Done);
    }
    let large = "x".repeat(3 << 20);
    let deep = format!("rows/{part}/deep/er");
    assert_eq!(put(&*objects, &deep, &large, Condition::Absent).await, Put::Done);
    assert_eq!(get(&*objects, &deep).await, Some(large));
    let listed = objects.list(&format!("rows/{part}")).await;
    assert_eq!(listed, Ok(vec!["b.c_d-e".to_string(), "z=2F".to_string()]));

    count_together(&objects, &key("count")).await;
}

/// Many at once count up one object: none of their counts is lost.
async fn count_together(objects: &Arc<dyn Objects>, key: &str) {
    const EACH: usize = 5;
    let counters = (0..6).map(|_| {
        let (objects, key) = (objects.clone(), key.to_string());
        tokio::spawn(async move { count_up(&*objects, &key, EACH).await })
    });
    for counter in counters.collect::<Vec<_>>() {
        counter.await.expect("it counts");
    }
    assert_eq!(get(&**objects, key).await, Some((6 * EACH).to_string()));
}

async fn count_up(objects: &dyn Objects, key: &str, times: usize) {
    let mut done = 0;
    while done < times {
        let found = objects.get(key).await.expect("reached");
        let (count, condition) = match found {
            None => (0, Condition::Absent),
            Some(found) => {
                let text = std::str::from_utf8(&found.bytes).expect("a number");
                (text.parse::<usize>().expect("a number"), Condition::Is(found.mark))
            }
        };
        if put(objects, key, &(count + 1).to_string(), condition).await == Put::Done {
            done += 1;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn memory_passes() {
    let bucket = Bucket::new(Arc::new(InMemory::new()), "some/prefix", "memory");
    suite(Arc::new(bucket), "suite").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_passes() {
    let folder = tempfile::tempdir().expect("a folder for the test");
    suite(Arc::new(Folder::open(folder.path()).expect("it opens")), "suite").await;
}

/// `SWELL_TEST_BUCKET=s3://bucket/prefix AWS_ENDPOINT_URL=... cargo test ... a_real_bucket`.
#[tokio::test(flavor = "multi_thread")]
async fn a_real_bucket_passes() {
    let Ok(address) = std::env::var(BUCKET) else {
        return eprintln!("skipped: `{BUCKET}` names no bucket to run against");
    };
    let bucket = open(&Place::Bucket(address)).expect("it can be used");
    let part = format!("suite-{}", std::process::id());
    suite(bucket, &part).await;
}

#[tokio::test]
async fn a_folder_that_is_gone_is_no_empty_one() {
    let folder = tempfile::tempdir().expect("a folder for the test");
    let root = folder.path().join("store");
    let objects = Folder::open(&root).expect("it opens");
    assert_eq!(put(&objects, "rows/a", "1", Condition::Absent).await, Put::Done);
    let aside = folder.path().join("unmounted");
    std::fs::rename(&root, &aside).expect("it is moved");
    let refused = objects.get("rows/a").await;
    assert!(matches!(refused, Err(ObjectError::Unavailable(_))), "{refused:?}");
    let refused = objects.put("rows/b", Bytes::new(), Condition::Absent).await;
    assert!(matches!(refused, Err(ObjectError::Unavailable(_))), "{refused:?}");
    assert!(!root.exists(), "nothing is written beside a disk that is not there");
    std::fs::rename(&aside, &root).expect("it is moved back");
    assert_eq!(get(&objects, "rows/a").await.as_deref(), Some("1"));
}

#[test]
fn a_folder_of_something_else_is_left_alone() {
    let folder = tempfile::tempdir().expect("a folder for the test");
    std::fs::write(folder.path().join("letters"), "dear all").expect("it is written");
    let refused = Folder::open(folder.path()).err().expect("it is refused");
    assert!(refused.to_string().contains("something else"), "{refused}");
}

/// Two handles of one folder, as two processes have them, and a writer that dies in the middle.
#[tokio::test(flavor = "multi_thread")]
async fn a_folder_is_shared_and_keeps_no_half_objects() {
    let folder = tempfile::tempdir().expect("a folder for the test");
    let one: Arc<dyn Objects> = Arc::new(Folder::open(folder.path()).expect("it opens"));
    let other: Arc<dyn Objects> = Arc::new(Folder::open(folder.path()).expect("it opens"));
    let counting = [one.clone(), other.clone()]
        .map(|objects| tokio::spawn(async move { count_up(&*objects, "rows/shared", 40).await }));
    for counted in counting {
        counted.await.expect("it counts");
    }
    assert_eq!(get(&*one, "rows/shared").await.as_deref(), Some("80"));
    assert!(is_empty(&folder.path().join("aside")), "nothing is left aside");
}

fn is_empty(folder: &Path) -> bool {
    std::fs::read_dir(folder).expect("it is there").next().is_none()
}
