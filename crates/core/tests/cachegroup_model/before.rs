//! Where exploring begins: what has happened before, without a fault.

use swell_core::cachegroup::action::Input;
use swell_core::cachegroup::message::{Envelope, Message};
use swell_core::cachegroup::names::{Epoch, NodeId, Ticket};
use swell_core::cachegroup::store_message::StoreReply;
use swell_core::time::Instant;

use crate::case::{Before, Case, Halt, LATE, TICK};
use crate::shared::Shared;
use crate::state::{Item, State};

/// A node outside of the case, which asks and hears nothing.
const NOBODY: NodeId = NodeId(99);

impl State {
    /// The state that exploring begins with.
    pub(crate) fn begun(case: &Case) -> Self {
        let mut state = State::new(case);
        let now = state.now();
        let mut cut: &[usize] = &[];
        if case.is_elected {
            state.elect(case);
        }
        for &content in &case.known {
            let group = (case.home)(content);
            let voters = case.groups.iter().find(|own| own.group == group).map(|own| own.voters[0]);
            let to = NodeId(voters.expect("the home of a content is a group"));
            let ticket = Ticket { incarnation: 0, number: 0 };
            // Its asking makes the content known, and it hears nothing of the lock it does not get.
            let message = Message::Lock { ticket, content };
            let ask = Item::Message(Envelope { from: NOBODY, to, group, message });
            state.arrive(case, now, &Shared::new(ask));
            state.drain(case, None, cut);
        }
        for &before in &case.before {
            let now = state.now();
            match before {
                Before::Step(client) => {
                    let waiting = std::mem::take(&mut state.network);
                    state.begin(case, now, client);
                    state.drain(case, None, cut);
                    state.network.extend(waiting);
                    let own = &state.clients[client];
                    assert_eq!(own.begun, own.ended, "{before:?} has not ended");
                }
                Before::StepUntil(client, halt) => {
                    let waiting = std::mem::take(&mut state.network);
                    state.begin(case, now, client);
                    state.drain(case, Some(halt), cut);
                    state.network.extend(waiting);
                    let is_there = state.network.iter().any(|item| item.is_halt(halt));
                    assert!(is_there, "{before:?} has not come so far");
                }
                Before::Outage => {
                    state.is_store_up = false;
                    state.outages = 0;
                }
                Before::Return => state.is_store_up = true,
                Before::Tick => state.tick += 1,
                Before::Arrive(node) => {
                    let items = state.network.clone();
                    for item in items.iter().filter(|item| item.is_to(node)) {
                        state.network.remove(item);
                        state.arrive(case, now, item);
                    }
                }
                Before::Lie(content, node) => {
                    let have = Some(state.store.content(content).revision.version);
                    let ticket = Ticket { incarnation: 0, number: 0 };
                    let message = Message::Ask { ticket, content, have };
                    let group = (case.home)(content);
                    let (from, to) = (NodeId(node as u32), NodeId(case.groups[0].voters[0]));
                    let ask = Item::Message(Envelope { from, to, group, message });
                    state.arrive(case, now, &Shared::new(ask));
                    state.drain(case, None, cut);
                }
                Before::Evict(content, node) => {
                    let version = state.store.content(content).revision.version;
                    state.tell(case, now, node, Input::Evicted { content, version });
                    state.drain(case, None, cut);
                }
                Before::Move => {
                    state.give_away(case, now);
                    state.drain(case, None, cut);
                }
                Before::Wake(node) => {
                    let late = Instant::from_nanos(state.tick * TICK + LATE);
                    state.wake(case, late, node);
                    state.drain(case, None, cut);
                }
                Before::Cut(nodes) => cut = nodes,
                Before::Change(halt) => {
                    state.change_voters(case, now);
                    state.drain(case, halt, cut);
                }
                Before::Stand(node, halt) => {
                    let late = Instant::from_nanos(state.tick * TICK + LATE);
                    let waiting = std::mem::take(&mut state.network);
                    state.wake(case, late, node);
                    state.drain(case, Some(halt), cut);
                    state.network.extend(waiting);
                }
            }
        }
        state
    }

    /// Each group elects its first voter, and everybody hears of it.
    fn elect(&mut self, case: &Case) {
        let now = self.now();
        for group in &case.groups {
            let (first, group) = (group.voters[0], group.group);
            self.wake(case, now, first as usize);
            self.drain(case, None, &[]);
            let elected = self.nodes[first as usize].as_ref();
            assert!(elected.is_some_and(|node| node.reign(group, now).is_some()));
            let row = self.store.group(group);
            for node in 0..case.nodes {
                let (epoch, incarnation, sent, leads) = (Epoch(1), 1, now, true);
                let voters = row.voters.clone();
                let message = Message::Lease { epoch, incarnation, sent, leads, voters };
                let (from, to) = (NodeId(first), NodeId(node as u32));
                let heard = match row.voters.contains(to) {
                    true => Input::Received(Envelope { from, to, group, message }),
                    // Others hear of it from the data store.
                    false => Input::Stored(StoreReply::Group { group, row: row.clone() }),
                };
                self.tell(case, now, node, heard);
            }
            self.network.clear();
        }
    }

    /// Delivers everything once, but what exploring is to begin with.
    fn drain(&mut self, case: &Case, halt: Option<Halt>, cut: &[usize]) {
        let now = self.now();
        let stays = |item: &Shared<Item>| halt.is_some_and(|halt| item.is_halt(halt));
        while let Some(item) = self.network.iter().find(|item| !stays(item)).cloned() {
            self.network.remove(&item);
            let is_lost = cut.iter().any(|&node| item.is_to(node));
            if !is_lost && !matches!(&*item, Item::Message(envelope) if envelope.to == NOBODY) {
                self.arrive(case, now, &item);
            }
        }
    }
}
