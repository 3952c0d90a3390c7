//! The rules of the protocol, one by one.
//!
//! What runs keeps them all: [`Kept`] is the only implementation outside of tests. Tests have
//! others that break a single rule, to see that a model of the protocol notices.

use std::fmt::Debug;
use std::hash::Hash;

/// Which rules are kept. Each method is a rule and says yes.
pub trait Rules: Clone + Debug + Eq + Ord + Hash {
    /// R1: a token is given out only while nobody else has one.
    fn grants_to_one(&self) -> bool {
        true
    }
    /// R2: bytes are in the data store before a version of them is committed.
    fn uploads_before_commit(&self) -> bool {
        true
    }
    /// R3: the data store refuses tokens below the fence.
    fn checks_the_fence(&self) -> bool {
        true
    }
    /// R3: the data store refuses versions that are not made from the newest.
    fn checks_the_base(&self) -> bool {
        true
    }
    /// R4: others learn of a version only after it was committed.
    fn frees_after_commit(&self) -> bool {
        true
    }
    /// R4: a lock is freed by its own token only.
    fn matches_free_to_token(&self) -> bool {
        true
    }
    /// R4: a lock is given back unused only by who never sent a commit under it.
    fn aborts_only_what_was_not_sent(&self) -> bool {
        true
    }
    /// R5: a lock is broken by raising the fence, never by its time alone.
    fn seals_before_breaking(&self) -> bool {
        true
    }
    /// R6: nothing is said to be fresh while somebody may be writing it.
    fn is_silent_while_locked(&self) -> bool {
        true
    }
    /// R7: a lease counts from when it was asked for, not from when it was given.
    fn counts_lease_from_asking(&self) -> bool {
        true
    }
    /// R7: a leader whose lease ran out says nothing any more.
    fn falls_silent_after_lease(&self) -> bool {
        true
    }
    /// R7: a voter supports nobody else until its promise has run out.
    fn keeps_promises(&self) -> bool {
        true
    }
    /// R7: a voter that was started anew waits out the promises it may have forgotten.
    fn waits_after_start(&self) -> bool {
        true
    }
    /// R8: a leader has a majority of the voters behind it.
    fn asks_a_majority(&self) -> bool {
        true
    }
    /// R8: who stands asks the voters that the data store's row names, not those of its settings.
    fn follows_the_row(&self) -> bool {
        true
    }
    /// R8: a reign begins only for who was elected by the list in office.
    fn claims_for_the_list(&self) -> bool {
        true
    }
    /// The data store is told of the next voters once these support the leader, so that its
    /// reign outlives the change.
    fn asks_the_next_first(&self) -> bool {
        true
    }
    /// While voters change, a leader needs a majority of both lists.
    fn needs_both_lists(&self) -> bool {
        true
    }
    /// Voters do not change while anything waits for the data store with them.
    fn changes_only_what_is_settled(&self) -> bool {
        true
    }
    /// Section 6.5: a writer counts copies by the list that the leader says is in office.
    fn counts_by_the_list_in_office(&self) -> bool {
        true
    }
    /// R9: a holder gives the very version that was asked for, or nothing.
    fn pulls_by_version(&self) -> bool {
        true
    }
    /// R9: what comes late does not replace what is newer.
    fn refuses_late_data(&self) -> bool {
        true
    }
    /// R11: a copy that was found valid before the session's floor is not read unasked.
    fn honours_the_floor(&self) -> bool {
        true
    }
    /// R11: the clock of causality counts writes that became visible, not tokens.
    fn counts_what_is_visible(&self) -> bool {
        true
    }
    /// R11: a version leads its readers to all that its writer had seen.
    fn carries_the_past(&self) -> bool {
        true
    }
    /// R12: a content that moves leaves no token behind that is still good.
    fn fences_what_moves(&self) -> bool {
        true
    }
    /// R12: copies made in the former group are not taken for valid in the next.
    fn marks_what_moves(&self) -> bool {
        true
    }
    /// Section 6.5: a new leader waits for the pending versions that its voters keep.
    fn adopts_what_is_pending(&self) -> bool {
        true
    }
    /// Section 6.5: a voter that supports a newer reign keeps no copies for an older one.
    fn refuses_copies_of_the_past(&self) -> bool {
        true
    }
}

/// All rules, as they run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Kept;

impl Rules for Kept {}
