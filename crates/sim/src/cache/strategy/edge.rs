//! Only the first cache on the way is asked; what it lacks it fetches from the source.

use crate::cache::network::Network;
use crate::cache::replacement::bank::Bank;
use crate::cache::strategy::asking::from_source;
use crate::cache::strategy::serving::{From, Request, Served, Strategy};

/// Caches at the edge.
#[derive(Debug)]
pub struct Edge<'a>(pub &'a Network);

impl Strategy for Edge<'_> {
    #[inline]
    fn serve<B: Bank>(&mut self, bank: &mut B, request: Request) -> Served {
        let way = self.0.way_to(request.receiver, request.content);
        let Some(stop) = way.stops.first() else {
            return from_source(way);
        };
        if bank.look(stop.cache as usize, request.content) {
            let (latency, messages) = (2 * stop.delay, 2 * stop.links);
            return Served { from: From::Local, latency, messages };
        }
        bank.put(stop.cache as usize, request.content);
        from_source(way)
    }
}
