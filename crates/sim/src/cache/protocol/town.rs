//! Nodes, the data store, and what is on its way between them.
//!
//! Time is true time, the same for all; messages arrive after the delay of their way and in
//! the order they were sent, unless who should receive them is down. What callers are told
//! goes to whoever plays.

use std::collections::BTreeMap;

use swell_core::cachegroup::action::{Action, Charter, Input, Memory, Outcome, Support};
use swell_core::cachegroup::conduct::Conduct;
use swell_core::cachegroup::leader_table::LeaderTable;
use swell_core::cachegroup::message::Envelope;
use swell_core::cachegroup::names::{ContentId, Digest, Epoch, GroupId, NodeId, Payload, Version};
use swell_core::cachegroup::node::Node;
use swell_core::cachegroup::popular::Asked;
use swell_core::cachegroup::rules::Kept;
use swell_core::cachegroup::session::{Revision, Session};
use swell_core::cachegroup::store::StoreTable;
use swell_core::cachegroup::store_message::{StoreReply, StoreRequest};
use swell_core::cachegroup::timing::Timing;
use swell_core::ids::RequestId;
use swell_core::time::{Instant, Span};
use swell_core::units::Bytes;

use crate::cache::graph::Topology;
use crate::cache::protocol::distances::{Apart, Distances};
use crate::cache::protocol::queue::Queue;

/// Members that vote for a leader, besides the node that should lead.
const VOTERS: usize = 2;

/// Every content's version at the beginning: none that a leader gave out.
pub const FIRST: Version = Version { tenure: 0, epoch: Epoch(0), counter: 1 };

/// What happens in the town.
#[derive(Debug)]
pub enum Event {
    /// Something reaches a node.
    Tell(u32, Input),
    /// Something reaches the data store.
    Ask(u32, StoreRequest),
    /// A node wants to be woken.
    Wake(u32),
}

/// What whoever plays is told of.
#[derive(Debug)]
pub enum News {
    /// A message was sent, or a question to the data store, or its answer.
    Sent,
    /// A caller is answered.
    Answered(RequestId, Outcome),
    /// A copy arrived at a node.
    Arrived(u32, ContentId),
    /// A member's copy served another.
    Served(u32, ContentId),
    /// A leader said what its group asks for most, of so many questions in all.
    Suggested(u32, Vec<Asked>, u64),
    /// A version became the newest.
    Committed(ContentId, Version),
}

/// The town.
#[derive(Debug)]
pub struct Town {
    distances: Distances,
    timing: Timing,
    conduct: Conduct,
    source: u32,
    nodes: Vec<Option<Node>>,
    disks: Vec<Memory>,
    /// The group each node is in, if any, and its voters.
    charters: Vec<Option<Charter>>,
    /// The members that each node may have to point others to.
    peers: Vec<Vec<u32>>,
    wakes: Vec<Instant>,
    store: StoreTable,
    is_store_up: bool,
}

impl Town {
    /// A town of groups whose leaders the topology names; `homes` says which group each
    /// receiver is in, and `contents` which contents each group has.
    pub fn new(
        topology: &Topology,
        homes: &[GroupId],
        contents: impl IntoIterator<Item = (ContentId, GroupId)>,
        conduct: Conduct,
    ) -> Result<Self, Apart> {
        let mut charters: BTreeMap<GroupId, Charter> = BTreeMap::new();
        for (group, &leader) in topology.leaders.iter().enumerate() {
            let group = GroupId(group as u32);
            charters.insert(group, Charter { group, voters: vec![NodeId(leader)] });
        }
        for (&member, home) in topology.receivers.iter().zip(homes) {
            let voters = &mut charters.get_mut(home).expect("every group has a leader").voters;
            if voters.len() <= VOTERS {
                voters.push(NodeId(member));
            }
        }
        let nodes = topology.nodes as usize;
        let mut of_nodes = vec![None; nodes];
        for (group, &leader) in topology.leaders.iter().enumerate() {
            of_nodes[leader as usize] = charters.get(&GroupId(group as u32)).cloned();
        }
        for (&member, home) in topology.receivers.iter().zip(homes) {
            of_nodes[member as usize] = charters.get(home).cloned();
        }
        let mut members: BTreeMap<GroupId, Vec<u32>> = BTreeMap::new();
        for (&member, home) in topology.receivers.iter().zip(homes) {
            members.entry(*home).or_default().push(member);
        }
        let peers = of_nodes.iter().map(|charter: &Option<Charter>| {
            charter.as_ref().and_then(|charter| members.get(&charter.group)).cloned()
        });
        let peers = peers.map(Option::unwrap_or_default).collect();
        let mut store = StoreTable::default();
        for (content, group) in contents {
            let payload = Some(payload(content, FIRST));
            let revision = Revision { version: FIRST, payload, past: Session::default() };
            store.apply(StoreRequest::Upload { content, revision: revision.clone() }, &Kept);
            let base = Version::NEVER;
            store.apply(StoreRequest::Commit { content, group, base, revision }, &Kept);
        }
        let distances = Distances::of(topology)?;
        Ok(Self {
            source: topology.sources[0],
            nodes: (0..nodes).map(|_| None).collect(),
            disks: vec![Memory::default(); nodes],
            charters: of_nodes,
            peers,
            wakes: vec![Instant::NEVER; nodes],
            timing: timing(topology, &distances),
            conduct,
            distances,
            store,
            is_store_up: true,
        })
    }

    /// Starts every node that is in a group.
    pub fn open(&mut self, now: Instant, queue: &mut Queue<Event>) {
        for node in 0..self.nodes.len() as u32 {
            self.start(now, node, queue);
        }
    }

    /// Starts a node with what its disk remembers; its copies are lost.
    pub fn start(&mut self, now: Instant, node: u32, queue: &mut Queue<Event>) {
        let Some(charter) = self.charters[node as usize].clone() else { return };
        if self.nodes[node as usize].is_some() {
            return;
        }
        let disk = &mut self.disks[node as usize];
        disk.incarnation += 1;
        let latest = disk.supports.iter().find(|(group, _)| *group == charter.group);
        let latest = latest.map_or_else(Support::default, |&(_, support)| support);
        let mut started = Node::new(now, NodeId(node), disk.clone(), self.timing, Kept);
        started.set_conduct(self.conduct);
        for &peer in &self.peers[node as usize] {
            started.set_distance(NodeId(peer), self.distances.between(node, peer));
        }
        started.join(now, charter, latest);
        self.nodes[node as usize] = Some(started);
        self.plan_wake(now, node, queue);
    }

    /// A node is gone.
    pub fn crash(&mut self, node: u32) {
        self.nodes[node as usize] = None;
    }

    /// Whether the data store can be reached.
    pub fn set_store(&mut self, is_up: bool) {
        self.is_store_up = is_up;
    }

    /// Whether a node is there.
    pub fn is_up(&self, node: u32) -> bool {
        self.nodes[node as usize].is_some()
    }

    /// The version of a content that a node has.
    pub fn version(&self, node: u32, content: ContentId) -> Option<Version> {
        self.nodes[node as usize].as_ref()?.table().version(content)
    }

    /// The table of whoever leads a group, if the node that should does.
    pub fn table(&self, now: Instant, leader: u32, group: GroupId) -> Option<&LeaderTable> {
        let node = self.nodes[leader as usize].as_ref()?;
        node.reign(group, now).map(|reign| reign.table())
    }

    /// One way between two nodes.
    pub fn distance(&self, from: u32, to: u32) -> Span {
        self.distances.between(from, to)
    }

    /// The data store's node.
    pub fn source(&self) -> u32 {
        self.source
    }

    /// Lets something happen.
    pub fn on_event(
        &mut self,
        now: Instant,
        event: Event,
        queue: &mut Queue<Event>,
        news: &mut Vec<News>,
    ) {
        match event {
            Event::Tell(node, input) => self.tell(now, node, input, queue, news),
            Event::Ask(node, request) => self.ask(now, node, request, queue, news),
            // One that an earlier one overtook, or of a node that is gone.
            Event::Wake(node) if self.wakes[node as usize] != now => {}
            Event::Wake(node) => {
                self.wakes[node as usize] = Instant::NEVER;
                if let Some(woken) = &mut self.nodes[node as usize] {
                    let mut actions = Vec::new();
                    woken.wake(now, &mut actions);
                    self.carry_out(now, node, actions, queue, news);
                }
            }
        }
    }

    /// Tells a node something, if it is there.
    pub fn tell(
        &mut self,
        now: Instant,
        node: u32,
        input: Input,
        queue: &mut Queue<Event>,
        news: &mut Vec<News>,
    ) {
        let Some(told) = &mut self.nodes[node as usize] else { return };
        if let Some((content, version)) = pulled(&input)
            && told.table().version(content) == Some(version)
        {
            news.push(News::Served(node, content));
        }
        let mut actions = Vec::new();
        told.handle(now, input, &mut actions);
        self.carry_out(now, node, actions, queue, news);
    }

    fn carry_out(
        &mut self,
        now: Instant,
        node: u32,
        actions: Vec<Action>,
        queue: &mut Queue<Event>,
        news: &mut Vec<News>,
    ) {
        for action in actions {
            match action {
                Action::Send(envelope) => {
                    let to = envelope.to.0;
                    let at = now + self.distances.between(node, to);
                    queue.plan(at, Event::Tell(to, Input::Received(envelope)));
                    news.push(News::Sent);
                }
                Action::Store(request) => {
                    let at = now + self.distances.between(node, self.source);
                    queue.plan(at, Event::Ask(node, request));
                    news.push(News::Sent);
                }
                Action::Answer { request, outcome } => {
                    news.push(News::Answered(request, outcome));
                }
                Action::Install { content, .. } => news.push(News::Arrived(node, content)),
                Action::KeepPending { copy } => self.disks[node as usize].pending.push(copy),
                Action::ForgetPending { content, token } => {
                    let kept = &mut self.disks[node as usize].pending;
                    kept.retain(|copy| (copy.content, copy.revision.version) != (content, token));
                }
                Action::KeepSupport { group, support } => {
                    let supports = &mut self.disks[node as usize].supports;
                    supports.retain(|&(other, _)| other != group);
                    supports.push((group, support));
                }
                Action::Suggested { asked, total, .. } => {
                    news.push(News::Suggested(node, asked, total));
                }
                Action::Drop { .. } | Action::Settled { .. } => {}
            }
        }
        self.plan_wake(now, node, queue);
    }

    fn ask(
        &mut self,
        now: Instant,
        node: u32,
        request: StoreRequest,
        queue: &mut Queue<Event>,
        news: &mut Vec<News>,
    ) {
        let reply = if self.is_store_up {
            self.store.apply(request, &Kept)
        } else {
            StoreReply::Unavailable { request: Box::new(request) }
        };
        if let StoreReply::Committed { content, version } = reply {
            news.push(News::Committed(content, version));
        }
        news.push(News::Sent);
        let at = now + self.distances.between(self.source, node);
        queue.plan(at, Event::Tell(node, Input::Stored(reply)));
    }

    fn plan_wake(&mut self, now: Instant, node: u32, queue: &mut Queue<Event>) {
        let Some(due) = self.nodes[node as usize].as_ref().map(Node::next_wakeup) else { return };
        // A moment later sees that time moves.
        let due = due.max(now + Span::from_nanos(1));
        let planned = &mut self.wakes[node as usize];
        if due < *planned || *planned < now {
            *planned = due;
            queue.plan(due, Event::Wake(node));
        }
    }
}

/// Waits that fit the network: twice the longest way between two members and back, and the
/// usual ones where that is less.
fn timing(topology: &Topology, distances: &Distances) -> Timing {
    let usual = Timing::default();
    let ways = topology
        .receivers
        .iter()
        .zip(&topology.groups)
        .map(|(&member, &group)| distances.between(member, topology.leaders[group as usize]));
    let longest = ways.max().unwrap_or(Span::ZERO);
    Timing {
        leader_timeout: usual.leader_timeout.max(longest * 4),
        member_timeout: usual.member_timeout.max(longest * 8),
        ..usual
    }
}

/// What a member is asked to give to another.
fn pulled(input: &Input) -> Option<(ContentId, Version)> {
    use swell_core::cachegroup::message::Message;
    match input {
        Input::Received(Envelope {
            message:
                Message::Pull { content, version, .. } | Message::Forward { content, version, .. },
            ..
        }) => Some((*content, *version)),
        _ => None,
    }
}

/// The bytes of a version, as far as anybody can tell.
pub fn payload(content: ContentId, version: Version) -> Payload {
    let mut digest = [0; 32];
    digest[..16].copy_from_slice(&content.0.to_le_bytes());
    digest[16..24].copy_from_slice(&version.epoch.0.to_le_bytes());
    digest[24..].copy_from_slice(&version.counter.to_le_bytes());
    Payload { digest: Digest(digest), size: Bytes::new(1) }
}
