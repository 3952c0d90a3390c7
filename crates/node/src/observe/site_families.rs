//! The families of the other sites of a cluster: whether and how they answer.

use prometheus_client::registry::Unit;

use crate::observe::families::{Encoded, Out};
use crate::observe::gauges::PeerFigures;

/// Writes all that is told of other sites; nothing where there are none.
pub(crate) fn sites(out: &mut Out, peers: &[PeerFigures]) -> Encoded {
    if peers.is_empty() {
        return Ok(());
    }
    let each = || peers.iter().map(|peer| ([("site", peer.name.as_str())], peer));
    let reached = each().map(|(site, peer)| (site, u64::from(peer.is_reached)));
    let help = "Whether gossip finds a site.";
    out.gauges("site_reached", help, None, reached)?;
    let asked = || each().filter_map(|(site, peer)| Some((site, peer.resource_seconds?)));
    let answers = asked().map(|(site, trip)| (site, u64::from(trip.is_some())));
    let help = "Whether a site answered over the resource channel when it was asked last.";
    out.gauges("site_resource_up", help, None, answers)?;
    let trips = asked().filter_map(|(site, trip)| Some((site, trip?)));
    let help = "How long a site took to answer over the resource channel.";
    out.gauges("site_resource_round_trip", help, Some(&Unit::Seconds), trips)
}
