//! The same simulator once more, as plainly as it can be said: lists, no tables, every rule
//! word by word. Slow, and shares nothing with the fast one but topologies and the generator.

use std::collections::BTreeMap;

use swell_sim::cache::graph::Topology;
use swell_sim::cache::splitmix::SplitMix64;

/// One cache under one rule.
#[derive(Debug, Clone)]
pub(crate) struct Cache {
    rule: String,
    slots: usize,
    /// Contents, the newest or the most recently used last, with a count and a time.
    items: Vec<(u32, u64, u64)>,
    /// For contents ever asked for: how often, and since which look-up.
    counters: BTreeMap<u32, (u64, u64)>,
    looks: u64,
    puts: u64,
    /// SIEVE's hand: the content it points at.
    hand: Option<u32>,
    /// S3-FIFO's queues: contents with their uses, the oldest first, and the ghosts.
    small: Vec<(u32, u64)>,
    main: Vec<(u32, u64)>,
    ghosts: Vec<u32>,
}

impl Cache {
    pub(crate) fn new(rule: &str, slots: usize) -> Self {
        Self {
            rule: rule.to_string(),
            slots,
            items: Vec::new(),
            counters: BTreeMap::new(),
            looks: 0,
            puts: 0,
            hand: None,
            small: Vec::new(),
            main: Vec::new(),
            ghosts: Vec::new(),
        }
    }

    pub(crate) fn holds(&self, content: u32) -> bool {
        let mut all = self.items.iter().map(|item| item.0);
        let queued = self.small.iter().chain(&self.main);
        all.any(|one| one == content) || queued.clone().any(|one| one.0 == content)
    }

    pub(crate) fn look(&mut self, content: u32) -> bool {
        self.looks += 1;
        let looks = self.looks;
        self.counters.entry(content).or_insert((0, looks)).0 += 1;
        let at = self.items.iter().position(|item| item.0 == content);
        match (self.rule.as_str(), at) {
            ("LRU", Some(at)) => {
                let item = self.items.remove(at);
                self.items.push(item);
            }
            ("IN_CACHE_LFU", Some(at)) => self.items[at].1 += 1,
            ("SIEVE", Some(at)) => self.items[at].1 = 1,
            ("S3-FIFO", _) => {
                let mut all = self.small.iter_mut().chain(&mut self.main);
                if let Some(item) = all.find(|item| item.0 == content) {
                    item.1 = (item.1 + 1).min(3);
                }
            }
            _ => {}
        }
        self.holds(content)
    }

    /// Offers a content that is not there; tells what is not there afterwards.
    pub(crate) fn put(&mut self, content: u32) -> Option<u32> {
        assert!(!self.holds(content));
        self.puts += 1;
        match self.rule.as_str() {
            "LRU" | "FIFO" => {
                self.items.push((content, 1, self.puts));
                (self.items.len() > self.slots).then(|| self.items.remove(0).0)
            }
            "IN_CACHE_LFU" => {
                self.items.push((content, 1, self.puts));
                self.drop_least(|item| (item.1, item.2))
            }
            "PERFECT_LFU" => {
                let counter = self.counters.get_mut(&content).expect("it was looked up before");
                counter.0 += 1;
                self.items.push((content, 0, 0));
                let counters = self.counters.clone();
                self.drop_least(|item| counters[&item.0])
            }
            "SIEVE" => {
                let victim = (self.items.len() == self.slots).then(|| self.sieve());
                self.items.push((content, 0, 0));
                victim
            }
            "S3-FIFO" => {
                let full = self.small.len() + self.main.len() == self.slots;
                let victim = full.then(|| self.s3_fifo());
                match self.ghosts.iter().position(|ghost| *ghost == content) {
                    Some(at) => {
                        // Its place in the ring stays taken.
                        self.ghosts[at] = 0;
                        self.main.push((content, 0));
                    }
                    None => self.small.push((content, 0)),
                }
                victim
            }
            rule => panic!("{rule} is no rule"),
        }
    }

    fn drop_least(&mut self, key: impl Fn(&(u32, u64, u64)) -> (u64, u64)) -> Option<u32> {
        if self.items.len() <= self.slots {
            return None;
        }
        let least = (0..self.items.len()).min_by_key(|at| key(&self.items[*at]))?;
        Some(self.items.remove(least).0)
    }

    fn sieve(&mut self) -> u32 {
        let place = |hand: u32| self.items.iter().position(|item| item.0 == hand);
        let mut at = self.hand.map_or(0, |hand| place(hand).expect("the hand is at a content"));
        while self.items[at].1 == 1 {
            self.items[at].1 = 0;
            at = (at + 1) % self.items.len();
        }
        self.hand = self.items.get(at + 1).map(|item| item.0);
        self.items.remove(at).0
    }

    fn s3_fifo(&mut self) -> u32 {
        let small = (self.slots / 10).max(1);
        loop {
            if self.small.len() >= small || self.main.is_empty() {
                let (content, uses) = self.small.remove(0);
                if uses > 1 {
                    self.main.push((content, 0));
                    continue;
                }
                if self.slots > small {
                    self.ghosts.push(content);
                    if self.ghosts.len() > self.slots - small {
                        self.ghosts.remove(0);
                    }
                }
                return content;
            }
            let (content, uses) = self.main.remove(0);
            if uses == 0 {
                return content;
            }
            self.main.push((content, uses - 1));
        }
    }
}

/// What is asked of a network.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Load {
    pub(crate) alpha: f64,
    pub(crate) contents: u32,
    pub(crate) slots: usize,
    pub(crate) warmup: u64,
    pub(crate) requests: u64,
    pub(crate) seed: u64,
}

/// All ways of a small network.
pub(crate) struct Plain {
    topology: Topology,
    /// Milliseconds between any two nodes.
    ms: Vec<Vec<f64>>,
    /// The node after the first on the way from one node to another.
    next: Vec<Vec<usize>>,
}

impl Plain {
    /// Floyd and Warshall; among equals whatever comes first, so use networks without any.
    pub(crate) fn new(topology: &Topology) -> Self {
        let count = topology.nodes as usize;
        let mut ms = vec![vec![f64::INFINITY; count]; count];
        let mut next = vec![vec![usize::MAX; count]; count];
        for node in 0..count {
            (ms[node][node], next[node][node]) = (0.0, node);
        }
        for link in &topology.links {
            let (a, b) = (link.a as usize, link.b as usize);
            (ms[a][b], ms[b][a]) = (link.delay.millis_f64(), link.delay.millis_f64());
            (next[a][b], next[b][a]) = (b, a);
        }
        for over in 0..count {
            for a in 0..count {
                for b in 0..count {
                    if ms[a][over] + ms[over][b] < ms[a][b] {
                        ms[a][b] = ms[a][over] + ms[over][b];
                        next[a][b] = next[a][over];
                    }
                }
            }
        }
        Self { topology: topology.clone(), ms, next }
    }

    fn way(&self, from: usize, to: usize) -> Vec<usize> {
        let mut way = vec![from];
        while way[way.len() - 1] != to {
            way.push(self.next[way[way.len() - 1]][to]);
        }
        way
    }

    /// Through how many ways between two others each node leads.
    fn between(&self) -> Vec<usize> {
        let count = self.topology.nodes as usize;
        let mut between = vec![0; count];
        for a in 0..count {
            for b in (0..count).filter(|&b| b != a) {
                let way = self.way(a, b);
                way[1..way.len() - 1].iter().for_each(|&node| between[node] += 1);
            }
        }
        between
    }

    /// Hits, and milliseconds together.
    pub(crate) fn play(&self, strategy: &str, rule: &str, load: Load) -> (u64, f64) {
        let Load { slots, warmup, requests, seed, .. } = load;
        let mut caches: BTreeMap<usize, Cache> = BTreeMap::new();
        for &node in &self.topology.caches {
            caches.insert(node as usize, Cache::new(rule, slots));
        }
        let homes: Vec<usize> = caches.keys().copied().collect();
        let between = self.between();
        let source = self.topology.sources[0] as usize;
        let mut draws = Draws::new(load, self.topology.receivers.len());
        let mut generator = SplitMix64::new(seed);
        let (mut hits, mut sum) = (0, 0.0);
        for number in 0..warmup + requests {
            let (receiver, content) = draws.next(&mut generator);
            let receiver = self.topology.receivers[receiver] as usize;
            let (hit, ms) = match strategy {
                "NO_CACHE" => (false, 2.0 * self.ms[receiver][source]),
                "HR_SYMM" => {
                    let home = homes[content as usize % homes.len()];
                    let cache = caches.get_mut(&home).expect("a home has a cache");
                    let there = self.ms[receiver][home];
                    if cache.look(content) {
                        (true, 2.0 * there)
                    } else {
                        cache.put(content);
                        (false, 2.0 * (there + self.ms[home][source]))
                    }
                }
                _ => self.on_path(strategy, &mut caches, &between, receiver, content),
            };
            if number >= warmup {
                hits += u64::from(hit);
                sum += ms;
            }
        }
        (hits, sum)
    }

    fn on_path(
        &self,
        strategy: &str,
        caches: &mut BTreeMap<usize, Cache>,
        between: &[usize],
        receiver: usize,
        content: u32,
    ) -> (bool, f64) {
        let source = self.topology.sources[0] as usize;
        let way = self.way(receiver, source);
        let mut serving = way.len() - 1;
        let mut asked = 0;
        for (place, node) in way.iter().enumerate() {
            let Some(cache) = caches.get_mut(node) else { continue };
            if strategy == "EDGE" && asked == 1 {
                break;
            }
            asked += 1;
            if cache.look(content) {
                serving = place;
                break;
            }
        }
        let hit = serving < way.len() - 1;
        let back: Vec<usize> =
            way[..serving].iter().rev().copied().filter(|node| caches.contains_key(node)).collect();
        let keep: Vec<usize> = match strategy {
            "LCE" => back,
            "LCD" => back.first().copied().into_iter().collect(),
            "EDGE" if hit => Vec::new(),
            "EDGE" => back.last().copied().into_iter().collect(),
            // The last of equals is the nearest to the receiver.
            "CL4M" => back.iter().copied().max_by_key(|node| between[*node]).into_iter().collect(),
            _ => panic!("{strategy} is no strategy"),
        };
        for node in keep {
            caches.get_mut(&node).expect("it was looked at").put(content);
        }
        (hit, 2.0 * self.ms[receiver][way[serving]])
    }

    /// Local hits, group hits and milliseconds of cache groups.
    pub(crate) fn groups(&self, rule: &str, load: Load) -> (u64, u64, f64) {
        let topology = &self.topology;
        let Load { contents, slots, warmup, requests, seed, .. } = load;
        let source = topology.sources[0] as usize;
        let mut caches = vec![Cache::new(rule, slots); topology.caches.len()];
        let place = |node: usize| topology.caches.iter().position(|cache| *cache as usize == node);
        let mut draws = Draws::new(load, topology.receivers.len());
        let mut generator = SplitMix64::new(seed);
        let (mut local, mut group, mut sum) = (0, 0, 0.0);
        for number in 0..warmup + requests {
            let (receiver, rank) = draws.next(&mut generator);
            let workload = topology.workloads.get(receiver).copied().unwrap_or(0);
            let content = workload * contents + rank;
            let node = topology.receivers[receiver] as usize;
            let way = self.way(node, source);
            let own = way.iter().find_map(|node| place(*node)).expect("there is a cache");
            let ms = match caches[own].look(content) {
                true => {
                    local += u64::from(number >= warmup);
                    self.ms[node][topology.caches[own] as usize]
                }
                false => {
                    let others = (0..caches.len())
                        .filter(|&other| topology.groups[other] == topology.groups[own])
                        .filter(|&other| caches[other].holds(content))
                        .map(|other| (topology.caches[other] as usize, Some(other)));
                    let nearest = others.chain([(source, None)]).min_by(|a, b| {
                        self.ms[node][a.0].total_cmp(&self.ms[node][b.0]).then(a.0.cmp(&b.0))
                    });
                    let (at, holder) = nearest.expect("the source has everything");
                    if let Some(holder) = holder {
                        caches[holder].look(content);
                        group += u64::from(number >= warmup);
                    }
                    caches[own].put(content);
                    self.ms[node][at]
                }
            };
            if number >= warmup {
                sum += 2.0 * ms;
            }
        }
        (local, group, sum)
    }
}

/// Who asks for which rank.
struct Draws {
    receivers: u64,
    weights: Vec<u64>,
}

impl Draws {
    fn new(load: Load, receivers: usize) -> Self {
        let weight = |rank: u32| {
            let (one, root) = ((1u64 << 40) as f64, f64::from(rank).sqrt());
            match load.alpha {
                0.0 => 1 << 40,
                0.5 => (one / root).floor() as u64,
                0.75 => (one / (root * root.sqrt())).floor() as u64,
                1.0 => (1 << 40) / u64::from(rank),
                alpha => panic!("{alpha} is no case"),
            }
        };
        Self { receivers: receivers as u64, weights: (1..=load.contents).map(weight).collect() }
    }

    fn next(&mut self, generator: &mut SplitMix64) -> (usize, u32) {
        let receiver = generator.draw() % self.receivers;
        let mut left = generator.draw() % self.weights.iter().sum::<u64>();
        let mut rank = 0;
        while left >= self.weights[rank] {
            left -= self.weights[rank];
            rank += 1;
        }
        (receiver as usize, rank as u32 + 1)
    }
}
