//! Rules with one broken: what a model that proves anything has to notice.

use swell_core::cachegroup::rules::Rules;

/// Which rule is broken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Flaw {
    None,
    SeveralGrants,
    CommitsBeforeUpload,
    NoFence,
    NoBase,
    NoFenceNoBase,
    FreesBeforeCommit,
    FreesForeignLocks,
    AbortsWhatWasSent,
    BreaksWithoutSeal,
    FreshWhileLocked,
    LeaseFromReceipt,
    SpeaksAfterLease,
    BreaksPromises,
    ForgetsPromises,
    Minority,
    PullsAnyVersion,
    TakesLateData,
    NoFloor,
    TokensAsClock,
    NoPast,
    MovesWithoutFence,
    MovesWithoutMark,
    OwnList,
    ClaimsBlindly,
    TellsBeforeAsking,
    LeadsByOneList,
    LeadsAndTells,
    ChangesWhileWaiting,
    CountsByHearsay,
    AdoptsNothing,
    TakesLateCopies,
}

/// Rules with that one broken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Flawed(pub(crate) Flaw);

impl Flawed {
    fn is(&self, flaw: Flaw) -> bool {
        self.0 == flaw
    }
}

impl Rules for Flawed {
    fn grants_to_one(&self) -> bool {
        !self.is(Flaw::SeveralGrants)
    }
    fn uploads_before_commit(&self) -> bool {
        !self.is(Flaw::CommitsBeforeUpload)
    }
    fn checks_the_fence(&self) -> bool {
        !self.is(Flaw::NoFence) && !self.is(Flaw::NoFenceNoBase)
    }
    fn checks_the_base(&self) -> bool {
        !self.is(Flaw::NoBase) && !self.is(Flaw::NoFenceNoBase)
    }
    fn frees_after_commit(&self) -> bool {
        !self.is(Flaw::FreesBeforeCommit)
    }
    fn matches_free_to_token(&self) -> bool {
        !self.is(Flaw::FreesForeignLocks)
    }
    fn aborts_only_what_was_not_sent(&self) -> bool {
        !self.is(Flaw::AbortsWhatWasSent)
    }
    fn seals_before_breaking(&self) -> bool {
        !self.is(Flaw::BreaksWithoutSeal)
    }
    fn is_silent_while_locked(&self) -> bool {
        !self.is(Flaw::FreshWhileLocked)
    }
    fn counts_lease_from_asking(&self) -> bool {
        !self.is(Flaw::LeaseFromReceipt)
    }
    fn falls_silent_after_lease(&self) -> bool {
        !self.is(Flaw::SpeaksAfterLease)
    }
    fn keeps_promises(&self) -> bool {
        !self.is(Flaw::BreaksPromises)
    }
    fn waits_after_start(&self) -> bool {
        !self.is(Flaw::ForgetsPromises)
    }
    fn asks_a_majority(&self) -> bool {
        !self.is(Flaw::Minority)
    }
    fn pulls_by_version(&self) -> bool {
        !self.is(Flaw::PullsAnyVersion)
    }
    fn refuses_late_data(&self) -> bool {
        !self.is(Flaw::TakesLateData)
    }
    fn honours_the_floor(&self) -> bool {
        !self.is(Flaw::NoFloor)
    }
    fn counts_what_is_visible(&self) -> bool {
        !self.is(Flaw::TokensAsClock)
    }
    fn carries_the_past(&self) -> bool {
        !self.is(Flaw::NoPast) && !self.is(Flaw::TokensAsClock)
    }
    fn fences_what_moves(&self) -> bool {
        !self.is(Flaw::MovesWithoutFence)
    }
    fn marks_what_moves(&self) -> bool {
        !self.is(Flaw::MovesWithoutMark)
    }
    fn follows_the_row(&self) -> bool {
        !self.is(Flaw::OwnList)
    }
    fn claims_for_the_list(&self) -> bool {
        !self.is(Flaw::OwnList) && !self.is(Flaw::ClaimsBlindly)
    }
    fn asks_the_next_first(&self) -> bool {
        !self.is(Flaw::TellsBeforeAsking) && !self.is(Flaw::LeadsAndTells)
    }
    fn needs_both_lists(&self) -> bool {
        !self.is(Flaw::LeadsByOneList) && !self.is(Flaw::LeadsAndTells)
    }
    fn changes_only_what_is_settled(&self) -> bool {
        !self.is(Flaw::ChangesWhileWaiting)
    }
    fn counts_by_the_list_in_office(&self) -> bool {
        !self.is(Flaw::CountsByHearsay)
    }
    fn adopts_what_is_pending(&self) -> bool {
        !self.is(Flaw::AdoptsNothing)
    }
    fn refuses_copies_of_the_past(&self) -> bool {
        !self.is(Flaw::TakesLateCopies)
    }
}
