//! Three nodes of the real program that are sites of one cluster: workloads move between them,
//! and what was decided outlives `kill -9`.

use serde_json::Value;
use swell_samples::samples;

use crate::node::{Node, until};

fn town() -> [Node; 3] {
    let first = Node::up("");
    first.fine("site init --name oslo --cluster town --cpu 2 --slot 500ms");
    let join = |name: &str| {
        let invitation = first.fine(&format!("site invite {name}")).out;
        let node = Node::up("");
        node.write("invitation.json", invitation.as_bytes());
        node.fine("site join invitation.json --cpu 2");
        node
    };
    let (second, third) = (join("lima"), join("kobe"));
    [first, second, third]
}

fn holder(node: &Node, workload: &str) -> Option<String> {
    let rows = node.fine("authority list -o json").json();
    let rows = rows.as_array()?.clone();
    let row = rows.into_iter().find(|row| row["workload"] == workload)?;
    row["holder"].as_str().map(str::to_string)
}

fn ended(node: &Node, id: &str) -> Value {
    until("the proposal ends", || {
        let shown = node.fine(&format!("proposal show {id} -o json")).json();
        (shown["is_ended"] == true).then_some(shown)
    })
}

#[test]
fn workloads_move_while_one_of_three_is_dead_and_it_catches_up() {
    let [first, second, third] = town();
    first.deploy("shop", samples::ECHO, "");
    until("it is registered", || (holder(&second, "shop")? == "oslo").then_some(()));
    let folder = third.kill();

    let filed = first.fine("authority move shop --to lima --check 1");
    let shown = ended(&second, filed.out.trim());
    assert_eq!(shown["state"], "done", "{shown:#}");
    let told: Vec<&str> = shown["timeline"]
        .as_array()
        .expect("there is a story")
        .iter()
        .filter_map(|one| one["what"].as_str())
        .collect();
    assert!(told.iter().any(|what| what.contains("voted yes")), "{told:?}");
    until("the source has let it go", || {
        let functions = first.fine("list -o json").json();
        functions.as_array()?.is_empty().then_some(())
    });
    let answer = first.call("shop", b"still here");
    assert_eq!((answer.status, answer.text().as_str()), (200, "still here"));
    assert_eq!(answer.header("x-swell-site"), "lima");
    first.run("deploy shop.wasm --name shop").ended(1, "is served by site `lima`");

    let third = Node::on(folder, "");
    until("it has caught up", || (holder(&third, "shop")? == "lima").then_some(()));
    until("it takes part again", || {
        let cluster = third.fine("site status -o json").json();
        (cluster["state"] == "deciding").then_some(())
    });
    let answer = third.call("shop", b"from there too");
    assert_eq!((answer.status, answer.text().as_str()), (200, "from there too"));
    for (words, told) in [
        ("proposal show 1", "no proposal 1 is remembered"),
        ("authority move shop --to paris", "there is no site `paris`"),
        ("authority move none --to oslo", "there is no workload `none`"),
        ("authority move shop --to lima", "same site"),
        ("site init --name oslo --cpu 1", "is a site already"),
        ("site invite berlin", "only the site that founded the cluster"),
        ("ledger --site paris", "there is no site `paris`"),
    ] {
        third.run(words).ended(1, told);
    }
    second.fine("site mode shadow");
    let table = second.fine("site list").out;
    assert!(["oslo", "lima", "kobe"].iter().all(|name| table.contains(name)), "{table}");
}

#[test]
fn alone_a_site_serves_and_moves_nothing() {
    let [first, second, third] = town();
    first.deploy("shop", samples::ECHO, "");
    until("it is registered", || (holder(&first, "shop")? == "oslo").then_some(()));
    second.kill();
    third.kill();
    let answer = first.call("shop", b"alone");
    assert_eq!((answer.status, answer.text().as_str()), (200, "alone"));
    first.run("authority move shop --to lima").ended(1, "no majority of the sites");
    assert_eq!(holder(&first, "shop").as_deref(), Some("oslo"));
}
