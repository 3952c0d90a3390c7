//! Two proposals that contradict each other, and votes on them in all orders and values.

use stateright::{Model, Property};
use swell_core::council::entry::{Command, Reason};
use swell_core::council::proposal::Outcome;
use swell_core::council::rules::{Counting, Defects};
use swell_core::council::state::State;
use swell_core::council::words::ProposalId;
use swell_core::ids::SiteId;
use swell_core::time::Span;

use crate::stage::{Known, SITES, search};

/// The bar of what matters normally, written down once more.
const THETA_PPM: u64 = 550_000;
/// What a liar says that it weighs.
const CLAIM_PPM: u32 = 900_000;

const ENOUGH: &str = "what is approved has enough weight of all";
const ONE: &str = "a workload makes one move at a time";
const KEPT: &str = "what is decided stays decided";
const APPROVED: &str = "one is approved";
const OTHER: &str = "so is the other";
const REJECTED: &str = "both are rejected";
const EXPIRED: &str = "one expires";

struct Voting {
    counting: Counting,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct World {
    known: Known,
    /// Whether a decision was undone.
    is_undone: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Deed {
    Propose(u32),
    Vote {
        by: u32,
        on: ProposalId,
        yes: bool,
    },
    Withdraw(ProposalId),
    /// Deadlines pass.
    Tick,
}

/// How far a proposal is: on its way through these it only ever goes forwards.
fn stage(state: &State, id: ProposalId) -> u8 {
    match state.open.get(&id) {
        Some(open) if open.movement.is_some() => 1,
        Some(_) => 0,
        None => 2,
    }
}

fn proposals(state: &State) -> Vec<ProposalId> {
    state.open.keys().chain(state.ended.keys()).copied().collect()
}

fn has_ended(world: &World, as_told: impl Fn(Outcome) -> bool) -> usize {
    world.known.state.ended.values().filter(|ended| as_told(ended.outcome)).count()
}

fn is_enough(state: &State) -> bool {
    let moving = state.open.values().filter(|open| open.movement.is_some());
    moving.map(|open| &open.ballot).all(|ballot| {
        let yes = ballot.votes.iter().filter(|(_, vote)| vote.yes);
        let weights: Vec<u64> = yes.map(|(site, _)| u64::from(ballot.weights[site])).collect();
        weights.len() >= 2 && weights.iter().sum::<u64>() > THETA_PPM
    })
}

fn moves_to(world: &World, destination: u32) -> bool {
    let open = &world.known.state.open;
    open.values()
        .any(|open| open.movement.is_some() && open.filing.destination == SiteId(destination))
}

impl Model for Voting {
    type State = World;
    type Action = Deed;

    fn init_states(&self) -> Vec<World> {
        vec![World { known: Known::begin(self.counting), is_undone: false }]
    }

    fn actions(&self, world: &World, deeds: &mut Vec<Deed>) {
        let state = &world.known.state;
        let filed = proposals(state);
        let is_filed = |to: u32| {
            let open = state.open.values().chain(state.ended.values().map(|ended| &ended.proposal));
            open.into_iter().any(|one| one.filing.destination == SiteId(to))
        };
        deeds.extend((1..SITES).filter(|to| !is_filed(*to)).map(Deed::Propose));
        for by in 0..SITES {
            for on in filed.iter().copied() {
                deeds.extend([true, false].map(|yes| Deed::Vote { by, on, yes }));
            }
        }
        deeds.extend(filed.into_iter().map(Deed::Withdraw));
        deeds.push(Deed::Tick);
    }

    fn next_state(&self, world: &World, deed: Deed) -> Option<World> {
        let (known, reason) = (&world.known, Reason::Ordered);
        let next = match deed {
            Deed::Propose(to) => known.after(to, 1, Command::Propose(Box::new(known.order(to)))),
            Deed::Vote { by, on, yes } => {
                let vote = Command::Vote { proposal: on, yes, reason, claim_ppm: CLAIM_PPM };
                known.after(by, 1, vote)
            }
            Deed::Withdraw(proposal) => {
                let proposer = known.state.open.get(&proposal)?.proposer;
                // Before it is decided; afterwards it would be taken back.
                let is_open = stage(&known.state, proposal) == 0;
                let withdraw = Command::Withdraw { proposal };
                is_open.then(|| known.after(proposer.0, 1, withdraw)).flatten()
            }
            Deed::Tick => {
                let is_left = known.state.open.values().any(|open| open.movement.is_none());
                let at = known.state.now + Span::from_mins(31);
                is_left.then(|| known.after(0, 1, Command::Tick { at })).flatten()
            }
        }?;
        let went_back = |id: &ProposalId| stage(&next.state, *id) < stage(&known.state, *id);
        let was_changed = |id: &ProposalId| {
            let before = known.state.ended.get(id).map(|ended| ended.outcome);
            before.is_some() && before != next.state.ended.get(id).map(|ended| ended.outcome)
        };
        let is_undone = proposals(&known.state).iter().any(|id| went_back(id) || was_changed(id));
        Some(World { known: next, is_undone })
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            Property::always(ENOUGH, |_, world: &World| is_enough(&world.known.state)),
            Property::always(ONE, |_, world: &World| {
                let open = world.known.state.open.values();
                open.filter(|open| open.movement.is_some()).count() <= 1
            }),
            Property::always(KEPT, |_, world: &World| !world.is_undone),
            Property::sometimes(APPROVED, |_, world: &World| moves_to(world, 1)),
            Property::sometimes(OTHER, |_, world: &World| moves_to(world, 2)),
            Property::sometimes(REJECTED, |_, world: &World| {
                has_ended(world, |outcome| outcome == Outcome::Rejected) == 2
            }),
            Property::sometimes(EXPIRED, |_, world: &World| {
                has_ended(world, |outcome| outcome == Outcome::Expired) > 0
            }),
        ]
    }
}

/// More than there are.
const STATES: usize = 200_000;

#[test]
fn votes_decide_by_the_weight_of_all_in_every_order() {
    let found = search("voting", Voting { counting: Counting::Weighted }, &[], STATES);
    assert!(found.is_complete);
    // What holds always is discovered only where it does not.
    assert_eq!(found.discovered, [APPROVED, OTHER, REJECTED, EXPIRED].into());
}

#[test]
fn a_bar_of_what_was_received_or_stated_is_found_out() {
    let none = Defects::default();
    for (name, defects) in [
        ("stated weights", Defects { stated_weight: true, ..none }),
        ("a bar of what was received", Defects { received_denominator: true, ..none }),
        ("the founding pseudocode whole", Defects::ALL),
    ] {
        let voting = Voting { counting: Counting::Founding(defects) };
        let found = search(name, voting, &[ENOUGH], STATES);
        assert!(found.discovered.contains(ENOUGH), "{name}");
    }
}
