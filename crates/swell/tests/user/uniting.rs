//! Three nodes of the real program that are sites of one cluster: workloads move between them,
//! and what was decided outlives `kill -9`.

use std::fs;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};

use serde_json::Value;
use swell_samples::samples;

use crate::node::{Node, Running, until, write};
use crate::shell::Folder;

pub(crate) fn town() -> [Node; 3] {
    town_with("")
}

/// The same of nodes that are started with these words.
pub(crate) fn town_with(words: &str) -> [Node; 3] {
    town_of(words, "500ms")
}

fn town_of(words: &str, slot: &str) -> [Node; 3] {
    let first = Node::up(words);
    first.fine(&format!("site init --name oslo --cluster town --cpu 2 --slot {slot}"));
    let join = |name: &str| {
        let invitation = first.fine(&format!("site invite {name}")).out;
        let node = Node::up(words);
        node.write("invitation.json", invitation.as_bytes());
        node.fine("site join invitation.json --cpu 2");
        node
    };
    let (second, third) = (join("lima"), join("kobe"));
    [first, second, third]
}

pub(crate) fn holder(node: &Node, workload: &str) -> Option<String> {
    let rows = node.fine("authority list -o json").json();
    let rows = rows["authorities"].as_array()?.clone();
    let row = rows.into_iter().find(|row| row["workload"] == workload)?;
    row["holder"].as_str().map(str::to_string)
}

pub(crate) fn ended(node: &Node, id: &str) -> Value {
    until("the proposal ends", || {
        let shown = node.fine(&format!("proposal show {id} -o json")).json();
        (shown["is_ended"] == true).then_some(shown)
    })
}

#[test]
fn workloads_move_while_one_of_three_is_dead_and_it_catches_up() {
    let [first, second, third] = town();
    for node in [&first, &second, &third] {
        let sites = node.fine("site list -o json").json();
        let names = sites["sites"].as_array().expect("a list").iter().map(|it| it["name"].as_str());
        let names: Vec<&str> = names.flatten().collect();
        assert_eq!(names, ["kobe", "lima", "oslo"], "each has its name at once");
    }
    let (twin, used) = (Node::up(""), fs::read(third.folder.0.join("invitation.json")));
    twin.write("invitation.json", &used.expect("it was written"));
    let refused = "another machine has joined as site `kobe`";
    twin.run("site join invitation.json --cpu 2").ended(1, refused);
    twin.run("site status").ended(1, "no site of a cluster");
    let renewed = third.fine("site renew -o json").json();
    assert_eq!(renewed["done"], "renewed", "{renewed}");
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

    let both = |row: &Value| row["forecast"].is_array() && row["came"].is_number();
    until("what was forecast stands beside what came", || {
        let ledger = first.fine("ledger --site oslo -o json").json();
        assert_eq!(ledger["consistency"], "linearizable");
        ledger["ledger"][0]["slots"].as_array()?.iter().any(both).then_some(())
    });
    for (words, expected) in [
        ("site mode shadow", r#"{"done":"mode-set","mode":"shadow"}"#),
        ("site mode off --workload shop", r#"{"done":"mode-set","mode":"off","workload":"shop"}"#),
        (
            "site mode inherit --workload shop",
            r#"{"done":"mode-set","mode":"inherit","workload":"shop"}"#,
        ),
        ("site mode on", r#"{"done":"mode-set","mode":"on"}"#),
    ] {
        let told = first.fine(&format!("{words} -o json")).json();
        let expected: Value = serde_json::from_str(expected).expect("it is JSON");
        assert_eq!(told, expected, "{words}");
    }

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
        ("authority forget none", "there is no workload `none`"),
        ("authority forget shop", "is served by site `lima`"),
        ("site init --name oslo --cpu 1", "is a site already"),
        ("site invite berlin", "only the site that founded the cluster"),
        ("ledger --site paris", "there is no site `paris`"),
        ("site forecast --site paris", "there is no site `paris`"),
        ("site forecast --workload none", "there is no workload `none`"),
    ] {
        third.run(words).ended(1, told);
    }
    for odd in ["-1", "0", "nan", "1.01"] {
        let words = format!("authority move shop --to oslo --at-most={odd}");
        third.run(&words).ended(2, "no share above 0");
    }
    third.run("site receipt --since soon").ended(2, "is not a length of time");
    second.fine("site mode shadow");
    let receipt = second.fine("site receipt").out;
    assert!(receipt.contains("no move was approved in shadow mode"), "{receipt}");
    until("it is expected to take memory", || {
        assert_eq!(second.call("shop", b"again").status, 200);
        let told = second.fine("site forecast --workload shop -o json").json();
        let curves = told["curves"].as_array()?;
        let memory = curves.iter().find(|it| it["metric"] == "memory")?;
        assert_eq!((&memory["workload"], &memory["site"]), (&"shop".into(), &"lima".into()));
        let quantiles = memory["steps"][0]["quantiles"].as_array()?;
        let quantiles: Vec<f64> = quantiles.iter().filter_map(Value::as_f64).collect();
        assert_eq!(told["levels"].as_array().map(Vec::len), Some(quantiles.len()));
        assert!(quantiles.is_sorted(), "{quantiles:?}");
        (quantiles[0] > 0.0).then_some(())
    });
    let table = second.fine("site forecast").out;
    assert!(table.contains("(all)") && table.contains("shop"), "{table}");
    let table = second.fine("site list").out;
    assert!(["oslo", "lima", "kobe"].iter().all(|name| table.contains(name)), "{table}");
}

#[test]
fn what_a_dead_site_held_goes_on_at_another_by_what_was_kept_of_it() {
    let [first, second, third] = town();
    second.deploy("shop", samples::ECHO, "");
    until("it is registered", || (holder(&first, "shop")? == "lima").then_some(()));
    let keeps = |node: &Node| {
        let kept = std::fs::read_dir(node.folder.0.join("data/site/standby"));
        kept.is_ok_and(|mut files| {
            files.any(|file| file.is_ok_and(|it| it.path().extension() == Some("json".as_ref())))
        })
    };
    until("somebody stands by", || (keeps(&first) || keeps(&third)).then_some(()));
    let folder = second.kill();
    until("another site has it", || (holder(&first, "shop")? != "lima").then_some(()));
    until("it serves", || {
        let answer = third.call("shop", b"still here");
        (answer.status == 200 && answer.text() == "still here").then_some(())
    });
    let list = first.fine("proposal list -o json").json();
    let causes = list["proposals"].as_array().expect("a list").iter();
    let mut causes = causes.filter_map(|proposal| proposal["cause"].as_str());
    assert!(causes.any(|cause| cause.contains("its leases have run out")), "{list:#}");
    let second = Node::on(folder, "");
    until("it lets go of what another has", || {
        second.fine("list -o json").json().as_array()?.is_empty().then_some(())
    });
    assert_eq!(second.call("shop", b"back").text(), "back");
}

#[test]
fn a_site_is_found_at_once_by_one_that_did_not_admit_it() {
    // Slots take so long that nothing comes of their ends.
    let [first, _second, third] = town_of("", "30m");
    third.deploy("shop", samples::ECHO, "");
    until("it is known where to pass calls on", || {
        let answer = first.call("shop", b"over there");
        (answer.status == 200 && answer.header("x-swell-site") == "kobe").then_some(())
    });
    until("it has its name", || (holder(&first, "shop")? == "kobe").then_some(()));
}

#[test]
fn what_burned_with_its_site_is_forgotten_and_deployed_anew() {
    let [first, second, third] = town();
    second.deploy("shop", samples::ECHO, "");
    until("it is registered", || (holder(&first, "shop")? == "lima").then_some(()));
    let folder = second.kill();
    // Nobody has kept what it was.
    for node in [&first, &third] {
        let _ = fs::remove_dir_all(node.folder.0.join("data/site/standby"));
    }
    until("its leases have run out", || {
        (first.run("authority forget shop").code == Some(0)).then_some(())
    });
    assert_eq!(holder(&first, "shop"), None);
    first.deploy("shop", samples::ECHO, "");
    until("it is registered anew", || (holder(&third, "shop")? == "oslo").then_some(()));
    let second = Node::on(folder, "");
    until("it lets go of what another has", || {
        second.fine("list -o json").json().as_array()?.is_empty().then_some(())
    });
    assert_eq!(second.call("shop", b"back").header("x-swell-site"), "oslo");
}

#[test]
fn a_site_that_is_gone_for_good_is_removed_and_joins_anew_if_it_comes_back() {
    let [first, second, third] = town();
    for (name, why) in [
        ("oslo", "does not remove itself"),
        ("kobe", "site `kobe` is there"),
        ("paris", "no site `paris`"),
    ] {
        first.run(&format!("site remove {name}")).ended(1, why);
    }
    first.run("site invite kobe").ended(1, "`kobe` is a site already");
    let folder = third.kill();
    let is_known = |name: &str| {
        let sites = second.fine("site list -o json").json();
        sites["sites"].as_array().is_some_and(|sites| sites.iter().any(|site| site["name"] == name))
    };
    until("it is missed", || (first.run("site remove kobe").code == Some(0)).then_some(()));
    until("the other has heard of it", || (!is_known("kobe")).then_some(()));
    // Two sites of two decide.
    first.deploy("shop", samples::ECHO, "");
    until("it is registered", || (holder(&second, "shop")? == "oslo").then_some(()));
    let filed = first.fine("authority move shop --to lima --check 1");
    assert_eq!(ended(&second, filed.out.trim())["state"], "done");
    // It is no member any more, and has only to forget that it was.
    let third = Node::on(folder, "");
    until("it hears so", || (third.run("site leave").code == Some(0)).then_some(()));
    assert!(!is_known("kobe"));
    third.run("site status").ended(1, "no site of a cluster");
    // What it joined with first is used up.
    third
        .run("site join invitation.json --cpu 2")
        .ended(1, "is from before it left or was removed");
    third.write("again.json", first.fine("site invite kobe").out.as_bytes());
    third.fine("site join again.json --cpu 2");
    until("it has joined again", || is_known("kobe").then_some(()));
    until("it knows where to pass calls on", || {
        let answer = third.call("shop", b"over there");
        (answer.header("x-swell-site") == "lima").then_some(())
    });
    second.run("site leave").ended(1, "still holds");
    third.fine("site leave");
    until("it has left", || (!is_known("kobe")).then_some(()));
}

#[test]
fn a_site_that_gossip_does_not_hear_is_not_removed_while_it_answers() {
    let [first, _second, third] = town();
    // Gossip takes it for a stranger: another cluster certified it for that channel.
    let elsewhere = Node::up("");
    elsewhere.fine("site init --name oslo --cluster elsewhere --cpu 2");
    let strange = elsewhere.fine("site invite kobe").json();
    let folder = third.kill();
    let place = folder.0.join("data/site/identity.json");
    let kept = std::fs::read(&place).expect("it is a site");
    let mut identity: Value = serde_json::from_slice(&kept).expect("it is JSON");
    identity["state"] = strange["state"].clone();
    std::fs::write(&place, identity.to_string()).expect("it can be written");
    let third = Node::on(folder, "");
    until("gossip does not hear it", || {
        let sites = first.fine("site list -o json").json();
        let kobe = sites["sites"].as_array()?.iter().find(|site| site["name"] == "kobe")?.clone();
        (kobe["is_reached"] == false).then_some(())
    });
    until("it takes part in the log", || {
        (third.fine("site status -o json").json()["state"] == "deciding").then_some(())
    });
    first.run("site remove kobe").ended(1, "site `kobe` is there");
    let _ = third.kill();
    until("it is missed", || (first.run("site remove kobe").code == Some(0)).then_some(()));
}

#[test]
fn a_voter_that_leaves_is_replaced_by_a_site_that_had_no_vote_on_the_log() {
    let [first, second, third] = town();
    let join = |name: &str| {
        let node = Node::up("");
        node.write("invitation.json", first.fine(&format!("site invite {name}")).out.as_bytes());
        node.fine("site join invitation.json --cpu 2");
        node
    };
    let _others = ["rome", "bonn", "turku"].map(join);
    let voters = || {
        let sites = third.fine("site list -o json").json();
        let is_voter = |site: &&Value| site["is_voter"] == true;
        let names =
            sites["sites"].as_array()?.iter().filter(is_voter).filter_map(|it| it["name"].as_str());
        Some(names.map(str::to_string).collect::<Vec<String>>())
    };
    let before = until("five of six are voters", || voters().filter(|names| names.len() == 5));
    assert!(before.contains(&"lima".to_string()), "{before:?}");
    until("it can leave", || (second.run("site leave").code == Some(0)).then_some(()));
    until("five of five are", || {
        let names = voters()?;
        (names.len() == 5 && !names.contains(&"lima".to_string())).then_some(())
    });
}

/// A Prometheus: a real one where the machine has it, else one that answers as a real one did.
struct Prometheus {
    address: String,
    _running: Option<Running>,
    _folder: Folder,
}

impl Prometheus {
    fn up() -> Self {
        let folder = Folder::new();
        write(&folder.0, "prometheus.yml", b"global:\n  scrape_interval: 15s\n");
        let free = TcpListener::bind("127.0.0.1:0").expect("a port is free");
        let address = free.local_addr().expect("it is bound").to_string();
        let mut command = std::process::Command::new("prometheus");
        command
            .current_dir(&folder.0)
            .args(["--config.file=prometheus.yml", "--storage.tsdb.path=tsdb"]);
        command.arg(format!("--web.listen-address={address}"));
        let is_there = std::process::Command::new("prometheus").arg("--version").output().is_ok();
        if !is_there {
            std::thread::spawn(move || free.incoming().flatten().for_each(answer));
            return Self { address, _running: None, _folder: folder };
        }
        drop(free);
        let running = Running::start(command);
        running.told("Server is ready");
        Self { address, _running: Some(running), _folder: folder }
    }
}

/// What Prometheus 2.42 answers to `query_range` of `vector(1500)`, but for the times.
fn answer(mut stream: TcpStream) {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") && stream.read_exact(&mut byte).is_ok() {
        head.push(byte[0]);
    }
    let head = String::from_utf8_lossy(&head);
    assert!(head.starts_with("GET /api/v1/query_range?query=vector%281500%29&start="), "{head}");
    let end = head.split("&end=").nth(1).and_then(|rest| rest.split(['&', ' ']).next());
    let end = end.expect("it has an end");
    let body = format!(
        "{{\"status\":\"success\",\"data\":{{\"resultType\":\"matrix\",\"result\":[{{\"metric\":{{}},\
         \"values\":[[{end},\"1500\"]]}}]}}}}"
    );
    let answer = format!(
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\
         connection: close\r\n\r\n{body}",
        body.len()
    );
    let _ = stream.write_all(answer.as_bytes());
}

#[test]
fn a_site_bears_what_a_prometheus_says() {
    let prometheus = Prometheus::up();
    let follow = "--set forecast.follow=site-cpu=vector(1500)";
    let node =
        Node::up(&format!("--set forecast.prometheus=http://{} {follow}", prometheus.address));
    node.fine("site init --name oslo --cpu 2 --slot 500ms");
    until("three quarters of it are in use", || {
        let cluster = node.fine("site list -o json").json();
        let sites = cluster["sites"].as_array().cloned()?;
        let seen = sites.first()?["utilisation"][0]["seen"].as_f64()?;
        ((seen - 0.75).abs() < 0.01).then_some(())
    });
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
