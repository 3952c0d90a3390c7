//! A FIFO goes to another node, whole or not at all.

use swell_fifo::fifo::Fifo;
use swell_fifo::heap::Heap;
use swell_fifo::layout::PAGE;
use swell_fifo::owner::{Begun, Heir};
use swell_fifo::producer::Producer;
use swell_fifo::refusal::PushError;
use swell_fifo::transfer::{LaneManifest, Manifest, TransferError, export, import};

use crate::stage::{Stage, Taken, region, take, take_all};

/// A FIFO of two lanes with some unread items, as a stream.
fn sent() -> (Stage, Vec<u8>) {
    let mut stage = Stage::new(2, 4096, false);
    let mut producers = [stage.producer(0), stage.producer(1)];
    let mut owner = stage.owner();
    for number in 0..40u8 {
        producers[0].push(&vec![number; 7 * usize::from(number)]).unwrap_or_else(|_| {
            assert!(number > 20);
        });
        producers[1].push(&[number]).expect("room");
    }
    for _ in 0..3 {
        take(&mut owner).expect("there are more");
    }
    owner.commit();
    stage.fifo.send_away(Heap::new(PAGE));
    owner.release();
    let mut bytes = Vec::new();
    export(&stage.fifo, 7, &mut bytes).expect("it is sound");
    assert_eq!(producers[1].push(b"late"), Err(PushError::Away { epoch: 2 }));
    assert_eq!(producers[1].push(b"late"), Err(PushError::Away { epoch: 2 }));
    (stage, bytes)
}

struct Arrival {
    control: Heap,
    page: Heap,
    regions: Vec<Vec<Heap>>,
    fifo: Fifo<Heap>,
    came: Result<Manifest, TransferError>,
}

fn receive(bytes: &[u8], capacity: usize, more: usize) -> Arrival {
    let (control, page) = (Heap::new(PAGE), Heap::new(PAGE));
    let mut regions: Vec<Vec<Heap>> = (0..2).map(|_| vec![region(capacity)]).collect();
    let first = regions.iter().map(|lane| lane[0].clone()).collect();
    let mut fifo = Fifo::new(control.clone(), 7, false, first);
    let mut from = bytes;
    let came = import(&mut fifo, page.clone(), &mut from, |lane| {
        (regions[lane].len() <= more).then(|| {
            regions[lane].push(region(capacity));
            regions[lane].last().expect("just pushed").clone()
        })
    });
    Arrival { control, page, regions, fifo, came }
}

fn taken(arrival: &mut Arrival) -> Vec<Taken> {
    let page = Heap::new(PAGE);
    assert_eq!(arrival.fifo.prepare(page.clone()), 4);
    arrival.fifo.raise(1);
    arrival.fifo.take_over().expect("sound");
    let heir =
        Heir::new(arrival.control.clone(), page, None, arrival.regions.clone()).expect("sound");
    let Ok(Begun::Owner(mut owner)) = heir.begin() else { panic!("it can begin") };
    let mut taken = take_all(&mut owner);
    taken.sort();
    taken
}

#[test]
fn what_was_unread_arrives_in_order() {
    let (mut stage, bytes) = sent();
    stage.raise(9);
    stage.fifo.take_over().expect("sound");
    let mut expected = take_all(&mut stage.owner());
    expected.sort();
    // What was pushed after all had left may still lie there; it was refused.
    assert_eq!(expected.pop(), Some((1, 40, b"late".to_vec())));
    assert!(expected.len() > 50, "{}", expected.len());
    for (capacity, more) in [(8192, 0), (2048, 9)] {
        let mut arrival = receive(&bytes, capacity, more);
        let manifest = arrival.came.as_ref().expect("it came whole").clone();
        assert_eq!((manifest.id, manifest.epoch), (7, 2));
        assert_eq!(manifest.lanes[1], LaneManifest { first: 0, next: 40 });
        // Its producers go on there under the same numbers.
        let last = arrival.regions[1].last().expect("one").clone();
        let mut producer =
            Producer::open(arrival.control.clone(), 1, last, arrival.page.clone()).expect("sound");
        assert_eq!(producer.sequence(), 40);
        producer.push(b"late").expect("room");
        let mut all = taken(&mut arrival);
        assert_eq!(all.pop(), Some((1, 40, b"late".to_vec())));
        assert!(all == expected, "{} came, {} left", all.len(), expected.len());
    }
}

#[test]
fn a_stream_that_breaks_off_is_refused_wherever_it_does() {
    let (_, bytes) = sent();
    let step = if cfg!(miri) { 1501 } else { 1 };
    for length in (0..bytes.len()).step_by(step) {
        let came = receive(&bytes[..length], 8192, 0).came;
        assert!(matches!(came, Err(TransferError::Stream(_))), "{length}: {came:?}");
    }
}

#[test]
fn a_stream_that_was_changed_is_refused_wherever_it_was() {
    let (_, bytes) = sent();
    let step = if cfg!(miri) { 1501 } else { 1 };
    for at in (0..bytes.len()).step_by(step) {
        for flip in [1, 0x80, 0xff] {
            let mut bytes = bytes.clone();
            bytes[at] ^= flip;
            assert!(receive(&bytes, 8192, 0).came.is_err(), "byte {at} ^ {flip}");
        }
    }
}

#[test]
fn noise_is_refused() {
    use rand::{RngExt as _, SeedableRng};
    let (_, bytes) = sent();
    for seed in 0..if cfg!(miri) { 5 } else { 2000 } {
        let mut rng = rand_xoshiro::Xoshiro256PlusPlus::seed_from_u64(seed);
        // Half of them begin well.
        let keep = if seed % 2 == 0 { rng.random_range(0..80) } else { 0 };
        let mut noise = bytes[..keep].to_vec();
        noise.extend((0..300).map(|_| rng.random::<u8>()));
        assert!(receive(&noise, 1024, 1).came.is_err(), "{seed}");
    }
}

/// A stream as a hostile node could make it: sound in form, with the right checksum.
fn forged(manifest: &Manifest, items: &[Vec<u8>]) -> Vec<u8> {
    let mut bytes = b"swellf01".to_vec();
    let head = postcard::to_allocvec(manifest).expect("plain data");
    bytes.extend((head.len() as u32).to_le_bytes());
    bytes.extend(head);
    for item in items {
        bytes.extend((item.len() as u32).to_le_bytes());
        bytes.extend(item);
    }
    let sum = xxhash_rust::xxh3::xxh3_64(&bytes);
    bytes.extend(b"swellend");
    bytes.extend(sum.to_le_bytes());
    bytes
}

#[test]
fn what_is_sound_in_form_and_makes_no_sense_harms_nobody() {
    use rand::{RngExt as _, SeedableRng};
    let mut arrived = 0;
    for seed in 0..if cfg!(miri) { 5 } else { crate::stage::ROUNDS } {
        let mut rng = rand_xoshiro::Xoshiro256PlusPlus::seed_from_u64(seed);
        let edge = |rng: &mut rand_xoshiro::Xoshiro256PlusPlus| match rng.random_range(0..5) {
            0 => 0,
            1 => u64::MAX - rng.random_range(0..4),
            2 => u64::MAX / 2 - rng.random_range(0..4),
            3 => rng.random(),
            _ => rng.random_range(0..10),
        };
        let count = rng.random_range(0..6);
        let lanes = (0..if rng.random_bool(0.9) { 2 } else { rng.random_range(0..5) }).map(|_| {
            let first = edge(&mut rng);
            let more = if rng.random_bool(0.8) { count } else { edge(&mut rng) };
            LaneManifest { first, next: first.wrapping_add(more) }
        });
        let lanes = lanes.collect();
        let manifest = Manifest { id: edge(&mut rng), epoch: edge(&mut rng) as u32, lanes };
        let items: Vec<Vec<u8>> =
            (0..2 * count).map(|_| vec![7; rng.random_range(0..300)]).collect();
        let arrival = receive(&forged(&manifest, &items), 1024, 1);
        if arrival.came.is_ok() {
            arrived += 1;
            assert!(manifest.lanes.iter().all(|lane| lane.next <= u64::MAX / 2), "{seed}");
        }
    }
    assert!(arrived > 0 || cfg!(miri), "some of them make sense");
}

#[test]
fn what_does_not_fit_says_so() {
    let (_, bytes) = sent();
    let came = receive(&bytes, 1024, 0).came.expect_err("too small");
    assert!(came.to_string().contains("does not fit"), "{came}");
    let came = receive(&bytes, 256, 50).came.expect_err("an item is too large");
    assert!(came.to_string().contains("larger size class"), "{came}");
}
