//! Nodes in network namespaces: cables are pulled, one direction fails, links become slow, the
//! data store goes away, clocks jump, while callers read and write and are told what is so.

use std::time::{Duration, Instant};

use crate::callers::{Callers, read, write};
use crate::circle::{Circle, Making, PATIENCE};
use crate::faults::check;
use crate::network::{namespaces, set_clock, slow, told_time};

/// The rate of a slow link: a round of the protocol passes, and little else.
const SLOW: &str = "256kbit";
/// For how long the data store is away while callers go on.
const AWAY: Duration = Duration::from_secs(5);

#[test]
fn whole_nodes_outlive_cuts_slow_links_a_lost_store_and_clocks_that_jump() {
    let Some(spaces) = namespaces(3) else { return };
    let circle = Circle::made(Making {
        workloads: "shop",
        namespaces: Some(spaces),
        environment: Some(told_time),
        ..Making::default()
    });
    let spaces = circle.making.namespaces.as_ref().expect("they were made");
    let callers = Callers::start(&circle, 4);
    callers.go_on(40);

    // Cut off from both others, who elect another; then back.
    let leader = circle.leader(None);
    spaces.cable(leader as u32, false);
    let next = circle.leader(Some(leader));
    callers.go_on(40);
    spaces.cable(leader as u32, true);
    callers.go_on(40);
    println!("the cable of {leader}, which led, was pulled: {next} led");

    // It hears the others and is not heard, and the other way round.
    for is_mute in [true, false] {
        let leader = circle.leader(None);
        let others: Vec<usize> = (0..circle.len()).filter(|&node| node != leader).collect();
        let ways = |is_open: bool| {
            for &other in &others {
                let (from, to) = if is_mute { (leader, other) } else { (other, leader) };
                spaces.way(from as u32, to as u32, is_open);
            }
        };
        ways(false);
        callers.go_on(40);
        ways(true);
        callers.go_on(20);
        println!("one direction between {leader}, which led, and the others was lost");
    }

    let leader = circle.leader(None);
    slow(&spaces.name(leader as u32), Some(SLOW));
    callers.go_on(40);
    slow(&spaces.name(leader as u32), None);
    callers.go_on(20);
    println!("the link of {leader}, which led, was slow");

    store_is_lost(&circle, &callers);

    let leader = circle.leader(None);
    for (node, off) in [(leader, "+8h"), ((leader + 1) % 3, "+3h"), (leader, "+1h")] {
        if !set_clock(&circle.folder.0, circle.name(node), off) {
            println!("skipped: no clock jumps without the package `libfaketime`");
            break;
        }
        callers.go_on(40);
        println!("the clock of {node} jumped to {off}");
    }

    let (history, wrong) = callers.end();
    check(&circle, &history, wrong);
}

/// Without a data store, what is pending is acknowledged by as many nodes as were asked for, and
/// is there for everybody once the store is back.
fn store_is_lost(circle: &Circle, callers: &Callers) {
    let deadline = Instant::now() + PATIENCE;
    let mut kept = None;
    while kept.is_none() {
        assert!(Instant::now() < deadline, "nothing is kept without the data store");
        // A leader that has had to do with a content can go on without the store, until it loses
        // its lease: nobody can be elected meanwhile.
        let leader = circle.leader(None);
        circle.visit(leader);
        let url = circle.url(leader);
        let known = write(&url, "kept", "known", "", "committed");
        if known.is_none_or(|known| known.status >= 300) {
            continue;
        }
        circle.move_store("store", "away");
        let told = write(&url, "kept", "pending", "", "pending=2");
        kept = told.filter(|told| told.status == 202);
        circle.move_store("away", "store");
    }
    let kept = kept.expect("the loop ends with it");
    for node in 0..circle.len() {
        loop {
            assert!(Instant::now() < deadline, "what was pending is nowhere");
            circle.visit(node);
            let told = read(&circle.url(node), "kept", "strict", "");
            match told.filter(|told| told.status == 200 && told.version >= kept.version) {
                Some(told) if told.text == "pending" => break,
                _ => std::thread::sleep(Duration::from_millis(50)),
            }
        }
    }
    // And for a while with nobody who writes what others wait for.
    circle.move_store("store", "away");
    std::thread::sleep(AWAY);
    circle.move_store("away", "store");
    callers.go_on(40);
    println!("the data store was away, and what was pending is there");
}
