//! Whatever is done to a FIFO, it behaves as a plain queue with a bound would.

use proptest::prelude::*;
use std::collections::VecDeque;

use swell_fifo::owner::Begun;

use crate::stage::{Stage, region, take};

#[derive(Debug, Clone)]
enum Step {
    Push(usize),
    Stage(usize),
    Publish,
    Take(usize),
    Commit,
    HandOver { forced: bool },
    NewProducer,
    Resize(u32),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        8 => (0usize..300).prop_map(Step::Push),
        3 => (0usize..300).prop_map(Step::Stage),
        3 => Just(Step::Publish),
        8 => (1usize..6).prop_map(Step::Take),
        5 => Just(Step::Commit),
        2 => any::<bool>().prop_map(|forced| Step::HandOver { forced }),
        1 => Just(Step::NewProducer),
        1 => (0u32..4).prop_map(Step::Resize),
    ]
}

fn play(steps: Vec<Step>) {
    let mut stage = Stage::new(1, 1024, false);
    let mut producer = stage.producer(0);
    let mut owner = stage.owner();
    // What was put in and is not committed; how many of these are known to be published (the
    // ring publishes early where it needs room), and how many were taken.
    let mut queue: VecDeque<(u64, usize)> = VecDeque::new();
    let mut published = 0;
    let mut taken = 0;
    let mut regions = vec![stage.regions[0].clone()];
    for step in steps {
        match step {
            Step::Push(length) | Step::Stage(length) => {
                let number = producer.sequence();
                let item = vec![number as u8; length];
                let is_push = matches!(step, Step::Push(_));
                let done = if is_push { producer.push(&item) } else { producer.stage(&item) };
                if done.is_ok() {
                    queue.push_back((number, length));
                }
                if is_push && done.is_ok() {
                    published = queue.len();
                }
            }
            Step::Publish => {
                producer.publish();
                published = queue.len();
            }
            Step::Take(count) => {
                for _ in 0..count {
                    let found = take(&mut owner).map(|(_, number, bytes)| {
                        assert!(bytes.iter().all(|&byte| byte == number as u8));
                        (number, bytes.len())
                    });
                    match found {
                        Some(_) => {
                            assert_eq!(found, queue.get(taken).copied());
                            taken += 1;
                            published = published.max(taken);
                        }
                        None => assert!(taken >= published, "a published item was not found"),
                    }
                }
            }
            Step::Commit => {
                owner.commit();
                queue.drain(..taken);
                published -= taken;
                taken = 0;
            }
            Step::HandOver { forced } => {
                let page = stage.raise(9);
                producer.announce(page.clone()).expect("sound");
                if forced {
                    stage.fifo.take_over().expect("sound");
                } else {
                    owner.release();
                }
                let before = stage.pages[stage.pages.len() - 2].clone();
                let lanes = vec![regions.clone()];
                let heir =
                    swell_fifo::owner::Heir::new(stage.control.clone(), page, Some(before), lanes)
                        .expect("sound");
                let Ok(Begun::Owner(next)) = heir.begin() else { panic!("it can begin") };
                owner = next;
                taken = 0;
            }
            Step::NewProducer => {
                let page = stage.pages.last().expect("there is one").clone();
                let memory = regions.last().expect("there is one").clone();
                producer =
                    swell_fifo::producer::Producer::open(stage.control.clone(), 0, memory, page)
                        .expect("sound");
                queue.retain(|&(number, _)| number < producer.sequence());
                published = queue.len();
            }
            Step::Resize(class) => {
                let next = region(512 << class);
                stage.fifo.extend(0, next.clone());
                owner.announce(0, next.clone());
                producer.continue_in(next.clone()).expect("sound");
                published = queue.len();
                regions.push(next);
                let retired = stage.fifo.retire(0).len();
                regions.drain(..retired);
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: if cfg!(miri) { 2 } else { 2000 },
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn it_is_a_queue(steps in prop::collection::vec(step(), 1..120)) {
        play(steps);
    }
}
