//! Asking the caches on the way, one after the other, as most strategies do.
//!
//! Every node on the way handles the request and the reply, so each link counts as two
//! messages.

use crate::cache::network::Way;
use crate::cache::replacement::bank::{Bank, Content};
use crate::cache::strategy::serving::{From, Served};

/// Looks the content up in each cache on the way. Tells how it was served, and how many of
/// the way's stops, counted from the receiver, lie before the one that served it.
#[inline]
pub fn ask<B: Bank>(bank: &mut B, way: Way<'_>, content: Content) -> (Served, usize) {
    for (place, stop) in way.stops.iter().enumerate() {
        if bank.look(stop.cache as usize, content) {
            let from = if place == 0 { From::Local } else { From::Group };
            let served = Served { from, latency: 2 * stop.delay, messages: 2 * stop.links };
            return (served, place);
        }
    }
    (from_source(way), way.stops.len())
}

/// How a request is served at the end of the way.
#[inline]
pub fn from_source(way: Way<'_>) -> Served {
    Served { from: From::Store, latency: 2 * way.delay, messages: 2 * way.links }
}
