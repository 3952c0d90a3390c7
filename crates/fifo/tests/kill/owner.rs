//! An owner: waits for its epoch, has the effect of each item, and leaves when it is told.

use std::os::fd::OwnedFd;
use std::time::Duration;

use swell_fifo::mapping::Mapping;
use swell_fifo::owner::{Begun, Heir, Next};

use crate::account::Account;
use crate::message::Order;
use crate::worker::{order, order_if_any, readable, writable};

pub(crate) fn run() {
    let (Order::Own { has_before, regions }, descriptors) = order() else {
        panic!("the first order")
    };
    let mut descriptors = descriptors.into_iter();
    let mut next = || descriptors.next().expect("as many as stated");
    let control = readable([next()]).remove(0);
    let account = Account::new(writable(next()));
    let page = writable(next());
    let before = has_before.then(|| readable([next()]).remove(0));
    let lanes = regions.iter().map(|&count| readable((0..count).map(|_| next()))).collect();
    let mut heir = Heir::new(control, page, before, lanes).expect("sound segments");
    while !heir.is_due() {
        heir.wait(Some(Duration::from_millis(20)));
    }
    while let Some((lane, region)) = region(order_if_any()) {
        heir.announce(lane, region);
    }
    let mut owner = match heir.begin() {
        Ok(Begun::Owner(owner)) => owner,
        Ok(Begun::Revoked) => return,
        Ok(Begun::NotYet(_)) => panic!("it was due"),
        Err(fault) => return account.fault(fault),
    };
    let mut bytes = Vec::new();
    let mut count = 0u64;
    loop {
        if count.is_multiple_of(16)
            && let Some((lane, region)) = region(order_if_any())
        {
            owner.announce(lane, region);
        }
        count += 1;
        match owner.take() {
            Ok(Next::Item(item)) => {
                let _ = item.copy_to(&mut bytes);
                let (lane, sequence) = (item.lane(), item.sequence());
                account.apply(lane, sequence, &bytes);
                // A batch is committed together: a kill in between redelivers all of it.
                if count.is_multiple_of(5) {
                    owner.commit();
                }
            }
            Ok(Next::Empty) => {
                owner.commit();
                owner.wait(Some(Duration::from_millis(20)));
                count = 0;
            }
            Ok(Next::Revoked) => {
                owner.commit();
                return owner.release();
            }
            Err(fault) => return account.fault(fault),
        }
    }
}

fn region(order: Option<(Order, Vec<OwnedFd>)>) -> Option<(usize, Mapping)> {
    match order? {
        (Order::Region { lane }, descriptors) => Some((lane, readable(descriptors).remove(0))),
        (order, _) => panic!("{order:?} is not for an owner"),
    }
}
