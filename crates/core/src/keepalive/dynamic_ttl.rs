//! The founding report's "Dynamic Memory TTL": the longest idle goes first, but nothing
//! that was idle for less than the TTL goes at all; the request is refused instead.
//!
//! The TTL is one minute per 400 MB of memory, at least six minutes (founding report,
//! section 1). The report says it removes all containers not invoked for so long; its
//! program never expires anything, it only refuses younger victims, which makes it a
//! guard of admission rather than a time to live. That is what this policy does;
//! `expire=true` adds the expiry of the report's text.

use crate::ids::FunctionId;
use crate::keepalive::keeper::{KeepAlive, Left};
use crate::keepalive::order::Recency;
use crate::keepalive::plan::Plan;
use crate::pool::ledger::Pool;
use crate::time::{Instant, Span};
use crate::units::Bytes;
use crate::wanted::Wanted;

/// The policy `dynamic-ttl`.
#[derive(Debug)]
pub struct DynamicTtl {
    expire: bool,
    idle: Recency,
}

impl DynamicTtl {
    /// The guard alone, or with expiry of what is older.
    pub fn new(expire: bool) -> Self {
        Self { expire, idle: Recency::default() }
    }
}

/// The TTL for so much memory: whole minutes, one per 400 MB, at least six.
pub fn ttl(memory: Bytes) -> Span {
    Span::from_mins((memory.get() / 1_000_000 / 400).max(6))
}

impl KeepAlive for DynamicTtl {
    fn on_idle(&mut self, now: Instant, slot: u32, pool: &Pool, wanted: &mut Wanted) {
        self.idle.push(slot);
        if self.expire {
            wanted.set_lease(slot, now + ttl(pool.limit()));
        }
    }

    fn on_unidle(&mut self, _: Instant, _: FunctionId, slot: u32, _: Left, _: &Pool) {
        self.idle.remove(slot);
    }

    fn offer(&mut self, now: Instant, pool: &Pool, plan: &mut Plan) {
        let ttl = ttl(pool.limit());
        for slot in self.idle.oldest_first() {
            let young = now.since(pool.at(slot).since()) <= ttl;
            if young || plan.offer(slot, pool) {
                return;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ttl_grows_with_memory() {
        for (mb, minutes) in [(0, 6), (2_799, 6), (2_800, 7), (4_000, 10), (80_000, 200)] {
            assert_eq!(ttl(Bytes::from_mb(mb)), Span::from_mins(minutes), "{mb} MB");
        }
    }
}
