//! Copies are left by chance: likelier where the rest of the way has much room, and near to
//! who asked.
//!
//! Psaras, Chai and Pavlou, "In-Network Cache Management and Resource Allocation for
//! Information-Centric Networks" (IEEE TPDS 2014): `N / (T N_v) (x / c)^c`, with `N` the slots
//! from the node before on, `N_v` those of the node, `x` how many caches the reply has come to,
//! `c` all caches of its way, and a target time window `T` of 10 (as Icarus has it).

use crate::cache::network::Network;
use crate::cache::replacement::bank::Bank;
use crate::cache::splitmix::SplitMix64;
use crate::cache::strategy::asking::ask;
use crate::cache::strategy::serving::{Request, Served, Strategy};

/// The target time window.
const WINDOW: f64 = 10.0;

/// Probabilistic in-network caching.
#[derive(Debug)]
pub struct ProbCache<'a> {
    network: &'a Network,
    coins: SplitMix64,
}

impl<'a> ProbCache<'a> {
    /// With the coins to throw.
    pub fn new(network: &'a Network, coins: SplitMix64) -> Self {
        Self { network, coins }
    }
}

impl Strategy for ProbCache<'_> {
    #[inline]
    fn serve<B: Bank>(&mut self, bank: &mut B, request: Request) -> Served {
        let way = self.network.way_to(request.receiver, request.content);
        let (served, before) = ask(bank, way, request.content);
        // The cache that served is on the way, too.
        let caches = before + usize::from(before < way.stops.len());
        let power = i32::try_from(caches).unwrap_or(i32::MAX);
        for place in (0..before).rev() {
            let stop = way.stops[place];
            let is_next_to_cache =
                way.stops.get(place + 1).is_some_and(|above| above.links == stop.links + 1);
            let room = place + 1 + usize::from(is_next_to_cache);
            let come_to = (before - place) as f64 / caches as f64;
            let chance = room as f64 / WINDOW * come_to.powi(power);
            if self.coins.unit() < chance {
                bank.put(stop.cache as usize, request.content);
            }
        }
        served
    }
}
