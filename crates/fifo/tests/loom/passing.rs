//! Items pass whole and in order, and nobody sleeps for ever.

use loom::thread;

use crate::memory::{Mutation, NoAcquire, NoFence, NoRelease, Role, Sound};
use crate::stage::{Stage, begin, fails_in_some_order, in_all_orders, push_all, take};

fn pass<M: Mutation>(count: u8) -> impl Fn() + Sync + Send + 'static {
    move || {
        let stage = Stage::<M>::new(Role::Region);
        let mut producer = stage.producer();
        let mut owner = begin(stage.heir(0));
        let filling = thread::spawn(move || push_all(&mut producer, 0..count));
        for number in 0..count {
            assert_eq!(take(&mut owner), Some(number));
        }
        filling.join().expect("it ends");
    }
}

#[test]
fn items_pass() {
    in_all_orders(3, pass::<Sound>(2));
}

#[test]
fn a_full_lane_is_waited_for() {
    in_all_orders(2, pass::<Sound>(4));
}

#[test]
fn without_fences_somebody_sleeps_for_ever() {
    fails_in_some_order(3, pass::<NoFence>(4));
}

#[test]
fn without_release_items_are_torn() {
    fails_in_some_order(3, pass::<NoRelease>(2));
}

#[test]
fn without_acquire_items_are_torn() {
    fails_in_some_order(3, pass::<NoAcquire>(2));
}
