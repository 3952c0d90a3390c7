//! A content that goes to another group: its versions stay in order, and so does what follows.

use swell_core::cachegroup::level::{Acknowledgement, ReadLevel};

use crate::case::{Before, Case, Client, G, Group, H, Step, X, Y};
use crate::check::{breaks, holds};
use crate::flaw::Flaw;

const SAFE: Acknowledgement = Acknowledgement::Committed;

fn two_groups(flaw: Flaw) -> Case {
    let mut case = Case::one_content(flaw);
    case.groups = vec![Group { group: G, voters: vec![0] }, Group { group: H, voters: vec![1] }];
    case.home = |content| if content == X { G } else { H };
    case.moves = vec![(X, G, H)];
    case.timers = vec![2, 3];
    case.known = vec![X, Y];
    case.tokens = 4;
    case
}

/// X is written before it moves, or after, and read.
fn written_and_read(flaw: Flaw) -> Case {
    let mut case = two_groups(flaw);
    let write = vec![(2, Step::Write(X, SAFE))];
    let read = vec![(3, Step::Read(X, ReadLevel::Strict))];
    case.clients = vec![Client { steps: write }, Client { steps: read }];
    case.known = vec![X];
    case
}

/// X is written where it moved to, and Y after it; a reader still has its copy of X from before.
fn followed(flaw: Flaw) -> Case {
    let mut case = two_groups(flaw);
    let causal = ReadLevel::Causal;
    let write = vec![(2, Step::Write(X, SAFE)), (2, Step::Write(Y, SAFE))];
    let reads = [Step::Read(X, causal), Step::Read(Y, causal), Step::Read(X, causal)];
    let read = reads.map(|read| (3, read)).to_vec();
    case.clients = vec![Client { steps: write }, Client { steps: read }];
    case.before = vec![Before::Step(1), Before::Move];
    case
}

/// X was written before it moved, and is written again.
pub(crate) fn written_again(flaw: Flaw) -> Case {
    let mut case = two_groups(flaw);
    let write = vec![(2, Step::Write(X, SAFE)); 2];
    let read = vec![(3, Step::Read(X, ReadLevel::Strict))];
    case.clients = vec![Client { steps: write }, Client { steps: read }];
    case.known = vec![X];
    case.before = vec![Before::Step(0), Before::Move];
    case
}

/// X is written, read and moved, and written where it went. It comes back into the reign that gave
/// it away, and Y is written before that or after; a reader still has its copy of X from before all
/// this.
fn back_again(flaw: Flaw) -> Case {
    let mut case = two_groups(flaw);
    case.moves.push((X, H, G));
    case.timers = vec![0, 3];
    case.tokens = 8;
    let (causal, strict) = (ReadLevel::Causal, ReadLevel::Strict);
    let [x, y] = [X, Y].map(|content| Step::Write(content, SAFE));
    // The first of two reads learns where X is, and the second lets the leader there learn it.
    let look = Step::Read(X, strict);
    let write = [x, look, look, x, y].map(|step| (2, step)).to_vec();
    let read = [X, Y, X].map(|content| (3, Step::Read(content, causal))).to_vec();
    case.clients = vec![Client { steps: write }, Client { steps: read }];
    let begun = [Before::Step(0), Before::Step(1), Before::Move];
    case.before = begun.into_iter().chain([Before::Step(0); 3]).collect();
    case
}

#[test]
fn versions_stay_in_order() {
    holds(&written_and_read(Flaw::None), 2_000_000);
    holds(&written_again(Flaw::None), 2_000_000);
}

#[test]
fn what_follows_is_seen_after_what_it_follows() {
    holds(&followed(Flaw::None), 2_000_000);
}

#[test]
fn what_follows_a_return_is_seen_after_it() {
    holds(&back_again(Flaw::None), 2_000_000);
}

#[test]
fn a_return_that_leaves_no_mark() {
    breaks(&back_again(Flaw::MovesWithoutMark), &["I8"], 600_000);
}

#[test]
fn a_move_without_a_fence() {
    breaks(&written_again(Flaw::MovesWithoutFence), &["I3"], 600_000);
}

#[test]
fn a_move_that_leaves_no_mark() {
    breaks(&followed(Flaw::MovesWithoutMark), &["I8"], 600_000);
}
