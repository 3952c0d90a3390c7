//! From every state, whatever was lost and whoever crashed, all ends well once nothing more goes
//! wrong.
//!
//! Liveness is checked as a promise of each state: the network forgets all that was under way,
//! the data store is there, crashed nodes are started, and then messages arrive in order and
//! timers go off when they are due. Within a bounded time every lock is released (L1), every
//! read and write ends (L2), each group has a leader (L3), and every pending version that was
//! acknowledged is decided (L4). This is more than "it may end" and less than "under any fair
//! schedule": it is one fair schedule, from all states.

use swell_core::cachegroup::leader_table::LeaderTag;
use swell_core::time::{Instant, Span};

use crate::case::{Case, Halt, TICK};
use crate::check::{breaks, holds, holds_so_far};
use crate::flaw::Flaw;
use crate::shared::Shared;
use crate::state::State;
use crate::{coherence, election, moving, pending};

/// So long everything may take: some leases for an election, and one for what it leads to.
const PATIENCE: Span = Span::from_nanos(12 * TICK);

/// What has not come to its end. Nothing, if all has.
fn open(case: &Case, state: &State, now: Instant) -> Option<&'static str> {
    let is_open =
        |client: &Shared<crate::state::ClientState>| client.begun > client.ended && !client.is_lost;
    if state.clients.iter().any(is_open) {
        return Some("L2: an operation");
    }
    for &(content, token) in &state.witness.pending {
        let row = state.store.content(content);
        let is_decided =
            row.accepted.contains(&token) || row.fence > token || row.revision.version > token;
        if !is_decided {
            return Some("L4: a pending version");
        }
    }
    for group in &case.groups {
        let mut nodes = state.nodes.iter().flatten();
        let Some(reign) = nodes.find_map(|node| node.reign(group.group, now)) else {
            return Some("L3: a group without a leader");
        };
        let is_held = |tag: &LeaderTag| {
            !matches!(tag, LeaderTag::Free(_) | LeaderTag::Unknown | LeaderTag::Elsewhere { .. })
        };
        if reign.table().values().any(|row| is_held(&row.tag)) {
            return Some("L1: a lock");
        }
    }
    None
}

/// Whether all ends well from here.
pub(crate) fn ends_well(case: &Case, state: &State) -> bool {
    let mut state = state.clone();
    let mut now = state.now();
    let end = now + PATIENCE;
    state.network.clear();
    state.is_store_up = true;
    for node in 0..case.nodes {
        if state.nodes[node].is_none() {
            state.disks[node].change(|disk| disk.incarnation += 1);
            state.start(case, node, now);
        }
    }
    while open(case, &state, now).is_some() {
        while let Some(item) = state.network.pop_first() {
            state.arrive(case, now, &item);
            // What may come again does not, here.
            state.network.remove(&item);
        }
        let wakeups = state.nodes.iter().flatten().map(|node| node.next_wakeup());
        now = wakeups.min().unwrap_or(Instant::NEVER).max(now);
        if now > end {
            return false;
        }
        for node in 0..case.nodes {
            if state.nodes[node].as_ref().is_some_and(|node| node.next_wakeup() <= now) {
                state.wake(case, now, node);
            }
        }
    }
    true
}

fn all_ends_well(mut case: Case, states: usize) {
    case.must_end = true;
    holds(&case, states);
}

#[test]
fn a_write_and_a_read_end() {
    all_ends_well(coherence::small(Flaw::None, 1, 1), 100_000);
}

#[test]
fn a_write_and_a_read_end_in_another_reign() {
    for halt in [Halt::Grant, Halt::Commit, Halt::Free] {
        all_ends_well(coherence::two_reigns(Flaw::None, halt, true), 100_000);
    }
}

#[test]
fn somebody_is_elected() {
    let mut case = election::three_voters(Flaw::None);
    case.ticks = 0;
    case.is_elected = false;
    case.timers = vec![0, 1];
    case.must_end = true;
    holds_so_far(&case, 100_000);
}

/// The writer may crash at any moment, and is started anew.
fn crash(lock: Span) -> Case {
    let mut case = coherence::small(Flaw::None, 1, 1);
    case.timing.lock = lock;
    case.crashing = vec![2];
    case.crashes = 1;
    case.must_end = true;
    case
}

#[test]
fn a_lock_whose_holder_crashed_is_broken() {
    holds(&crash(Span::from_nanos(100)), 200_000);
}

#[test]
fn a_lock_that_never_ends() {
    breaks(&crash(Span::FOREVER), &["L1 to L4"], 200_000);
}

#[test]
fn what_is_pending_is_decided() {
    all_ends_well(pending::outage(Flaw::None, pending::SUCCEEDED), 100_000);
}

#[test]
fn what_moves_arrives() {
    all_ends_well(moving::written_again(Flaw::None), 100_000);
}
