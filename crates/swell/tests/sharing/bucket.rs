//! Nodes that share a bucket, where one is named.

use std::time::Instant;

use crate::callers::{read, write};
use crate::circle::{Circle, Making, PATIENCE};

/// The bucket, as in the tests of what keeps objects.
const BUCKET: &str = "SWELL_TEST_BUCKET";

#[test]
fn two_nodes_share_a_bucket() {
    let Ok(bucket) = std::env::var(BUCKET) else {
        return println!("skipped: `{BUCKET}` names no bucket to run against");
    };
    let store = Some(format!("{bucket}/two-nodes-{}", std::process::id()));
    let circle = Circle::made(Making { store, workloads: "shop", nodes: 2, ..Making::default() });
    let (mut session, mut newest) = (String::new(), None);
    for round in 0..6 {
        let (writer, reader) = (round % 2, (round + 1) % 2);
        let text = format!("round {round}");
        let written = until("written", || {
            let told = write(&circle.url(writer), "map", &text, &session, "committed")?;
            matches!(told.status, 201 | 204).then_some(told)
        });
        assert!(written.version > newest, "versions grow");
        for level in ["strict", "causal"] {
            let told = until("read", || {
                let told = read(&circle.url(reader), "map", level, &written.session)?;
                (told.status == 200).then_some(told)
            });
            assert_eq!((told.version, told.text.as_str()), (written.version, text.as_str()));
        }
        (session, newest) = (written.session, written.version);
    }
    // Both are gone, and the bucket has it.
    for node in 0..2 {
        circle.kill(node);
        std::fs::remove_dir_all(circle.folder.0.join(format!("data-{}", circle.name(node))))
            .expect("it was its own");
    }
    circle.start(0);
    circle.start(1);
    let told = until("read after all", || {
        let told = read(&circle.url(1), "map", "strict", "")?;
        (told.status == 200).then_some(told)
    });
    assert_eq!((told.version, told.text.as_str()), (newest, "round 5"));
}

fn until<T>(what: &str, mut ask: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(told) = ask() {
            return told;
        }
        assert!(Instant::now() < deadline, "it is not {what}");
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
}
