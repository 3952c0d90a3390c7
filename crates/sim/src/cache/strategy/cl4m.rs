//! Cache less for more: one copy, in the cache of the reply's way that most ways lead through.
//!
//! Chai, He, Psaras and Pavlou, "Cache Less for More in Information-centric Networks"
//! (Networking 2012). Among equals the one nearer to who asked (as Icarus has it).

use crate::cache::centrality::betweenness;
use crate::cache::network::Network;
use crate::cache::replacement::bank::Bank;
use crate::cache::strategy::asking::ask;
use crate::cache::strategy::serving::{Request, Served, Strategy};

/// Cache less for more.
#[derive(Debug)]
pub struct Cl4m<'a> {
    network: &'a Network,
    /// The betweenness of each cache.
    between: Vec<f64>,
}

impl<'a> Cl4m<'a> {
    /// Weighs the caches of the network.
    pub fn new(network: &'a Network) -> Self {
        let of_nodes = betweenness(&network.neighbours);
        let between = network.topology.caches.iter().map(|&node| of_nodes[node as usize]);
        Self { network, between: between.collect() }
    }
}

impl Strategy for Cl4m<'_> {
    #[inline]
    fn serve<B: Bank>(&mut self, bank: &mut B, request: Request) -> Served {
        let way = self.network.way_to(request.receiver, request.content);
        let (served, before) = ask(bank, way, request.content);
        let mut best: Option<(f64, u32)> = None;
        for stop in way.stops[..before].iter().rev() {
            let between = self.between[stop.cache as usize];
            if best.is_none_or(|(most, _)| between >= most) {
                best = Some((between, stop.cache));
            }
        }
        if let Some((_, cache)) = best {
            bank.put(cache as usize, request.content);
        }
        served
    }
}
