//! The daemon's hands: whatever it was doing when it died, its successor finds it in memory.

use std::os::fd::OwnedFd;

use rustix::stdio::stdin;
use swell_fifo::fifo::Fifo;
use swell_fifo::mapping::Mapping;
use swell_fifo::parcel;

use crate::message::{Done, Order};
use crate::worker::{order, writable};

pub(crate) fn run() {
    let (Order::Keep { regions }, descriptors) = order() else { panic!("the first order") };
    let mut fifo = open(&regions, descriptors);
    loop {
        let done = Done {
            epoch: fifo.want().epoch,
            has_begun: fifo.has_begun(),
            is_released: fifo.is_released(),
        };
        parcel::send(stdin(), &done, &[]).expect("the keeper is there");
        let (order, descriptors) = order();
        let mut given = descriptors.into_iter().map(writable);
        match order {
            Order::Prepare => drop(fifo.prepare(given.next().expect("a page"))),
            Order::Raise { owner } => fifo.raise(owner),
            Order::TakeOver => fifo.take_over().expect("sound segments"),
            Order::Extend { lane } => fifo.extend(lane, given.next().expect("a region")),
            order => panic!("{order:?} is not for a daemon"),
        }
    }
}

fn open(regions: &[usize], descriptors: Vec<OwnedFd>) -> Fifo<Mapping> {
    let mut mapped = descriptors.into_iter().map(writable);
    let control = mapped.next().expect("control");
    let lanes = regions.iter().map(|&count| mapped.by_ref().take(count).collect()).collect();
    Fifo::reopen(control, lanes, mapped.collect()).expect("sound segments")
}
