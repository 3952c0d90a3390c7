//! The founding scenarios, message by message, with the three tables as they stand after them.
//!
//! Where the slides say less than it takes, what is said beyond them is in the list too: the
//! grant, the commit, the acknowledgement.

use swell_core::cachegroup::action::{Origin, Outcome};
use swell_core::cachegroup::level::{Acknowledgement, ReadLevel};
use swell_core::ids::RequestId;
use swell_core::time::Span;

use crate::stage::{LEADER_A, RESOURCE_1, RESOURCE_2, Stage};

/// Resource 1 wrote X, Resource 2 has an older copy of it, and the group has a leader.
fn stale_at_resource_2() -> Stage {
    let mut stage = Stage::new();
    stage.write(RESOURCE_1);
    let read = stage.read(RESOURCE_2, ReadLevel::Strict);
    stage.pass(Span::from_secs(1));
    assert!(matches!(stage.outcome(read), Some(Outcome::Read { .. })));
    stage.write(RESOURCE_1);
    assert_eq!(stage.member_table(RESOURCE_2), "X (stale) | Leader A | Free");
    assert_eq!(stage.leader_table(), "X | R1 | Free");
    assert_eq!(stage.store_table(), "X | Leader A | W1");
    stage.said();
    stage
}

fn origin(stage: &Stage, request: RequestId) -> Option<Origin> {
    match stage.outcome(request) {
        Some(Outcome::Read { origin, revision, .. }) => {
            assert_eq!(revision.version, stage.newest(), "it is the newest");
            Some(*origin)
        }
        _ => None,
    }
}

#[test]
fn free_data() {
    let mut stage = stale_at_resource_2();
    let read = stage.read(RESOURCE_2, ReadLevel::Strict);
    stage.pass(Span::ZERO);
    assert_eq!(stage.said(), ["R2 -> A: X?", "A -> R2: GoTo R1", "R2 -> R1: X?", "R1 -> R2: X"]);
    assert_eq!(origin(&stage, read), Some(Origin::Group));
    assert_eq!(stage.member_table(RESOURCE_2), "X | Leader A | Free");
    assert_eq!(stage.leader_table(), "X | R1 R2 | Free");
}

#[test]
fn free_data_that_is_here_costs_a_question_or_nothing() {
    let mut stage = stale_at_resource_2();
    for (level, said) in [
        (ReadLevel::Strict, vec!["R1 -> A: X?", "A -> R1: your X is fresh"]),
        (ReadLevel::Causal, vec![]),
        (ReadLevel::Bounded(Span::from_secs(1)), vec![]),
        (ReadLevel::Any, vec![]),
    ] {
        let read = stage.read(RESOURCE_1, level);
        stage.pass(Span::ZERO);
        assert_eq!(stage.said(), said, "{level}");
        assert_eq!(origin(&stage, read), Some(Origin::Local), "{level}");
    }
}

/// Copies on disk are as good as before: their moments are the leader's, not the clock's.
#[test]
fn free_data_that_outlived_a_restart() {
    let mut stage = stale_at_resource_2();
    stage.restart(RESOURCE_1);
    let read = stage.read(RESOURCE_1, ReadLevel::Causal);
    stage.pass(Span::ZERO);
    assert_eq!(origin(&stage, read), Some(Origin::Local));
    assert_eq!(stage.said(), [""; 0]);
    // How old it is, no clock tells any more; and who leads is asked of the data store.
    let read = stage.read(RESOURCE_1, ReadLevel::Bounded(Span::from_secs(60)));
    stage.pass(Span::ZERO);
    assert_eq!(stage.said(), ["R1 -> store: newest X?"]);
    assert_eq!(origin(&stage, read), Some(Origin::Store));
}

#[test]
fn resource_failure() {
    let mut stage = stale_at_resource_2();
    stage.silent.insert(RESOURCE_1);
    let read = stage.read(RESOURCE_2, ReadLevel::Strict);
    stage.pass(Span::ZERO);
    assert_eq!(stage.said(), ["R2 -> A: X?", "A -> R2: GoTo R1", "R2 -> R1: X?"]);
    assert_eq!(origin(&stage, read), None, "there is a time-out first");
    stage.pass(Span::from_millis(200));
    assert_eq!(stage.said(), ["R2 -> store: X?", "R2 -> A: R1 has no X"]);
    assert_eq!(origin(&stage, read), Some(Origin::Store));
    assert_eq!(stage.member_table(RESOURCE_2), "X | Leader A | Free");
    assert_eq!(stage.leader_table(), "X | R2 | Free");
}

#[test]
fn a_resource_that_evicted_its_copy_says_so() {
    let mut stage = stale_at_resource_2();
    stage.evict(RESOURCE_1);
    let read = stage.read(RESOURCE_2, ReadLevel::Strict);
    stage.pass(Span::ZERO);
    let expected =
        ["R1 -> A: R1 has no X", "R2 -> A: X?", "A -> R2: GoTo store", "R2 -> store: X?"];
    assert_eq!(stage.said(), expected);
    assert_eq!(origin(&stage, read), Some(Origin::Store));
}

#[test]
fn a_resource_that_evicted_its_copy_unheard_says_so_when_asked() {
    let mut stage = stale_at_resource_2();
    stage.silent.insert(LEADER_A);
    stage.evict(RESOURCE_1);
    stage.pass(Span::ZERO);
    stage.silent.clear();
    stage.said();
    let read = stage.read(RESOURCE_2, ReadLevel::Strict);
    stage.pass(Span::ZERO);
    let expected = [
        "R2 -> A: X?",
        "A -> R2: GoTo R1",
        "R2 -> R1: X?",
        "R1 -> R2: no X",
        "R2 -> store: X?",
        "R2 -> A: R1 has no X",
    ];
    assert_eq!(stage.said(), expected);
    assert_eq!(origin(&stage, read), Some(Origin::Store));
    assert_eq!(stage.leader_table(), "X | R2 | Free");
}

#[test]
fn data_under_update() {
    let mut stage = stale_at_resource_2();
    let write = stage.lock(RESOURCE_1);
    stage.pass(Span::ZERO);
    assert_eq!(stage.said(), ["R1 -> A: Lock: X", "A -> R1: Grant: X"]);
    assert_eq!(stage.member_table(RESOURCE_1), "X | Leader A | Lock");
    assert_eq!(stage.leader_table(), "X | R1 | Lock");

    let read = stage.read(RESOURCE_2, ReadLevel::Strict);
    stage.pass(Span::ZERO);
    assert_eq!(stage.said(), ["R2 -> A: X?", "A -> R2: Lock: R1"]);

    stage.publish(RESOURCE_1, write, Acknowledgement::Committed);
    stage.pass(Span::ZERO);
    let expected =
        ["R1 -> store: X", "R1 -> store: Commit: X", "R1 -> A: Free: X", "A -> R1: X is Free"];
    assert_eq!(stage.said(), expected);
    assert_eq!(origin(&stage, read), None, "the time interval is not over");

    stage.pass(Span::from_millis(60));
    assert_eq!(stage.said(), ["R2 -> A: X?", "A -> R2: GoTo R1", "R2 -> R1: X?", "R1 -> R2: X"]);
    assert_eq!(origin(&stage, read), Some(Origin::Group));
}

/// Longer than its patience a reader does not wait: the data store has the newest, too.
#[test]
fn data_under_a_long_update() {
    let mut stage = stale_at_resource_2();
    stage.lock(RESOURCE_1);
    stage.pass(Span::ZERO);
    let read = stage.read(RESOURCE_2, ReadLevel::Strict);
    stage.pass(Span::from_secs(1));
    assert_eq!(origin(&stage, read), Some(Origin::Store));
    assert_eq!(stage.leader_table(), "X | R1 | Lock");
}

#[test]
fn update() {
    let mut stage = stale_at_resource_2();
    let before = stage.timestamp();
    let write = stage.lock(RESOURCE_2);
    stage.pass(Span::ZERO);
    assert_eq!(stage.said(), ["R2 -> A: Lock: X", "A -> R2: Grant: X"]);
    assert_eq!(stage.member_table(RESOURCE_2), "X (stale) | Leader A | Lock");
    assert_eq!(stage.leader_table(), "X | R2 | Lock");
    let granted = stage.outcome(write);
    assert!(
        matches!(granted, Some(Outcome::Granted { base, .. }) if base.version == stage.newest())
    );

    // It retrieves the updated X, from whoever has it: a lock keeps no version from being read
    // for what it is. Then it processes it, and Free comes after the upload.
    stage.publish(RESOURCE_2, write, Acknowledgement::Committed);
    stage.pass(Span::ZERO);
    let expected =
        ["R2 -> store: X", "R2 -> store: Commit: X", "R2 -> A: Free: X", "A -> R2: X is Free"];
    assert_eq!(stage.said(), expected);
    assert_eq!(stage.member_table(RESOURCE_2), "X | Leader A | Free");
    assert_eq!(stage.member_table(RESOURCE_1), "X (stale) | Leader A | Free");
    assert_eq!(stage.leader_table(), "X | R2 | Free");
    assert!(stage.timestamp() > before, "the timestamp changes to a later one");
    assert!(matches!(stage.outcome(write), Some(Outcome::Written { committed: Some(_), .. })));
}

/// A holder that dies leaves its lock behind; it is broken by a fence, and the former version
/// is free again.
#[test]
fn update_by_a_resource_that_dies() {
    let mut stage = stale_at_resource_2();
    let before = stage.newest();
    stage.lock(RESOURCE_2);
    stage.pass(Span::ZERO);
    stage.silent.insert(RESOURCE_2);
    stage.said();
    stage.pass(Span::from_secs(11));
    assert_eq!(stage.said(), ["A -> store: Seal: X"]);
    assert_eq!(stage.leader_table(), "X | R1 | Free");
    assert_eq!(stage.newest(), before);
}

/// Only once in a while two want to write: the second waits, and makes its version from the
/// first one's.
#[test]
fn two_updates() {
    let mut stage = stale_at_resource_2();
    let first = stage.lock(RESOURCE_1);
    let second = stage.lock(RESOURCE_2);
    stage.pass(Span::ZERO);
    assert_eq!(stage.outcome(second), None);
    stage.publish(RESOURCE_1, first, Acknowledgement::Committed);
    stage.pass(Span::from_millis(60));
    let newest = stage.newest();
    let granted = stage.outcome(second);
    assert!(matches!(granted, Some(Outcome::Granted { base, .. }) if base.version == newest));
}

/// The data store is away: a version that enough nodes keep is acknowledged as pending, and is
/// committed when the data store comes back.
#[test]
fn update_without_the_data_store() {
    let mut stage = stale_at_resource_2();
    let before = stage.newest();
    let write = stage.lock(RESOURCE_2);
    stage.pass(Span::ZERO);
    stage.is_store_up = false;
    stage.publish(RESOURCE_2, write, Acknowledgement::Pending(2));
    stage.pass(Span::ZERO);
    let pending = Acknowledgement::Pending(2);
    assert!(matches!(stage.outcome(write), Some(Outcome::Written { acknowledged, .. })
        if *acknowledged == pending));
    assert_eq!(stage.member_table(RESOURCE_2), "X (stale) | Leader A | Pending");

    // For longer than any lock lasts unless it is kept alive.
    stage.pass(Span::from_secs(60));
    assert_eq!(stage.leader_table(), "X | R2 | Lock");
    assert_eq!(stage.newest(), before);
    let read = stage.read(RESOURCE_1, ReadLevel::Strict);
    stage.pass(Span::from_millis(10));
    assert_eq!(origin(&stage, read), None, "who wants the newest has to wait");

    // The writer is gone by then: who keeps its version commits it.
    stage.silent.insert(RESOURCE_2);
    stage.is_store_up = true;
    stage.pass(Span::from_secs(3));
    assert!(stage.newest() > before);
    assert_eq!(origin(&stage, read), Some(Origin::Store));
    assert!(stage.leader_table().ends_with("Free"));
}

/// Nothing was ever written: that, too, is an answer, and the leader need not be asked again.
#[test]
fn absent_data() {
    let mut stage = Stage::new();
    let read = stage.read(RESOURCE_1, ReadLevel::Strict);
    stage.pass(Span::from_secs(1));
    assert!(matches!(stage.outcome(read), Some(Outcome::Read { revision, .. })
        if revision.payload.is_none()));
    stage.said();
    stage.read(RESOURCE_1, ReadLevel::Causal);
    assert_eq!(stage.said(), [""; 0]);
}

/// The leader is gone: reads go on, by the data store, and are right.
#[test]
fn leader_failure() {
    let mut stage = stale_at_resource_2();
    stage.silent.insert(LEADER_A);
    let read = stage.read(RESOURCE_2, ReadLevel::Strict);
    stage.pass(Span::from_secs(1));
    assert_eq!(origin(&stage, read), Some(Origin::Store));
    assert_eq!(stage.said(), ["R2 -> A: X?", "R2 -> store: newest X?"]);
}
