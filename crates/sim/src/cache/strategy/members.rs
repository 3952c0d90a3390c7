//! Who is in which group, and in which order does each member look at the others?

use std::collections::BTreeMap;

use crate::cache::network::Network;
use crate::cache::route::Ways;
use crate::cache::strategy::holders::Range;

/// A receiver as the member of a group that its own cache makes it.
#[derive(Debug, Clone, Copy, Default)]
pub struct Asker {
    /// Whether it has a cache of its own: the first on its way.
    pub has_own: bool,
    /// That cache.
    pub own: u32,
    /// Nanoseconds to that cache.
    pub delay: u64,
    /// The group of that cache.
    pub group: u32,
    /// Nanoseconds to the leader of that group; 0 where it has none.
    pub leader: u64,
}

/// The others that are nearer than the source, nearest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// There are none.
    Nobody,
    /// By rank: those in the mask that starts there.
    Mask(u32),
    /// In an order of its own: so many ranks from there on.
    List(u32, u32),
}

/// The groups.
#[derive(Debug, Clone)]
pub struct Members {
    /// Each receiver.
    pub askers: Vec<Asker>,
    /// The rank of each cache within its group; none where it is near to nobody.
    pub rank: Vec<Option<u16>>,
    /// Ranks of the largest group.
    pub ranks: usize,
    /// Masks of [`Order::Mask`].
    pub masks: Vec<u64>,
    /// Lists of [`Order::List`].
    pub lists: Vec<u16>,
    orders: Vec<Order>,
    sources: usize,
    /// The cache of each rank, group after group.
    caches: Vec<u32>,
    /// Nanoseconds from each receiver to each rank of its group.
    delays: Vec<u64>,
}

/// For each receiver and source: caches nearer than it, by delay and number.
type Nearer = Vec<Vec<(u64, u32)>>;

impl Members {
    /// Measures the groups of a network.
    pub fn new(network: &Network) -> Self {
        let topology = &network.topology;
        let groups = topology.groups.iter().max().map_or(0, |last| *last as usize + 1);
        let mut own_group: Vec<Vec<u32>> = vec![Vec::new(); groups];
        for (cache, &group) in topology.groups.iter().enumerate() {
            own_group[group as usize].push(cache as u32);
        }
        let askers = askers(network);
        let nearer = nearer(network, &askers, &own_group);
        let (rank, ranked) = ranked(topology.groups.len(), &own_group, &nearer);
        let ranks = ranked.iter().map(Vec::len).max().unwrap_or(0);
        let mut caches = vec![0; groups * ranks];
        for (group, of_group) in ranked.iter().enumerate() {
            caches[group * ranks..][..of_group.len()].copy_from_slice(of_group);
        }
        let sources = topology.sources.len();
        let mut members = Self {
            delays: vec![0; askers.len() * ranks],
            askers,
            rank,
            ranks,
            masks: Vec::new(),
            lists: Vec::new(),
            orders: Vec::new(),
            sources,
            caches,
        };
        for (place, nearer) in nearer.iter().enumerate() {
            let order = members.add(place / sources, nearer);
            members.orders.push(order);
        }
        members
    }

    /// The order of a receiver for the contents of a source.
    #[inline]
    pub fn order(&self, receiver: usize, source: usize) -> Order {
        self.orders[receiver * self.sources + source]
    }

    /// The cache of a rank in a group.
    #[inline]
    pub fn cache(&self, group: usize, rank: usize) -> usize {
        self.caches[group * self.ranks + rank] as usize
    }

    /// Nanoseconds from a receiver to the cache of a rank in its group.
    #[inline]
    pub fn delay(&self, receiver: usize, rank: usize) -> u64 {
        self.delays[receiver * self.ranks + rank]
    }

    /// The contents that each group asks for, of workloads with that many contents.
    pub fn ranges(&self, network: &Network, contents: u32) -> Vec<Range> {
        let groups = self.caches.len().checked_div(self.ranks).unwrap_or(0);
        let mut bounds = vec![(u32::MAX, 0); groups];
        for (receiver, asker) in self.askers.iter().enumerate().filter(|(_, of)| of.has_own) {
            let workload = network.topology.workloads.get(receiver).copied().unwrap_or(0);
            if let Some((least, most)) = bounds.get_mut(asker.group as usize) {
                (*least, *most) = ((*least).min(workload), (*most).max(workload));
            }
        }
        let range = |(least, most): (u32, u32)| match least {
            u32::MAX => Range { first: 1, count: 0 },
            _ => Range { first: least * contents + 1, count: (most - least + 1) * contents },
        };
        bounds.into_iter().map(range).collect()
    }

    /// Notes whom a receiver looks at: by ranks where they rise with its delays.
    fn add(&mut self, receiver: usize, nearer: &[(u64, u32)]) -> Order {
        if nearer.is_empty() {
            return Order::Nobody;
        }
        let rank_of = |cache: u32| self.rank[cache as usize].expect("who is near has a rank");
        let ranks: Vec<u16> = nearer.iter().map(|&(_, cache)| rank_of(cache)).collect();
        for (&rank, &(delay, _)) in ranks.iter().zip(nearer) {
            self.delays[receiver * self.ranks + usize::from(rank)] = delay;
        }
        if !ranks.is_sorted() {
            let start = self.lists.len() as u32;
            self.lists.extend(&ranks);
            return Order::List(start, ranks.len() as u32);
        }
        let start = self.masks.len();
        self.masks.resize(start + self.ranks.div_ceil(64), 0);
        for rank in ranks {
            self.masks[start + usize::from(rank / 64)] |= 1 << (rank % 64);
        }
        Order::Mask(start as u32)
    }
}

fn askers(network: &Network) -> Vec<Asker> {
    let topology = &network.topology;
    let mut ways_of: BTreeMap<u32, Ways> = BTreeMap::new();
    let asker = |(receiver, &node): (usize, &u32)| {
        let Some(stop) = network.own(receiver) else { return Asker::default() };
        let group = topology.groups.get(stop.cache as usize).copied().unwrap_or(0);
        let leader = topology.leaders.get(group as usize).map_or(0, |&leader| {
            let ways =
                ways_of.entry(leader).or_insert_with(|| Ways::from(&network.neighbours, leader));
            ways.to(node).map_or(0, |step| step.delay.nanos())
        });
        Asker { has_own: true, own: stop.cache, delay: stop.delay, group, leader }
    };
    topology.receivers.iter().enumerate().map(asker).collect()
}

fn nearer(network: &Network, askers: &[Asker], own_group: &[Vec<u32>]) -> Nearer {
    let topology = &network.topology;
    let sources = topology.sources.len();
    let mut nearer: Nearer = vec![Vec::new(); askers.len() * sources];
    let mut askers_of: Vec<Vec<usize>> = vec![Vec::new(); own_group.len()];
    for (receiver, asker) in askers.iter().enumerate().filter(|(_, asker)| asker.has_own) {
        askers_of[asker.group as usize].push(receiver);
    }
    for (group, caches) in own_group.iter().enumerate() {
        for &cache in caches {
            // Who is alone in a group has nobody to look at.
            if askers_of[group].iter().all(|&receiver| askers[receiver].own == cache) {
                continue;
            }
            let node = topology.caches[cache as usize];
            let ways = Ways::from(&network.neighbours, node);
            for &receiver in askers_of[group].iter().filter(|&&of| askers[of].own != cache) {
                let step = ways.to(topology.receivers[receiver]).expect("a network is connected");
                for (source, &at) in topology.sources.iter().enumerate() {
                    let store = (network.way(receiver, source).delay, at);
                    if (step.delay.nanos(), node) < store {
                        nearer[receiver * sources + source].push((step.delay.nanos(), cache));
                    }
                }
            }
        }
    }
    nearer.iter_mut().for_each(|of| of.sort_unstable());
    nearer
}

/// Ranks by the delay to all who would look there, which in a star is by the own link.
fn ranked(
    caches: usize,
    own_group: &[Vec<u32>],
    nearer: &Nearer,
) -> (Vec<Option<u16>>, Vec<Vec<u32>>) {
    let mut weight = vec![(0u64, 0u64); caches];
    for &(delay, cache) in nearer.iter().flatten() {
        let (sum, count) = weight[cache as usize];
        weight[cache as usize] = (sum + delay, count + 1);
    }
    let mut rank = vec![None; caches];
    let rank_group = |group: &Vec<u32>| {
        let mut wanted: Vec<u32> =
            group.iter().copied().filter(|&cache| weight[cache as usize].1 > 0).collect();
        wanted.sort_by_key(|&cache| {
            let (sum, count) = weight[cache as usize];
            (sum / count, cache)
        });
        for (place, &cache) in wanted.iter().enumerate() {
            rank[cache as usize] = Some(place as u16);
        }
        wanted
    };
    let ranked = own_group.iter().map(rank_group).collect();
    (rank, ranked)
}
