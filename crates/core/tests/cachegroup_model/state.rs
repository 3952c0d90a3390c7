//! A state of the model: real nodes, a real store table, and everything under way between them.

use std::collections::{BTreeMap, BTreeSet};

use swell_core::cachegroup::action::{Action, Charter, Input, Memory, Outcome, Support, Wish};
use swell_core::cachegroup::level::{Acknowledgement, ReadLevel};
use swell_core::cachegroup::message::{Envelope, Message, PendingCopy};
use swell_core::cachegroup::names::{ContentId, Digest, GroupId, NodeId, Payload, Version};
use swell_core::cachegroup::node::Node;
use swell_core::cachegroup::session::{Revision, Session};
use swell_core::cachegroup::store::StoreTable;
use swell_core::cachegroup::store_message::{StoreReply, StoreRequest};
use swell_core::ids::RequestId;
use swell_core::time::{Instant, Span};
use swell_core::units::Bytes;

use crate::case::{Case, Halt, Step};
use crate::flaw::Flawed;
use crate::shared::Shared;
use crate::witness::Witness;

/// Something under way. It may arrive at any time, or never, and what matters more than once.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Item {
    Message(Envelope),
    Request(NodeId, StoreRequest),
    Reply(NodeId, StoreReply),
}

impl Item {
    /// Whether it is a message to this node.
    pub(crate) fn is_to(&self, node: usize) -> bool {
        matches!(self, Item::Message(envelope) if envelope.to.0 as usize == node)
    }

    /// Whether it is what exploring begins with.
    pub(crate) fn is_halt(&self, halt: Halt) -> bool {
        match self {
            Item::Message(envelope) => match envelope.message {
                Message::Lock { .. } => halt == Halt::Lock,
                Message::Grant { .. } => halt == Halt::Grant,
                Message::Free { .. } => halt == Halt::Free,
                Message::Copy { .. } => halt == Halt::Copy,
                Message::Promise { .. } => halt == Halt::Promise,
                Message::Data { .. } => halt == Halt::Data,
                Message::Lease { .. } => halt == Halt::Lease,
                _ => false,
            },
            Item::Request(_, StoreRequest::Upload { .. }) => halt == Halt::Upload,
            Item::Request(_, StoreRequest::Commit { .. }) => halt == Halt::Commit,
            Item::Request(_, StoreRequest::Reseat { .. }) => halt == Halt::Reseat,
            _ => false,
        }
    }

    /// Whether it stays under way when it has arrived. What only moves its receiver on, or is
    /// asked and answered anew at every turn, is not worth the states: the next is like it.
    pub(crate) fn comes_again(&self) -> bool {
        match self {
            Item::Message(envelope) => matches!(
                envelope.message,
                Message::Lock { .. }
                    | Message::Grant { .. }
                    | Message::Free { .. }
                    | Message::Abort { .. }
                    | Message::Promise { .. }
                    | Message::Copy { .. }
            ),
            Item::Request(_, request) => matches!(
                request,
                StoreRequest::Commit { .. }
                    | StoreRequest::Seal { .. }
                    | StoreRequest::Claim { .. }
                    | StoreRequest::Reseat { .. }
                    | StoreRequest::Move { .. }
            ),
            Item::Reply(_, reply) => matches!(reply, StoreReply::Sealed { .. }),
        }
    }
}

/// What a client is doing.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub(crate) struct ClientState {
    /// Steps begun.
    pub(crate) begun: usize,
    /// Steps ended.
    pub(crate) ended: usize,
    pub(crate) session: Session,
    /// What it has seen, by the book of the witness.
    pub(crate) seen: BTreeMap<ContentId, Version>,
    /// What was newest when the step began.
    pub(crate) newest: Version,
    /// The token it was granted, and what its version is made from.
    token: Version,
    base: Version,
    /// Its node crashed under it.
    pub(crate) is_lost: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct State {
    pub(crate) nodes: Vec<Option<Shared<Node<Flawed>>>>,
    pub(crate) disks: Vec<Shared<Memory>>,
    pub(crate) store: Shared<StoreTable>,
    pub(crate) is_store_up: bool,
    pub(crate) network: BTreeSet<Shared<Item>>,
    pub(crate) tick: u64,
    pub(crate) clients: Vec<Shared<ClientState>>,
    pub(crate) crashes: u8,
    pub(crate) outages: u8,
    pub(crate) has_changed: bool,
    pub(crate) moved: usize,
    pub(crate) witness: Shared<Witness>,
}

/// The bytes of a version, as far as anybody here cares.
pub(crate) fn payload(content: ContentId, token: Version) -> Payload {
    let mut digest = [0; 32];
    digest[0] = content.0 as u8;
    digest[1] = token.epoch.0 as u8;
    digest[2] = token.counter as u8;
    digest[3] = token.tenure as u8;
    Payload { digest: Digest(digest), size: Bytes::new(1) }
}

/// What a step of deriving adds to its operation for reading.
const DERIVING: usize = 8;

/// The operation of whoever changes the voters.
pub(crate) const CHANGING: RequestId = RequestId(1 << 20);

/// The operation of a client's step.
pub(crate) fn request(client: usize, step: usize) -> RequestId {
    RequestId((client * 16 + step) as u64)
}

impl State {
    pub(crate) fn new(case: &Case) -> Self {
        let disk = Memory { incarnation: 1, ..Memory::default() };
        let mut state = Self {
            nodes: vec![None; case.nodes],
            disks: vec![Shared::new(disk); case.nodes],
            store: Shared::new(StoreTable::default()),
            is_store_up: true,
            network: BTreeSet::new(),
            tick: 0,
            clients: vec![Shared::new(ClientState::default()); case.clients.len()],
            crashes: case.crashes,
            outages: case.outages,
            has_changed: false,
            moved: 0,
            witness: Shared::new(Witness::default()),
        };
        for node in 0..case.nodes {
            state.start(case, node, Instant::from_nanos(1));
        }
        state
    }

    pub(crate) fn start(&mut self, case: &Case, node: usize, now: Instant) {
        let memory = Memory::clone(&self.disks[node]);
        let supports: BTreeMap<GroupId, Support> = memory.supports.iter().copied().collect();
        let me = NodeId(node as u32);
        let mut started = Node::new(now, me, memory, case.timing, Flawed(case.flaw));
        started.set_conduct(case.conduct);
        for group in &case.groups {
            let own = case.settings.iter().find(|(own, _)| *own == node);
            let voters = own.map_or(&group.voters, |(_, voters)| voters);
            let voters = voters.iter().copied().map(NodeId).collect();
            let charter = Charter { group: group.group, voters };
            let latest = supports.get(&group.group).copied().unwrap_or_default();
            started.join(now, charter, latest);
        }
        self.nodes[node] = Some(Shared::new(started));
    }

    /// Tells a node something, and does what it wants done.
    pub(crate) fn tell(&mut self, case: &Case, now: Instant, node: usize, input: Input) {
        let Some(told) = &mut self.nodes[node] else { return };
        let mut actions = Vec::new();
        told.change(|node| node.handle(now, input, &mut actions));
        self.carry_out(case, now, node, actions);
    }

    /// Lets a node do what is due.
    pub(crate) fn wake(&mut self, case: &Case, now: Instant, node: usize) {
        let Some(woken) = &mut self.nodes[node] else { return };
        let mut actions = Vec::new();
        woken.change(|node| node.wake(now, &mut actions));
        self.carry_out(case, now, node, actions);
    }

    fn carry_out(&mut self, case: &Case, now: Instant, node: usize, actions: Vec<Action>) {
        let me = NodeId(node as u32);
        for action in actions {
            match action {
                Action::Send(envelope) => {
                    self.network.insert(Shared::new(Item::Message(envelope)));
                }
                Action::Store(request) => {
                    self.network.insert(Shared::new(Item::Request(me, request)));
                }
                Action::KeepPending { copy } => {
                    self.disks[node].change(|disk| disk.pending.push(copy));
                }
                Action::ForgetPending { content, token } => {
                    let is_it = |copy: &PendingCopy| {
                        copy.content == content && copy.revision.version == token
                    };
                    self.disks[node].change(|disk| disk.pending.retain(|copy| !is_it(copy)));
                }
                Action::KeepSupport { group, support } => self.disks[node].change(|disk| {
                    disk.supports.retain(|&(other, _)| other != group);
                    disk.supports.push((group, support));
                }),
                Action::Answer { request, outcome } => self.answer(case, now, request, outcome),
                Action::Install { .. }
                | Action::Drop { .. }
                | Action::Suggested { .. }
                | Action::Settled { .. } => {}
            }
        }
    }

    /// A client begins its next step.
    pub(crate) fn begin(&mut self, case: &Case, now: Instant, client: usize) {
        let begun = self.clients[client].begun;
        let (node, step) = case.clients[client].steps[begun];
        let request = request(client, begun);
        let content = match step {
            Step::Read(content, _) | Step::Write(content, _) | Step::Derive(content, _) => content,
        };
        let newest = self.store.content(content).revision.version;
        self.clients[client].change(|own| (own.begun, own.newest) = (begun + 1, newest));
        let (group, within) = ((case.home)(content), Span::FOREVER);
        let input = match step {
            Step::Read(content, level) => {
                let session = self.clients[client].session.clone();
                let wish = Wish { content, group, level, session, within };
                Input::Read { request, wish }
            }
            _ => Input::Lock { request, content, group, within },
        };
        self.tell(case, now, node, input);
    }

    /// A writer makes its version.
    fn publish(&mut self, case: &Case, now: Instant, client: usize, index: usize) {
        let (node, step) = case.clients[client].steps[index];
        let (content, acknowledgement) = match step {
            Step::Write(content, acknowledgement) => (content, acknowledgement),
            Step::Derive(content, _) | Step::Read(content, _) => {
                (content, Acknowledgement::Committed)
            }
        };
        let own = &self.clients[client];
        let (token, base, seen) = (own.token, own.base, own.seen.clone());
        self.witness.change(|book| book.on_publish(content, token, base, &seen));
        let input = Input::Publish {
            request: request(client, index),
            payload: Some(payload(content, token)),
            session: self.clients[client].session.clone(),
            acknowledgement,
            within: Span::FOREVER,
        };
        self.tell(case, now, node, input);
    }

    /// A writer that was granted the lock reads something first, or makes its version at once.
    fn on_granted(
        &mut self,
        case: &Case,
        now: Instant,
        (client, index): (usize, usize),
        (token, base): (Version, Version),
    ) {
        self.clients[client].change(|own| (own.token, own.base) = (token, base));
        let (node, step) = case.clients[client].steps[index];
        let Step::Derive(_, from) = step else {
            return self.publish(case, now, client, index);
        };
        let session = self.clients[client].session.clone();
        let (group, level, within) = ((case.home)(from), ReadLevel::Strict, Span::FOREVER);
        let wish = Wish { content: from, group, level, session, within };
        let newest = self.store.content(from).revision.version;
        self.clients[client].change(|own| own.newest = newest);
        let request = request(client, index + DERIVING);
        self.tell(case, now, node, Input::Read { request, wish });
    }

    fn answer(&mut self, case: &Case, now: Instant, id: RequestId, outcome: Outcome) {
        if id == CHANGING {
            return;
        }
        let (client, index) = ((id.0 / 16) as usize, (id.0 % 16) as usize);
        let (index, derives) = (index % DERIVING, index >= DERIVING);
        let step = case.clients[client].steps[index].1;
        let mut own = ClientState::clone(&self.clients[client]);
        if own.is_lost || own.ended > index {
            return;
        }
        let (content, level) = match step {
            Step::Read(content, level) => (content, level),
            Step::Derive(_, from) if derives => (from, ReadLevel::Strict),
            Step::Write(content, _) | Step::Derive(content, _) => (content, ReadLevel::Strict),
        };
        let mut witness = Witness::clone(&self.witness);
        match outcome {
            Outcome::Granted { token, ref base, .. } => {
                return self.on_granted(case, now, (client, index), (token, base.version));
            }
            Outcome::Read { group, ref revision, committed, is_pending, .. } => {
                let version = revision.version;
                witness.on_read(content, revision, is_pending, &self.store);
                if level == ReadLevel::Strict && version < own.newest {
                    witness.break_invariant("I6");
                }
                let is_promised = matches!(level, ReadLevel::Strict | ReadLevel::Causal);
                let seen = own.seen.get(&content).copied().unwrap_or_default();
                if is_promised && version < seen {
                    witness.break_invariant("I8");
                }
                own.session.saw(group, content, revision, committed);
                see(&mut own.seen, &witness, content, version);
            }
            Outcome::Written { group, ref revision, committed, acknowledged } => {
                let version = revision.version;
                witness.on_written(content, revision, acknowledged, &self.store);
                own.session.saw(group, content, revision, committed);
                see(&mut own.seen, &witness, content, version);
            }
            Outcome::Conflict
            | Outcome::Busy
            | Outcome::Unavailable
            | Outcome::Changed(_)
            | Outcome::Unchanged(_)
            | Outcome::Undecided { .. } => {}
        }
        if !derives {
            own.ended = index + 1;
        }
        self.clients[client] = Shared::new(own);
        if *self.witness != witness {
            self.witness = Shared::new(witness);
        }
        if derives {
            self.publish(case, now, client, index);
        }
    }

    /// Whether a client could begin its next step.
    pub(crate) fn is_idle(&self, case: &Case, client: usize) -> bool {
        let own = &self.clients[client];
        let has_next = own.begun < case.clients[client].steps.len();
        let is_there = has_next && self.nodes[case.clients[client].steps[own.begun].0].is_some();
        is_there && own.begun == own.ended && !own.is_lost
    }
}

/// Whoever sees a version sees what its writer had seen.
fn see(
    seen: &mut BTreeMap<ContentId, Version>,
    witness: &Witness,
    content: ContentId,
    version: Version,
) {
    let mut news = witness.past(content, version);
    news.insert(content, version);
    for (content, version) in news {
        let known = seen.entry(content).or_default();
        *known = version.max(*known);
    }
}

/// An acknowledgement that promises more than one copy.
pub(crate) fn is_pending(acknowledgement: Acknowledgement) -> bool {
    matches!(acknowledgement, Acknowledgement::Pending(_))
}

/// A version as it was made, for the witness.
pub(crate) fn is_as_made(content: ContentId, revision: &Revision) -> bool {
    let made = payload(content, revision.version);
    revision.payload.is_none_or(|payload| payload == made)
}
