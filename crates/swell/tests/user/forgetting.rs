//! A site that lost what it must not forget: it keeps itself out, says so, and serves on.

use std::fs;

use swell_samples::samples;

use crate::node::{Node, until};

#[test]
fn a_site_without_its_log_or_fence_stays_down_and_its_node_serves() {
    let node = Node::up("");
    node.deploy("echo", samples::ECHO, "");
    node.fine("site init --name oslo --cluster shop --cpu 2 --slot 500ms");
    until("it is registered", || {
        let rows = node.fine("authority list -o json").json();
        rows["authorities"].as_array().is_some_and(|rows| rows.len() == 1).then_some(())
    });
    let mut folder = node.stop();
    for name in ["council.redb", "council.witness", "fence.json"] {
        let (path, aside) = (folder.0.join("data/site").join(name), folder.0.join("aside"));
        fs::rename(&path, &aside).expect("it is there");
        let node = Node::on(folder, "");
        let status = node.fine("site status -o json").json();
        assert_eq!((&status["state"], &status["site"]), (&"stopped".into(), &"oslo".into()));
        let trouble = status["trouble"].as_str().expect("there is some");
        assert!(trouble.contains(name) && trouble.contains("leave --forget"), "{trouble}");
        assert_eq!(node.call("echo", b"there?").text(), "there?");
        node.run("site list").ended(0, "");
        node.run("authority list").ended(1, "has not come up");
        node.run("site init --name oslo --cluster shop --cpu 2").ended(1, "a site already");
        folder = node.stop();
        fs::rename(&aside, &path).expect("there is room");
    }
    let node = Node::on(folder, "");
    let status = node.fine("site status -o json").json();
    assert_ne!(status["state"], "stopped", "what is back as it was is taken: {status:#}");
    let folder = node.stop();
    fs::remove_file(folder.0.join("data/site/council.redb")).expect("it is there");
    let node = Node::on(folder, "");
    node.run("site leave").ended(1, "has not come up");
    node.fine("site leave --forget");
    node.run("site status").ended(1, "no site of a cluster");
    node.fine("site init --name oslo --cluster shop --cpu 2 --slot 500ms");
}
