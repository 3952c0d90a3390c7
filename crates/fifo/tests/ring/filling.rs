//! Filling and emptying: order, bounds, and what happens when there is no room.

use std::time::Duration;

use swell_fifo::full::{Full, Put};
use swell_fifo::record::item_max;
use swell_fifo::refusal::PushError;

use crate::stage::{Stage, take, take_all};

#[test]
fn items_come_out_as_they_went_in() {
    let stage = Stage::new(1, 1024, false);
    let mut producer = stage.producer(0);
    let mut owner = stage.owner();
    let mut sequence = 0;
    for round in 0..40u8 {
        for length in [0, 1, 7, 8, 9, 15, 16, 17, 64, 100] {
            let item = vec![round; length];
            producer.push(&item).expect("there is room");
            assert_eq!(take_all(&mut owner), [(0, sequence, item)], "{round} {length}");
            sequence += 1;
        }
    }
}

#[test]
fn a_full_lane_refuses_until_something_is_committed() {
    let stage = Stage::new(1, 1024, false);
    let mut producer = stage.producer(0);
    let mut owner = stage.owner();
    let mut count = 0;
    while producer.push(&[5; 48]).is_ok() {
        count += 1;
    }
    assert_eq!(count, 15, "1024 bytes hold 16 records of 64, less the room for a seal");
    assert_eq!(producer.push(&[5; 48]), Err(PushError::Full));
    assert!(take(&mut owner).is_some());
    assert_eq!(producer.push(&[5; 48]), Err(PushError::Full), "taken is not committed");
    owner.commit();
    assert_eq!(producer.push(&[5; 48]), Ok(()));
}

#[test]
fn the_longest_item_fits_wherever_the_last_one_ended() {
    let capacity = 512;
    let max = item_max(capacity) as usize;
    for before in (0..200).step_by(16) {
        let stage = Stage::new(1, capacity as usize, false);
        let mut producer = stage.producer(0);
        let mut owner = stage.owner();
        producer.push(&vec![1; before]).expect("room for the first");
        take_all(&mut owner);
        for _ in 0..5 {
            producer.push(&vec![2; max]).expect("an empty lane takes the longest item");
            assert_eq!(take_all(&mut owner)[0].2.len(), max);
        }
        let length = max + 1;
        let max = max as u64;
        assert_eq!(producer.push(&vec![2; length]), Err(PushError::TooLarge { length, max }));
    }
}

#[test]
fn what_is_staged_is_seen_when_it_is_published() {
    let stage = Stage::new(1, 1024, false);
    let mut producer = stage.producer(0);
    let mut owner = stage.owner();
    producer.stage(b"one").expect("room");
    producer.stage(b"two").expect("room");
    assert_eq!(take(&mut owner), None);
    producer.publish();
    assert_eq!(take_all(&mut owner).len(), 2);
    let batch: Vec<&[u8]> = vec![&[0; 100]; 100];
    let count = producer.push_batch(batch).expect("some fit");
    assert_eq!(take_all(&mut owner).len(), count);
    assert!(count > 5 && count < 100, "{count}");
}

#[test]
fn items_are_written_and_read_in_place() {
    let stage = Stage::new(1, 1024, false);
    let mut producer = stage.producer(0);
    let mut owner = stage.owner();
    let mut slot = producer.reserve(20).expect("room");
    slot.write(0, &[1; 8]);
    slot.write(8, &[2; 12]);
    slot.stage();
    producer.publish();
    let swell_fifo::owner::Next::Item(item) = owner.take().expect("sound") else {
        panic!("there is an item")
    };
    let mut part = [0; 12];
    item.read(8, &mut part);
    assert_eq!((item.length(), part), (20, [2; 12]));
}

#[test]
fn a_lossy_lane_keeps_the_newest() {
    let stage = Stage::new(1, 1024, true);
    let mut producer = stage.producer(0);
    let mut owner = stage.owner();
    for number in 0..100u64 {
        producer.push(&[number as u8; 48]).expect("a lossy lane always has room");
    }
    let taken: Vec<u64> = take_all(&mut owner).into_iter().map(|(_, number, _)| number).collect();
    assert_eq!(taken, (85..100).collect::<Vec<_>>());
    assert_eq!(stage.fifo.lane(0).dropped, 85);
}

#[test]
fn an_item_overwritten_while_it_is_read_is_noticed() {
    let stage = Stage::new(1, 1024, true);
    let mut producer = stage.producer(0);
    let mut owner = stage.owner();
    producer.push(&[1; 48]).expect("room");
    let swell_fifo::owner::Next::Item(item) = owner.take().expect("sound") else {
        panic!("there is an item")
    };
    assert!(item.is_intact());
    for _ in 0..20 {
        producer.push(&[2; 48]).expect("a lossy lane always has room");
    }
    assert!(!item.copy_to(&mut Vec::new()));
}

#[test]
fn lanes_take_turns_and_keep_their_own_order() {
    let stage = Stage::new(3, 1024, false);
    let mut producers: Vec<_> = (0..3).map(|lane| stage.producer(lane)).collect();
    let mut owner = stage.owner();
    for number in 0..5u8 {
        for producer in &mut producers {
            producer.push(&[number]).expect("room");
        }
    }
    let taken = take_all(&mut owner);
    for lane in 0..3 {
        let items = taken.iter().filter(|item| item.0 == lane).map(|item| item.2[0]);
        assert_eq!(items.collect::<Vec<_>>(), [0, 1, 2, 3, 4], "lane {lane}");
    }
}

#[test]
fn a_producer_goes_on_where_a_dead_one_stopped() {
    let stage = Stage::new(1, 1024, false);
    let mut owner = stage.owner();
    let mut expected = 0;
    for _ in 0..20 {
        let mut producer = stage.producer(0);
        assert_eq!(producer.sequence(), expected);
        for _ in 0..3 {
            producer.push(b"kept").expect("room");
        }
        producer.stage(b"not published, so not kept").expect("room");
        drop(producer);
        let sequences: Vec<u64> = take_all(&mut owner).iter().map(|item| item.1).collect();
        assert_eq!(sequences, [expected, expected + 1, expected + 2]);
        expected += 3;
    }
}

#[test]
fn a_full_fifo_does_what_was_asked_for() {
    for (name, expected, dropped) in [
        ("block", Err(PushError::Full), 0),
        ("reject", Err(PushError::Full), 0),
        ("drop-oldest", Ok(Put::In), 1),
        ("drop-newest", Ok(Put::Dropped), 1),
    ] {
        let full: Full = name.parse().expect("it is one of the four");
        assert_eq!(full.to_string(), name);
        let stage = Stage::new(1, 1024, full.is_lossy());
        let mut producer = stage.producer(0);
        for _ in 0..15 {
            assert_eq!(full.put(&mut producer, &[0; 48], None), Ok(Put::In), "{name}");
        }
        let limit = Some(Duration::from_millis(1));
        assert_eq!(full.put(&mut producer, &[1; 48], limit), expected, "{name}");
        assert_eq!(stage.fifo.lane(0).dropped, dropped, "{name}");
        let mut owner = stage.owner();
        take_all(&mut owner);
        assert_eq!(full.put(&mut producer, &[2; 48], None), Ok(Put::In), "{name}");
    }
    assert!("spil".parse::<Full>().expect_err("no such thing").contains("drop-oldest"));
}

#[test]
fn both_ends_run_at_once() {
    let count = if cfg!(miri) { 60u64 } else { 20_000 };
    let stage = Stage::new(1, 512, false);
    let mut producer = stage.producer(0);
    let mut owner = stage.owner();
    let filling = std::thread::spawn(move || {
        for number in 0..count {
            let put = Full::Block.put(&mut producer, &number.to_ne_bytes(), None);
            assert_eq!(put, Ok(Put::In));
        }
    });
    for number in 0..count {
        let taken = loop {
            match take(&mut owner) {
                Some(taken) => break taken,
                None => owner.wait(None),
            }
        };
        owner.commit();
        assert_eq!(taken, (0, number, number.to_ne_bytes().to_vec()));
    }
    filling.join().expect("it ends");
}

#[test]
fn the_oldest_item_that_is_not_done_with_can_be_looked_at() {
    let stage = Stage::new(1, 1024, false);
    let (mut producer, mut owner) = (stage.producer(0), stage.owner());
    let peek = || {
        let mut head = [0; 4];
        let count = stage.fifo.peek(0, &mut head)?;
        Some(head[..count].to_vec())
    };
    assert_eq!(peek(), None);
    producer.push(b"first").expect("there is room");
    producer.push(b"2").expect("there is room");
    assert!(take(&mut owner).is_some());
    assert_eq!(peek().as_deref(), Some(&b"firs"[..]), "taken is not done with");
    owner.commit();
    assert_eq!(peek().as_deref(), Some(&b"2"[..]));
    // Wherever in the lane it lies.
    for round in 0..100u8 {
        take_all(&mut owner);
        assert_eq!(peek(), None);
        producer.push(&[round; 40]).expect("there is room");
        assert_eq!(peek(), Some(vec![round; 4]), "{round}");
    }
}
