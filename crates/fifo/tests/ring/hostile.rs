//! A hostile peer writes anything into any word it can write: whoever reads it may refuse,
//! and neither crashes, nor hangs, nor touches what is outside.

use rand::{RngExt as _, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;
use std::sync::atomic::Ordering::Relaxed;

use swell_fifo::heap::Heap;
use swell_fifo::layout::{control, page, region};
use swell_fifo::owner::{Heir, Next};
use swell_fifo::producer::Producer;
use swell_fifo::refusal::PushError;
use swell_fifo::shared::Shared;

use crate::stage::{Stage, region as heap_region};

const ROUNDS: u64 = if cfg!(miri) { 6 } else { crate::stage::ROUNDS };

/// What a hostile peer would try: edges, near misses, and noise.
fn nasty(rng: &mut Xoshiro256PlusPlus, near: u64) -> u64 {
    match rng.random_range(0..8) {
        0 => 0,
        1 => u64::MAX,
        2 => u64::MAX - 15,
        3 => near.wrapping_add(16),
        4 => near.wrapping_sub(16),
        5 => near ^ 1 << rng.random_range(0..64),
        6 => near.wrapping_add(1),
        _ => rng.random(),
    }
}

/// Changes one word, mostly one that means something.
fn spoil(rng: &mut Xoshiro256PlusPlus, memory: &Heap, words: &[usize]) {
    let at = if rng.random_bool(0.7) {
        words[rng.random_range(0..words.len())]
    } else {
        rng.random_range(0..memory.size() / 8) * 8
    };
    memory.store(at, nasty(rng, memory.load(at, Relaxed)), Relaxed);
}

#[test]
fn a_hostile_producer_harms_only_itself() {
    let mut refused = 0;
    for seed in 0..ROUNDS {
        let mut rng = Xoshiro256PlusPlus::seed_from_u64(seed);
        let mut stage = Stage::new(2, 512, seed % 3 == 0);
        let mut producer = stage.producer(0);
        let mut owner = stage.owner();
        let next = heap_region(512);
        stage.fifo.extend(0, next.clone());
        owner.announce(0, next.clone());
        let words = [
            region::TAIL,
            region::DISCARDED,
            region::BASE,
            region::SEALED,
            region::CAPACITY,
            region::WAKE_AT,
            region::DATA,
            region::DATA + 8,
        ];
        for step in 0..12 {
            let _ = producer.push(&vec![1; rng.random_range(0..100)]);
            spoil(&mut rng, &stage.regions[0], &words);
            if step == 6 {
                let _ = producer.continue_in(next.clone());
                spoil(&mut rng, &next, &words);
            }
            for _ in 0..4 {
                match owner.take() {
                    Ok(Next::Item(item)) => {
                        let _ = item.copy_to(&mut Vec::new());
                        assert!(item.length() <= 512);
                    }
                    Ok(Next::Empty | Next::Revoked) => break,
                    Err(_) => refused += 1,
                }
            }
            owner.commit();
            let _ = stage.fifo.lane(0);
        }
        stage.raise(2);
        let _ = stage.fifo.take_over();
        let _ = stage.heir().begin();
        stage.fifo.retire(0);
    }
    assert!(refused > 0, "nothing hostile was even tried");
}

#[test]
fn a_hostile_owner_harms_only_itself() {
    let mut refused = 0;
    for seed in 0..ROUNDS {
        let mut rng = Xoshiro256PlusPlus::seed_from_u64(seed);
        let mut stage = Stage::new(1, 512, seed % 3 == 0);
        let mut producer = stage.producer(0);
        let mut owner = stage.owner();
        let words = [
            page::OPENED,
            page::RELEASED,
            page::GIVEN,
            page::EPOCH,
            page::SLEEPING,
            page::committed(0),
            page::given(0),
            0,
            8,
        ];
        for _ in 0..12 {
            let item = vec![1; rng.random_range(0..100)];
            if let Err(PushError::Fault(_)) = producer.push(&item) {
                refused += 1;
            }
            if let Ok(Next::Item(_)) = owner.take() {
                owner.commit();
            }
            spoil(&mut rng, &stage.pages[0], &words);
            let _ = (stage.fifo.lane(0), stage.fifo.owner(), stage.fifo.is_released());
        }
        let page = stage.raise(2);
        let _ = producer.announce(page);
        if stage.fifo.take_over().is_err() {
            refused += 1;
        }
        let _ = stage.heir().begin();
        let _ = producer.push(&[1; 60]);
    }
    assert!(refused > 0, "nothing hostile was even tried");
}

#[test]
fn a_hostile_daemon_crashes_nobody() {
    let mut refused = 0;
    for seed in 0..ROUNDS {
        let mut rng = Xoshiro256PlusPlus::seed_from_u64(seed);
        let stage = Stage::new(2, 512, seed % 3 == 0);
        let mut producer = stage.producer(0);
        let mut owner = stage.owner();
        let words = [control::WANT, control::LANES, control::LOSSY, control::ID, 0, 8];
        for _ in 0..12 {
            if matches!(producer.push(&vec![1; rng.random_range(0..100)]), Err(PushError::Fault(_)))
                || producer.published_from(0).is_err()
            {
                refused += 1;
            }
            let _ = producer.wait(50, Some(std::time::Duration::ZERO));
            spoil(&mut rng, &stage.control, &words);
            spoil(&mut rng, &stage.pages[0], &[page::committed(0), page::OPENED, page::given(1)]);
            match owner.is_ready().and_then(|_| owner.take()) {
                Ok(Next::Item(item)) => {
                    let _ = item.copy_to(&mut Vec::new());
                    owner.commit();
                }
                Ok(Next::Empty | Next::Revoked) => {}
                Err(_) => refused += 1,
            }
            let (control, page) = (stage.control.clone(), stage.pages[0].clone());
            let lanes = stage.regions.iter().map(|region| vec![region.clone()]).collect();
            match Heir::new(control.clone(), page.clone(), None, lanes) {
                Ok(heir) => drop(heir.begin()),
                Err(_) => refused += 1,
            }
            let _ = Producer::open(control, 1, stage.regions[1].clone(), page);
        }
    }
    assert!(refused > 0, "nothing hostile was even tried");
}

#[test]
fn segments_that_are_none_are_refused() {
    let stage = Stage::new(1, 512, false);
    let page = stage.pages[0].clone();
    for at in [0, 8, region::CAPACITY, region::BASE, region::TAIL] {
        let bad = heap_region(512);
        for word in (0..region::DATA).step_by(8) {
            bad.store(word, stage.regions[0].load(word, Relaxed), Relaxed);
        }
        bad.store(at, 12345, Relaxed);
        let opened = Producer::open(stage.control.clone(), 0, bad, page.clone());
        assert!(opened.is_err(), "word {at}");
    }
}
