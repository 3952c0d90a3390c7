//! A world with a clock per node, a network that does anything, and faults, from one seed.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap};

use swell_core::cachegroup::action::{Action, Charter, Input, Memory, Support};
use swell_core::cachegroup::message::{Envelope, Message};
use swell_core::cachegroup::names::{Digest, GroupId, NodeId};
use swell_core::cachegroup::node::Node;
use swell_core::cachegroup::rules::Kept;
use swell_core::cachegroup::store::StoreTable;
use swell_core::cachegroup::store_message::{StoreReply, StoreRequest};
use swell_core::cachegroup::timing::Timing;
use swell_core::ids::RequestId;
use swell_core::rng::{self, Rng};
use swell_core::time::{Instant, Span};

use crate::clients::{Client, Next};
use crate::history::History;
use crate::weather::Weather;

pub(crate) const NODES: usize = 5;
pub(crate) const GROUPS: [(GroupId, [u32; 3]); 2] =
    [(GroupId(1), [0, 1, 2]), (GroupId(2), [1, 2, 3])];
/// The data store, where links are broken.
pub(crate) const STORE: usize = NODES;

enum Event {
    Tell(usize, Input),
    ToStore(usize, StoreRequest),
    Wake(usize),
    Begin(usize),
    Publish(usize, u64, Input),
    Fault,
}

/// A clock: what it shows, and how many millionths it runs fast.
struct Clock {
    offset: i64,
    skew: i64,
}

pub(crate) struct World {
    pub(crate) now: Instant,
    pub(crate) rng: Rng,
    pub(crate) weather: Weather,
    events: BinaryHeap<Reverse<(Instant, u64)>>,
    what: BTreeMap<u64, Event>,
    count: u64,
    pub(crate) nodes: Vec<Option<Node>>,
    disks: Vec<Memory>,
    clocks: Vec<Clock>,
    wakes: Vec<Instant>,
    pub(crate) store: StoreTable,
    pub(crate) is_store_up: bool,
    pub(crate) broken: BTreeSet<(usize, usize)>,
    pub(crate) clients: Vec<Client>,
    pub(crate) history: History,
    requests: u64,
    /// Nothing goes wrong any more, and nobody begins anything.
    pub(crate) is_over: bool,
}

impl World {
    pub(crate) fn new(seed: u64) -> Self {
        let mut rng = rng::split(seed, "cachegroup/world");
        let clock = |rng: &mut Rng| Clock {
            offset: rng::below(rng, 1_000_000_000_000).cast_signed(),
            skew: rng::below(rng, 20_000).cast_signed() - 10_000,
        };
        let mut world = Self {
            now: Instant::from_millis(1),
            weather: Weather::of(seed),
            events: BinaryHeap::new(),
            what: BTreeMap::new(),
            count: 0,
            nodes: (0..NODES).map(|_| None).collect(),
            disks: vec![Memory::default(); NODES],
            clocks: (0..NODES).map(|_| clock(&mut rng)).collect(),
            wakes: vec![Instant::NEVER; NODES],
            store: StoreTable::default(),
            is_store_up: true,
            broken: BTreeSet::new(),
            clients: (0..5).map(|_| Client::default()).collect(),
            history: History::default(),
            requests: 0,
            is_over: false,
            rng,
        };
        for node in 0..NODES {
            world.start(node);
        }
        for client in 0..world.clients.len() {
            world.after(Span::from_millis(500), Event::Begin(client));
        }
        world.after(Span::from_secs(1), Event::Fault);
        world
    }

    /// What a node's clock shows.
    pub(crate) fn local(&self, node: usize) -> Instant {
        let Clock { offset, skew } = self.clocks[node];
        let true_nanos = self.now.nanos().cast_signed();
        Instant::from_nanos(
            (offset + true_nanos + true_nanos / 1_000_000 * skew).max(0).cast_unsigned(),
        )
    }

    /// A clock jumps.
    pub(crate) fn jump(&mut self, node: usize, nanos: i64) {
        self.clocks[node].offset += nanos;
        self.plan_wake(node);
    }

    fn after(&mut self, span: Span, event: Event) {
        self.count += 1;
        self.events.push(Reverse((self.now + span, self.count)));
        self.what.insert(self.count, event);
    }

    pub(crate) fn start(&mut self, node: usize) {
        self.disks[node].incarnation += 1;
        let memory = self.disks[node].clone();
        let supports: BTreeMap<GroupId, Support> = memory.supports.iter().copied().collect();
        let (now, me) = (self.local(node), NodeId(node as u32));
        let mut started = Node::new(now, me, memory, Timing::default(), Kept);
        started.set_conduct(self.weather.conduct);
        for (group, voters) in GROUPS {
            let voters = match self.weather.has_changes {
                true => {
                    let mut voters = self.some_nodes();
                    // Somebody has to believe that it votes, or nobody founds the group.
                    if node == 0 && !voters.contains(&me) {
                        voters.push(me);
                    }
                    voters
                }
                false => voters.map(NodeId).to_vec(),
            };
            let latest = supports.get(&group).copied().unwrap_or_default();
            started.join(now, Charter { group, voters }, latest);
        }
        self.nodes[node] = Some(started);
        self.plan_wake(node);
    }

    /// Some nodes, in some order.
    pub(crate) fn some_nodes(&mut self) -> Vec<NodeId> {
        let mut nodes: Vec<NodeId> = (0..NODES as u32).map(NodeId).collect();
        for place in (1..NODES).rev() {
            nodes.swap(place, rng::below(&mut self.rng, place as u64 + 1) as usize);
        }
        nodes.truncate(1 + rng::below(&mut self.rng, NODES as u64) as usize);
        nodes
    }

    pub(crate) fn crash(&mut self, node: usize) {
        self.nodes[node] = None;
        for client in 0..self.clients.len() {
            if self.clients[client].node == node && self.clients[client].give_up() {
                self.after(Span::from_millis(50), Event::Begin(client));
            }
        }
    }

    /// Wakes the node when it wants to be, by its clock.
    fn plan_wake(&mut self, node: usize) {
        let Some(due) = self.nodes[node].as_ref().map(Node::next_wakeup) else { return };
        if due == Instant::NEVER {
            return;
        }
        let wait = due.since(self.local(node));
        // A slow clock needs a little longer; a nanosecond more sees that time moves.
        let wait = Span::from_nanos(wait.nanos() + wait.nanos() / 90 + 1);
        let when = self.now + wait;
        if when < self.wakes[node] || self.wakes[node] < self.now {
            self.wakes[node] = when;
            self.after(wait, Event::Wake(node));
        }
    }

    /// How long something takes between two places, or never.
    fn way(&mut self, from: usize, to: usize) -> Option<Span> {
        let is_lost = rng::below(&mut self.rng, 1000) < self.weather.loss && !self.is_over;
        if is_lost || self.broken.contains(&(from, to)) {
            return None;
        }
        let far = if from == STORE || to == STORE { 40 } else { 10 };
        let late = if rng::below(&mut self.rng, 50) == 0 { 1_000_000_000 } else { 0 };
        let most = far * 1_000_000 + late;
        Some(Span::from_nanos(500_000 + rng::below(&mut self.rng, most)))
    }

    fn send(&mut self, mut envelope: Envelope) {
        let (from, to) = (envelope.from.0 as usize, envelope.to.0 as usize);
        if let Message::Data { digest, .. } = &mut envelope.message
            && rng::below(&mut self.rng, 1000) < self.weather.hurts
        {
            *digest = Digest([0xff; 32]);
        }
        let twice = rng::below(&mut self.rng, 1000) < self.weather.repeats;
        for _ in 0..=u32::from(twice) {
            if let Some(span) = self.way(from, to) {
                self.after(span, Event::Tell(to, Input::Received(envelope.clone())));
            }
        }
    }

    fn carry_out(&mut self, node: usize, actions: Vec<Action>) {
        for action in actions {
            match action {
                Action::Send(envelope) => self.send(envelope),
                Action::Store(request) => {
                    let twice = rng::below(&mut self.rng, 1000) < self.weather.repeats;
                    for _ in 0..=u32::from(twice) {
                        if let Some(span) = self.way(node, STORE) {
                            self.after(span, Event::ToStore(node, request.clone()));
                        }
                    }
                }
                Action::Answer { request, outcome } => {
                    let client = (request.0 % self.clients.len() as u64) as usize;
                    let (rng, history) = (&mut self.rng, &mut self.history);
                    let own = &mut self.clients[client];
                    match own.on_answer(rng, history, self.now, request, outcome) {
                        Next::Nothing => {}
                        Next::Begin(pause) => self.after(pause, Event::Begin(client)),
                        Next::Tell(pause, input) => {
                            let incarnation = self.disks[node].incarnation;
                            self.after(pause, Event::Publish(node, incarnation, *input));
                        }
                    }
                }
                Action::KeepPending { copy } => self.disks[node].pending.push(copy),
                Action::ForgetPending { content, token } => {
                    let kept = &mut self.disks[node].pending;
                    kept.retain(|copy| (copy.content, copy.revision.version) != (content, token));
                }
                Action::KeepSupport { group, support } => {
                    self.disks[node].supports.retain(|&(other, _)| other != group);
                    self.disks[node].supports.push((group, support));
                }
                Action::Install { .. }
                | Action::Drop { .. }
                | Action::Suggested { .. }
                | Action::Settled { .. } => {}
            }
        }
        self.plan_wake(node);
    }

    pub(crate) fn tell(&mut self, node: usize, input: Input) {
        let now = self.local(node);
        let Some(told) = &mut self.nodes[node] else { return };
        let mut actions = Vec::new();
        told.handle(now, input, &mut actions);
        self.carry_out(node, actions);
    }

    fn begin(&mut self, client: usize) {
        let node = rng::below(&mut self.rng, NODES as u64) as usize;
        if self.is_over {
            return;
        }
        if self.nodes[node].is_none() {
            return self.after(Span::from_millis(10), Event::Begin(client));
        }
        self.requests += 1;
        let request = RequestId(self.requests * self.clients.len() as u64 + client as u64);
        self.clients[client].node = node;
        let input = self.clients[client].begin(&mut self.rng, self.now, request);
        self.tell(node, input);
    }

    fn on_store_request(&mut self, node: usize, request: StoreRequest) {
        let reply = if self.is_store_up {
            let reply = self.store.apply(request.clone(), &Kept);
            self.history.on_store(self.now, &request, &reply);
            reply
        } else {
            StoreReply::Unavailable { request: Box::new(request) }
        };
        if let Some(span) = self.way(STORE, node) {
            self.after(span, Event::Tell(node, Input::Stored(reply)));
        }
    }

    /// Runs until this time.
    pub(crate) fn run(&mut self, until: Instant) {
        while let Some(&Reverse((when, number))) = self.events.peek() {
            if when > until {
                break;
            }
            self.events.pop();
            self.now = when;
            let Some(event) = self.what.remove(&number) else { continue };
            match event {
                Event::Tell(node, input) => self.tell(node, input),
                Event::ToStore(node, request) => self.on_store_request(node, request),
                // A wake-up that was overtaken by an earlier one.
                Event::Wake(node) if self.wakes[node] != when => {}
                Event::Wake(node) => {
                    self.wakes[node] = Instant::NEVER;
                    let now = self.local(node);
                    if let Some(woken) = &mut self.nodes[node] {
                        let mut actions = Vec::new();
                        woken.wake(now, &mut actions);
                        self.carry_out(node, actions);
                    }
                }
                Event::Begin(client) => self.begin(client),
                Event::Publish(node, incarnation, input) => {
                    if self.disks[node].incarnation == incarnation {
                        self.tell(node, input);
                    }
                }
                Event::Fault => {
                    if !self.is_over {
                        self.fault();
                        let pause = 200 + rng::below(&mut self.rng, 3000);
                        self.after(Span::from_millis(pause), Event::Fault);
                    }
                }
            }
        }
        self.now = until;
    }
}
