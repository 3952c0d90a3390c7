//! An owner that nobody trusts: what it says counts where it makes sense, and only there.

use rand::{RngExt as _, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;
use std::sync::atomic::Ordering::Relaxed;

use swell_fifo::fault::Fault;
use swell_fifo::heap::Heap;
use swell_fifo::layout::{PAGE, page};
use swell_fifo::mirror::{Mirror, Standing};
use swell_fifo::owner::{Begun, Heir, Next, Owner};
use swell_fifo::producer::Producer;
use swell_fifo::shared::Shared;

use crate::stage::{Stage, take, take_all};

const ROUNDS: u64 = if cfg!(miri) { 6 } else { crate::stage::ROUNDS };

/// A stage whose newest epoch has an owner nobody trusts; and that owner-to-be.
fn mirrored(stage: &mut Stage, owner: u32) -> (Mirror<Heap>, Heir<Heap>, Heap) {
    let own = stage.raise(owner);
    stage.fifo.take_over().expect("sound");
    let theirs = Heap::new(PAGE);
    Mirror::prepare(&own, &theirs).expect("sound");
    let lanes = || stage.regions.iter().map(|region| vec![region.clone()]).collect();
    let mirror = Mirror::give(stage.control.clone(), theirs.clone(), own, lanes()).expect("sound");
    let heir = Heir::new(stage.control.clone(), theirs.clone(), None, lanes()).expect("sound");
    (mirror, heir, theirs)
}

fn begin(heir: Heir<Heap>) -> Owner<Heap> {
    match heir.begin().expect("sound") {
        Begun::Owner(owner) => owner,
        Begun::NotYet(_) | Begun::Revoked => panic!("it was given the positions"),
    }
}

fn look(mirror: &mut Mirror<Heap>) -> (Standing, Vec<(usize, u64)>) {
    let mut done = Vec::new();
    let standing = mirror.look(|one| done.push((one.lane, one.sequence))).expect("honest");
    (standing, done)
}

#[test]
fn what_an_honest_owner_does_is_seen_and_makes_room() {
    let mut stage = Stage::new(1, 512, false);
    let mut producer = stage.producer(0);
    let (mut mirror, heir, _) = mirrored(&mut stage, 2);
    producer.announce(stage.pages[1].clone()).expect("sound");
    assert!(!look(&mut mirror).0.has_begun);
    let mut owner = begin(heir);
    assert!(look(&mut mirror).0.has_begun);
    mirror.open();
    let mut next = 0;
    for _ in 0..50 {
        while producer.push(&[7; 40]).is_ok() {}
        let taken = take_all(&mut owner);
        assert!(!taken.is_empty());
        let (standing, done) = look(&mut mirror);
        assert!(standing.has_moved);
        let expected: Vec<_> = taken.iter().map(|(lane, sequence, _)| (*lane, *sequence)).collect();
        assert_eq!(done, expected);
        assert_eq!(done[0].1, next);
        next += done.len() as u64;
    }
    // Two more are given out, and only one is done with when another is to own the FIFO.
    producer.push(b"one").expect("there is room");
    producer.push(b"two").expect("there is room");
    assert!(take(&mut owner).is_some());
    owner.commit();
    assert!(take(&mut owner).is_some());
    let page = stage.raise(3);
    producer.announce(page).expect("sound");
    owner.release();
    let (standing, done) = look(&mut mirror);
    assert!(standing.has_released && done.len() == 1);
    assert!(matches!(stage.heir().begin().expect("sound"), Begun::NotYet(_)));
    mirror.release();
    let (_, sequence, bytes) = take(&mut stage.owner()).expect("it is given out again");
    assert_eq!((sequence, &bytes[..]), (next + 1, &b"two"[..]));
}

#[test]
fn the_middle_of_an_item_is_no_end_of_one() {
    let mut stage = Stage::new(1, 1024, false);
    let mut producer = stage.producer(0);
    // An item whose bytes look like an item.
    let forged = (1u64 << 32 | 16).to_ne_bytes().repeat(20);
    producer.push(&forged).expect("there is room");
    let (mut mirror, heir, theirs) = mirrored(&mut stage, 2);
    let _owner = begin(heir);
    theirs.store(page::committed(0), 16, Relaxed);
    assert!(matches!(mirror.look(|_| ()), Err(Fault::Position { found: 16, .. })));
}

#[test]
fn a_hostile_owner_makes_no_room_and_forges_nothing() {
    let (mut refused, mut done) = (0, 0u64);
    for seed in 0..ROUNDS {
        let mut rng = Xoshiro256PlusPlus::seed_from_u64(seed);
        let mut stage = Stage::new(1, 512, seed % 4 == 0);
        let mut producer = stage.producer(0);
        let (mut mirror, heir, theirs) = mirrored(&mut stage, 2);
        producer.announce(stage.pages[1].clone()).expect("sound");
        let mut owner = begin(heir);
        mirror.open();
        let mut expected = 0u64;
        for _ in 0..12 {
            push(&mut producer, &mut rng);
            // What it said was done with may be overwritten under its own hands.
            if rng.random_bool(0.5) && matches!(owner.take(), Ok(Next::Item(_))) {
                owner.commit();
            }
            if rng.random_bool(0.3) {
                let near = theirs.load(page::committed(0), Relaxed);
                let word = match rng.random_range(0..5) {
                    0 => rng.random(),
                    1 => near.wrapping_add(16 * rng.random_range(0..40)),
                    2 => near.wrapping_sub(16),
                    3 => u64::MAX - 15,
                    _ => near ^ 1 << rng.random_range(0..64),
                };
                let words = [page::committed(0), page::OPENED, page::RELEASED, page::GIVEN, 0, 8];
                let at = if rng.random_bool(0.7) { 0 } else { rng.random_range(0..words.len()) };
                theirs.store(words[at], word, Relaxed);
            }
            mirror.ask();
            let looked = mirror.look(|one| {
                assert!(seed % 4 == 0 || one.sequence == expected, "seed {seed}");
                expected = one.sequence + 1;
                done += 1;
            });
            if looked.is_err() {
                refused += 1;
                break;
            }
        }
        // Whoever is next finds items, whole ones, from where the daemon knows.
        let page = stage.raise(3);
        producer.announce(page).expect("sound");
        mirror.release();
        let mut next = stage.owner();
        while let Some((_, sequence, bytes)) = take(&mut next) {
            assert!(seed % 4 == 0 || sequence == expected, "seed {seed}");
            assert!(bytes.iter().all(|byte| *byte == sequence as u8), "seed {seed}");
            expected = sequence + 1;
        }
        assert_eq!(expected, producer.sequence(), "seed {seed}");
    }
    assert!(refused > 0 && done > 0, "nothing hostile was even tried");
}

fn push(producer: &mut Producer<Heap>, rng: &mut Xoshiro256PlusPlus) {
    let byte = producer.sequence() as u8;
    let _ = producer.push(&vec![byte; rng.random_range(0..100)]);
}

#[test]
fn a_producer_finds_again_what_nobody_took() {
    let stage = Stage::new(1, 1024, false);
    let mut producer = stage.producer(0);
    let mut owner = stage.owner();
    for number in 0..60u8 {
        if producer.push(&[number; 50]).is_err() {
            take_all(&mut owner);
            producer.push(&[number; 50]).expect("there is room now");
        }
    }
    let all = producer.published_from(0).expect("its own region is sound");
    let last: Vec<u8> = all.iter().map(|item| item[0]).collect();
    let first = 60 - last.len() as u8;
    assert_eq!(last, (first..60).collect::<Vec<_>>());
    let rest = producer.published_from(58).expect("its own region is sound");
    assert_eq!(rest, [vec![58; 50], vec![59; 50]]);
    assert!(producer.published_from(60).expect("its own region is sound").is_empty());
}
