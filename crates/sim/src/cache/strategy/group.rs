//! Cache groups: the nearest copy within the group, and a copy with whoever asked.
//!
//! "Managing Data in Computational Edge Clouds" (MECOMM 2017) as its published simulator has
//! it: a member looks into its own cache, else the nearest member that has a copy serves, if
//! it is nearer than the store; among equals the smallest number. The copy that served was
//! used, and who asked keeps one. [`Sharing`] says otherwise where both are asked for: with a
//! chance below one for that second copy a group holds more different contents.
//!
//! Nobody writes here, so no copy is ever stale. Where the copy is costs nothing by the
//! paper's oracle; [`Lookup`] says what else can be counted. Messages are those between asker,
//! leader, holder and store.

use crate::cache::network::Network;
use crate::cache::replacement::bank::{Bank, Content, Put};
use crate::cache::splitmix::SplitMix64;
use crate::cache::strategy::holders::Holders;
use crate::cache::strategy::members::{Members, Order};
use crate::cache::strategy::serving::{From, Request, Served, Strategy};
use crate::cache::strategy::sharing::Sharing;

/// What finding a copy costs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Lookup {
    /// Nothing: everybody knows where copies are.
    #[default]
    Oracle,
    /// What the own cache lacks is asked of the leader, who says where it is (two messages
    /// more on the way to another member) or hands the question on to the store (one more).
    Redirect,
    /// The same, and a copy in the own cache is used only after the leader says it is fresh.
    Validated,
}

/// Groups of caches.
#[derive(Debug)]
pub struct Group<'a> {
    network: &'a Network,
    members: Members,
    holders: Holders,
    sharing: Sharing,
    lookup: Lookup,
    coins: SplitMix64,
}

impl<'a> Group<'a> {
    /// The groups of the network, of which each workload has that many contents.
    pub fn new(
        network: &'a Network,
        contents: u32,
        sharing: Sharing,
        lookup: Lookup,
        coins: SplitMix64,
    ) -> Self {
        let members = Members::new(network);
        let holders = Holders::new(members.ranks, &members.ranges(network, contents));
        Self { network, members, holders, sharing, lookup, coins }
    }

    /// The rank of the nearest holder, if one is near enough.
    #[inline]
    fn nearest(&self, order: Order, group: usize, content: Content) -> Option<usize> {
        let holders = &self.holders;
        match order {
            Order::Nobody => None,
            Order::Mask(start) => {
                let mask = &self.members.masks[start as usize..][..holders.words()];
                let near = |word: usize| holders.word(group, content, word) & mask[word];
                let word = (0..mask.len()).find(|&word| near(word) != 0)?;
                Some(word * 64 + near(word).trailing_zeros() as usize)
            }
            Order::List(start, count) => {
                let list = &self.members.lists[start as usize..][..count as usize];
                let mut ranks = list.iter().map(|rank| usize::from(*rank));
                ranks.find(|&rank| holders.holds(group, content, rank))
            }
        }
    }

    #[inline]
    fn keep<B: Bank>(&mut self, bank: &mut B, cache: usize, group: usize, content: Content) {
        let put = bank.put(cache, content);
        let Some(rank) = self.members.rank[cache] else {
            return;
        };
        if let Put::Replaced(victim) = put {
            self.holders.clear(group, victim, usize::from(rank));
        }
        if put != Put::Refused {
            self.holders.set(group, content, usize::from(rank));
        }
    }
}

impl Strategy for Group<'_> {
    #[inline]
    fn touch<B: Bank>(&self, bank: &B, request: Request) -> u64 {
        let asker = self.members.askers[request.receiver as usize];
        if !asker.has_own {
            return 0;
        }
        let own = u64::from(bank.touch(asker.own as usize, request.content));
        match self.holders.words() {
            0 => own,
            _ => own ^ self.holders.word(asker.group as usize, request.content, 0),
        }
    }

    #[inline]
    fn serve<B: Bank>(&mut self, bank: &mut B, request: Request) -> Served {
        let Request { receiver, content } = request;
        let source = self.network.source(content);
        let asker = self.members.askers[receiver as usize];
        let own = asker.own as usize;
        let leader = 2 * asker.leader;
        if asker.has_own && bank.look(own, content) {
            let (delay, messages) = match self.lookup {
                Lookup::Validated => (leader, 2),
                Lookup::Oracle | Lookup::Redirect => (0, 0),
            };
            return Served { from: From::Local, latency: 2 * asker.delay + delay, messages };
        }
        let group = asker.group as usize;
        let order = self.members.order(receiver as usize, source);
        if let Some(rank) = self.nearest(order, group, content) {
            let holder = self.members.cache(group, rank);
            let Sharing { copy, touch } = self.sharing;
            if touch {
                let found = bank.look(holder, content);
                assert!(found, "rows of holders say what is in caches");
            }
            if copy >= 1.0 || self.coins.unit() < copy {
                self.keep(bank, own, group, content);
            }
            let (delay, messages) = match self.lookup {
                Lookup::Oracle => (0, 2),
                Lookup::Redirect | Lookup::Validated => (leader, 4),
            };
            let latency = 2 * self.members.delay(receiver as usize, rank) + delay;
            return Served { from: From::Group, latency, messages };
        }
        if asker.has_own {
            self.keep(bank, own, group, content);
        }
        let messages = if self.lookup == Lookup::Oracle { 2 } else { 3 };
        let latency = 2 * self.network.way(receiver as usize, source).delay;
        Served { from: From::Store, latency, messages }
    }
}
