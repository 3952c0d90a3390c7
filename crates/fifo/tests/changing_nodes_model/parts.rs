//! Nodes, what they say, and what can be wrong with them.

use std::collections::BTreeSet;

/// What a mutant does wrong.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) enum Flaw {
    None,
    /// The target begins as soon as it has all.
    BeginsAtSeal,
    /// The source lets the target begin before its own record is on disk.
    BeginsBeforeRecord,
    /// The source takes silence for a seal.
    TakesSilenceForSeal,
    /// The target does not look whether all arrived.
    SealsUnseen,
    /// The target takes an order to begin of another term for one of this.
    BeginsForAnyTerm,
    /// The target takes an offer of a term that is over.
    TakesOldOffers,
    /// The source goes on consuming while it sends the rest.
    NeverFences,
    /// What is sealed is not on the target's disk.
    SealsInMemory,
    /// A node tells that the FIFO is there under the term of the try to leave that is under way, and
    /// the other takes one for begun that it believes elsewhere under its term.
    TellsOfTry,
}

/// Items from the first to before the next; all that a FIFO holds.
pub(crate) type Held = (u8, u8);

#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub(crate) enum Word {
    Offer,
    Offered,
    Items(Held),
    /// So much has arrived.
    Took(u8),
    Seal(Held),
    Sealed,
    Begin,
    Abort,
    /// The FIFO is at the speaker.
    Here,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub(crate) struct Message {
    pub(crate) to: usize,
    pub(crate) term: u8,
    pub(crate) word: Word,
}

/// How far a source is with its try.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) enum Step {
    Offering,
    Ahead { next: u8 },
    Rest { next: u8 },
    Sealing,
}

#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
pub(crate) struct Node {
    /// On disk: the last term it knows of, whether the FIFO is here, its items, and what has come.
    pub(crate) term: u8,
    pub(crate) is_here: bool,
    pub(crate) held: Held,
    pub(crate) sealed: Option<(u8, Held)>,
    /// In memory: the term that it is here under, what comes just now, and how far it is with sending.
    pub(crate) came: u8,
    pub(crate) arriving: Option<(u8, Held)>,
    pub(crate) leaving: Option<Step>,
    pub(crate) is_down: bool,
}

impl Node {
    /// Whether items are put in and taken out here.
    pub(crate) fn is_up(&self, flaw: Flaw) -> bool {
        let is_fenced = matches!(self.leaving, Some(Step::Rest { .. } | Step::Sealing));
        self.is_here && !self.is_down && (!is_fenced || flaw == Flaw::NeverFences)
    }
}

#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(crate) struct State {
    pub(crate) nodes: [Node; 2],
    pub(crate) said: BTreeSet<Message>,
    /// Items that were accepted, and effects of them outside of both nodes.
    pub(crate) accepted: u8,
    pub(crate) done: u8,
    pub(crate) is_out_of_order: bool,
    pub(crate) crashes: u8,
}

#[derive(Clone, PartialEq, Debug)]
pub(crate) enum Action {
    Put(usize),
    Consume(usize),
    Leave(usize),
    Fence(usize),
    GiveUp(usize),
    Tell(usize),
    Hear(Message),
    Crash(usize),
    Restart(usize),
}

/// What was sealed is the FIFO from here on.
pub(crate) fn begin(node: &mut Node, term: u8) {
    if let Some((_, held)) = node.sealed.take() {
        (node.held, node.term, node.is_here) = (held, node.term.max(term), true);
        node.came = node.term;
    }
}

/// Whether an order to begin is one for what is sealed here.
pub(crate) fn may_begin(node: &Node, term: u8, flaw: Flaw) -> bool {
    let has_begun =
        node.term > term || node.term == term && (node.is_here || flaw == Flaw::TellsOfTry);
    node.sealed.is_some_and(|(sealed, _)| sealed == term) && !has_begun
}
