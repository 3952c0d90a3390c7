//! A world of several nodes: each is a virtual world with a mind, and letters between them take
//! time.
//!
//! Which node is asked for clones, whether it makes them and what they may displace there is decided
//! by the minds, as on live nodes. What the world does is what their programs do: it tells each mind
//! every second how the others are, carries what is asked and answered, and sends a call for which
//! nothing rests to the node that was asked for clones, if the way is shorter than a start. A call is
//! counted, and thus forecast, where it runs.

use std::collections::BTreeMap;

use swell_core::event::Event;
use swell_core::ids::{FunctionId, SiteId};
use swell_core::journal::Journal;
use swell_core::nearby::{NearId, NearNode, Request};
use swell_core::site::Site;
use swell_core::time::{Instant, Span};
use swell_core::world::World;

use crate::world::VirtualWorld;

/// How often nodes tell each other how they are.
const TOLD_EVERY: Span = Span::from_secs(1);

/// What a node did for others and had done by them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Exchange {
    /// Instances that it asked others for.
    pub asked: u64,
    /// Of these, those that others had or made.
    pub promised: u64,
    /// Instances that it had or made for others.
    pub lent: u64,
    /// Calls that came to it and that it sent on.
    pub sent: u64,
    /// Calls that others sent to it.
    pub taken: u64,
}

/// News of a node, from another one or its own.
struct Letter {
    to: usize,
    event: Event,
    /// Who waits for the answer, if it is a request.
    from: usize,
}

/// Several nodes.
pub struct Hood<'a> {
    worlds: Vec<VirtualWorld<'a>>,
    distance: Span,
    letters: BTreeMap<(Instant, u64), Letter>,
    written: u64,
    /// When they tell each other next how they are; never if they do not know each other.
    telling: Instant,
    known: Vec<Vec<NearNode>>,
    functions: usize,
    /// What each node clones, once they have told each other.
    cloned: Vec<Vec<FunctionId>>,
    exchanged: Vec<Exchange>,
}

impl<'a> Hood<'a> {
    /// Nodes that serve so many functions and are so far from each other, one way; alone, they do
    /// not know each other.
    pub fn new(
        worlds: Vec<VirtualWorld<'a>>,
        functions: usize,
        distance: Span,
        are_alone: bool,
    ) -> Self {
        let nodes = worlds.len();
        Self {
            worlds,
            distance,
            letters: BTreeMap::new(),
            written: 0,
            telling: if are_alone { Instant::NEVER } else { Instant::ZERO },
            known: vec![Vec::new(); nodes],
            functions,
            cloned: Vec::new(),
            exchanged: vec![Exchange::default(); nodes],
        }
    }

    /// Plays until nothing is left to happen.
    pub fn play(&mut self, sites: &mut [Site], journal: &mut impl Journal) {
        let mut actions = Vec::new();
        while let Some((now, Letter { to, event, from })) = self.next(sites) {
            let asked = match event {
                Event::ClonesAsked { request } => Some(request),
                _ => None,
            };
            journal.event(now, SiteId(to as u32), &event);
            sites[to].handle(now, event, &mut actions);
            journal.actions(&actions);
            self.worlds[to].perform(now, SiteId(0), &mut actions);
            self.send_asks(now, to);
            if let Some(request) = asked {
                self.answer(now, (to, from), request, &sites[to]);
            }
        }
    }

    /// The worlds at their end, with what each node had to do with others.
    pub fn end(self) -> Vec<(VirtualWorld<'a>, Exchange)> {
        self.worlds.into_iter().zip(self.exchanged).collect()
    }

    /// The next news of any node. Of news at the same time letters come first, then that of the
    /// first node.
    fn next(&mut self, sites: &[Site]) -> Option<(Instant, Letter)> {
        loop {
            let wakes: Vec<Option<Instant>> = sites.iter().map(Site::next_wakeup).collect();
            let due = self.worlds.iter_mut().zip(&wakes).enumerate();
            let due = due.filter_map(|(node, (world, wake))| Some((world.next_due(*wake)?, node)));
            let own = due.min();
            let posted = self.letters.first_key_value().map(|(&(at, _), _)| at);
            let (at, node) = own.or_else(|| posted.map(|at| (at, 0)))?;
            let at = posted.map_or(at, |posted| posted.min(at));
            if self.telling <= at && !self.worlds.iter().any(VirtualWorld::is_deploying) {
                self.tell(sites);
                continue;
            }
            if posted.is_some_and(|posted| posted <= at) {
                return self.letters.pop_first().map(|((at, _), letter)| (at, letter));
            }
            let wake = wakes[node];
            if let Some(function) = self.worlds[node].coming(wake)
                && let Some(other) = self.way(at, node, function, sites)
            {
                let arrival = self.worlds[node].send_on();
                self.worlds[other].receive(at + self.distance, arrival);
                self.exchanged[node].sent += 1;
                self.exchanged[other].taken += 1;
                continue;
            }
            let (at, _, event) = self.worlds[node].next(wake.map(|at| (at, SiteId(0))))?;
            return Some((at, Letter { to: node, event, from: node }));
        }
    }

    /// The node to which a call goes: one that was asked for clones, while none rests here.
    fn way(
        &self,
        now: Instant,
        node: usize,
        function: FunctionId,
        sites: &[Site],
    ) -> Option<usize> {
        let pool = sites[node].pool();
        let is_near = self.distance.nanos().saturating_mul(2) < pool.start_time(function).nanos();
        if !is_near || pool.function(function).is_none_or(|known| known.idle() > 0) {
            return None;
        }
        let asked = sites[node].asked_nearby(now, function);
        let rests = |other: usize| sites[other].pool().known(function).idle();
        asked.iter().map(|near| near.0 as usize).max_by_key(|&other| rests(other))
    }

    /// A request for clones was heard: the answer is what a mind has or began at once.
    fn answer(
        &mut self,
        now: Instant,
        (node, from): (usize, usize),
        request: Request,
        site: &Site,
    ) {
        let Request { function, count, .. } = request;
        let known = site.pool().known(function);
        let is_made = site.clones(function);
        let count = if is_made { count.min(known.idle() + known.starting()) } else { 0 };
        self.exchanged[from].promised += u64::from(count);
        self.exchanged[node].lent += u64::from(count);
        let event = Event::ClonesPromised { node: NearId(node as u32), function, count };
        self.post(now + self.distance, node, from, event);
    }

    fn send_asks(&mut self, now: Instant, node: usize) {
        for (near, request) in std::mem::take(&mut self.worlds[node].asks) {
            self.exchanged[node].asked += u64::from(request.count);
            let event = Event::ClonesAsked { request };
            self.post(now + self.distance, node, near.0 as usize, event);
        }
    }

    fn post(&mut self, at: Instant, from: usize, to: usize, event: Event) {
        self.letters.insert((at, self.written), Letter { to, event, from });
        self.written += 1;
    }

    /// Tells each mind how the others are, if that is not what it knows.
    fn tell(&mut self, sites: &[Site]) {
        let now = self.telling;
        if self.cloned.is_empty() {
            let functions = || (0..self.functions as u32).map(FunctionId);
            let of = |site: &Site| functions().filter(|&own| site.clones(own)).collect();
            self.cloned = sites.iter().map(of).collect();
        }
        let near =
            sites.iter().zip(&self.cloned).enumerate().filter_map(|(node, (site, cloned))| {
                let (id, room) = (NearId(node as u32), site.room_for_clones());
                NearNode::told(id, room, self.distance, cloned.clone())
            });
        let near: Vec<NearNode> = near.collect();
        for to in 0..sites.len() {
            let others = near.iter().filter(|other| other.node.0 as usize != to);
            let nodes: Vec<NearNode> = others.cloned().collect();
            if self.known[to] != nodes {
                self.known[to].clone_from(&nodes);
                self.post(now, to, to, Event::NearbyTold { nodes });
            }
        }
        self.telling = now + TOLD_EVERY;
    }
}
