//! Who has a FIFO while it goes from one node to another and back, whatever the network and
//! crashes do: the order of records on disk and messages that `swell-node` keeps.
//!
//! Each try has a term of its own, on disk before it is offered. Items go ahead, then the source
//! fences, sends the rest and a seal; once the target has that on disk, the source writes down that
//! the FIFO is gone, and only then lets the target begin. The network is the worst there is: what
//! was ever said may arrive at any time, any number of times, or never. Nodes crash between any two
//! steps and come back with what is on their disks. `going_away_model` has the producers' side.

#[path = "../checked/mod.rs"]
mod checked;
mod parts;

use std::collections::BTreeSet;

use stateright::{Model, Property};

use crate::parts::{Action, Flaw, Held, Message, Node, State, Step, Word, begin, may_begin};

struct Change {
    flaw: Flaw,
    /// Items that are put in over all.
    items: u8,
    /// Tries to change nodes.
    terms: u8,
    crashes: u8,
    /// Whether nodes tell where the FIFO is.
    tells: bool,
}

impl Change {
    fn hear(&self, state: &mut State, message: Message) {
        let Message { to, term, word } = message;
        let from = 1 - to;
        let flaw = self.flaw;
        let node = &mut state.nodes[to];
        let is_new = node.term < term || flaw == Flaw::TakesOldOffers;
        let is_due = node.leaving.is_some() && node.term == term;
        let mut answer = None;
        match (word, node.leaving) {
            (Word::Offer, _) => {
                let has_sealed = node.sealed.is_some_and(|(sealed, _)| sealed >= term);
                let is_free = flaw == Flaw::TakesOldOffers || !has_sealed;
                if !node.is_here && is_new && is_free {
                    node.sealed = None;
                    node.arriving = Some((term, (0, 0)));
                    answer = Some(Word::Offered);
                }
            }
            (Word::Items((first, next)), _) => {
                if let Some((open, held)) = &mut node.arriving
                    && *open == term
                {
                    // What lies between was done with before it could be sent.
                    if first > held.1 {
                        *held = (first, first);
                    }
                    held.1 = held.1.max(next);
                    answer = Some(Word::Took(next));
                }
            }
            (Word::Seal((first, next)), _) => {
                if let Some((open, (mut arrived, last))) = node.arriving
                    && open == term
                {
                    arrived = arrived.max(first);
                    let is_all = last.saturating_sub(arrived) >= next - first;
                    if is_all || flaw == Flaw::SealsUnseen {
                        node.arriving = None;
                        node.sealed = Some((term, (first, last.max(first))));
                        answer = Some(Word::Sealed);
                        if flaw == Flaw::BeginsAtSeal {
                            begin(node, term);
                        }
                    }
                }
            }
            // A FIFO that went further is believed to be where it says.
            (Word::Here, _) if !node.is_here && node.term < term => node.term = term,
            (Word::Begin, _) => {
                let sealed = node.sealed.map(|(sealed, _)| sealed);
                if may_begin(node, term, flaw) || flaw == Flaw::BeginsForAnyTerm && sealed.is_some()
                {
                    begin(node, sealed.unwrap_or(term));
                }
            }
            (Word::Abort, _) => {
                node.arriving.take_if(|(open, _)| *open == term);
                node.sealed.take_if(|(sealed, _)| *sealed == term);
            }
            (Word::Offered, Some(Step::Offering)) if is_due => {
                node.leaving = Some(Step::Ahead { next: node.held.1 });
                state.said.insert(Message { to: from, term, word: Word::Items(node.held) });
            }
            (Word::Took(took), Some(Step::Rest { next })) if is_due && took == next => {
                node.leaving = Some(Step::Sealing);
                state.said.insert(Message { to: from, term, word: Word::Seal(node.held) });
                if flaw == Flaw::TakesSilenceForSeal {
                    self.let_go(state, to);
                }
            }
            (Word::Sealed, Some(Step::Sealing)) if is_due => {
                if flaw == Flaw::BeginsBeforeRecord {
                    state.said.insert(Message { to: from, term, word: Word::Begin });
                } else {
                    self.let_go(state, to);
                }
            }
            _ => {}
        }
        if let Some(word) = answer {
            state.said.insert(Message { to: from, term, word });
        }
    }

    /// The source writes down that the FIFO is gone, and says so.
    fn let_go(&self, state: &mut State, source: usize) {
        let node = &mut state.nodes[source];
        node.leaving = None;
        node.is_here = false;
        state.said.insert(Message { to: 1 - source, term: node.term, word: Word::Begin });
    }
}

impl Model for Change {
    type State = State;
    type Action = Action;

    fn init_states(&self) -> Vec<State> {
        let first = Node { is_here: true, ..Node::default() };
        vec![State {
            nodes: [first, Node::default()],
            said: BTreeSet::new(),
            accepted: 0,
            done: 0,
            is_out_of_order: false,
            crashes: self.crashes,
        }]
    }

    fn actions(&self, state: &State, actions: &mut Vec<Action>) {
        for (at, node) in state.nodes.iter().enumerate() {
            if node.is_down {
                actions.push(Action::Restart(at));
                continue;
            }
            if node.is_up(self.flaw) && state.accepted < self.items {
                actions.push(Action::Put(at));
            }
            if node.is_up(self.flaw) && node.held.0 < node.held.1 {
                actions.push(Action::Consume(at));
            }
            let is_whole = !matches!(node.leaving, Some(Step::Rest { .. } | Step::Sealing));
            if node.is_here && is_whole && self.tells {
                actions.push(Action::Tell(at));
            }
            match node.leaving {
                None if node.is_here && node.term < self.terms => actions.push(Action::Leave(at)),
                Some(step) => {
                    actions.push(Action::GiveUp(at));
                    let is_ahead = |next| {
                        let (term, word) = (node.term, Word::Took(next));
                        state.said.contains(&Message { to: at, term, word })
                    };
                    if matches!(step, Step::Ahead { next } if is_ahead(next)) {
                        actions.push(Action::Fence(at));
                    }
                }
                None => {}
            }
            if state.crashes > 0 {
                actions.push(Action::Crash(at));
            }
        }
        let heard = state.said.iter().filter(|message| !state.nodes[message.to].is_down);
        actions.extend(heard.copied().map(Action::Hear));
    }

    fn next_state(&self, state: &State, action: Action) -> Option<State> {
        let mut next = state.clone();
        match action {
            Action::Put(at) => {
                next.nodes[at].held.1 += 1;
                next.accepted += 1;
            }
            Action::Consume(at) => {
                let item = next.nodes[at].held.0;
                next.nodes[at].held.0 += 1;
                next.is_out_of_order |= item != next.done;
                next.done += 1;
            }
            Action::Leave(at) => {
                let node = &mut next.nodes[at];
                node.term += 1;
                node.leaving = Some(Step::Offering);
                let offer = Message { to: 1 - at, term: node.term, word: Word::Offer };
                next.said.insert(offer);
            }
            Action::Fence(at) => {
                let node = &mut next.nodes[at];
                let Some(Step::Ahead { next: sent }) = node.leaving else { return None };
                let (first, last) = node.held;
                node.leaving = Some(Step::Rest { next: last });
                let word = Word::Items((first.max(sent), last));
                next.said.insert(Message { to: 1 - at, term: node.term, word });
            }
            Action::GiveUp(at) => {
                let node = &mut next.nodes[at];
                // One that was fenced comes up again.
                if matches!(node.leaving, Some(Step::Rest { .. } | Step::Sealing)) {
                    node.came = node.term;
                }
                node.leaving = None;
                let abort = Message { to: 1 - at, term: node.term, word: Word::Abort };
                next.said.insert(abort);
            }
            Action::Tell(at) => {
                let node = &next.nodes[at];
                let term = if self.flaw == Flaw::TellsOfTry { node.term } else { node.came };
                next.said.insert(Message { to: 1 - at, term, word: Word::Here });
            }
            Action::Hear(message) => self.hear(&mut next, message),
            Action::Crash(at) => {
                let node = &mut next.nodes[at];
                (node.is_down, node.arriving, node.leaving) = (true, None, None);
                if self.flaw == Flaw::SealsInMemory {
                    node.sealed = None;
                }
                next.crashes -= 1;
            }
            Action::Restart(at) => {
                let node = &mut next.nodes[at];
                (node.is_down, node.came) = (false, node.term);
            }
        }
        (next != *state).then_some(next)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            Property::always(ONCE, |_, state: &State| !state.is_out_of_order),
            Property::always(ALONE, |model: &Self, state: &State| {
                !state.nodes.iter().all(|node| node.is_up(model.flaw))
            }),
            Property::always(KEPT, |_, state: &State| {
                let is_there = |item: u8| {
                    let has = |(first, next): Held| (first..next).contains(&item);
                    let is_sealed = |node: &Node| node.sealed.is_some_and(|(_, held)| has(held));
                    let is_in = |node: &Node| node.is_here && has(node.held) || is_sealed(node);
                    state.nodes.iter().any(is_in)
                };
                (state.done..state.accepted).all(is_there)
            }),
            Property::always(BEGINS, |model: &Self, state: &State| {
                let is_due = |(at, node): (usize, &Node)| {
                    let due = |term| Message { to: at, term, word: Word::Begin };
                    node.sealed.is_some_and(|(term, _)| {
                        state.said.contains(&due(term)) && may_begin(node, term, model.flaw)
                    })
                };
                let all = || state.nodes.iter().enumerate();
                all().any(|(_, node)| node.is_here) || all().any(is_due)
            }),
            Property::sometimes(BACK, |model: &Self, state: &State| {
                let [first, second] = &state.nodes;
                let has_left = second.term > 1 && !second.is_here;
                has_left && first.is_up(Flaw::None) && state.done == model.items
            }),
        ]
    }
}

const ONCE: &str = "each effect once and in order";
const ALONE: &str = "never at two nodes";
const KEPT: &str = "what was accepted is somewhere";
const BEGINS: &str = "what is nowhere else begins where it is sealed";
const BACK: &str = "it goes there and comes back";

/// Which laws do not hold.
fn broken(change: Change) -> Vec<&'static str> {
    let is_sound = change.flaw == Flaw::None;
    checked::broken(change, is_sound, &[ONCE, ALONE, KEPT, BEGINS], BACK, 10_000)
}

#[test]
fn a_fifo_is_never_lost_and_never_at_two_nodes() {
    for (items, terms, crashes, tells) in [(2, 2, 1, false), (1, 3, 0, false), (1, 2, 0, true)] {
        let change = Change { flaw: Flaw::None, items, terms, crashes, tells };
        assert_eq!(broken(change), [""; 0], "{items} items, {terms} terms, {crashes} crashes");
    }
}

#[test]
fn every_mutant_is_found() {
    for (flaw, terms, crashes) in [
        (Flaw::BeginsAtSeal, 2, 0),
        (Flaw::BeginsBeforeRecord, 2, 1),
        (Flaw::TakesSilenceForSeal, 2, 0),
        (Flaw::SealsUnseen, 2, 0),
        (Flaw::BeginsForAnyTerm, 3, 0),
        (Flaw::TakesOldOffers, 2, 0),
        (Flaw::NeverFences, 2, 0),
        (Flaw::SealsInMemory, 2, 1),
        (Flaw::TellsOfTry, 2, 0),
    ] {
        let tells = flaw == Flaw::TellsOfTry;
        let change = Change { flaw, items: 2, terms, crashes, tells };
        assert_ne!(broken(change), [""; 0], "{flaw:?} lives");
    }
}
