//! Contents go to other groups and come back while callers read and write them: because somebody
//! says so, and because they are found to be read together.

use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::json;

use crate::callers::Callers;
use crate::circle::{Circle, Making, PATIENCE};
use crate::faults::check;
use crate::placing::{agent, deploy, told};

/// Has a content go to a group, asked for at a node, again until it went.
fn give(circle: &Circle, node: usize, content: &str, group: &str) {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let words = format!("cache move {content} {group} --node {}", circle.url(node));
        let ran = circle.command(&words).output().expect("the program runs");
        if ran.status.success() {
            let said = String::from_utf8_lossy(&ran.stdout).into_owned();
            assert!(said.contains(&format!("`{content}` is led with")), "{said}");
            return;
        }
        let said = String::from_utf8_lossy(&ran.stderr).into_owned();
        assert!(Instant::now() < deadline, "{content} does not go to {group}: {said}");
    }
}

/// What a node refuses.
fn refused(circle: &Circle, words: &str) -> String {
    let words = format!("cache move {words} --node {}", circle.url(0));
    let ran = circle.command(&words).output().expect("the program runs");
    assert!(!ran.status.success(), "{words} was taken");
    String::from_utf8_lossy(&ran.stderr).into_owned()
}

/// The node that leads the group of a workload, once one does.
fn leader(circle: &Circle, workload: &str) -> usize {
    let deadline = Instant::now() + PATIENCE;
    loop {
        for node in 0..circle.len() {
            let state = circle.page(node, "/v1/cache").unwrap_or_default();
            let groups = state["groups"].as_array().cloned().unwrap_or_default();
            if groups.iter().any(|one| one["workload"] == workload && one["leads"] == true) {
                return node;
            }
        }
        assert!(Instant::now() < deadline, "nobody leads `{workload}`");
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn of_two_workloads() -> Arc<Circle> {
    Circle::made(Making { workloads: "shop,mill", ..Making::default() })
}

#[test]
fn contents_go_to_other_groups_and_come_back_while_they_are_read_and_written() {
    let circle = of_two_workloads();
    let callers = Callers::start(&circle, 4);
    callers.go_on(60);
    for round in 0..3 {
        let at = round % circle.len();
        give(&circle, at, "shop/c0", "mill");
        let mills = format!("led with the workload `mill`: it was given to that; `{}` leads", {
            let leader = leader(&circle, "mill");
            circle.name(leader)
        });
        for node in 0..circle.len() {
            told(&circle, node, "why shop/c0", &["led with the workload `mill`"]);
        }
        println!("{}", told(&circle, at, "why shop/c0", &[&mills]));
        callers.go_on(40);
        if round == 1 {
            // Who leads it now is gone, with what it knew.
            let victim = leader(&circle, "mill");
            circle.kill(victim);
            callers.go_on(40);
            circle.start(victim);
            callers.go_on(20);
        }
        give(&circle, (at + 1) % circle.len(), "shop/c0", "shop");
        told(&circle, at, "why shop/c0", &["is led with its workload `shop`"]);
        callers.go_on(40);
    }
    let (history, wrong) = callers.end();
    check(&circle, &history, wrong);
}

#[test]
fn what_cannot_go_is_refused() {
    let circle = of_two_workloads();
    leader(&circle, "shop");
    assert!(refused(&circle, "shop/none mill").contains("there is no content `shop/none`"));
    assert!(refused(&circle, "shop/none elsewhere").contains("there is no workload `elsewhere`"));
    assert!(refused(&circle, "shop/none ../x").contains("is no workload"));
    assert!(refused(&circle, "shop/../x mill").contains("part that is empty"));
}

#[test]
fn what_is_read_together_is_led_together_while_it_is_read_and_written() {
    let circle = Circle::up();
    for node in 0..circle.len() {
        deploy(&circle, node, "album", &json!({}));
    }
    let callers = Callers::start(&circle, 4);
    callers.go_on(60);
    // Calls read all of the callers' contents together, until these are led by a leader of their
    // own.
    let deadline = Instant::now() + PATIENCE;
    let is_led_so = |node: usize, content: &str| {
        let page = circle.page(node, &format!("/v1/cache/shop/{content}")).unwrap_or_default();
        let led = page["led"].as_str().unwrap_or_default();
        led.contains("with `shared-") && led.contains("are read together")
    };
    let all_are = || {
        let mut places =
            (0..circle.len()).flat_map(|node| (0..3).map(move |content| (node, content)));
        places.all(|(node, content)| is_led_so(node, &format!("c{content}")))
    };
    while !all_are() {
        assert!(Instant::now() < deadline, "what is read together is not led together");
        let called = agent().post(format!("{}/function/album/c0+c1+c2", circle.url(0)));
        // A content may be without a leader for a moment, and the call without it.
        let _ = called.send_empty().expect("the node answers");
        std::thread::sleep(Duration::from_millis(200));
    }
    println!("{}", told(&circle, 0, "why shop/c1", &["is led with `shared-", "leads"]));
    println!("{}", told(&circle, 0, "groups", &["shared-"]));
    callers.go_on(100);
    let (history, wrong) = callers.end();
    check(&circle, &history, wrong);
}
