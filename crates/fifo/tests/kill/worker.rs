//! What all roles have in common: orders come by the standard input, a socket.

use std::io;
use std::os::fd::OwnedFd;

use rustix::stdio::stdin;
use swell_fifo::mapping::Mapping;
use swell_fifo::parcel;

use crate::message::Order;

/// The next order; the keeper's end is the end of this process too.
pub(crate) fn order() -> (Order, Vec<OwnedFd>) {
    match parcel::receive(stdin()) {
        Ok(Some(order)) => order,
        Ok(None) => std::process::exit(0),
        Err(error) => panic!("no order: {error}"),
    }
}

/// The next order if there is one.
pub(crate) fn order_if_any() -> Option<(Order, Vec<OwnedFd>)> {
    match parcel::try_receive(stdin()) {
        Ok(Some(order)) => Some(order),
        Ok(None) => std::process::exit(0),
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => None,
        Err(error) => panic!("no order: {error}"),
    }
}

/// Maps descriptors for reading, in order.
pub(crate) fn readable(descriptors: impl IntoIterator<Item = OwnedFd>) -> Vec<Mapping> {
    descriptors.into_iter().map(|fd| Mapping::readable(fd).expect("it can be read")).collect()
}

pub(crate) fn writable(descriptor: OwnedFd) -> Mapping {
    Mapping::writable(descriptor).expect("it can be written")
}
