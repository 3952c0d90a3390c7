//! What becomes of a call that is cut short as another is to own the FIFO, whatever its function
//! does meanwhile and after: the order of things that `swell-node` keeps.
//!
//! An owner is called with one item at a time. Where another is to own the FIFO, the call under way
//! ends or is cut short, and only then the next owner begins. A function that was cut short may not
//! be stopped by that: it may go on, have its effect and answer at any time. Mutants have to fail,
//! as a model that never fails proves nothing.

mod checked;

use stateright::{Model, Property};

const ITEMS: usize = 3;

#[derive(Clone, Copy, PartialEq, Debug)]
enum Ack {
    Consume,
    Append,
}

/// What a mutant does wrong.
#[derive(Clone, Copy, PartialEq, Debug)]
enum Flaw {
    None,
    /// What a call answers that was cut short is taken for an answer.
    HearsStrays,
    /// So it is where its owner has the FIFO again, in a later epoch.
    KnowsOwnersOnly,
    /// The next owner begins while a call is under way, whose answer still counts.
    NeverWaits,
    /// An item whose call was cut short is taken for done with.
    PassesOver,
    /// It is given out again although it is to be tried once.
    GivesAgain,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
struct Call {
    epoch: u8,
    owner: u8,
    item: u8,
    has_effect: bool,
}

#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
struct State {
    /// Who is to own it, and who does.
    want: (u8, u8),
    has: Option<(u8, u8)>,
    /// Items that are done with.
    position: u8,
    call: Option<Call>,
    /// Calls that were cut short and whose functions go on.
    strays: Vec<Call>,
    /// Of each item: how often it was given out, and answers that counted; whether it was counted as
    /// lost, and whether it had its effect.
    given: [u8; ITEMS],
    answered: [u8; ITEMS],
    lost: [bool; ITEMS],
    effect: [bool; ITEMS],
    is_out_of_order: bool,
}

#[derive(Clone, PartialEq, Debug)]
enum Action {
    Order,
    Begin,
    Give,
    Release,
    Cut,
    /// The call under way, or a stray, has its effect.
    Effect(Option<usize>),
    Answer(Option<usize>),
}

struct Cutting {
    flaw: Flaw,
    ack: Ack,
    orders: u8,
}

impl Cutting {
    fn effect(&self, state: &mut State, of: Option<usize>) {
        let call = match of {
            None => state.call.as_mut(),
            Some(stray) => state.strays.get_mut(stray),
        };
        let Some(call) = call else { return };
        call.has_effect = true;
        let item = usize::from(call.item);
        // Whoever keeps names has each effect once, and takes those that come again for repeats.
        let is_late = self.ack == Ack::Consume && !state.effect[..item].iter().all(|had| *had);
        state.is_out_of_order |= !state.effect[item] && is_late;
        state.effect[item] = true;
    }

    fn answer(&self, state: &mut State, of: Option<usize>) {
        let Some(stray) = of else {
            if let Some(call) = state.call.take() {
                state.position = (state.position + 1).min(ITEMS as u8);
                state.answered[usize::from(call.item)] += 1;
            }
            return;
        };
        let stray = state.strays.remove(stray);
        let is_its = state.has.is_some_and(|(_, owner)| owner == stray.owner);
        let counts = match self.flaw {
            Flaw::HearsStrays => state.has.is_some(),
            Flaw::KnowsOwnersOnly => is_its,
            // It was never cut short, only left behind.
            Flaw::NeverWaits => true,
            _ => false,
        };
        if counts {
            state.position = (state.position + 1).min(ITEMS as u8);
            state.answered[usize::from(stray.item)] += 1;
        }
    }
}

impl Model for Cutting {
    type State = State;
    type Action = Action;

    fn init_states(&self) -> Vec<State> {
        vec![State { want: (1, 0), ..State::default() }]
    }

    fn actions(&self, state: &State, actions: &mut Vec<Action>) {
        let is_revoked = state.has.is_some_and(|(epoch, _)| epoch != state.want.0);
        if state.want.0 <= self.orders {
            actions.push(Action::Order);
        }
        match (&state.call, state.has) {
            (_, None) => actions.push(Action::Begin),
            (None, Some(_)) if is_revoked => actions.push(Action::Release),
            (None, Some(_)) if usize::from(state.position) < ITEMS => actions.push(Action::Give),
            (Some(_), Some((_, owner))) if is_revoked && owner != state.want.1 => {
                actions.push(Action::Cut);
                if self.flaw == Flaw::NeverWaits {
                    actions.push(Action::Release);
                }
            }
            _ => {}
        }
        let all = state.strays.iter().enumerate().map(|(place, call)| (Some(place), call));
        for (of, call) in all.chain(state.call.iter().map(|call| (None, call))) {
            actions.push(match call.has_effect {
                true => Action::Answer(of),
                false => Action::Effect(of),
            });
        }
    }

    fn next_state(&self, state: &State, action: Action) -> Option<State> {
        let mut next = state.clone();
        match action {
            Action::Order => next.want = (state.want.0 + 1, 1 - state.want.1),
            Action::Begin => next.has = Some(state.want),
            Action::Give => {
                let (epoch, owner) = state.has?;
                let item = state.position;
                next.given[usize::from(item)] += 1;
                next.call = Some(Call { epoch, owner, item, has_effect: false });
            }
            Action::Release => {
                next.strays.extend(next.call.take());
                next.has = None;
            }
            Action::Cut => {
                let call = next.call.take()?;
                next.strays.push(call);
                let is_over = match self.ack {
                    Ack::Consume => self.flaw == Flaw::PassesOver,
                    Ack::Append => self.flaw != Flaw::GivesAgain,
                };
                if is_over {
                    next.position += 1;
                    next.lost[usize::from(call.item)] = self.ack == Ack::Append;
                }
            }
            Action::Effect(of) => self.effect(&mut next, of),
            Action::Answer(of) => self.answer(&mut next, of),
        }
        Some(next)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            Property::always(COUNTED, |model: &Self, state: &State| {
                let is_over = |item: usize| match model.ack {
                    Ack::Consume => state.answered[item] == 1 && state.effect[item],
                    Ack::Append => u8::from(state.lost[item]) + state.answered[item] == 1,
                };
                let is_open = |item: usize| state.answered[item] == 0 && !state.lost[item];
                let position = usize::from(state.position);
                (0..position).all(is_over) && (position..ITEMS).all(is_open)
            }),
            Property::always(ORDER, |_, state: &State| !state.is_out_of_order),
            Property::always(ONCE, |model: &Self, state: &State| {
                model.ack == Ack::Consume || state.given.iter().all(|given| *given <= 1)
            }),
            Property::sometimes(LATE, |model: &Self, state: &State| {
                let is_again = model.ack == Ack::Append || state.given.iter().any(|it| *it > 1);
                usize::from(state.position) == ITEMS && is_again && !state.strays.is_empty()
            }),
        ]
    }
}

const COUNTED: &str = "an item is done with by one answer, or counted as lost";
const ORDER: &str = "effects by name in order";
const ONCE: &str = "given out once";
const LATE: &str = "all are done with while a call that was cut short goes on";

/// Which laws do not hold.
fn broken(ack: Ack, flaw: Flaw) -> Vec<&'static str> {
    let model = Cutting { flaw, ack, orders: 3 };
    checked::broken(model, flaw == Flaw::None, &[COUNTED, ORDER, ONCE], LATE, 1_000)
}

#[test]
fn what_is_cut_short_counts_for_nothing() {
    for ack in [Ack::Consume, Ack::Append] {
        assert_eq!(broken(ack, Flaw::None), [""; 0], "{ack:?}");
    }
}

#[test]
fn every_mutant_is_found() {
    for (ack, flaw) in [
        (Ack::Consume, Flaw::HearsStrays),
        (Ack::Append, Flaw::HearsStrays),
        (Ack::Consume, Flaw::KnowsOwnersOnly),
        (Ack::Consume, Flaw::NeverWaits),
        (Ack::Append, Flaw::NeverWaits),
        (Ack::Consume, Flaw::PassesOver),
        (Ack::Append, Flaw::GivesAgain),
    ] {
        assert_ne!(broken(ack, flaw), [""; 0], "{flaw:?} lives with {ack:?}");
    }
}
