//! A FIFO on modelled memory, and what a play has to show in the end.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use loom::model::Builder;
use swell_fifo::fifo::Fifo;
use swell_fifo::layout::PAGE;
use swell_fifo::owner::{Begun, Heir, Next, Owner};
use swell_fifo::producer::Producer;
use swell_fifo::refusal::PushError;

use crate::memory::{Gate, Memory, Mutation, Role};

pub(crate) struct Stage<M: Mutation> {
    pub(crate) fifo: Fifo<Memory<M>>,
    pub(crate) control: Memory<M>,
    pub(crate) region: Memory<M>,
    pub(crate) pages: Vec<Memory<M>>,
    gate: Arc<Gate>,
}

impl<M: Mutation> Stage<M> {
    /// A FIFO of one lane with 128 bytes of data, and its first epoch.
    pub(crate) fn new(role: Role) -> Self {
        let gate = Gate::new();
        let control = Memory::new(Role::Control, PAGE, &gate);
        let region = Memory::new(role, PAGE + 128, &gate);
        let fifo = Fifo::new(control.clone(), 7, role == Role::Lossy, vec![region.clone()]);
        let mut stage = Self { fifo, control, region, pages: Vec::new(), gate };
        let page = stage.page();
        stage.prepare(page);
        stage.fifo.raise(1);
        stage.fifo.take_over().expect("sound");
        stage
    }

    pub(crate) fn page(&self) -> Memory<M> {
        Memory::new(Role::Page, PAGE, &self.gate)
    }

    pub(crate) fn prepare(&mut self, page: Memory<M>) {
        self.fifo.prepare(page.clone());
        self.pages.push(page);
    }

    pub(crate) fn producer(&self) -> Producer<Memory<M>> {
        let (control, region) = (self.control.clone(), self.region.clone());
        let mut producer =
            Producer::open(control, 0, region, self.pages[0].clone()).expect("sound");
        for page in &self.pages[1..] {
            producer.announce(page.clone()).expect("sound");
        }
        producer
    }

    /// The heir of the epoch with this index.
    pub(crate) fn heir(&self, index: usize) -> Heir<Memory<M>> {
        let before = index.checked_sub(1).map(|before| self.pages[before].clone());
        let lanes = vec![vec![self.region.clone()]];
        Heir::new(self.control.clone(), self.pages[index].clone(), before, lanes).expect("sound")
    }
}

/// Pushes items of 32 bytes with these numbers; each fills nearly half of the lane.
pub(crate) fn push_all<M: Mutation>(
    producer: &mut Producer<Memory<M>>,
    numbers: std::ops::Range<u8>,
) {
    for number in numbers {
        loop {
            match producer.push(&[number; 32]) {
                Ok(()) => break,
                Err(PushError::Full) => {
                    producer.wait(32, None).expect("sound");
                }
                Err(error) => panic!("{error}"),
            }
        }
    }
}

/// Takes one item and commits it; nothing when the owner is revoked.
pub(crate) fn take<M: Mutation>(owner: &mut Owner<Memory<M>>) -> Option<u8> {
    loop {
        match owner.take().expect("sound") {
            Next::Item(item) => {
                let mut bytes = Vec::new();
                assert!(item.copy_to(&mut bytes));
                let number = bytes[0];
                assert_eq!((&bytes[..], item.sequence()), (&[number; 32][..], number.into()));
                owner.commit();
                return Some(number);
            }
            Next::Revoked => return None,
            Next::Empty => owner.wait(None),
        }
    }
}

pub(crate) fn begin<M: Mutation>(mut heir: Heir<Memory<M>>) -> Owner<Memory<M>> {
    loop {
        match heir.begin().expect("sound") {
            Begun::Owner(owner) => return owner,
            Begun::NotYet(again) => {
                again.wait(None);
                heir = again;
            }
            Begun::Revoked => panic!("nobody revoked it"),
        }
    }
}

/// Plays in all orders with up to `preemptions` switches that nobody asked for.
pub(crate) fn in_all_orders(preemptions: usize, play: impl Fn() + Sync + Send + 'static) {
    let mut builder = Builder::new();
    builder.preemption_bound = Some(preemptions);
    builder.max_branches = 20_000;
    builder.check(play);
}

/// Expects that some order fails.
pub(crate) fn fails_in_some_order(preemptions: usize, play: impl Fn() + Sync + Send + 'static) {
    let played = catch_unwind(AssertUnwindSafe(|| in_all_orders(preemptions, play)));
    assert!(played.is_err(), "this mutant lives: no order shows what it breaks");
}
