//! What happens to nodes, and what must be so all the same.

use std::time::Instant;

use rustix::process::Signal;

use crate::callers::{Callers, read, write};
use crate::circle::Circle;
use crate::history::{Done, faults};

/// Nothing that was acknowledged is lost: at the end each content is at least as new as any
/// write of it that was.
pub(crate) fn check(circle: &Circle, history: &[Done], mut wrong: Vec<String>) {
    wrong.extend(faults(history));
    let writes = history.iter().filter(|done| done.is_write).count();
    for node in 0..circle.len() {
        for done in history.iter().filter(|done| done.is_write) {
            circle.visit(node);
            let told = read(&circle.url(node), &done.content, "strict", "");
            let told = told.unwrap_or_else(|| panic!("node {node} does not answer"));
            if told.version.is_none_or(|version| version < done.version) {
                wrong.push(format!("{done:?} is lost: {:?}", told.version));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(writes > 10, "{writes} writes say little");
    println!("{} operations, {writes} of them writes, all as promised", history.len());
}

#[test]
fn members_and_leaders_are_killed_and_come_back() {
    let circle = Circle::up();
    let callers = Callers::start(&circle, 4);
    callers.go_on(60);
    for round in 0..3 {
        let leader = circle.leader(None);
        // Now the leader, now a member.
        let victim = if round == 1 { (leader + 1) % circle.len() } else { leader };
        let began = Instant::now();
        circle.kill(victim);
        let next = circle.leader(Some(victim));
        println!("killed {victim}, which led: {}", victim == leader);
        println!("  {next} leads after {:?}", began.elapsed());
        callers.go_on(40);
        circle.start(victim);
        callers.go_on(40);
    }
    let (history, wrong) = callers.end();
    check(&circle, &history, wrong);
}

#[test]
fn a_leader_that_was_asleep_knows_that_it_was() {
    let circle = Circle::up();
    let callers = Callers::start(&circle, 4);
    callers.go_on(60);
    for _ in 0..2 {
        let leader = circle.leader(None);
        circle.signal(leader, Signal::STOP);
        circle.leader(Some(leader));
        callers.go_on(20);
        circle.signal(leader, Signal::CONT);
        callers.go_on(40);
    }
    let (history, wrong) = callers.end();
    check(&circle, &history, wrong);
}

#[test]
fn without_the_data_store_reads_go_on_and_writes_wait_with_several_nodes() {
    let circle = Circle::up();
    let leader = circle.leader(None);
    let url = circle.url(leader);
    let first = write(&url, "c0", "one", "", "committed").expect("the node answers");
    assert_eq!(first.status, 201);
    circle.move_store("store", "unmounted");
    let told = read(&url, "c0", "strict", "").expect("the node answers");
    assert_eq!((told.status, told.text.as_str()), (200, "one"));
    let pending = write(&url, "c0", "two", &first.session, "pending=2");
    let pending = pending.expect("the node answers");
    assert_eq!(pending.status, 202, "{}", pending.text);
    // The node that took it is gone for good; another has it.
    circle.kill(leader);
    circle.move_store("unmounted", "store");
    let other = (leader + 1) % circle.len();
    let deadline = Instant::now() + std::time::Duration::from_secs(60);
    loop {
        let told = read(&circle.url(other), "c0", "strict", "").expect("the node answers");
        if told.status == 200 && told.text == "two" {
            assert_eq!(told.version, pending.version);
            break;
        }
        assert!(Instant::now() < deadline, "what was acknowledged is lost: {}", told.text);
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
}
