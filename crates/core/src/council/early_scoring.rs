//! Scores forecasts as they stood some slots before the lead, besides what stood in the end.
//!
//! A band may be replaced until the lead before its slot. Who says one thing while it is proposed
//! and voted by it, and another in the end, is scored here for the first: what a site weighs
//! follows from the worse of both. The baseline is scored as it would have been at that moment, so
//! a forecaster is not punished for the distance. Who says nothing early
//! is judged by what it says late, and has nothing to propose by.

use std::collections::BTreeMap;

use crate::council::book::Subject;
use crate::council::state::State;
use crate::council::words::{Metric, Slot};
use crate::ids::SiteId;

/// So many slots before the lead.
const BEFORE_SLOTS: u64 = 4;

/// How many slots before its own a forecast is noted, by the rules of the state.
fn ahead(state: &State) -> u64 {
    (state.rules.lead_slots + BEFORE_SLOTS).min(state.rules.horizon_slots)
}

/// Notes what stands now of the slots that are so far ahead.
pub fn note(state: &mut State) {
    if !state.rules.scores_early() {
        return;
    }
    let until = state.slot().plus(ahead(state) + 1);
    // What was never noted, and what a clock jumped over, lies nearer: it stands as it is now.
    let mut slot = state.early.noted.max(state.slot());
    while slot < until {
        let stands: BTreeMap<_, _> = state.book.stands(slot).collect();
        state.early.stood.insert(slot, stands);
        slot = slot.plus(1);
    }
    state.early.noted = until;
}

/// A slot is over: early forecasts of it are scored by what came.
pub fn close(state: &mut State, slot: Slot, came: &[(Subject, u32)]) {
    let stood = state.early.stood.remove(&slot).unwrap_or_default();
    if !state.rules.scores_early() {
        return;
    }
    for (subject, came) in came {
        let Some(naive) = naive(state, *subject, slot) else { continue };
        let of_subject = stood.iter().filter(|((of, _), _)| of == subject);
        for ((_, by), band) in of_subject {
            state.early.ledger.score(*by, subject.metric, *band, *came, naive);
        }
    }
}

/// What a forecaster without any thought would have said then.
fn naive(state: &State, subject: Subject, slot: Slot) -> Option<u32> {
    let before = slot.0.checked_sub(state.rules.season_slots).map(Slot);
    let known = slot.minus(ahead(state) + state.rules.grace_slots + 1);
    let last = || state.book.last_truth(subject, known);
    before.and_then(|before| state.book.truth(subject, before)).or_else(last)
}

/// What a site's forecasts in a metric have earned, by the worse of what it said late and early.
pub fn earned(state: &State, site: SiteId, metric: Metric) -> u64 {
    let remembers_long = state.rules.remembers_long();
    let late = state.weighed.account(site, metric).quality(remembers_long);
    let early = state.early.weighed.account(site, metric);
    if early.samples == 0 { late } else { late.min(early.quality(remembers_long)) }
}
