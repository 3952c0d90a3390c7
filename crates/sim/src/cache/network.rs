//! A topology as strategies use it: for each receiver the caches on its way to each source.

use swell_core::time::Span;

use crate::cache::graph::Topology;
use crate::cache::replacement::bank::Content;
use crate::cache::route::Ways;
use crate::cache::splitmix::{SplitMix64, Stream};

/// A cache on the way from a receiver to a source.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stop {
    /// Which cache, by its place among the caches.
    pub cache: u32,
    /// Links from the receiver to here.
    pub links: u32,
    /// Nanoseconds from the receiver to here.
    pub delay: u64,
}

/// The way from a receiver to a source.
#[derive(Debug, Clone, Copy)]
struct Route {
    first: u32,
    stops: u32,
    links: u32,
    delay: u64,
}

/// A way, opened up: the stops from the receiver on, and what it is to the source.
#[derive(Debug, Clone, Copy)]
pub struct Way<'a> {
    /// Caches, the nearest to the receiver first.
    pub stops: &'a [Stop],
    /// Links from the receiver to the source.
    pub links: u32,
    /// Nanoseconds from the receiver to the source.
    pub delay: u64,
}

/// All ways of a topology.
#[derive(Debug, Clone)]
pub struct Network {
    /// The topology.
    pub topology: Topology,
    /// Its neighbours.
    pub neighbours: Vec<Vec<(u32, Span)>>,
    routes: Vec<Route>,
    stops: Vec<Stop>,
    /// The source of each content from 1, by its place; empty where there is one source.
    holders: Vec<u16>,
}

/// A node with a part to play that cannot be reached from every source.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Apart(pub u32);

impl Network {
    /// Finds all ways; refuses a topology that is not connected. Contents `1..=contents` are dealt to the sources by chance.
    pub fn new(topology: Topology, contents: u32, seed: u64) -> Result<Self, Apart> {
        let neighbours = topology.neighbours();
        let mut place = vec![None; topology.nodes as usize];
        for (at, &node) in topology.caches.iter().enumerate() {
            place[node as usize] = Some(at as u32);
        }
        let ways: Vec<Ways> =
            topology.sources.iter().map(|&source| Ways::from(&neighbours, source)).collect();
        for &node in topology.caches.iter().chain(&topology.receivers) {
            if ways.iter().any(|ways| ways.to(node).is_none()) {
                return Err(Apart(node));
            }
        }
        let (mut routes, mut stops) = (Vec::new(), Vec::new());
        for &receiver in &topology.receivers {
            for ways in &ways {
                let total = ways.to(receiver).expect("its nodes are connected");
                let first = stops.len() as u32;
                for &node in ways.nodes(receiver).iter().rev() {
                    let (Some(cache), Some(step)) = (place[node as usize], ways.to(node)) else {
                        continue;
                    };
                    stops.push(Stop {
                        cache,
                        links: total.links - step.links,
                        delay: total.delay.nanos() - step.delay.nanos(),
                    });
                }
                let count = stops.len() as u32 - first;
                let delay = total.delay.nanos();
                routes.push(Route { first, stops: count, links: total.links, delay });
            }
        }
        let sources = topology.sources.len() as u64;
        let mut chance = SplitMix64::stream(seed, Stream::Sources);
        let holders = match sources {
            1 => Vec::new(),
            _ => (0..contents).map(|_| chance.below(sources) as u16).collect(),
        };
        Ok(Self { topology, neighbours, routes, stops, holders })
    }

    /// The source of a content, by its place among the sources.
    #[inline]
    pub fn source(&self, content: Content) -> usize {
        match self.holders.is_empty() {
            true => 0,
            false => usize::from(self.holders[content as usize - 1]),
        }
    }

    /// The way of a receiver, by its place, to a source, by its place.
    #[inline]
    pub fn way(&self, receiver: usize, source: usize) -> Way<'_> {
        let route = self.routes[receiver * self.topology.sources.len() + source];
        let stops = &self.stops[route.first as usize..][..route.stops as usize];
        Way { stops, links: route.links, delay: route.delay }
    }

    /// The way of a receiver to the source of a content.
    #[inline]
    pub fn way_to(&self, receiver: u32, content: Content) -> Way<'_> {
        self.way(receiver as usize, self.source(content))
    }

    /// The cache that a receiver meets first, if it meets any on the way to the first source.
    pub fn own(&self, receiver: usize) -> Option<Stop> {
        self.way(receiver, 0).stops.first().copied()
    }
}
