//! A lossy lane is overwritten while it is read: what is torn is noticed.

use loom::thread;
use swell_fifo::owner::Next;

use crate::memory::{Mutation, NoFence, Role, Sound};
use crate::stage::{Stage, begin, fails_in_some_order, in_all_orders};

fn overwrite<M: Mutation>() -> impl Fn() + Sync + Send + 'static {
    || {
        let stage = Stage::<M>::new(Role::Lossy);
        let mut producer = stage.producer();
        let mut owner = begin(stage.heir(0));
        for number in 0..3u8 {
            producer.push(&[number; 8]).expect("a lossy lane has room");
        }
        let filling = thread::spawn(move || {
            for number in 3..5u8 {
                producer.push(&[number; 8]).expect("a lossy lane has room");
            }
        });
        let mut bytes = Vec::new();
        if let Next::Item(item) = owner.take().expect("an honest peer")
            && item.copy_to(&mut bytes)
        {
            let number = item.sequence() as u8;
            assert_eq!(bytes, [number; 8], "a torn item was not noticed");
        }
        filling.join().expect("it ends");
    }
}

#[test]
fn torn_items_are_noticed() {
    in_all_orders(2, overwrite::<Sound>());
}

#[test]
fn without_fences_they_are_not() {
    fails_in_some_order(3, overwrite::<NoFence>());
}
