//! The way of a FIFO to another node, in all orders that a network and a crash allow.
//!
//! One producer, a source, a target and a network that reorders, and loses a bounded number
//! of messages. Mutants have to fail, as a model that never fails proves nothing.

use std::collections::BTreeSet;

use stateright::{Checker, Model, Property};

/// Items the producer has.
const ITEMS: u8 = 3;
/// Items it sends before it waits for an answer.
const WINDOW: u8 = 2;

/// Messages under way at once.
const UNDER_WAY: usize = 4;

/// When a producer may forget an item.
#[derive(Clone, Copy, PartialEq, Debug)]
enum Ack {
    /// Once it was put in.
    Append,
    /// Once its effect was recorded.
    Consume,
}

/// What a mutant does wrong.
#[derive(Clone, Copy, PartialEq, Debug)]
enum Flaw {
    None,
    AcceptsAfterTheFence,
    KeepsConsumingAfterTheFence,
    ForgetsWhatWasAccepted,
    OpensBeforeAllIsThere,
}

struct Journey {
    ack: Ack,
    flaw: Flaw,
    losses: u8,
    crashes: bool,
}

#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
enum Message {
    /// To the source, or under the new epoch to the target.
    Append { to_target: bool, item: u8 },
    /// All items before this are acknowledged.
    Ack(u8),
    /// The source's answer behind the fence.
    Moved,
    /// One unread item, by its place.
    Ship { place: u8, item: u8 },
    /// All that was unread, and what had been accepted.
    End { count: u8, next: u8 },
    /// The target has it.
    Arrived,
}

#[derive(Clone, PartialEq, Eq, Hash, Debug)]
struct State {
    acked: u8,
    knows_target: bool,
    /// The source: next item to accept, unread items, and how it stands.
    next: u8,
    unread: Vec<u8>,
    is_fenced: bool,
    is_alive: bool,
    is_free: bool,
    /// The target.
    target_next: u8,
    arrived: u8,
    waiting: Vec<u8>,
    is_open: bool,
    /// What had its effect, recorded together with the position, outside of both nodes.
    effects: Vec<u8>,
    network: BTreeSet<Message>,
    losses: u8,
}

#[derive(Clone, PartialEq, Debug)]
enum Action {
    Send(u8),
    Fence,
    Ship(u8),
    ShipEnd,
    ConsumeAtSource,
    ConsumeAtTarget,
    Deliver(Message),
    Lose(Message),
    Crash,
    /// The directory notices the crash and opens the target with what the record says.
    Recover,
}

impl Journey {
    fn append_at_source(&self, state: &mut State, item: u8) {
        if !state.is_alive {
            return;
        }
        if state.is_fenced && self.flaw != Flaw::AcceptsAfterTheFence {
            state.network.insert(Message::Moved);
            return;
        }
        if item == state.next {
            state.unread.push(item);
            state.next += 1;
        }
        if self.ack == Ack::Append {
            state.network.insert(Message::Ack(state.next));
        }
    }

    fn append_at_target(&self, state: &mut State, item: u8) {
        if !state.is_open && self.flaw != Flaw::OpensBeforeAllIsThere {
            return;
        }
        if item == state.target_next || self.flaw == Flaw::ForgetsWhatWasAccepted {
            state.waiting.push(item);
            state.target_next = state.target_next.max(item + 1);
        }
        if self.ack == Ack::Append {
            state.network.insert(Message::Ack(state.target_next));
        }
    }

    fn deliver(&self, state: &mut State, message: Message) {
        match message {
            Message::Append { to_target: false, item } => self.append_at_source(state, item),
            Message::Append { to_target: true, item } => self.append_at_target(state, item),
            Message::Ack(next) => state.acked = state.acked.max(next),
            Message::Moved => state.knows_target = true,
            Message::Ship { place, item } => {
                if !state.is_open && place == state.arrived {
                    state.waiting.push(item);
                    state.arrived += 1;
                }
            }
            Message::End { count, next } => {
                if !state.is_open && state.arrived == count {
                    state.is_open = true;
                    if self.flaw != Flaw::ForgetsWhatWasAccepted {
                        state.target_next = state.target_next.max(next);
                    }
                }
                if state.is_open {
                    state.network.insert(Message::Arrived);
                }
            }
            Message::Arrived => state.is_free = true,
        }
    }

    fn consume(&self, state: &mut State, item: u8) {
        state.effects.push(item);
        if self.ack == Ack::Consume {
            state.network.insert(Message::Ack(state.effects.len() as u8));
        }
    }
}

impl Model for Journey {
    type State = State;
    type Action = Action;

    fn init_states(&self) -> Vec<State> {
        vec![State {
            acked: 0,
            knows_target: false,
            next: 0,
            unread: Vec::new(),
            is_fenced: false,
            is_alive: true,
            is_free: false,
            target_next: 0,
            arrived: 0,
            waiting: Vec::new(),
            is_open: false,
            effects: Vec::new(),
            network: BTreeSet::new(),
            losses: self.losses,
        }]
    }

    fn actions(&self, state: &State, actions: &mut Vec<Action>) {
        let window = state.acked..(state.acked + WINDOW).min(ITEMS);
        actions.extend(window.map(Action::Send));
        let holds = state.is_alive && !state.is_free;
        if holds && state.is_fenced {
            actions.extend((0..state.unread.len() as u8).map(Action::Ship));
            actions.push(Action::ShipEnd);
        }
        if holds && !state.is_fenced {
            actions.push(Action::Fence);
        }
        let may_consume = !state.is_fenced || self.flaw == Flaw::KeepsConsumingAfterTheFence;
        if holds && may_consume && !state.unread.is_empty() {
            actions.push(Action::ConsumeAtSource);
        }
        let may_consume = state.is_open || self.flaw == Flaw::OpensBeforeAllIsThere;
        if may_consume && !state.waiting.is_empty() {
            actions.push(Action::ConsumeAtTarget);
        }
        if self.crashes && state.is_alive {
            actions.push(Action::Crash);
        }
        if !state.is_alive && !state.is_open {
            actions.push(Action::Recover);
        }
        for message in &state.network {
            actions.push(Action::Deliver(message.clone()));
            if state.losses > 0 {
                actions.push(Action::Lose(message.clone()));
            }
        }
    }

    fn next_state(&self, state: &State, action: Action) -> Option<State> {
        let mut next = state.clone();
        match action {
            Action::Send(item) => {
                next.network.insert(Message::Append { to_target: state.knows_target, item });
            }
            Action::Fence => next.is_fenced = true,
            Action::Ship(place) => {
                let item = state.unread[usize::from(place)];
                next.network.insert(Message::Ship { place, item });
            }
            Action::ShipEnd => {
                let count = state.unread.len() as u8;
                next.network.insert(Message::End { count, next: state.next });
            }
            Action::ConsumeAtSource => {
                let item = next.unread.remove(0);
                self.consume(&mut next, item);
            }
            Action::ConsumeAtTarget => {
                let item = next.waiting.remove(0);
                self.consume(&mut next, item);
            }
            Action::Deliver(message) => {
                next.network.remove(&message);
                self.deliver(&mut next, message);
            }
            Action::Lose(message) => {
                next.network.remove(&message);
                next.losses -= 1;
            }
            Action::Crash => {
                next.is_alive = false;
                next.unread.clear();
            }
            Action::Recover => {
                next.is_open = true;
                next.waiting.clear();
                next.target_next = state.effects.len() as u8;
                next.knows_target = true;
            }
        }
        (next != *state).then_some(next)
    }

    /// More than so many messages under way at once show nothing new.
    fn within_boundary(&self, state: &State) -> bool {
        state.network.len() <= UNDER_WAY
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            Property::always("each effect once and in order", |_, state: &State| {
                state.effects.iter().enumerate().all(|(place, &item)| usize::from(item) == place)
            }),
            Property::always("what was acknowledged is somewhere", |_, state: &State| {
                (0..state.acked).all(|item| {
                    state.effects.contains(&item)
                        || state.waiting.contains(&item)
                        || !state.is_free && state.unread.contains(&item)
                })
            }),
            Property::sometimes("all arrives", |_, state: &State| {
                state.is_open && state.effects.len() == usize::from(ITEMS)
            }),
        ]
    }
}

fn check(journey: Journey) -> Vec<&'static str> {
    let checked = journey.checker().threads(2).spawn_bfs().join();
    assert!(checked.unique_state_count() > 1000, "a model of nothing proves nothing");
    let found = checked.discoveries();
    let names = ["each effect once and in order", "what was acknowledged is somewhere"];
    let broken = names.into_iter().filter(|name| found.contains_key(name)).collect::<Vec<_>>();
    assert!(!broken.is_empty() || found.contains_key("all arrives"), "it never ends well");
    broken
}

#[test]
fn nothing_is_lost_doubled_or_reordered() {
    for ack in [Ack::Append, Ack::Consume] {
        for losses in 0..2 {
            let journey = Journey { ack, flaw: Flaw::None, losses, crashes: false };
            assert_eq!(check(journey), [""; 0], "{ack:?}, {losses} losses");
        }
    }
}

#[test]
fn a_crash_of_the_source_loses_nothing_that_was_acknowledged_when_consumed() {
    let journey = Journey { ack: Ack::Consume, flaw: Flaw::None, losses: 0, crashes: true };
    assert_eq!(check(journey), [""; 0]);
}

#[test]
fn a_crash_of_the_source_can_lose_what_was_acknowledged_when_appended() {
    let journey = Journey { ack: Ack::Append, flaw: Flaw::None, losses: 0, crashes: true };
    assert_eq!(check(journey), ["what was acknowledged is somewhere"]);
}

#[test]
fn every_mutant_is_found() {
    for flaw in [
        Flaw::AcceptsAfterTheFence,
        Flaw::KeepsConsumingAfterTheFence,
        Flaw::ForgetsWhatWasAccepted,
        Flaw::OpensBeforeAllIsThere,
    ] {
        let journey = Journey { ack: Ack::Append, flaw, losses: 0, crashes: false };
        assert_ne!(check(journey), [""; 0], "{flaw:?} lives");
    }
}
