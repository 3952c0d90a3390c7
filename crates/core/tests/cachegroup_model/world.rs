//! The model: what may happen next, and what must hold.

use stateright::{Model, Property};
use swell_core::cachegroup::action::Input;
use swell_core::cachegroup::leader_table::LeaderTag;
use swell_core::cachegroup::message::Message;
use swell_core::cachegroup::names::NodeId;
use swell_core::cachegroup::node::Node;
use swell_core::cachegroup::store_message::StoreReply;
use swell_core::time::Instant;

use crate::case::{Case, LATE, TICK};
use crate::flaw::Flawed;
use crate::liveness::ends_well;
use crate::shared::Shared;
use crate::state::{CHANGING, Item, State};

/// What may happen.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Step {
    /// A client begins what it wants next.
    Begin(usize),
    /// Something arrives, now or once more.
    Arrive(Shared<Item>),
    /// A node's timers go off.
    Timers(usize),
    /// A lease passes.
    Tick,
    Crash(usize),
    Start(usize),
    StoreGoes,
    StoreReturns,
    /// A leader gives a content away.
    Move,
    /// Somebody orders a change of voters of the leader.
    Change,
}

impl State {
    pub(crate) fn now(&self) -> Instant {
        Instant::from_nanos(1 + self.tick * TICK)
    }

    /// The leader gives away the content that moves next.
    pub(crate) fn give_away(&mut self, case: &Case, now: Instant) {
        let Some(&(content, from, to)) = case.moves.get(self.moved) else { return };
        let leads = |node: &usize| {
            let node = self.nodes[*node].as_ref();
            node.is_some_and(|node| node.reign(from, now).is_some())
        };
        if let Some(leader) = (0..case.nodes).find(leads) {
            self.moved += 1;
            self.tell(case, now, leader, Input::Move { content, from, to });
        }
    }

    /// The leader is ordered to change the voters.
    pub(crate) fn change_voters(&mut self, case: &Case, now: Instant) {
        let Some((group, names)) = &case.change else { return };
        let leads = |node: &usize| {
            let node = self.nodes[*node].as_ref();
            node.is_some_and(|node| node.reign(*group, now).is_some())
        };
        if let Some(leader) = (0..case.nodes).find(leads) {
            self.has_changed = true;
            let names = names.iter().copied().map(NodeId).collect();
            let (request, group, after) = (CHANGING, *group, 1);
            self.tell(case, now, leader, Input::Change { request, group, after, names });
        }
    }

    /// Something arrives at this time.
    pub(crate) fn arrive(&mut self, case: &Case, now: Instant, item: &Shared<Item>) {
        if !item.comes_again() {
            self.network.remove(item);
        }
        match Item::clone(item) {
            Item::Message(envelope) => {
                let node = envelope.to.0 as usize;
                self.tell(case, now, node, Input::Received(envelope));
            }
            Item::Request(from, request) => {
                let reply = if self.is_store_up {
                    let before = self.store.clone();
                    let rules = Flawed(case.flaw);
                    let reply = self.store.change(|store| store.apply(request.clone(), &rules));
                    let after = &self.store;
                    self.witness.change(|book| book.on_store(&before, after, &request, &reply));
                    reply
                } else {
                    StoreReply::Unavailable { request: Box::new(request) }
                };
                self.network.insert(Shared::new(Item::Reply(from, reply)));
            }
            Item::Reply(to, reply) => self.tell(case, now, to.0 as usize, Input::Stored(reply)),
        }
    }
}

impl Model for Case {
    type State = State;
    type Action = Step;

    fn init_states(&self) -> Vec<State> {
        vec![State::begun(self)]
    }

    fn actions(&self, state: &State, actions: &mut Vec<Step>) {
        let idle = (0..self.clients.len()).filter(|&client| state.is_idle(self, client));
        actions.extend(idle.map(Step::Begin));
        actions.extend(state.network.iter().cloned().map(Step::Arrive));
        actions.extend(self.timers.iter().map(|&node| Step::Timers(node)));
        if state.tick < self.ticks {
            actions.push(Step::Tick);
        }
        for &node in &self.crashing {
            match &state.nodes[node] {
                Some(_) if state.crashes > 0 => actions.push(Step::Crash(node)),
                None => actions.push(Step::Start(node)),
                Some(_) => {}
            }
        }
        match state.is_store_up {
            true if state.outages > 0 => actions.push(Step::StoreGoes),
            false => actions.push(Step::StoreReturns),
            true => {}
        }
        if state.moved < self.moves.len() {
            actions.push(Step::Move);
        }
        if self.change.is_some() && !state.has_changed {
            actions.push(Step::Change);
        }
    }

    fn next_state(&self, state: &State, action: Step) -> Option<State> {
        let mut next = state.clone();
        let now = state.now();
        match action {
            Step::Begin(client) => next.begin(self, now, client),
            Step::Arrive(item) => next.arrive(self, now, &item),
            Step::Timers(node) => {
                let late = Instant::from_nanos(state.tick * TICK + LATE);
                let due = state.nodes[node].as_ref()?.next_wakeup();
                if due > late {
                    return None;
                }
                next.wake(self, late, node);
            }
            Step::Tick => next.tick += 1,
            Step::Crash(node) => {
                next.nodes[node] = None;
                next.crashes -= 1;
                for client in 0..self.clients.len() {
                    let own = &mut next.clients[client];
                    let steps = &self.clients[client].steps;
                    if own.begun > own.ended && steps[own.begun - 1].0 == node {
                        own.change(|own| own.is_lost = true);
                    }
                }
            }
            Step::Start(node) => {
                next.disks[node].change(|disk| disk.incarnation += 1);
                next.start(self, node, now);
            }
            Step::StoreGoes => {
                next.is_store_up = false;
                next.outages -= 1;
            }
            Step::StoreReturns => next.is_store_up = true,
            Step::Move => next.give_away(self, now),
            Step::Change => next.change_voters(self, now),
        }
        (next != *state).then_some(next)
    }

    fn within_boundary(&self, state: &State) -> bool {
        let tags = state.nodes.iter().flatten().flat_map(|node| {
            self.groups.iter().filter_map(|group| node.reign(group.group, state.now()))
        });
        tags.into_iter().all(|reign| reign.tokens() <= self.tokens)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        macro_rules! kept {
            ($($name:literal),*) => {
                vec![$(Property::always($name, |_, s: &State| !s.witness.broken.contains($name))),*]
            };
        }
        let mut properties = kept!["I1", "I2", "I3", "I5", "I6", "I8", "I9"];
        properties.push(Property::always("I4", |case: &Case, state| {
            !state.witness.broken.contains("I4") && leads_once(case, state)
        }));
        properties.push(Property::always("I7", free_is_newest));
        properties
            .push(Property::always("I9 on the wire", |_, state| carries_what_is_committed(state)));
        properties.push(Property::always("pending is not fenced off", |_, state: &State| {
            state.witness.pending.iter().all(|&(content, token)| {
                let is_possible = state.store.content(content).fence <= token;
                is_possible || state.witness.is_committed(content, token)
            })
        }));
        properties.push(Property::always("L1 to L4", |case: &Case, state| {
            !case.must_end || ends_well(case, state)
        }));
        properties.push(Property::sometimes("all ends", |case: &Case, state: &State| {
            (0..case.clients.len())
                .all(|client| state.clients[client].ended == case.clients[client].steps.len())
        }));
        properties
    }
}

/// I4: of the nodes that would answer as a group's leader, at most one could.
fn leads_once(case: &Case, state: &State) -> bool {
    case.groups.iter().all(|group| {
        let leads = |node: &&Shared<Node<Flawed>>| node.reign(group.group, state.now()).is_some();
        state.nodes.iter().flatten().filter(leads).count() <= 1
    })
}

/// I7: what a leader would call free is the newest there is.
fn free_is_newest(case: &Case, state: &State) -> bool {
    case.groups.iter().all(|group| {
        state.nodes.iter().flatten().all(|node| {
            let Some(reign) = node.reign(group.group, state.now()) else { return true };
            reign.table().iter().all(|(&content, row)| match &row.tag {
                LeaderTag::Free(known) => {
                    let row = state.store.content(content);
                    row.revision.version == known.revision.version
                        && row.group.is_none_or(|own| own == group.group)
                }
                _ => true,
            })
        })
    })
}

/// I9: bytes on their way to another node are those of a committed version.
fn carries_what_is_committed(state: &State) -> bool {
    state.network.iter().all(|item| match &**item {
        Item::Message(envelope) => match envelope.message {
            Message::Data { content, version, digest, .. } => {
                let made = crate::state::payload(content, version).digest;
                state.witness.is_committed(content, version) && digest == made
            }
            _ => true,
        },
        _ => true,
    })
}
