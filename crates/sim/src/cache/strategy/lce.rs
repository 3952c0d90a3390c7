//! Leave a copy everywhere: in every cache that the reply comes through.
//!
//! Jacobson, Smetters, Thornton, Plass, Briggs and Braynard, "Networking Named Content"
//! (CoNEXT 2009).

use crate::cache::network::Network;
use crate::cache::replacement::bank::Bank;
use crate::cache::strategy::asking::ask;
use crate::cache::strategy::serving::{Request, Served, Strategy};

/// Leave copy everywhere.
#[derive(Debug)]
pub struct Lce<'a>(pub &'a Network);

impl Strategy for Lce<'_> {
    #[inline]
    fn serve<B: Bank>(&mut self, bank: &mut B, request: Request) -> Served {
        let way = self.0.way_to(request.receiver, request.content);
        let (served, before) = ask(bank, way, request.content);
        for stop in way.stops[..before].iter().rev() {
            bank.put(stop.cache as usize, request.content);
        }
        served
    }
}
