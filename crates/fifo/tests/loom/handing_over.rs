//! The owner changes while items flow: each is taken once and in order, and what a former
//! owner still writes is believed by nobody.

use std::sync::{Arc, Mutex};

use loom::thread;
use swell_fifo::layout::control;
use swell_fifo::owner::Next;
use swell_fifo::producer::Producer;

use crate::memory::{Mutation, NoAcquire, NoFence, NoRelease, Role, Sound};
use crate::stage::{Stage, begin, fails_in_some_order, in_all_orders, push_all, take};

/// The first owner takes until it is revoked; the second takes the rest. With `hasty` the
/// daemon does not wait for the first one's release.
fn hand_over<M: Mutation>(hasty: bool) -> impl Fn() + Sync + Send + 'static {
    move || {
        let mut stage = Stage::<M>::new(Role::Region);
        let page = stage.page();
        stage.prepare(page);
        let mut producer = stage.producer();
        let mut first = begin(stage.heir(0));
        let heir = stage.heir(1);
        let taken = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&taken);
        let leaving = thread::spawn(move || {
            while let Some(number) = take(&mut first) {
                seen.lock().expect("one thread at a time").push(number);
            }
            first.release();
        });
        let filling = thread::spawn(move || push_all(&mut producer, 0..2));
        stage.fifo.raise(2);
        if hasty {
            stage.fifo.take_over().expect("sound");
        }
        let mut second = begin(heir);
        while taken.lock().expect("one thread at a time").len() < 2 {
            let number = take(&mut second).expect("nobody revokes it");
            taken.lock().expect("one thread at a time").push(number);
        }
        leaving.join().expect("it ends");
        filling.join().expect("it ends");
        assert_eq!(*taken.lock().expect("all have ended"), [0, 1]);
    }
}

#[test]
fn each_item_is_taken_once() {
    in_all_orders(2, hand_over::<Sound>(false));
}

#[test]
fn without_release_items_are_taken_twice_or_torn() {
    fails_in_some_order(2, hand_over::<NoRelease>(false));
}

#[test]
fn without_acquire_items_are_taken_twice_or_torn() {
    fails_in_some_order(2, hand_over::<NoAcquire>(false));
}

#[test]
fn without_fences_somebody_sleeps_for_ever() {
    fails_in_some_order(2, hand_over::<NoFence>(false));
}

#[test]
fn an_heir_that_does_not_wait_takes_items_twice() {
    fails_in_some_order(2, hand_over::<Sound>(true));
}

#[derive(Clone, Copy, PartialEq)]
enum Flaw {
    None,
    /// The producer does not look whether the page it believes is still the owner's.
    BelievesTheOldPage,
    /// All epochs share one page.
    OnePage,
}

/// The lane is full. The first owner is frozen with both items in hand and wakes up at any
/// time after it was replaced; the second must find whole what it finds.
fn replace<M: Mutation>(flaw: Flaw) -> impl Fn() + Sync + Send + 'static {
    move || {
        let mut stage = Stage::<M>::new(Role::Region);
        let mut producer = stage.producer();
        push_all(&mut producer, 0..2);
        drop(producer);
        let mut zombie = begin(stage.heir(0));
        for _ in 0..2 {
            assert!(matches!(zombie.take(), Ok(Next::Item(_))));
        }
        let page = match flaw {
            Flaw::OnePage => stage.pages[0].clone(),
            Flaw::None | Flaw::BelievesTheOldPage => stage.page(),
        };
        let control = match flaw {
            Flaw::BelievesTheOldPage => stage.control.blinded(control::WANT),
            Flaw::None | Flaw::OnePage => stage.control.clone(),
        };
        let old = stage.pages[0].clone();
        let mut producer = Producer::open(control, 0, stage.region.clone(), old).expect("sound");
        stage.prepare(page.clone());
        producer.announce(page).expect("sound");
        let waking = thread::spawn(move || zombie.commit());
        let filling = thread::spawn(move || {
            // One try: room may be there or not, but never where the second still reads.
            let _ = producer.push(&[2; 32]);
        });
        stage.fifo.raise(2);
        stage.fifo.take_over().expect("sound");
        let mut second = begin(stage.heir(1));
        let mut found = Vec::new();
        while let Next::Item(item) = second.take().expect("honest peers") {
            let mut bytes = Vec::new();
            assert!(item.copy_to(&mut bytes));
            found.push(bytes[0]);
        }
        // All of it again, or only what came after it: depends on when the zombie committed.
        let fine: [&[u8]; 4] = [&[], &[2], &[0, 1], &[0, 1, 2]];
        assert!(fine.contains(&&found[..]), "{found:?}");
        waking.join().expect("it ends");
        filling.join().expect("it ends");
    }
}

#[test]
fn a_zombie_is_not_believed() {
    in_all_orders(3, replace::<Sound>(Flaw::None));
}

#[test]
fn a_producer_that_believes_the_old_page_overwrites() {
    fails_in_some_order(3, replace::<Sound>(Flaw::BelievesTheOldPage));
}

#[test]
fn one_page_for_all_epochs_is_not_enough() {
    fails_in_some_order(3, replace::<Sound>(Flaw::OnePage));
}

#[test]
fn without_fences_a_zombie_is_believed() {
    fails_in_some_order(3, replace::<NoFence>(Flaw::None));
}
