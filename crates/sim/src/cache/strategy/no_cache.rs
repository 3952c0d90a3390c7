//! Everything comes from its source: what caching is held against.

use crate::cache::network::Network;
use crate::cache::replacement::bank::Bank;
use crate::cache::strategy::asking::from_source;
use crate::cache::strategy::serving::{Request, Served, Strategy};

/// No caches at all.
#[derive(Debug)]
pub struct NoCache<'a>(pub &'a Network);

impl Strategy for NoCache<'_> {
    #[inline]
    fn serve<B: Bank>(&mut self, _: &mut B, request: Request) -> Served {
        from_source(self.0.way_to(request.receiver, request.content))
    }
}
