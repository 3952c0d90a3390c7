//! What goes wrong, and when: crashes at random moments while requests are counted, and one
//! outage of the data store in the middle.

use swell_core::time::{Instant, Span};

use crate::cache::graph::Topology;
use crate::cache::protocol::setting::Protocol;
use crate::cache::splitmix::{SplitMix64, Stream};

/// Something that goes wrong, or is mended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trouble {
    /// A node is gone.
    Crash(u32),
    /// It is back.
    Repair(u32),
    /// The data store cannot be reached from now on.
    Outage,
    /// It can again.
    Reachable,
}

/// All of a run, from the moment that counting begins and for as long as it lasts.
pub fn troubles(
    protocol: &Protocol,
    topology: &Topology,
    seed: u64,
    begins: Instant,
    lasts: Span,
) -> Vec<(Instant, Trouble)> {
    let mut chance = SplitMix64::stream(seed, Stream::Troubles);
    let mut all = Vec::new();
    for (count, nodes) in [
        (protocol.member_crashes, &topology.receivers),
        (protocol.leader_crashes, &topology.leaders),
    ] {
        for _ in 0..count {
            let node = nodes[chance.below(nodes.len() as u64) as usize];
            let at = begins + Span::from_nanos(chance.below(lasts.nanos().max(1)));
            all.push((at, Trouble::Crash(node)));
            all.push((at + protocol.repair, Trouble::Repair(node)));
        }
    }
    if protocol.outage > Span::ZERO {
        let middle = begins + Span::from_nanos(lasts.nanos() / 2);
        let half = Span::from_nanos(protocol.outage.nanos() / 2);
        let at = Instant::from_nanos(middle.nanos().saturating_sub(half.nanos()));
        all.push((at, Trouble::Outage));
        all.push((at + protocol.outage, Trouble::Reachable));
    }
    all
}
