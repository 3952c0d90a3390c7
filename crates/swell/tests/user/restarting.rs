//! What survives `kill -9`: functions, versions, routes, shares, settings, and a journal
//! that can be decided again.

use serde_json::Value;
use swell_samples::samples;

use crate::node::{Node, Ran, until};

#[test]
fn everything_comes_back_after_a_kill() {
    let node = Node::up("");
    node.deploy("app", samples::HELLO, "--route /greet");
    node.deploy("app", samples::ECHO, "--route /greet --env V=2");
    node.fine("traffic app v1=30%");
    node.deploy("quiet", samples::HELLO, "");
    node.fine("pause quiet");
    node.fine("scale app --max-instances 7");
    node.deploy("gone", samples::HELLO, "");
    node.fine("rm gone --yes");
    let before = node.about("app");
    assert_eq!(node.call("app", b"x").status, 200);
    let journal = until("what happened is on the disk", || {
        let folder = std::fs::read_dir(node.folder.0.join("data/journal")).expect("it is there");
        let file = folder.flatten().next()?.path();
        let replayed = Ran::with(node.folder.run(&format!("replay {}", file.display())));
        // A call, its instance and its end, and before that four deployments.
        let events = replayed.out.strip_prefix("identical: ")?.split(' ').next()?;
        (events.parse::<u32>().ok()? >= 7).then_some(file)
    });
    let folder = node.kill();

    let ran = Ran::with(folder.run(&format!("replay {} -o json", journal.display())));
    ran.ended(0, "ends in the middle");
    let replayed = ran.json();
    assert_eq!((&replayed["identical"], &replayed["cut"]), (&true.into(), &true.into()));

    let node = Node::on(folder, "");
    node.running.told("2 functions restored");
    let after = node.about("app");
    for key in ["version", "traffic", "versions", "spec"] {
        assert_eq!(before[key], after[key], "{key}");
    }
    assert_eq!(after["spec"]["env"], before["spec"]["env"]);
    let versions: std::collections::BTreeSet<String> = (0..20)
        .map(|session| {
            let headers = format!("x-swell-session: {session}\r\n");
            let answer = crate::wire::request(&node.address, "GET", "/greet", &headers, b"");
            assert_eq!(answer.status, 200, "{answer:?}");
            answer.header("x-swell-version").to_string()
        })
        .collect();
    assert_eq!(versions.len(), 2, "{versions:?}");
    assert_eq!(node.call("quiet", b"").status, 503);
    assert_eq!(node.call("gone", b"").status, 404);
    node.run("scale app --min-warm 8").ended(1, "exceeds the 7 of `max_instances`");
    node.fine("journal save j.bin");
    let whole = node.fine("replay j.bin");
    assert!(whole.out.starts_with("identical: ") && whole.told.is_empty(), "{whole:?}");
    node.stop();
}

#[test]
fn an_upload_that_was_killed_leaves_nothing_behind() {
    let node = Node::up("");
    node.deploy("app", samples::HELLO, "");
    let mut upload = crate::wire::connect(&node.address);
    let head = crate::wire::head(&node.address, "POST", "/v1/code", "content-length: 1000000\r\n");
    std::io::Write::write_all(&mut upload, head.as_bytes()).expect("the node reads");
    std::io::Write::write_all(&mut upload, &[b'x'; 100_000]).expect("the node reads");
    let uploads = |folder: &crate::shell::Folder| {
        let files = std::fs::read_dir(folder.0.join("data/code")).expect("it is there").flatten();
        files.filter(|file| file.path().extension().is_some_and(|end| end == "upload")).count()
    };
    until("the upload is under way", || (uploads(&node.folder) == 1).then_some(()));
    let node = Node::on(node.kill(), "");
    assert_eq!(uploads(&node.folder), 0);
    assert_eq!(node.call("app", b"").status, 200);
    node.stop();
}

#[test]
fn what_was_acknowledged_survives_a_kill_at_any_moment() {
    let mut node = Node::up("");
    let mut acknowledged = 0;
    node.deploy("app", samples::HELLO, "--env V=0");
    for round in 1..=3_u64 {
        let mut deploying = std::collections::VecDeque::new();
        for version in 0..4 {
            let words = format!("deploy app.wasm --name app --env V={round}-{version} -o json");
            let mut command = node.command(&words);
            command.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped());
            deploying.push_back(command.spawn().expect("the program starts"));
            // All but the last of a round are waited for; that one meets the kill.
            while deploying.len() > usize::from(version == 3) {
                let done = deploying.pop_front().expect("it is there");
                let output = done.wait_with_output().expect("it ends");
                let told: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
                acknowledged = told[0]["version"].as_u64().expect("a number");
            }
        }
        let folder = node.kill();
        for mut last in deploying {
            last.wait().expect("it ends");
        }
        node = Node::on(folder, "");
        let about = node.about("app");
        let version = about["version"].as_u64().expect("a number");
        assert!((acknowledged..=acknowledged + 1).contains(&version), "{about}");
        assert_eq!(node.call("app", b"").header("x-swell-version"), version.to_string());
    }
    node.stop();
}

#[test]
fn a_call_that_was_being_tried_is_tried_again_under_its_id() {
    let node = Node::up("");
    node.deploy("slow", samples::SPIN, "--timeout 1h");
    let (path, length) = ("/async-function/slow", "content-length: 4\r\n");
    let answer = crate::wire::request(&node.address, "POST", path, length, b"kept");
    assert_eq!(answer.status, 202, "{answer:?}");
    let accepted: Value = serde_json::from_slice(&answer.body).expect("it is JSON");
    let id = accepted["id"].as_str().expect("it has an id").to_string();
    let shown = |node: &Node| node.run(&format!("queue show {id} -o json")).json();
    until("it is being tried", || (shown(&node)["state"] == "running").then_some(()));
    let folder = node.kill();

    let node = Node::on(folder, "");
    until("it is tried again", || (shown(&node)["attempts"] == 2).then_some(()));
    // Mended meanwhile, it answers with what was sent before the node was killed.
    node.deploy("slow", samples::ECHO, "--timeout 1h");
    let folder = node.kill();
    let node = Node::on(folder, "");
    until("it is done", || (shown(&node)["state"] == "done").then_some(()));
    assert_eq!(node.fine(&format!("queue result {id}")).out, "kept");
    assert_eq!(shown(&node)["attempts"], 3);
    node.stop();
}
