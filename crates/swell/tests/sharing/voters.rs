//! Voters that change while callers read and write: a box that died, and settings that differ.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::callers::{Callers, read, write};
use crate::circle::{Circle, Making, PATIENCE};
use crate::faults::check;

const FOUR: Making =
    Making { store: None, workloads: "shop", nodes: 4, namespaces: None, environment: None };

/// Who votes, as a node says.
fn voters(circle: &Circle, node: usize) -> Value {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let page = circle.page(node, "/v1/voters/shop");
        // Whose name is not known yet, as after a restart, goes by its number.
        let says =
            |page: &Value| page["voters"].is_array() && !page["voters"].to_string().contains('#');
        if let Some(page) = page.filter(says) {
            return page;
        }
        assert!(Instant::now() < deadline, "{} does not say who votes", circle.name(node));
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// Orders a change at a node until it is done: whoever is new may not be known there yet, or has
/// not heard of the leader.
fn order(circle: &Circle, node: usize, words: &str) -> Value {
    let deadline = Instant::now() + PATIENCE;
    loop {
        match circle.run(node, &format!("cache voters {words} -o json")) {
            Ok(said) => return serde_json::from_str(&said).expect("it is JSON"),
            Err(why) => assert!(Instant::now() < deadline, "`{words}`: {why}"),
        }
        std::thread::sleep(Duration::from_millis(200));
    }
}

fn is_sorted_as(list: &Value, names: &[&str]) -> bool {
    let mut list: Vec<&str> =
        list.as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    list.sort_unstable();
    list == names
}

#[test]
fn a_voter_that_died_is_replaced_while_callers_go_on() {
    let circle = Circle::made(FOUR);
    let guest = circle.node("madrid");
    let callers = Callers::start(&circle, 4);
    callers.go_on(40);
    let leader = circle.leader(None);
    let dead = (0..3).find(|&node| node != leader).expect("there are three");
    circle.kill(dead);
    callers.go_on(20);
    let words = format!("replace shop {} madrid", circle.name(dead));
    let changed = order(&circle, guest, &words);
    assert_eq!(changed[0]["number"], 2, "{changed}");
    assert!(changed[0]["voters"].to_string().contains("madrid"), "{changed}");
    callers.go_on(20);
    // Of the former list one is left, who would elect nobody.
    let leader = circle.leader(None);
    let began = Instant::now();
    circle.kill(leader);
    let next = circle.leader(Some(leader));
    println!("{} leads after {:?}", circle.name(next), began.elapsed());
    callers.go_on(20);
    circle.start(leader);
    circle.start(dead);
    callers.go_on(40);
    // Who came back with its old settings follows.
    let deadline = Instant::now() + PATIENCE;
    loop {
        let groups = circle.page(dead, "/v1/cache").map(|state| state["groups"][0].clone());
        let says = groups.is_some_and(|group| {
            group["voters"].to_string().contains("madrid") && group["by_settings"].is_array()
        });
        if says {
            break;
        }
        assert!(Instant::now() < deadline, "it does not say that others vote");
        std::thread::sleep(Duration::from_millis(50));
    }
    let (history, wrong) = callers.end();
    check(&circle, &history, wrong);
}

#[test]
fn a_rolling_restart_with_another_list_makes_no_second_electorate() {
    let circle = Circle::made(FOUR);
    let callers = Callers::start(&circle, 4);
    callers.go_on(40);
    circle.leader(None);
    for node in 0..circle.len() {
        circle.kill(node);
        circle.start_with(node, &[1, 2, 3]);
        circle.leader(None);
        callers.go_on(20);
        let office = voters(&circle, node);
        assert_eq!(office["number"], 1, "{office}");
        assert!(is_sorted_as(&office["voters"], &["berlin", "oslo", "paris"]), "{office}");
        assert!(is_sorted_as(&office["by_settings"], &["madrid", "oslo", "paris"]), "{office}");
    }
    let told = circle.run(1, "cache members").expect("it answers");
    assert!(told.contains("not as settings name them in shop"), "{told}");
    let changed = order(&circle, 1, "settings shop");
    assert_eq!(changed[0]["number"], 2, "{changed}");
    assert!(is_sorted_as(&changed[0]["voters"], &["madrid", "oslo", "paris"]), "{changed}");
    // Who votes no more is not missed.
    circle.kill(circle.node("berlin"));
    callers.go_on(40);
    circle.start_with(circle.node("berlin"), &[1, 2, 3]);
    callers.go_on(20);
    let (history, wrong) = callers.end();
    check(&circle, &history, wrong);
}

#[test]
fn a_group_whose_voters_are_lost_is_founded_anew() {
    let circle = Circle::up();
    let leader = circle.leader(None);
    let rest = (leader + 1) % circle.len();
    let first = write(&circle.url(leader), "c0", "one", "", "committed").expect("it answers");
    assert_eq!(first.status, 201);
    let lost: Vec<usize> = (0..circle.len()).filter(|&node| node != rest).collect();
    let names = lost.iter().map(|&node| circle.name(node)).collect::<Vec<_>>().join(",");
    let words = format!("cache voters set shop {}", circle.name(rest));
    let refused = circle.run(rest, &format!("{words} --lost {}", circle.name(rest)));
    assert!(refused.expect_err("it votes").contains("cannot be lost and vote"));
    for &node in &lost {
        circle.kill(node);
    }
    let refused = circle.run(rest, &words).expect_err("a majority is gone");
    assert!(refused.contains("no leader of the group answered"), "{refused}");
    let changed =
        circle.run(rest, &format!("{words} --lost {names}")).expect("nobody else is there");
    assert!(changed.contains(circle.name(rest)), "{changed}");
    let deadline = Instant::now() + PATIENCE;
    let second = loop {
        let written = write(&circle.url(rest), "c0", "two", &first.session, "committed");
        if let Some(written) = written.filter(|written| written.status == 204) {
            break written;
        }
        assert!(Instant::now() < deadline, "nobody leads");
    };
    // Who was not lost after all has no vote, and reads what is newest.
    for &node in &lost {
        circle.start(node);
        let told = read(&circle.url(node), "c0", "strict", "").expect("it answers");
        assert_eq!((told.version, told.text.as_str()), (second.version, "two"));
        assert_eq!(voters(&circle, node)["voters"], json!([circle.name(rest)]));
    }
}
