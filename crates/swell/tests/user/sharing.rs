//! Contents from the command line, and the certificates of who shares them.

use crate::node::{Node, Ran, command};
use crate::shell::Folder;

#[test]
fn contents_are_put_read_listed_and_removed() {
    let node = Node::up("--set cache.workloads=shop");
    node.write("tile", b"one");
    node.fine("content put shop/maps/a tile --type text/plain").ended(0, "committed");
    assert_eq!(node.fine("content get shop/maps/a").out, "one");
    node.run("content put shop/maps/a tile --on none").ended(1, "newest version");
    node.run("content put shop/maps/a tile --on 9.9.9").ended(1, "newest version");
    let listed = node.fine("content list shop -o json").json();
    assert_eq!(listed[0]["name"], "maps/a");
    let version = listed[0]["version"].as_str().expect("it has one").to_string();
    node.write("tile", b"two");
    node.fine(&format!("content put shop/maps/a tile --on {version}"));
    node.fine("content get shop/maps/a -o copy");
    let copy = std::fs::read(node.folder.0.join("copy")).expect("it is written");
    assert_eq!(copy, b"two");
    let groups = node.fine("cache groups -o json").json();
    assert_eq!((&groups[0]["workload"], &groups[0]["leads"]), (&"shop".into(), &true.into()));
    assert!(node.fine("cache why shop/maps/a").out.contains("from here"));
    assert!(node.fine("cache members").out.contains("data store"));
    assert!(node.metric("swell_cache_reads_total") >= 2.0);
    let voters = node.fine("cache voters show shop -o json").json();
    let me = voters[0]["voters"][0].as_str().expect("it votes").to_string();
    assert_eq!(
        (&voters[0]["number"], &voters[0]["by_settings"]),
        (&1.into(), &voters[0]["voters"])
    );
    node.run("cache voters show nowhere").ended(1, "no workload");
    node.run("cache voters add shop nobody").ended(1, "no node `nobody` is known");
    node.run(&format!("cache voters add shop {me}")).ended(1, "votes already");
    node.run(&format!("cache voters remove shop {me}")).ended(1, "one to 5 voters");
    node.run("cache voters remove shop nobody").ended(1, "does not vote");
    node.run(&format!("cache voters set shop {me},{me}")).ended(1, "there twice");
    assert_eq!(node.fine(&format!("cache voters set shop {me} -o json")).json()[0]["number"], 2);
    assert_eq!(node.metric("swell_cache_groups_differing"), 0.0);
    node.fine("content rm shop/maps/a");
    node.run("content rm shop/maps/a").ended(1, "no content");
    node.run("content get shop/maps/a").ended(1, "no content");
    node.run("content get nowhere/a").ended(1, "no workload");
    node.run("content get shop").ended(2, "names no content");
    node.run("content get shop/a --read newest").ended(2, "newest");
    node.stop();
}

#[test]
fn an_authority_certifies_nodes_and_overwrites_nothing() {
    let folder = Folder::new();
    let run = |words: &str| Ran::of(command(&folder, words));
    run("certificate issue keys berlin --for content").ended(1, "authority");
    run("certificate new keys --cluster shops").ended(0, "shops");
    run("certificate new keys --cluster shops").ended(1, "left alone");
    run("certificate issue keys berlin --for content").ended(0, "berlin");
    run("certificate issue keys Berlin --for content").ended(2, "cannot name a node");
    for name in ["authority.pem", "berlin.content.pem"] {
        let file = std::fs::read_to_string(folder.0.join("keys").join(name));
        assert!(file.expect("it is there").contains("BEGIN CERTIFICATE"), "{name}");
    }
}
