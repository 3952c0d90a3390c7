//! Two contents, and readers that ask nobody: what follows must not be seen without what went
//! before.

use swell_core::cachegroup::level::{Acknowledgement, ReadLevel};

use crate::case::{Case, Client, G, Group, H, Step, X, Y};
use crate::check::{breaks, holds};
use crate::flaw::Flaw;

const CAUSAL: ReadLevel = ReadLevel::Causal;
const SAFE: Acknowledgement = Acknowledgement::Committed;

/// Somebody writes X and then Y; a reader that had a copy of X before reads Y and then X.
fn one_group(flaw: Flaw) -> Case {
    let mut case = Case::one_content(flaw);
    case.nodes = 4;
    case.groups[0].voters = vec![0];
    case.known = vec![X, Y];
    case.timers = Vec::new();
    case.tokens = 4;
    let writer = vec![(2, Step::Write(X, SAFE)), (2, Step::Write(Y, SAFE))];
    let reads = [Step::Read(X, CAUSAL), Step::Read(Y, CAUSAL), Step::Read(X, CAUSAL)];
    let reader = reads.map(|read| (3, read)).to_vec();
    case.clients = vec![Client { steps: writer }, Client { steps: reader }];
    case
}

/// Somebody writes X; another, who had the lock of Y before, makes Y from it.
fn derived(flaw: Flaw) -> Case {
    let mut case = one_group(flaw);
    let writer = vec![(1, Step::Write(X, SAFE))];
    let deriver = vec![(2, Step::Derive(Y, X))];
    let reader = case.clients[1].clone();
    case.clients = vec![Client { steps: writer }, Client { steps: deriver }, reader];
    case
}

/// Somebody writes X in one group and Y in another.
fn two_groups(flaw: Flaw) -> Case {
    let mut case = one_group(flaw);
    case.groups = vec![Group { group: G, voters: vec![0] }, Group { group: H, voters: vec![1] }];
    case.home = |content| if content == X { G } else { H };
    case
}

#[test]
fn in_one_group() {
    holds(&one_group(Flaw::None), 600_000);
}

#[test]
fn across_groups() {
    holds(&two_groups(Flaw::None), 600_000);
}

#[test]
fn a_reader_without_a_floor() {
    breaks(&one_group(Flaw::NoFloor), &["I8"], 600_000);
}

/// Within a group the clock of what is visible would do, even if versions carried no past.
#[test]
fn in_one_group_without_a_past() {
    holds(&derived(Flaw::NoPast), 600_000);
}

/// Y's token is given out before X's, and Y is made from what was read of X. That versions carry
/// their past would make up for it, so this mutant carries none.
#[test]
fn tokens_as_the_clock() {
    breaks(&derived(Flaw::TokensAsClock), &["I8"], 600_000);
}

/// To write X before Y is not enough if Y does not say so: the reader of Y has a copy of X.
#[test]
fn a_version_without_a_past() {
    breaks(&two_groups(Flaw::NoPast), &["I8"], 600_000);
}
