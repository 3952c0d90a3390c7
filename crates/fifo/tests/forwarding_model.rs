//! What is sent on to a FIFO that is at another node, whatever the network does, and what callers
//! are told of it: the numbers and the item in doubt that `swell-node` keeps.
//!
//! One call at a time has an item. It is sent under the number that is due; what was ever sent may
//! arrive at any time, any number of times, or never, and so may the answers. A caller whose time
//! is over hears that its item was refused, or that it is in doubt. Mutants have to fail, as a
//! model that never fails proves nothing.

use std::collections::BTreeSet;

use stateright::{Checker, Model, Property};

/// Calls, each with an item that is called by its place.
const CALLS: u8 = 3;

/// What a mutant does wrong.
#[derive(Clone, Copy, PartialEq, Debug)]
enum Flaw {
    None,
    /// What did not leave, as nobody was reached, is kept as if it had.
    KeepsUnsent,
    /// Who may have been served is told to call again.
    SaysRefusedInDoubt,
    /// The number of an item in doubt goes to the next one.
    ForgetsDoubt,
    /// The other node does not look at numbers.
    TakesTwice,
}

/// What a caller was told.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
enum Told {
    Taken,
    Refused,
    Doubt,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
struct Put {
    number: u8,
    item: u8,
}

#[derive(Clone, PartialEq, Eq, Hash, Debug)]
struct State {
    /// What callers were told, in the order of their calls.
    told: Vec<Told>,
    /// Whether another call waits; its item is called by the number of those before it.
    waits: bool,
    /// The number that is due, as far as the sender knows, and what was sent under it.
    due: u8,
    doubtful: Option<u8>,
    /// Whether a connection can be made.
    is_reachable: bool,
    /// All that was ever sent, and the answers: the number that was asked for, and the next.
    sent: BTreeSet<Put>,
    answers: BTreeSet<(u8, u8)>,
    /// The FIFO.
    lane: Vec<u8>,
}

impl State {
    /// The item of the call that waits.
    fn item(&self) -> u8 {
        self.told.len() as u8
    }

    fn end(&mut self, told: Told) {
        self.told.push(told);
        self.waits = false;
    }

    /// Whether all items whose callers were told this are so.
    fn all(&self, told: Told, are: impl Fn(u8) -> bool) -> bool {
        (0..).zip(&self.told).filter(|(_, said)| **said == told).all(|(item, _)| are(item))
    }
}

#[derive(Clone, PartialEq, Debug)]
enum Action {
    Call,
    Try,
    GiveUp,
    Arrive(Put),
    Hear(u8, u8),
    /// The connection breaks, or can be made again.
    Turn,
}

struct Forwarding {
    flaw: Flaw,
}

impl Forwarding {
    /// Sends what is in doubt, or else the item of the call.
    fn send(&self, state: &mut State) {
        let item = state.doubtful.unwrap_or_else(|| state.item());
        if state.is_reachable {
            state.sent.insert(Put { number: state.due, item });
        }
        if state.is_reachable || self.flaw == Flaw::KeepsUnsent {
            state.doubtful = Some(item);
        }
    }

    fn give_up(&self, state: &mut State) {
        if state.doubtful != Some(state.item()) {
            return state.end(Told::Refused);
        }
        if self.flaw == Flaw::ForgetsDoubt {
            state.doubtful = None;
        }
        state.end(if self.flaw == Flaw::SaysRefusedInDoubt { Told::Refused } else { Told::Doubt });
    }

    fn arrive(&self, state: &mut State, Put { number, item }: Put) {
        let next = state.lane.len() as u8;
        let is_new = number == next || self.flaw == Flaw::TakesTwice;
        // More than these show nothing new.
        if is_new && next <= CALLS {
            state.lane.push(item);
        }
        // Nobody waits for the answers to earlier numbers.
        if number >= state.due {
            state.answers.insert((number, state.lane.len() as u8));
        }
    }
}

impl Model for Forwarding {
    type State = State;
    type Action = Action;

    fn init_states(&self) -> Vec<State> {
        vec![State {
            told: Vec::new(),
            waits: false,
            due: 0,
            doubtful: None,
            is_reachable: true,
            sent: BTreeSet::new(),
            answers: BTreeSet::new(),
            lane: Vec::new(),
        }]
    }

    fn actions(&self, state: &State, actions: &mut Vec<Action>) {
        if state.waits {
            actions.extend([Action::Try, Action::GiveUp]);
        } else if state.item() < CALLS {
            actions.push(Action::Call);
        }
        actions.push(Action::Turn);
        actions.extend(state.sent.iter().copied().map(Action::Arrive));
        // An answer goes to who asked, and only while somebody waits for it.
        let heard = state.answers.iter().filter(|(number, _)| *number == state.due);
        let heard = heard.filter(|_| state.waits && state.doubtful.is_some());
        actions.extend(heard.map(|&(number, next)| Action::Hear(number, next)));
    }

    fn next_state(&self, state: &State, action: Action) -> Option<State> {
        let mut next = state.clone();
        match action {
            Action::Call => next.waits = true,
            Action::Try => self.send(&mut next),
            Action::GiveUp => self.give_up(&mut next),
            Action::Arrive(put) => self.arrive(&mut next, put),
            Action::Hear(number, due) => {
                if due > number {
                    next.due = due;
                    let is_own = next.doubtful.take() == Some(next.item());
                    if is_own {
                        next.end(Told::Taken);
                    }
                }
            }
            Action::Turn => next.is_reachable = !next.is_reachable,
        }
        (next != *state).then_some(next)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            Property::always(ONCE, |_, state: &State| {
                state.lane.iter().collect::<BTreeSet<_>>().len() == state.lane.len()
            }),
            Property::always(TAKEN, |_, state: &State| {
                state.all(Told::Taken, |item| state.lane.contains(&item))
            }),
            Property::always(REFUSED, |_, state: &State| {
                state.all(Told::Refused, |item| !state.lane.contains(&item))
            }),
            Property::always(DOUBT, |_, state: &State| {
                state.all(Told::Doubt, |item| state.sent.iter().any(|put| put.item == item))
            }),
            Property::sometimes(ENDS, |_, state: &State| {
                state.told == [Told::Doubt, Told::Refused, Told::Taken] && state.lane == [0, 2]
            }),
        ]
    }
}

const ONCE: &str = "no item is in it twice";
const TAKEN: &str = "what was taken is in it";
const REFUSED: &str = "what was refused never comes to be in it";
const DOUBT: &str = "only what left is in doubt";
const ENDS: &str = "what was in doubt comes in before a later item";

/// Which laws do not hold.
fn broken(flaw: Flaw) -> Vec<&'static str> {
    let checked = Forwarding { flaw }.checker().threads(2).spawn_bfs().join();
    assert!(checked.unique_state_count() > 100, "a model of nothing proves nothing");
    let found = checked.discoveries();
    let laws = [ONCE, TAKEN, REFUSED, DOUBT].into_iter();
    let broken: Vec<_> = laws.filter(|law| found.contains_key(law)).collect();
    assert!(!broken.is_empty() || found.contains_key(ENDS), "it never ends well");
    broken
}

#[test]
fn callers_are_told_what_became_of_their_items() {
    assert_eq!(broken(Flaw::None), [""; 0]);
}

#[test]
fn every_mutant_is_found() {
    for (flaw, law) in [
        (Flaw::KeepsUnsent, DOUBT),
        (Flaw::SaysRefusedInDoubt, REFUSED),
        (Flaw::ForgetsDoubt, TAKEN),
        (Flaw::TakesTwice, ONCE),
    ] {
        let broken = broken(flaw);
        assert!(broken.contains(&law), "{flaw:?}: {broken:?}");
    }
}
