//! A producer: puts in items of one lane for ever, from wherever its predecessor stopped.

use std::time::Duration;

use swell_fifo::mapping::Mapping;
use swell_fifo::producer::Producer;
use swell_fifo::refusal::PushError;

use crate::account::item;
use crate::message::Order;
use crate::worker::{order, order_if_any, readable, writable};

pub(crate) fn run() {
    let (Order::Produce { lane }, descriptors) = order() else { panic!("the first order") };
    let mut descriptors = descriptors.into_iter();
    let mut fixed = readable(descriptors.by_ref().take(2)).into_iter();
    let (control, page) = (fixed.next().expect("control"), fixed.next().expect("page"));
    let mut regions: Vec<Mapping> = descriptors.map(writable).collect();
    let mut producer = open(&control, lane, &mut regions, &page);
    loop {
        if !regions.is_empty() {
            producer.continue_in(regions.remove(0)).expect("sound");
        }
        let bytes = item(lane, producer.sequence());
        let news = match producer.push(&bytes) {
            Ok(()) => order_every_so_often(producer.sequence()),
            Err(PushError::Full) => {
                match producer.wait(bytes.len(), Some(Duration::from_millis(20))) {
                    Ok(_) => order_if_any(),
                    Err(PushError::Moved { .. }) => Some(order()),
                    Err(error) => panic!("{error}"),
                }
            }
            Err(PushError::Moved { .. }) => Some(order()),
            Err(error) => panic!("{error}"),
        };
        match news {
            Some((Order::Page, descriptors)) => {
                let page = readable(descriptors).pop().expect("a page");
                producer.announce(page).expect("sound");
            }
            Some((Order::Region { .. }, descriptors)) => {
                regions.extend(descriptors.into_iter().map(writable));
            }
            Some((order, _)) => panic!("{order:?} is not for a producer"),
            None => {}
        }
    }
}

fn order_every_so_often(sequence: u64) -> Option<(Order, Vec<std::os::fd::OwnedFd>)> {
    if sequence.is_multiple_of(16) { order_if_any() } else { None }
}

/// Opens the region the lane is in; those after it are left to go on in.
fn open(
    control: &Mapping,
    lane: usize,
    regions: &mut Vec<Mapping>,
    page: &Mapping,
) -> Producer<Mapping> {
    loop {
        let region = regions.remove(0);
        let producer =
            Producer::open(control.clone(), lane, region, page.clone()).expect("sound segments");
        if !producer.is_sealed() {
            return producer;
        }
    }
}
