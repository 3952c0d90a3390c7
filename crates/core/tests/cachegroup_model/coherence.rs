//! One content, writers and a strict reader: the core of the protocol, and what each of its
//! rules is for.

use swell_core::cachegroup::level::{Acknowledgement, ReadLevel};

use crate::case::{Before, Case, Client, Halt, Step, X};
use crate::check::{breaks, holds, holds_so_far};
use crate::flaw::Flaw;

const WRITE: Step = Step::Write(X, Acknowledgement::Committed);
const READ: Step = Step::Read(X, ReadLevel::Strict);

fn client(node: usize, steps: &[Step]) -> Client {
    Client { steps: steps.iter().map(|&step| (node, step)).collect() }
}

/// One who writes and one who reads, so often.
pub(crate) fn small(flaw: Flaw, writes: usize, reads: usize) -> Case {
    let mut case = Case::one_content(flaw);
    case.clients = vec![client(2, &vec![WRITE; writes]), client(3, &vec![READ; reads])];
    case
}

/// The same with a second leader, who stands or may stand when the write has come so far.
pub(crate) fn two_reigns(flaw: Flaw, halt: Halt, stands: bool) -> Case {
    let mut case = small(flaw, 1, 1);
    case.before = vec![Before::StepUntil(0, halt)];
    if stands {
        case.before.extend([Before::Tick, Before::Stand(1, Halt::Promise)]);
    }
    case.ticks = 1;
    case.timers = vec![1, 3];
    case
}

/// Two who write.
fn two_writers(flaw: Flaw) -> Case {
    let mut case = Case::one_content(flaw);
    case.clients = vec![client(2, &[WRITE]), client(3, &[WRITE])];
    case
}

#[test]
fn a_writer_and_a_reader_in_one_reign() {
    holds(&small(Flaw::None, 1, 2), 2_000_000);
}

#[test]
fn two_writers_in_one_reign() {
    holds(&two_writers(Flaw::None), 2_000_000);
}

#[test]
fn two_writers_and_a_reader_in_one_reign() {
    holds_so_far(&Case::one_content(Flaw::None), 300_000);
}

#[test]
fn a_second_reign_begins_at_any_point_of_a_write() {
    for halt in [Halt::Lock, Halt::Grant, Halt::Upload, Halt::Commit, Halt::Free] {
        holds(&two_reigns(Flaw::None, halt, true), 1_000_000);
    }
    holds_so_far(&two_reigns(Flaw::None, Halt::Commit, false), 200_000);
}

#[test]
fn a_lock_that_is_broken_without_a_seal() {
    breaks(&small(Flaw::BreaksWithoutSeal, 1, 1), &["I7", "I6"], 300_000);
}

#[test]
fn a_store_that_ignores_the_fence() {
    breaks(&small(Flaw::NoFence, 1, 1), &["I7", "I3", "I5"], 300_000);
}

#[test]
fn a_store_that_ignores_fence_and_base() {
    let mut case = two_writers(Flaw::NoFenceNoBase);
    case.tokens = 4;
    breaks(&case, &["I7", "I1"], 300_000);
}

/// Fence and base back each other up: either alone keeps the chain.
#[test]
fn a_store_that_ignores_the_base_is_saved_by_the_fence() {
    holds(&two_writers(Flaw::NoBase), 2_000_000);
}

/// Fence and base would make up for it, but for locks that are given back: one that was not used
/// says nothing of the others.
#[test]
fn several_grants_at_once() {
    let mut case = two_writers(Flaw::SeveralGrants);
    case.tokens = 4;
    breaks(&case, &["I7"], 300_000);
}

#[test]
fn a_leader_that_calls_fresh_what_is_locked() {
    breaks(&small(Flaw::FreshWhileLocked, 1, 1), &["I6"], 300_000);
}

#[test]
fn a_version_that_is_freed_before_it_is_committed() {
    breaks(&small(Flaw::FreesBeforeCommit, 1, 1), &["I7"], 300_000);
}

#[test]
fn a_version_that_is_committed_before_its_bytes_are_there() {
    breaks(&small(Flaw::CommitsBeforeUpload, 1, 1), &["I2"], 300_000);
}

#[test]
fn a_lock_that_is_freed_by_another_token() {
    breaks(&two_writers(Flaw::FreesForeignLocks), &["I7"], 300_000);
}

#[test]
fn a_lock_that_is_given_back_though_a_commit_was_sent() {
    breaks(&small(Flaw::AbortsWhatWasSent, 1, 0), &["I7"], 300_000);
}

#[test]
fn a_leader_that_speaks_after_its_lease() {
    breaks(&two_reigns(Flaw::SpeaksAfterLease, Halt::Free, false), &["I4"], 300_000);
}
