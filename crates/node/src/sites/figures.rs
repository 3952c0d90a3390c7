//! How other sites answer, for those who collect metrics.

use swell_core::ids::SiteId;
use swell_site::site::Site;

use crate::observe::gauges::{Gauges, PeerFigures};

/// Fills in how every other member answers.
pub fn fill(site: &Site, gauges: &mut Gauges) {
    let names = site.names();
    let members: Vec<SiteId> = site.look(|state, _| state.members.keys().copied().collect());
    let others = members.into_iter().filter(|id| *id != site.me());
    let told = |id: SiteId| PeerFigures {
        name: names.site(id),
        is_reached: site.is_reached(id),
        resource_seconds: site.resource_trip(id).map(|trip| trip.map(|it| it.as_secs_f64())),
    };
    gauges.peers = others.map(told).collect();
}
