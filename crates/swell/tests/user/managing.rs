//! Versions, shares of traffic, pausing, scaling, removing, and settings that tell where
//! they come from.

use std::collections::BTreeSet;
use std::sync::{Mutex, Weak};

use swell_samples::samples;

use crate::node::{Node, Ran, command, until, write};
use crate::shell::Folder;
use crate::wire::request;

static NODE: Mutex<Weak<Node>> = Mutex::new(Weak::new());

/// The version that answers a client who calls itself this.
fn version(node: &Node, function: &str, session: usize) -> String {
    let headers = format!("x-swell-session: {session}\r\n");
    let answer = request(&node.address, "GET", &format!("/function/{function}"), &headers, b"");
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.header("x-swell-version").to_string()
}

#[test]
fn traffic_is_shared_and_rolled_back() {
    let node = Node::shared(&NODE);
    node.deploy("shared", samples::HELLO, "");
    node.deploy("shared", samples::ECHO, "");
    node.fine("traffic shared v1=40%");
    let shares = node.fine("traffic shared -o json").json();
    assert_eq!(shares.to_string(), r#"[{"percent":40,"version":1},{"percent":60,"version":2}]"#);
    let first: Vec<String> = (0..40).map(|session| version(&node, "shared", session)).collect();
    let again: Vec<String> = (0..40).map(|session| version(&node, "shared", session)).collect();
    assert_eq!(first, again, "a client stays with its version");
    assert_eq!(BTreeSet::from_iter(&first).len(), 2);
    node.fine("rollback shared --to v1");
    assert!((0..10).all(|session| version(&node, "shared", session) == "1"));
    node.fine("rollback shared");
    assert!((0..10).all(|session| version(&node, "shared", session) == "2"));
    for (words, code, told) in [
        ("traffic shared v1=60% v2=50%", 2, "110%"),
        ("traffic shared v9=10%", 1, "no version 9"),
        ("rollback shared --to v9", 1, "kept are 1, 2"),
        ("rollback nobody", 1, "no function `nobody`"),
    ] {
        node.run(words).ended(code, told);
    }
    assert_eq!(node.fine("versions shared -o name").out, "v2\nv1\n");
}

#[test]
fn functions_are_paused_scaled_and_removed() {
    let node = Node::shared(&NODE);
    node.deploy("managed", samples::HELLO, "");
    node.fine("pause managed");
    let answer = node.call("managed", b"");
    assert_eq!((answer.status, answer.code().as_str()), (503, "not-ready"));
    assert!(answer.text().contains("swell resume managed"), "{answer:?}");
    node.fine("resume managed");
    assert_eq!(node.call("managed", b"").status, 200);
    node.fine("scale managed --min-warm 3 --max-instances 5");
    until("three instances are warm", || {
        (node.about("managed")["instances"]["idle"].as_u64() >= Some(3)).then_some(())
    });
    node.run("scale managed --min-warm 9").ended(1, "exceeds the 5 of `max_instances`");
    node.run("rm managed").ended(2, "add `--yes`");
    node.fine("rm managed --yes");
    assert_eq!(node.call("managed", b"").status, 404);
    assert_eq!(node.fine("ps managed -o json").out.trim(), "[]");
    node.run("rm managed --yes").ended(1, "no function `managed`");
}

#[test]
fn calls_left_for_a_paused_function_wait_until_it_is_resumed() {
    let node = Node::shared(&NODE);
    node.deploy("rested", samples::ECHO, "");
    node.fine("pause rested");
    let leave = || request(&node.address, "POST", "/async-function/rested", "", b"");
    let ids: Vec<String> =
        (0..30).map(|_| leave().header("location").rsplit('/').next().unwrap().into()).collect();
    let about = |id: &String| node.fine(&format!("queue show {id} -o json")).json();
    until("one was tried and waits", || {
        let tried = ids.iter().map(about).find(|call| call["error"].is_string())?;
        assert_eq!((&tried["state"], &tried["attempts"]), (&"queued".into(), &0.into()));
        assert!(tried["error"].to_string().contains("is paused"), "{tried}");
        Some(())
    });
    node.fine("resume rested");
    until("all are done", || ids.iter().all(|id| about(id)["state"] == "done").then_some(()));
}

#[test]
fn settings_tell_where_they_come_from() {
    let folder = Folder::new();
    write(&folder.0, "swell.toml", b"[node]\nmemory = \"1GiB\"\ndrain = \"5s\"\n");
    let mut asked = command(&folder, "config show --origin -o json --seed 7");
    asked.env("SWELL__NODE__DRAIN", "6s");
    let rows = Ran::of(asked).json();
    for (name, value, origin) in [
        ("node.memory", "1GiB", "swell.toml:2"),
        ("node.drain", "6s", "SWELL__NODE__DRAIN"),
        ("node.seed", "7", "--seed"),
        ("node.listen", "127.0.0.1:7070", "default"),
    ] {
        let row = rows.as_array().expect("a list").iter().find(|row| row["name"] == name);
        let row = row.unwrap_or_else(|| panic!("{name} is missing"));
        assert_eq!((&row["value"], &row["origin"]), (&value.into(), &origin.into()), "{name}");
    }
    write(&folder.0, "swell.toml", b"[node]\nmemry = \"1GiB\"\n");
    for words in ["config show", "up"] {
        let expected = "swell.toml:2:1: [node] has no key `memry`; did you mean `memory`?";
        Ran::of(command(&folder, words)).ended(2, expected);
    }
}
