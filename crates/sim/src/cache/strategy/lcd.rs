//! Leave a copy down: one step nearer to who asked, each time something is asked for.
//!
//! Laoutaris, Che and Stavrakakis, "The LCD Interconnection of LRU Caches and its Analysis"
//! (Performance Evaluation, 2006).

use crate::cache::network::Network;
use crate::cache::replacement::bank::Bank;
use crate::cache::strategy::asking::ask;
use crate::cache::strategy::serving::{Request, Served, Strategy};

/// Leave copy down.
#[derive(Debug)]
pub struct Lcd<'a>(pub &'a Network);

impl Strategy for Lcd<'_> {
    #[inline]
    fn serve<B: Bank>(&mut self, bank: &mut B, request: Request) -> Served {
        let way = self.0.way_to(request.receiver, request.content);
        let (served, before) = ask(bank, way, request.content);
        if let Some(stop) = way.stops[..before].last() {
            bank.put(stop.cache as usize, request.content);
        }
        served
    }
}
