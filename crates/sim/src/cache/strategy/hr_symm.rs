//! Every content has one home among the caches, and every request and reply goes over it.
//!
//! Saino, Psaras and Pavlou, "Hash-routing Schemes for Information Centric Networking" (ICN
//! 2013), the symmetric scheme. The home is the content's number, modulo the caches.

use crate::cache::network::Network;
use crate::cache::replacement::bank::Bank;
use crate::cache::route::{Step, Ways};
use crate::cache::strategy::asking::from_source;
use crate::cache::strategy::serving::{From, Request, Served, Strategy};

/// Symmetric hash-routing.
#[derive(Debug)]
pub struct HrSymm<'a> {
    network: &'a Network,
    caches: usize,
    /// From each receiver to each cache: nanoseconds and links.
    to_home: Vec<(u64, u32)>,
    /// From each cache to each source.
    to_source: Vec<(u64, u32)>,
    /// The cache that each receiver meets first.
    own: Vec<Option<u32>>,
}

impl<'a> HrSymm<'a> {
    /// Measures the ways over each cache.
    pub fn new(network: &'a Network) -> Self {
        let topology = &network.topology;
        let (caches, sources) = (topology.caches.len(), topology.sources.len());
        let mut to_home = vec![(0, 0); topology.receivers.len() * caches];
        let mut to_source = Vec::with_capacity(caches * sources);
        let far = |step: Option<Step>| {
            let step = step.expect("a network is connected");
            (step.delay.nanos(), step.links)
        };
        for (at, &cache) in topology.caches.iter().enumerate() {
            let ways = Ways::from(&network.neighbours, cache);
            for (receiver, &node) in topology.receivers.iter().enumerate() {
                to_home[receiver * caches + at] = far(ways.to(node));
            }
            to_source.extend(topology.sources.iter().map(|&node| far(ways.to(node))));
        }
        let receivers = 0..topology.receivers.len();
        let own = receivers.map(|receiver| network.own(receiver).map(|stop| stop.cache));
        Self { network, caches, to_home, to_source, own: own.collect() }
    }
}

impl Strategy for HrSymm<'_> {
    #[inline]
    fn serve<B: Bank>(&mut self, bank: &mut B, request: Request) -> Served {
        let Request { receiver, content } = request;
        if self.caches == 0 {
            return from_source(self.network.way_to(receiver, content));
        }
        let home = content as usize % self.caches;
        let (delay, links) = self.to_home[receiver as usize * self.caches + home];
        if bank.look(home, content) {
            let is_own = self.own[receiver as usize] == Some(home as u32);
            let from = if is_own { From::Local } else { From::Group };
            return Served { from, latency: 2 * delay, messages: 2 * links };
        }
        bank.put(home, content);
        let sources = self.network.topology.sources.len();
        let source = self.network.source(content);
        let (on, more) = self.to_source[home * sources + source];
        let latency = 2 * (delay + on);
        Served { from: From::Store, latency, messages: 2 * (links + more) }
    }
}
