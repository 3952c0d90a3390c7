//! Going on in a region of another size, without a copy and without a stop.

use swell_fifo::owner::{Begun, Heir};
use swell_fifo::producer::Producer;
use swell_fifo::refusal::PushError;

use crate::stage::{Stage, region, take, take_all};

#[test]
fn lanes_grow_and_shrink_in_order() {
    for sizes in [vec![4096, 1024], vec![1024; 4], vec![16384, 512, 8192]] {
        let mut stage = Stage::new(1, 1024, false);
        let mut producer = stage.producer(0);
        let mut owner = stage.owner();
        let mut taken = Vec::new();
        for size in sizes {
            while producer.push(&[1; 48]).is_ok() {}
            let next = region(size);
            stage.fifo.extend(0, next.clone());
            owner.announce(0, next.clone());
            producer.continue_in(next).expect("room is kept for the seal");
            producer.push(&[2; 48]).expect("the next region is empty");
            taken.extend(take_all(&mut owner));
            assert_eq!(stage.fifo.retire(0).len(), 1, "the first region was read to its end");
        }
        producer.push(b"last").expect("room");
        taken.extend(take_all(&mut owner));
        let sequences: Vec<u64> = taken.iter().map(|item| item.1).collect();
        assert_eq!(sequences, (0..producer.sequence()).collect::<Vec<_>>());
    }
}

#[test]
fn an_owner_waits_for_a_region_it_does_not_know() {
    let mut stage = Stage::new(1, 1024, false);
    let mut producer = stage.producer(0);
    let mut owner = stage.owner();
    let next = region(2048);
    stage.fifo.extend(0, next.clone());
    producer.push(b"old").expect("room");
    producer.continue_in(next.clone()).expect("sound");
    producer.push(b"new").expect("room");
    assert_eq!(take_all(&mut owner), [(0, 0, b"old".to_vec())]);
    assert_eq!(owner.lost_lane(), Some(0));
    assert!(stage.fifo.retire(0).is_empty(), "the seal was not passed yet");
    owner.announce(0, next);
    assert_eq!(take_all(&mut owner), [(0, 1, b"new".to_vec())]);
    assert_eq!(owner.lost_lane(), None);
}

#[test]
fn hands_change_in_the_middle_of_a_change_of_size() {
    for taken_before in 0..4 {
        let mut stage = Stage::new(1, 1024, false);
        let mut producer = stage.producer(0);
        let mut first = stage.owner();
        let next = region(512);
        stage.fifo.extend(0, next.clone());
        first.announce(0, next.clone());
        producer.push(b"0").expect("room");
        producer.push(b"1").expect("room");
        producer.continue_in(next.clone()).expect("sound");
        producer.push(b"2").expect("room");
        producer.push(b"3").expect("room");
        for _ in 0..taken_before {
            take(&mut first).expect("four items");
        }
        first.commit();
        let page = stage.raise(2);
        first.release();
        let before = stage.pages[0].clone();
        let lanes = vec![vec![stage.regions[0].clone(), next]];
        let heir = Heir::new(stage.control.clone(), page, Some(before), lanes).expect("sound");
        let Ok(Begun::Owner(mut second)) = heir.begin() else { panic!("released") };
        let sequences: Vec<u64> = take_all(&mut second).iter().map(|item| item.1).collect();
        assert_eq!(sequences, (taken_before..4).collect::<Vec<_>>());
    }
}

#[test]
fn a_producer_that_died_while_changing_is_replaced() {
    let mut stage = Stage::new(1, 1024, false);
    let mut producer = stage.producer(0);
    let mut owner = stage.owner();
    let next = region(2048);
    stage.fifo.extend(0, next.clone());
    owner.announce(0, next.clone());
    producer.push(b"0").expect("room");
    producer.continue_in(next.clone()).expect("sound");
    producer.push(b"1").expect("room");
    drop(producer);
    let replaced = stage.producer(0);
    assert!(replaced.is_sealed());
    let page = stage.pages[0].clone();
    let mut producer =
        Producer::open(stage.control.clone(), 0, next, page).expect("the next region is sound");
    assert!(!producer.is_sealed());
    producer.push(b"2").expect("room");
    // Looking for room, it finds an owner that is in the first region still.
    while producer.push(&[3; 400]).is_ok() {}
    assert_eq!(producer.push(&[3; 400]), Err(PushError::Full));
    let sequences: Vec<u64> = take_all(&mut owner).iter().map(|item| item.1).collect();
    assert_eq!(sequences, (0..producer.sequence()).collect::<Vec<_>>());
}
