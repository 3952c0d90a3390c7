//! The stage of the founding scenarios: a leader, two resources, a data store, and a network
//! that writes down what is said, in the words of the slides.

use std::collections::{BTreeSet, VecDeque};

use swell_core::cachegroup::action::{Action, Charter, Input, Memory, Outcome, Support, Wish};
use swell_core::cachegroup::leader_table::LeaderTag;
use swell_core::cachegroup::level::{Acknowledgement, ReadLevel};
use swell_core::cachegroup::message::{Envelope, Message};
use swell_core::cachegroup::names::{ContentId, Digest, GroupId, NodeId, Payload, Version};
use swell_core::cachegroup::node::Node;
use swell_core::cachegroup::rules::Kept;
use swell_core::cachegroup::session::Session;
use swell_core::cachegroup::store::StoreTable;
use swell_core::cachegroup::store_message::{StoreReply, StoreRequest};
use swell_core::cachegroup::timing::Timing;
use swell_core::ids::RequestId;
use swell_core::time::{Instant, Span};
use swell_core::units::Bytes;

pub(crate) const X: ContentId = ContentId(1);
pub(crate) const W: GroupId = GroupId(1);
pub(crate) const LEADER_A: usize = 0;
pub(crate) const RESOURCE_1: usize = 1;
pub(crate) const RESOURCE_2: usize = 2;

enum Parcel {
    Message(Envelope),
    Reply(NodeId, StoreReply),
}

pub(crate) struct Stage {
    nodes: Vec<Node>,
    store: StoreTable,
    network: VecDeque<Parcel>,
    pub(crate) now: Instant,
    /// Nodes that are gone.
    pub(crate) silent: BTreeSet<usize>,
    pub(crate) is_store_up: bool,
    /// What was said since it was last looked at.
    said: Vec<String>,
    pub(crate) outcomes: Vec<(RequestId, Outcome)>,
    requests: u64,
}

fn name(node: NodeId) -> String {
    match node.0 as usize {
        LEADER_A => "A".into(),
        resource => format!("R{resource}"),
    }
}

/// What a message is called on the slides. What voters say to each other is not on them.
fn words(envelope: &Envelope) -> Option<String> {
    let said = match envelope.message {
        Message::Ask { .. } | Message::Pull { .. } => "X?".into(),
        Message::Fresh { .. } => "your X is fresh".into(),
        Message::GoTo { holder, .. } => format!("GoTo {}", name(holder)),
        Message::Store { .. } => "GoTo store".into(),
        Message::Locked { holder: Some(holder), .. } => format!("Lock: {}", name(holder)),
        Message::Locked { holder: None, .. } => "Lock".into(),
        Message::Data { .. } => "X".into(),
        Message::Gone { .. } => "no X".into(),
        Message::Missing { holder, .. } => format!("{} has no X", name(holder)),
        Message::Lock { .. } => "Lock: X".into(),
        Message::Grant { .. } => "Grant: X".into(),
        Message::Free { .. } => "Free: X".into(),
        Message::Acknowledged { .. } => "X is Free".into(),
        _ => return None,
    };
    Some(format!("{} -> {}: {said}", name(envelope.from), name(envelope.to)))
}

fn words_to_store(from: NodeId, request: &StoreRequest) -> Option<String> {
    let said = match request {
        StoreRequest::Read { .. } | StoreRequest::Newest { .. } => "newest X?",
        StoreRequest::Fetch { .. } => "X?",
        StoreRequest::Upload { .. } => "X",
        StoreRequest::Commit { .. } => "Commit: X",
        StoreRequest::Seal { .. } => "Seal: X",
        _ => return None,
    };
    Some(format!("{} -> store: {said}", name(from)))
}

impl Stage {
    /// A group that has just elected its leader.
    pub(crate) fn new() -> Self {
        let charter = Charter { group: W, voters: vec![NodeId(LEADER_A as u32)] };
        let now = Instant::from_millis(1);
        let node = |me| {
            let memory = Memory { incarnation: 1, ..Memory::default() };
            let mut node = Node::new(now, NodeId(me), memory, Timing::default(), Kept);
            node.join(now, charter.clone(), Support::default());
            node
        };
        let mut stage = Self {
            nodes: (0..3).map(node).collect(),
            store: StoreTable::default(),
            network: VecDeque::new(),
            now,
            silent: BTreeSet::new(),
            is_store_up: true,
            said: Vec::new(),
            outcomes: Vec::new(),
            requests: 0,
        };
        stage.pass(Span::ZERO);
        assert!(stage.nodes[LEADER_A].reign(W, stage.now).is_some(), "A leads");
        stage
    }

    /// Time passes: whatever is due happens, and everything arrives at once.
    pub(crate) fn pass(&mut self, span: Span) {
        let end = self.now + span;
        loop {
            self.deliver();
            let due = |stage: &Self, node: usize| match stage.silent.contains(&node) {
                true => Instant::NEVER,
                false => stage.nodes[node].next_wakeup(),
            };
            let next = (0..3).map(|node| due(self, node)).min().unwrap_or(Instant::NEVER);
            if next > end {
                break;
            }
            self.now = next.max(self.now);
            for node in 0..3 {
                if due(self, node) <= self.now {
                    let mut actions = Vec::new();
                    self.nodes[node].wake(self.now, &mut actions);
                    self.carry_out(node, actions);
                }
            }
        }
        self.now = end;
    }

    fn deliver(&mut self) {
        while let Some(parcel) = self.network.pop_front() {
            let (to, input) = match parcel {
                Parcel::Message(envelope) => {
                    self.said.extend(words(&envelope));
                    (envelope.to, Input::Received(envelope))
                }
                Parcel::Reply(to, reply) => (to, Input::Stored(reply)),
            };
            self.tell(to.0 as usize, input);
        }
    }

    fn tell(&mut self, node: usize, input: Input) {
        if !self.silent.contains(&node) {
            let mut actions = Vec::new();
            self.nodes[node].handle(self.now, input, &mut actions);
            self.carry_out(node, actions);
        }
    }

    fn carry_out(&mut self, node: usize, actions: Vec<Action>) {
        let me = NodeId(node as u32);
        for action in actions {
            match action {
                Action::Send(envelope) => self.network.push_back(Parcel::Message(envelope)),
                Action::Store(request) => {
                    self.said.extend(words_to_store(me, &request));
                    let reply = match self.is_store_up {
                        true => self.store.apply(request, &Kept),
                        false => StoreReply::Unavailable { request: Box::new(request) },
                    };
                    self.network.push_back(Parcel::Reply(me, reply));
                }
                Action::Answer { request, outcome } => self.outcomes.push((request, outcome)),
                _ => {}
            }
        }
    }

    fn request(&mut self) -> RequestId {
        self.requests += 1;
        RequestId(self.requests)
    }

    /// A node sets out to read X.
    pub(crate) fn read(&mut self, node: usize, level: ReadLevel) -> RequestId {
        let request = self.request();
        let (session, within) = (Session::default(), Span::from_secs(30));
        let wish = Wish { content: X, group: W, level, session, within };
        self.tell(node, Input::Read { request, wish });
        request
    }

    /// A node asks for the lock of X.
    pub(crate) fn lock(&mut self, node: usize) -> RequestId {
        let request = self.request();
        let within = Span::from_secs(30);
        self.tell(node, Input::Lock { request, content: X, group: W, within });
        request
    }

    /// It has processed X.
    pub(crate) fn publish(&mut self, node: usize, request: RequestId, what: Acknowledgement) {
        let payload = Payload { digest: Digest([request.0 as u8; 32]), size: Bytes::new(1) };
        let input = Input::Publish {
            request,
            payload: Some(payload),
            session: Session::default(),
            acknowledgement: what,
            within: Span::from_secs(30),
        };
        self.tell(node, input);
    }

    /// A node writes X, from lock to acknowledgement.
    pub(crate) fn write(&mut self, node: usize) {
        let request = self.lock(node);
        self.pass(Span::from_millis(200));
        self.publish(node, request, Acknowledgement::Committed);
        self.pass(Span::ZERO);
        assert!(matches!(self.outcome(request), Some(Outcome::Written { .. })));
    }

    /// A copy makes room.
    pub(crate) fn evict(&mut self, node: usize) {
        let version = self.nodes[node].table().version(X).expect("there is a copy");
        self.tell(node, Input::Evicted { content: X, version });
    }

    /// A node is started anew, with the copies it had on disk.
    pub(crate) fn restart(&mut self, node: usize) {
        let copy = self.nodes[node].table().copy(X).expect("there is a copy").clone();
        let memory = Memory { incarnation: 2, ..Memory::default() };
        let me = NodeId(node as u32);
        let mut started = Node::new(self.now, me, memory, Timing::default(), Kept);
        let voters = vec![NodeId(LEADER_A as u32)];
        started.join(self.now, Charter { group: W, voters }, Support::default());
        started.restore(X, W, copy);
        self.nodes[node] = started;
    }

    /// What an operation was answered last.
    pub(crate) fn outcome(&self, request: RequestId) -> Option<&Outcome> {
        self.outcomes.iter().rev().find(|(of, _)| *of == request).map(|(_, outcome)| outcome)
    }

    /// What was said since this was last asked.
    pub(crate) fn said(&mut self) -> Vec<String> {
        std::mem::take(&mut self.said)
    }

    /// The newest version in the data store.
    pub(crate) fn newest(&self) -> Version {
        self.store.content(X).revision.version
    }

    /// Group member table: data name, leader address, tag.
    pub(crate) fn member_table(&self, node: usize) -> String {
        let Some(row) = self.nodes[node].table().rows().get(&X) else { return "-".into() };
        let leader = self.nodes[node].view(row.group).and_then(|view| view.leader);
        let stale = row.copy.as_ref().is_some_and(|copy| copy.revision.version < self.newest());
        let stale = if stale { " (stale)" } else { "" };
        format!(
            "X{stale} | Leader {} | {}",
            leader.map_or_else(|| "?".into(), name),
            row.tag.word()
        )
    }

    /// Group leader table: data name, resource address (of who writes, or who has the newest),
    /// tag.
    pub(crate) fn leader_table(&self) -> String {
        let reign = self.nodes[LEADER_A].reign(W, self.now).expect("A leads");
        let Some(row) = reign.table().get(&X) else { return "-".into() };
        let resources: Vec<String> = match &row.tag {
            LeaderTag::Lock { holder, .. } => vec![name(*holder)],
            LeaderTag::Free(known) => {
                let newest = known.revision.version;
                let having = row.holders.iter().filter(|&(_, &version)| version == newest);
                having.map(|(&node, _)| name(node)).collect()
            }
            _ => Vec::new(),
        };
        format!("X | {} | {}", resources.join(" "), row.tag.word())
    }

    /// The timestamp of the leader table: when the group learned of the newest version.
    pub(crate) fn timestamp(&self) -> Option<u64> {
        let reign = self.nodes[LEADER_A].reign(W, self.now)?;
        match &reign.table().get(&X)?.tag {
            LeaderTag::Free(known) => Some(known.committed.counter),
            _ => None,
        }
    }

    /// Data store table: data name, leader address, group.
    pub(crate) fn store_table(&self) -> String {
        let row = self.store.content(X);
        let Some(group) = row.group else { return "-".into() };
        let leader = self.store.group(group).leader;
        format!("X | Leader {} | W{}", leader.map_or_else(|| "?".into(), name), group.0)
    }
}
