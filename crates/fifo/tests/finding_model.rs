//! How a node finds a FIFO that it sent away and that went on from there, while the node in between
//! crashes for good: the three nodes 0 to 2, of which 0 feeds it and 1 is the one that crashes.
//!
//! A move is one step here; what it consists of is `changing_nodes_model`. What one node tells
//! another of where a FIFO is arrives late, any number of times, or never; it is told again until the
//! other has it on its disk. Another FIFO of the same name moves between the nodes as well.

mod checked;

use std::collections::BTreeSet;

use stateright::{Model, Property};

/// What a mutant does wrong.
#[derive(Clone, Copy, PartialEq, Debug)]
enum Flaw {
    None,
    /// It believes whatever is told last.
    BelievesOlder,
    /// It believes what is told of another FIFO of that name.
    BelievesNamesakes,
    /// What was heard is said to be, and is in memory only.
    HearsInMemory,
    /// The list of nodes to be told does not go along.
    ForgetsTheFirst,
    /// A node tells of a FIFO that it only may have, as it was offered it.
    TellsOfOffers,
    /// The numbers of items that were taken do not go along.
    ForgetsNumbers,
}

/// What a node believes: the term, and the node that has the FIFO in it.
type Belief = (u8, usize);

/// What is told: by whom, to whom, and what of which of the FIFOs of that name.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
struct Told {
    to: usize,
    term: u8,
    at: usize,
    is_namesake: bool,
}

#[derive(Clone, PartialEq, Eq, Hash, Debug)]
struct State {
    /// On the disk of each node: where the FIFO is; itself, if it has it.
    disk: [Belief; 3],
    /// In the memory of node 0, which is all that a mutant may have.
    memory: Belief,
    /// By node: who is to be told by it of its FIFO.
    untold: [BTreeSet<usize>; 3],
    /// Who each node knows to have a way to the FIFO.
    ways: [BTreeSet<usize>; 3],
    said: BTreeSet<Told>,
    /// Who had it in which term.
    history: Vec<usize>,
    /// By node: the number of the item of node 0 that is due there.
    due: [u8; 3],
    /// The item that node 0 sent last and heard nothing of, or what comes next; and what was taken.
    next: u8,
    taken: Vec<u8>,
    is_middle_down: bool,
    restarts: u8,
}

#[derive(Clone, PartialEq, Debug)]
enum Action {
    /// The FIFO goes to a node.
    Move(usize),
    /// It is offered to a node, and stays.
    Offer(usize),
    /// A node tells another.
    Tell(usize, usize),
    Hear(Told),
    /// Node 0 sends its item to where it believes the FIFO to be; whether it hears of it.
    Put(bool),
    Crash,
    /// Node 0 comes back with what is on its disk.
    Restart,
}

struct Finding {
    flaw: Flaw,
    terms: u8,
    items: u8,
}

impl State {
    fn owner(&self) -> usize {
        *self.history.last().expect("somebody has it")
    }

    fn term(&self) -> u8 {
        self.history.len() as u8 - 1
    }

    fn is_up(&self, node: usize) -> bool {
        node != 1 || !self.is_middle_down
    }

    fn belief(&self, node: usize) -> Belief {
        if node == 0 { self.memory } else { self.disk[node] }
    }

    /// A node hears something; whether it has that on its disk, or something newer.
    fn hear(&mut self, told: Told, flaw: Flaw) {
        let Told { to, term, at, is_namesake } = told;
        let (known, believed) = self.belief(to);
        let is_here = believed == to;
        let is_newer = term > known || flaw == Flaw::BelievesOlder && term != known;
        let is_of_it = !is_namesake || flaw == Flaw::BelievesNamesakes;
        if !is_here && is_newer && is_of_it {
            if to == 0 {
                self.memory = (term, at);
            }
            if flaw != Flaw::HearsInMemory {
                self.disk[to] = (term, at);
            }
        }
    }
}

impl Model for Finding {
    type State = State;
    type Action = Action;

    fn init_states(&self) -> Vec<State> {
        vec![State {
            disk: [(0, 0), (0, 0), (0, 0)],
            memory: (0, 0),
            untold: Default::default(),
            ways: Default::default(),
            said: [Told { to: 0, term: 9, at: 1, is_namesake: true }].into(),
            history: vec![0],
            due: [0; 3],
            next: 0,
            taken: Vec::new(),
            is_middle_down: false,
            restarts: 1,
        }]
    }

    fn actions(&self, state: &State, actions: &mut Vec<Action>) {
        let owner = state.owner();
        for to in (0..3).filter(|&to| to != owner && state.is_up(to) && state.is_up(owner)) {
            if state.term() < self.terms {
                actions.push(Action::Move(to));
                if self.flaw == Flaw::TellsOfOffers {
                    actions.push(Action::Offer(to));
                }
            }
        }
        for from in (0..3).filter(|&from| state.is_up(from)) {
            let untold = state.untold[from].iter().filter(|&&to| state.is_up(to));
            actions.extend(untold.map(|&to| Action::Tell(from, to)));
        }
        let heard = state.said.iter().filter(|told| state.is_up(told.to));
        actions.extend(heard.copied().map(Action::Hear));
        if state.next < self.items && state.is_up(state.belief(0).1) {
            actions.extend([Action::Put(true), Action::Put(false)]);
        }
        if !state.is_middle_down && state.term() > 0 {
            actions.push(Action::Crash);
        }
        if state.restarts > 0 {
            actions.push(Action::Restart);
        }
    }

    fn next_state(&self, state: &State, action: Action) -> Option<State> {
        let mut next = state.clone();
        let owner = state.owner();
        match action {
            Action::Move(to) => {
                let term = state.term() + 1;
                next.history.push(to);
                (next.disk[owner], next.disk[to]) = ((term, to), (term, to));
                let mut ways = state.ways[owner].clone();
                if self.flaw == Flaw::ForgetsTheFirst {
                    ways.clear();
                }
                ways.insert(owner);
                ways.remove(&to);
                // Where it was it is known where it went: it is told all the same, as others are.
                next.untold[to] = ways.clone();
                next.untold[owner].clear();
                next.ways[to] = ways;
                next.ways[owner].insert(to);
                if self.flaw != Flaw::ForgetsNumbers {
                    next.due[to] = state.due[owner];
                }
                next.memory = if [owner, to].contains(&0) { next.disk[0] } else { state.memory };
            }
            Action::Offer(at) => {
                let term = state.term() + 1;
                for to in (0..3).filter(|&to| to != at) {
                    next.said.insert(Told { to, term, at, is_namesake: false });
                }
            }
            Action::Tell(from, to) => {
                let (term, at) = state.disk[from];
                let told = Told { to, term, at, is_namesake: false };
                next.said.insert(told);
                next.hear(told, self.flaw);
                next.untold[from].remove(&to);
            }
            Action::Hear(told) => next.hear(told, self.flaw),
            Action::Put(is_heard) => {
                let at = state.belief(0).1;
                // One that has it no more says where it went.
                let (_, further) = state.disk[at];
                if further != at {
                    let (term, at) = state.disk[at];
                    next.hear(Told { to: 0, term, at, is_namesake: false }, self.flaw);
                } else if at == owner {
                    if state.due[at] <= state.next {
                        next.taken.push(state.next);
                        next.due[at] = state.next + 1;
                    }
                    next.next += u8::from(is_heard);
                }
            }
            Action::Crash => next.is_middle_down = true,
            Action::Restart => {
                next.restarts -= 1;
                next.memory = state.disk[0];
            }
        }
        (next != *state).then_some(next)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            Property::always(ONCE, |_, state: &State| {
                state.taken.iter().zip(0..).all(|(taken, number)| *taken == number)
            }),
            Property::always(TRUE, |_, state: &State| {
                let (term, at) = state.belief(0);
                state.history.get(usize::from(term)) == Some(&at)
            }),
            Property::always(LED, |_, state: &State| {
                let owner = state.owner();
                let is_known = state.belief(0) == (state.term(), owner);
                // Whoever has it crashed: nobody but it can say more.
                let is_gone = !state.is_up(owner);
                let is_to_be_told = state.untold[owner].contains(&0);
                is_known || is_gone || is_to_be_told
            }),
            Property::sometimes(REACHED, |model: &Self, state: &State| {
                let is_past = state.is_middle_down && state.owner() == 2 && state.history[1] == 1;
                is_past && state.next == model.items
            }),
        ]
    }
}

const ONCE: &str = "each item once and in order";
const TRUE: &str = "who is believed to have it had it in that term";
const LED: &str = "the first node knows who has it, or is to be told";
const REACHED: &str = "items get past a node that crashed";

/// Which laws do not hold.
fn broken(flaw: Flaw) -> Vec<&'static str> {
    let model = Finding { flaw, terms: 3, items: 2 };
    checked::broken(model, flaw == Flaw::None, &[ONCE, TRUE, LED], REACHED, 1_000)
}

#[test]
fn a_fifo_is_found_past_a_node_that_crashed() {
    assert_eq!(broken(Flaw::None), [""; 0]);
}

#[test]
fn every_mutant_is_found() {
    for flaw in [
        Flaw::BelievesOlder,
        Flaw::BelievesNamesakes,
        Flaw::HearsInMemory,
        Flaw::ForgetsTheFirst,
        Flaw::TellsOfOffers,
        Flaw::ForgetsNumbers,
    ] {
        assert_ne!(broken(flaw), [""; 0], "{flaw:?} lives");
    }
}
