//! How long the parties of a group wait for each other.
//!
//! All spans are measured on one node's clock, which need not agree with any other but has to
//! run about as fast: `margin` covers by how much clocks may drift apart within a lease. Only
//! the freshness of reads rests on that; what is committed rests on no clock at all.

use crate::time::Span;

/// Spans of the protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timing {
    /// How long a voter supports nobody else.
    pub lease: Span,
    /// How often a leader asks its voters anew.
    pub lease_renewal: Span,
    /// What a leader takes off its lease, for clocks that drift.
    pub margin: Span,
    /// How much later each next voter would stand for election.
    pub stagger: Span,
    /// How long a lock lasts without news of its holder.
    pub lock: Span,
    /// How often a holder sends such news.
    pub lock_renewal: Span,
    /// After which time one asks again for what is locked.
    pub retry: Span,
    /// How long a read waits for a lock before it looks at the data store itself.
    pub patience: Span,
    /// How long one waits for the leader.
    pub leader_timeout: Span,
    /// How long one waits for another member's bytes.
    pub member_timeout: Span,
    /// How long one waits for the data store.
    pub store_timeout: Span,
}

impl Default for Timing {
    fn default() -> Self {
        Self {
            lease: Span::from_secs(3),
            lease_renewal: Span::from_secs(1),
            margin: Span::from_millis(100),
            stagger: Span::from_millis(150),
            lock: Span::from_secs(10),
            lock_renewal: Span::from_secs(3),
            retry: Span::from_millis(50),
            patience: Span::from_millis(500),
            leader_timeout: Span::from_millis(250),
            member_timeout: Span::from_millis(100),
            store_timeout: Span::from_secs(2),
        }
    }
}
