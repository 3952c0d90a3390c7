//! Forecasts before, observations after, and what sites weigh for it.
//!
//! A slot is closed once its observations had time to come: forecasters are scored, and at
//! the end of each round the weights of the next one are taken from the ledger as it stands.

use crate::council::book::Subject;
use crate::council::early_scoring;
use crate::council::entry::Band;
use crate::council::member::Member;
use crate::council::refusal::Refusal;
use crate::council::state::State;
use crate::council::words::{Metric, Slot, UTILISATION_MAX_PPM};
use crate::ids::SiteId;

/// A site commits itself to bands of the slots from `first` on.
pub fn on_forecast(
    state: &mut State,
    by: SiteId,
    subject: Subject,
    first: Slot,
    bands: &[Band],
) -> Result<(), Refusal> {
    if !state.members.contains_key(&subject.target) {
        return Err(Refusal::NotMember(subject.target));
    }
    let (lead, horizon) = (state.rules.lead_slots, state.rules.horizon_slots);
    let earliest = state.slot().plus(lead);
    let latest = state.slot().plus(horizon);
    if first < earliest {
        return Err(Refusal::ForecastOfPast { earliest: earliest.0 });
    }
    let last = first.plus(bands.len() as u64).minus(1);
    if bands.is_empty() || bands.len() as u64 > horizon || last > latest {
        return Err(Refusal::ForecastTooFar { latest: latest.0 });
    }
    for band in bands {
        if band.low_ppm > band.middle_ppm || band.middle_ppm > band.high_ppm {
            return Err(Refusal::QuantilesCross);
        }
        if band.high_ppm > UTILISATION_MAX_PPM {
            return Err(Refusal::OutOfRange("a utilisation above a hundred times the capacity"));
        }
    }
    if !state.book.has_room(by, bands.len()) {
        return Err(Refusal::TooMany("forecasts of one site"));
    }
    for (slot, band) in (first.0..).map(Slot).zip(bands) {
        state.book.forecast(by, subject, slot, *band);
    }
    Ok(())
}

/// A site tells what it saw of a slot that is over.
pub fn on_observe(
    state: &mut State,
    by: SiteId,
    subject: Subject,
    slot: Slot,
    value_ppm: u32,
) -> Result<(), Refusal> {
    if !state.members.contains_key(&subject.target) {
        return Err(Refusal::NotMember(subject.target));
    }
    if value_ppm > UTILISATION_MAX_PPM {
        return Err(Refusal::OutOfRange("a utilisation above a hundred times the capacity"));
    }
    if slot >= state.slot() {
        return Err(Refusal::NotOver);
    }
    if slot < state.closed {
        return Err(Refusal::BookClosed);
    }
    if state.book.observe(by, subject, slot, value_ppm) {
        Ok(())
    } else {
        Err(Refusal::AlreadyObserved)
    }
}

/// Closes every slot whose time for observations has passed.
pub fn close_slots(state: &mut State) {
    let open = state.slot().minus(state.rules.grace_slots);
    if state.closed == Slot(0) {
        // The first tick: time begins here.
        state.closed = open;
    }
    while state.closed < open {
        close(state, state.closed);
        state.closed = state.closed.plus(1);
        if state.closed.0.is_multiple_of(state.rules.round_slots) {
            state.weighed = state.ledger.clone();
            state.early.weighed = state.early.ledger.clone();
        }
    }
    early_scoring::note(state);
    let season = state.closed.minus(state.rules.season_slots + state.rules.horizon_slots);
    state.book.forget(state.closed, season);
}

fn close(state: &mut State, slot: Slot) {
    let members = state.members.len();
    let agreed = state.book.close(slot, state.rules.tolerance_ppm, members);
    early_scoring::close(state, slot, &agreed);
    let seen: Vec<Subject> = agreed.iter().map(|(subject, _)| *subject).collect();
    for (subject, came) in agreed {
        let Some(naive) = naive(state, subject, slot) else { continue };
        let mut has_spoken = false;
        let bands: Vec<(SiteId, Band)> = state.book.forecasters(subject, slot).collect();
        for (by, band) in bands {
            has_spoken |= by == subject.target;
            state.ledger.score(by, subject.metric, band, came, naive);
        }
        if !has_spoken {
            state.ledger.score_silence(subject.target, subject.metric, came, naive);
        }
    }
    if state.rules.scores_silence() {
        for Subject { target, metric } in absent(state, slot, &seen) {
            state.ledger.score_absence(target, metric);
        }
    }
}

/// Members that had said nothing of themselves, and of which nobody knows what came, while others
/// were seen.
fn absent(state: &State, slot: Slot, seen: &[Subject]) -> Vec<Subject> {
    let metrics =
        Metric::ALL.into_iter().filter(|metric| seen.iter().any(|of| of.metric == *metric));
    let subjects = metrics.flat_map(|metric| {
        let limited = move |(_, member): &(&SiteId, &Member)| member.capacity.of(metric) > 0;
        let members = state.members.iter().filter(limited);
        members.map(move |(target, _)| Subject { target: *target, metric })
    });
    let is_absent =
        |of: &Subject| !seen.contains(of) && state.book.band(of.target, *of, slot).is_none();
    subjects.filter(is_absent).collect()
}

/// What a forecaster without any thought would have said when the lead began: what came one
/// season before, else the last that was known.
fn naive(state: &State, subject: Subject, slot: Slot) -> Option<u32> {
    let rules = &state.rules;
    let before = slot.0.checked_sub(rules.season_slots).map(Slot);
    let known = slot.minus(rules.lead_slots + rules.grace_slots + 1);
    let last = || state.book.last_truth(subject, known);
    before.and_then(|before| state.book.truth(subject, before)).or_else(last)
}
