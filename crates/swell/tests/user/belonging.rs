//! What belongs to a workload goes with it to another site, and comes back with it: items of
//! flows, calls that wait, and what guests keep by key.

use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use swell_samples::samples;

use crate::node::{Node, until};
use crate::shell::Folder;
use crate::uniting::{ended, holder, town, town_with};
use crate::wire::{connect, request};

const APP: &str = "version = 1\n\
    [[function]]\nname = \"camera\"\ncode = \"camera.wasm\"\nmemory = \"8MiB\"\n\
    workload = \"film\"\n\
    [[function]]\nname = \"detect\"\ncode = \"detect.wasm\"\nmemory = \"8MiB\"\n\
    workload = \"film\"\nkey-value = [\"seen\"]\n\
    [[function]]\nname = \"mail\"\ncode = \"camera.wasm\"\nmemory = \"8MiB\"\n\
    workload = \"film\"\n\
    [[flow]]\nname = \"frames\"\nfrom = \"camera\"\nto = \"detect\"\nack = \"consume\"\n";

/// Three sites, of which the first has the workload.
fn filming() -> [Node; 3] {
    let [first, second, third] = town();
    first.write("camera.wasm", samples::ECHO);
    first.write("detect.wasm", samples::COLLECT);
    first.write("app.toml", APP.as_bytes());
    first.fine("deploy -f app.toml");
    until("it is registered", || (holder(&second, "film")? == "oslo").then_some(()));
    [first, second, third]
}

fn film(node: &Node, numbers: std::ops::Range<u32>) {
    for number in numbers {
        let answer = node.call("camera", number.to_string().as_bytes());
        assert_eq!(answer.status, 200, "{number}: {answer:?}");
    }
}

/// What `detect` was called with, asked at a node that need not have it.
fn seen(node: &Node) -> Option<Vec<u32>> {
    let answer = node.call("detect", b"");
    let text = (answer.status == 200).then(|| answer.text())?;
    Some(text.lines().map(|line| line.parse().expect("a number")).collect())
}

/// Leaves a call of `mail` for later; its id.
fn post(node: &Node, body: &str) -> String {
    let length = format!("content-length: {}\r\n", body.len());
    let answer = request(&node.address, "POST", "/async-function/mail", &length, body.as_bytes());
    assert_eq!(answer.status, 202, "{answer:?}");
    let told: serde_json::Value = serde_json::from_str(&answer.text()).expect("it is JSON");
    told["id"].as_str().expect("it has an id").to_string()
}

fn waiting(node: &Node) -> Vec<String> {
    let list = node.fine("queue list --function mail -o json").json();
    let ids = list.as_array().expect("a list").iter();
    let mut ids: Vec<String> =
        ids.filter_map(|call| call["id"].as_str().map(str::to_string)).collect();
    ids.sort();
    ids
}

#[test]
fn items_calls_and_values_go_with_a_workload_once_and_in_order() {
    let [first, second, third] = filming();
    film(&first, 0..30);
    until("they are seen", || (seen(&first)?.len() == 30).then_some(()));
    // From here on items and calls wait.
    first.fine("pause detect mail");
    film(&first, 30..60);
    let mut ids: Vec<String> = (0..5).map(|number| post(&first, &format!("{number}"))).collect();
    ids.sort();

    let filed = first.fine("authority move film --to lima --check 1");
    let shown = ended(&third, filed.out.trim());
    assert_eq!(shown["state"], "done", "{shown:#}");
    until("the source has let it go", || {
        first.fine("list -o json").json().as_array()?.is_empty().then_some(())
    });
    assert_eq!(waiting(&second), ids, "under the ids they had");
    assert_eq!(waiting(&first), Vec::<String>::new());
    let shown = first.fine(&format!("queue show {} -o json", ids[0])).json();
    assert_eq!((&shown["id"], &shown["state"]), (&ids[0].as_str().into(), &"queued".into()));
    let frames = second.fine("flow show frames -o json").json();
    assert_eq!(frames["depth"], 30, "{frames:#}");
    film(&third, 60..80);
    second.fine("resume detect mail");
    until("all are seen", || (seen(&third)?.len() >= 80).then_some(()));
    assert_eq!(seen(&first), Some((0..80).collect()), "once, and in order");
    until("all calls are made", || {
        let list = second.fine("queue list --function mail -o json").json();
        let states =
            list.as_array()?.iter().map(|call| call["state"] == "done").collect::<Vec<_>>();
        (states.len() == 5 && states.iter().all(|is_done| *is_done)).then_some(())
    });
    for id in &ids {
        let shown = second.fine(&format!("queue show {id} -o json")).json();
        assert_eq!(shown["attempts"], 1, "{shown}");
    }
}

#[test]
fn what_went_with_a_move_that_does_not_help_comes_back() {
    let [first, second, third] = filming();
    film(&first, 0..10);
    until("they are seen", || (seen(&first)?.len() == 10).then_some(()));
    first.fine("pause mail");
    let mut ids: Vec<String> = (0..3).map(|number| post(&first, &format!("{number}"))).collect();
    ids.sort();

    let filed = first.fine("proposal file film --to lima --check 6 --at-most 0.00001");
    let (is_over, address) = (Arc::new(AtomicBool::new(false)), third.address.clone());
    let filming = std::thread::spawn({
        let is_over = is_over.clone();
        move || {
            let mut count = 10u32;
            while !is_over.load(Ordering::Relaxed) {
                let body = count.to_string();
                let length = format!("content-length: {}\r\n", body.len());
                let answer =
                    request(&address, "POST", "/function/camera", &length, body.as_bytes());
                assert_eq!(answer.status, 200, "{count}: {answer:?}");
                count += 1;
            }
            count
        }
    });
    let shown = ended(&third, filed.out.trim());
    assert_eq!(shown["state"], "rolled-back", "{shown:#}");
    until("the destination has let it go", || {
        second.fine("list -o json").json().as_array()?.is_empty().then_some(())
    });
    is_over.store(true, Ordering::Relaxed);
    let count = filming.join().expect("it ends when it is told to");
    assert_eq!(holder(&third, "film").as_deref(), Some("oslo"));
    assert_eq!(waiting(&first), ids);
    assert_eq!(waiting(&second), Vec::<String>::new());
    until("all are seen", || (seen(&first)?.len() >= count as usize).then_some(()));
    let mut all = seen(&second).expect("it is passed on");
    all.sort_unstable();
    assert_eq!(all, (0..count).collect::<Vec<_>>(), "none is lost, and none called for twice");
    first.fine("resume mail");
    until("all calls are made", || {
        let list = first.fine("queue list --state done --function mail -o json").json();
        (list.as_array()?.len() == 3).then_some(())
    });
}

#[test]
fn calls_on_their_way_to_a_site_that_dies_are_back_once_it_answers() {
    let [first, second, third] = town();
    first.write("camera.wasm", samples::ECHO);
    first.write("work.wasm", samples::WORK);
    let app = "version = 1\n\
        [[function]]\nname = \"mail\"\ncode = \"camera.wasm\"\nmemory = \"8MiB\"\n\
        workload = \"film\"\n\
        [[function]]\nname = \"slow\"\ncode = \"work.wasm\"\nmemory = \"8MiB\"\n\
        workload = \"film\"\ntimeout = \"120s\"\n";
    first.write("app.toml", app.as_bytes());
    first.fine("deploy -f app.toml");
    until("it is registered", || (holder(&second, "film")? == "oslo").then_some(()));
    first.fine("pause mail");
    let mut ids: Vec<String> = (0..3).map(|number| post(&first, &format!("{number}"))).collect();
    ids.sort();
    // What is being worked on holds the source up while it is drained.
    let mut slow = connect(&first.address);
    let head = "GET /function/slow?m=100000 HTTP/1.1\r\nhost: localhost\r\n\r\n";
    slow.write_all(head.as_bytes()).expect("it is sent");
    until("it is worked on", || {
        let rows = first.fine("ps -o json").json();
        let is_busy = |row: &serde_json::Value| row["function"] == "slow" && row["state"] == "busy";
        rows.as_array()?.iter().any(is_busy).then_some(())
    });
    let filed = first.fine("authority move film --to lima --check 1");
    let id = filed.out.trim().to_string();
    until("its source is drained", || {
        let shown = third.fine(&format!("proposal show {id} -o json")).json();
        (shown["state"] == "draining").then_some(())
    });
    let folder = second.kill();
    drop(slow);
    let shown = ended(&third, &id);
    assert!(shown["state"] == "failed" || shown["state"] == "rolled-back", "{shown:#}");
    first.fine("resume mail");
    let second = Node::on(folder, "");
    first.running.told("calls that were on their way are back");
    let made = |node: &Node| {
        let list = node.fine("queue list --state done --function mail -o json").json();
        list.as_array().expect("a list").clone()
    };
    let mut all = until("all calls are made", || {
        let all = [made(&first), made(&second)].concat();
        (all.len() >= ids.len()).then_some(all)
    });
    all.sort_by_key(|call| call["id"].to_string());
    let found: Vec<&str> = all.iter().filter_map(|call| call["id"].as_str()).collect();
    assert_eq!(found, ids, "each once, at one of the two");
}

#[test]
fn contents_are_warm_where_a_workload_comes_before_its_traffic_does() {
    let shared = Folder::new();
    let store = shared.0.join("contents");
    let words = format!("--set cache.store={} --set cache.prefetch=off", store.display());
    let [first, second, _third] = town_with(&words);
    first.write("detect.wasm", samples::COLLECT);
    let app = "version = 1\n\
        [[function]]\nname = \"detect\"\ncode = \"detect.wasm\"\nmemory = \"8MiB\"\n\
        workload = \"film\"\nkey-value = [\"seen=content:film\"]\n";
    first.write("app.toml", app.as_bytes());
    first.fine("deploy -f app.toml");
    until("it is registered", || (holder(&second, "film")? == "oslo").then_some(()));
    assert_eq!(first.call("detect", b"17").status, 200);
    let copy = |node: &Node| node.fine("cache show film/seen -o json").json()["version"].clone();
    let version = copy(&first);
    assert!(version.is_string(), "{version}");
    assert!(!copy(&second).is_string(), "nothing of it is at lima");
    let filed = first.fine("authority move film --to lima --check 1");
    let id = filed.out.trim().to_string();
    until("it gets the first traffic", || {
        let shown = second.fine(&format!("proposal show {id} -o json")).json();
        // Later steps come after it.
        ["shifting", "draining", "watching", "done"]
            .iter()
            .any(|it| shown["state"] == *it)
            .then_some(())
    });
    // Nobody has called it there.
    assert_eq!(copy(&second), version, "read ahead");
    assert_eq!(ended(&second, &id)["state"], "done");
    // With nothing to read it from but the copy.
    std::fs::rename(&store, shared.0.join("away")).expect("it can be renamed");
    assert_eq!(seen(&second), Some(vec![17]));
}
