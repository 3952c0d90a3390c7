//! Changing hands: nothing lost, nothing twice, whoever answers or does not.

use swell_fifo::owner::{Begun, Next};
use swell_fifo::refusal::PushError;

use crate::stage::{Stage, take, take_all};

#[test]
fn the_successor_goes_on_behind_what_was_committed() {
    let mut stage = Stage::new(2, 1024, false);
    let mut producers = [stage.producer(0), stage.producer(1)];
    let mut first = stage.owner();
    for number in 0..6u8 {
        producers[usize::from(number % 2)].push(&[number]).expect("room");
    }
    assert!(take(&mut first).is_some());
    first.commit();
    assert!(take(&mut first).is_some(), "taken, never committed");

    stage.raise(2);
    let heir = stage.heir();
    let Begun::NotYet(heir) = heir.begin().expect("sound") else { panic!("not released yet") };
    assert!(matches!(first.take(), Ok(Next::Revoked)));
    first.release();
    assert!(stage.fifo.is_released());
    let Begun::Owner(mut second) = heir.begin().expect("sound") else { panic!("released") };
    let mut taken = take_all(&mut second);
    taken.sort();
    let numbers: Vec<u8> = taken.iter().map(|item| item.2[0]).collect();
    assert_eq!(numbers, [2, 4, 1, 3, 5], "the one committed item is missing");
}

#[test]
fn producers_find_the_new_owner_by_themselves() {
    let mut stage = Stage::new(1, 1024, false);
    let mut producer = stage.producer(0);
    let mut first = stage.owner();
    while producer.push(&[0; 48]).is_ok() {}
    let page = stage.raise(2);
    let heir = stage.heir();
    assert_eq!(producer.push(&[0; 48]), Err(PushError::Moved { epoch: 2 }));
    producer.announce(page).expect("sound");
    assert_eq!(producer.push(&[0; 48]), Err(PushError::Full), "the heir has not begun");
    assert!(matches!(first.take(), Ok(Next::Revoked)));
    first.release();
    let Ok(Begun::Owner(mut second)) = heir.begin() else { panic!("released") };
    assert_eq!(take_all(&mut second).len(), 15);
    assert_eq!(producer.push(&[0; 48]), Ok(()));
}

#[test]
fn what_a_former_owner_writes_counts_for_nothing() {
    let mut stage = Stage::new(1, 1024, false);
    let mut producer = stage.producer(0);
    let mut zombie = stage.owner();
    while producer.push(&[0; 48]).is_ok() {}
    assert!(take(&mut zombie).is_some());
    let page = stage.raise(2);
    producer.announce(page).expect("sound");
    stage.fifo.take_over().expect("sound");
    let mut second = stage.owner();
    // The zombie wakes up in the middle of what it did.
    zombie.commit();
    assert_eq!(producer.push(&[0; 48]), Err(PushError::Full));
    let taken = take_all(&mut second);
    assert_eq!(taken.iter().map(|item| item.1).collect::<Vec<_>>(), (0..15).collect::<Vec<_>>());
    assert_eq!(producer.push(&[0; 48]), Ok(()));
}

#[test]
fn a_frozen_owner_blames_nobody_for_what_it_missed() {
    let mut stage = Stage::new(1, 1024, false);
    let mut producer = stage.producer(0);
    let mut zombie = stage.owner();
    producer.push(&[0; 48]).expect("room");
    let page = stage.raise(2);
    producer.announce(page).expect("sound");
    stage.fifo.take_over().expect("sound");
    let mut second = stage.owner();
    for _ in 0..100 {
        producer.push(&[0; 48]).expect("room");
        take_all(&mut second);
    }
    assert!(matches!(zombie.take(), Ok(Next::Revoked)));
    zombie.commit();
    assert_eq!(stage.fifo.lane(0).committed, stage.fifo.lane(0).tail);
}

#[test]
fn an_heir_that_never_began_is_passed_over() {
    let mut stage = Stage::new(1, 1024, false);
    let mut producer = stage.producer(0);
    let mut first = stage.owner();
    producer.push(b"a").expect("room");
    producer.push(b"b").expect("room");
    assert!(take(&mut first).is_some());
    first.commit();
    stage.raise(2);
    let late = stage.heir();
    first.release();
    stage.raise(3);
    stage.fifo.take_over().expect("sound");
    let mut third = stage.owner();
    assert_eq!(take_all(&mut third), [(0, 1, b"b".to_vec())]);
    assert!(matches!(late.begin(), Ok(Begun::Revoked)));
}

#[test]
fn a_daemon_finds_how_things_stand() {
    let mut stage = Stage::new(1, 1024, false);
    let mut producer = stage.producer(0);
    let mut first = stage.owner();
    for item in [b"a", b"b", b"c"] {
        producer.push(item).expect("room");
    }
    assert!(take(&mut first).is_some());
    first.commit();
    stage.raise(2);
    let regions = stage.regions.iter().map(|region| vec![region.clone()]).collect();
    let mut fifo =
        swell_fifo::fifo::Fifo::reopen(stage.control.clone(), regions, stage.pages.clone())
            .expect("sound");
    assert_eq!((fifo.want().epoch, fifo.want().owner), (2, 2));
    assert!(!fifo.is_released() && !fifo.has_begun());
    fifo.take_over().expect("sound");
    let mut second = stage.owner();
    assert_eq!(take_all(&mut second).len(), 2);
    assert!(fifo.has_begun());
    assert_eq!(fifo.forget().len(), 1);
}

#[test]
fn taking_over_changes_nothing_for_an_owner_that_has_begun() {
    for began_by_itself in [false, true] {
        let mut stage = Stage::new(1, 1024, false);
        let mut producer = stage.producer(0);
        let first = stage.owner();
        while producer.push(&[0; 48]).is_ok() {}
        let page = stage.raise(2);
        producer.announce(page).expect("sound");
        if began_by_itself {
            first.release();
        } else {
            stage.fifo.take_over().expect("sound");
        }
        let mut second = stage.owner();
        assert_eq!(take_all(&mut second).len(), 15);
        // A daemon that did not notice, or that was started again, tries once more.
        stage.fifo.take_over().expect("sound");
        assert_eq!(stage.fifo.lane(0).committed, stage.fifo.lane(0).tail);
        assert_eq!(producer.push(&[1; 48]), Ok(()));
        assert_eq!(take_all(&mut second).len(), 1);
    }
}

#[test]
fn a_part_of_what_was_given_out_can_be_done_with() {
    let mut stage = Stage::new(2, 1024, false);
    let mut producers = [stage.producer(0), stage.producer(1)];
    let mut first = stage.owner();
    for number in 0..6u8 {
        producers[usize::from(number % 2)].push(&[number]).expect("room");
    }
    let mut ends = Vec::new();
    while let Ok(Next::Item(item)) = first.take() {
        ends.push((item.lane(), item.sequence(), item.end()));
    }
    for &(lane, _, end) in ends.iter().filter(|(lane, sequence, _)| *sequence < 1 + *lane as u64) {
        first.commit_to(lane, end);
    }
    stage.raise(2);
    first.release();
    let taken = take_all(&mut stage.owner());
    let names: Vec<_> = taken.iter().map(|item| (item.0, item.1)).collect();
    assert_eq!(names, [(0, 1), (0, 2), (1, 2)]);
}

#[test]
fn the_last_access_and_the_cost_are_known_whoever_owns_it() {
    let mut stage = Stage::new(1, 1024, false);
    let mut producer = stage.producer(0);
    let mut first = stage.owner();
    assert_eq!((stage.fifo.lane(0).put_at, stage.fifo.taken_at()), (0, 0), "nobody was there yet");
    assert_eq!(stage.fifo.migration_cost(), 0);
    producer.push(&[0; 48]).expect("room");
    let put_at = stage.fifo.lane(0).put_at;
    assert!(put_at > 0 && put_at <= swell_fifo::clock::coarse());
    assert!(take(&mut first).is_some());
    assert_eq!(stage.fifo.taken_at(), 0, "taken, and not done with");
    first.commit();
    let taken_at = stage.fifo.taken_at();
    assert!(taken_at >= put_at && taken_at <= swell_fifo::clock::coarse());
    stage.fifo.set_migration_cost(70_000);
    let page = stage.raise(2);
    producer.announce(page).expect("sound");
    first.release();
    let mut second = stage.owner();
    stage.fifo.forget();
    assert_eq!(stage.fifo.taken_at(), taken_at, "the page it was noted on is gone");
    assert_eq!(stage.fifo.migration_cost(), 70_000);
    // A lane that goes on in another region, where nothing was put in yet.
    let next = crate::stage::region(4096);
    stage.fifo.extend(0, next.clone());
    second.announce(0, next.clone());
    assert_eq!(stage.fifo.lane(0).put_at, put_at);
    producer.continue_in(next).expect("room is kept for the seal");
    assert_eq!(stage.fifo.lane(0).put_at, put_at, "to go on elsewhere puts nothing in");
    producer.push(&[0; 48]).expect("the next region is empty");
    assert_eq!(take_all(&mut second).len(), 1);
    assert!(stage.fifo.lane(0).put_at >= put_at && stage.fifo.taken_at() >= taken_at);
}
