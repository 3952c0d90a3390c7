//! What a site proposes: the least move that would keep it from being overloaded.
//!
//! It looks at its own committed forecast, takes the slot in which it will be overloaded
//! first, once that cannot wait any longer, and the workload that is just large enough to help, and sends it to where the most
//! room is left after all that was promised there, and for its way. Workloads that are joined count
//! as one; only where that helps nobody, or fits nowhere, they are parted.

use std::collections::BTreeMap;

use crate::council::arrival::{can_wait, decided_by};
use crate::council::book::Subject;
use crate::council::distance::{away_ppm, is_worth_the_way};
use crate::council::load::{demand, fits, predicted_ppm, relieved_ppm};
use crate::council::maintenance::{of_left, of_whole};
use crate::council::movement::Phase;
use crate::council::proposal::{Cause, Condition, Criterion, Filing, Rollback};
use crate::council::relief::Relief;
use crate::council::remembering::as_taken_back;
use crate::council::state::{Proposal, State};
use crate::council::together::Joined;
use crate::council::voted_down::VotedDown;
use crate::council::words::{Criticality, Loads, Metric, Mode, Slot, WorkloadId};
use crate::council::workload::Workload;
use crate::ids::SiteId;

/// How easily a site proposes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Temper {
    /// It looks at slots up to so many ahead, of which what can wait is left for later.
    pub ahead_slots: u64,
    /// The middle of its forecast must exceed this for it to speak.
    pub alarm_ppm: u32,
    /// It moves enough to come down to this.
    pub aim_ppm: u32,
    /// How long it is looked whether the move helped.
    pub window_slots: u64,
}

/// What a site proposes for a source, if by its committed forecast there is cause: itself, or
/// another site that it watches, which may be silent or lie.
pub fn propose(
    state: &State,
    (me, joined): (SiteId, &Joined),
    source: SiteId,
    temper: &Temper,
) -> Option<Filing> {
    look(state, (me, joined), source, temper)?.ok()
}

/// Why nothing is proposed for a site that will be overloaded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Unrelieved {
    /// It has nothing that may move now.
    NothingMoves,
    /// Nothing of that takes enough.
    NothingHelps,
    /// No other site has room for what would help.
    NoRoom,
    /// Where there is room, it was voted down or taken back of late.
    TriedBefore,
}

/// In what a source will be overloaded, and why nothing can be proposed for it, if that is so.
pub fn unrelieved(
    state: &State,
    (me, joined): (SiteId, &Joined),
    source: SiteId,
    temper: &Temper,
) -> Option<(Metric, Unrelieved)> {
    look(state, (me, joined), source, temper)?.err()
}

/// What is proposed, if there is cause, or why nothing is.
fn look(
    state: &State,
    (me, joined): (SiteId, &Joined),
    source: SiteId,
    temper: &Temper,
) -> Option<Result<Filing, (Metric, Unrelieved)>> {
    if state.open.values().any(|open| hinders(state, source, open)) {
        return None;
    }
    let alarm = alarm(state, me, source, temper)?;
    let Alarm { metric, peak_ppm, slot } = alarm;
    let left = state.maintenance.left_ppm(source, slot);
    let capacity = state.members.get(&source)?.capacity;
    let excess = peak_ppm.saturating_sub(temper.aim_ppm);
    let movable: BTreeMap<WorkloadId, Criticality> = state
        .workloads
        .iter()
        .filter(|(id, workload)| is_movable(state, source, **id, workload))
        .map(|(id, workload)| (*id, workload.criticality))
        .collect();
    let nothing =
        if movable.is_empty() { Unrelieved::NothingMoves } else { Unrelieved::NothingHelps };
    let mut candidates: Vec<(bool, bool, u32, Criticality, Vec<WorkloadId>)> = movable
        .keys()
        .flat_map(|id| {
            let group = joined.group(state, *id);
            let is_whole = group.iter().all(|id| movable.contains_key(id));
            let alone = (group.len() > 1).then(|| (true, vec![*id]));
            // Named by its first, so that it is there once.
            let whole = (is_whole && group.first() == Some(id)).then_some((false, group));
            whole.into_iter().chain(alone)
        })
        .map(|(is_parted, ids)| {
            let share = demand(state, ids.iter().copied()).share_ppm(metric, &capacity);
            let share = of_left(share, left);
            let is_enough = share >= excess;
            let order = if is_enough { share } else { u32::MAX - share };
            let criticality = ids.iter().filter_map(|id| movable.get(id)).max().copied();
            let criticality = criticality.unwrap_or(Criticality::Low);
            (share, (is_parted, !is_enough, order, criticality, ids))
        })
        .filter_map(|(share, candidate)| {
            let relief = Relief { peak_ppm, share_ppm: share, limit_ppm: temper.aim_ppm };
            relief.is_worth_it().then_some(candidate)
        })
        .collect();
    candidates.sort_unstable();
    let down = VotedDown::of((state, me), source, metric, peak_ppm);
    let mut why = nothing;
    for (.., ids) in candidates.into_iter().take(TRIES) {
        match filing(state, source, &ids, alarm, temper, &down) {
            Some(Ok(filing)) => return Some(Ok(filing)),
            Some(Err(other)) => why = why.max(other),
            None => {}
        }
    }
    Some(Err((metric, why)))
}

/// How many workloads are tried.
const TRIES: usize = 8;

/// Where and when there will be too much.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Alarm {
    slot: Slot,
    metric: Metric,
    peak_ppm: u32,
}

/// The first slot for which the site committed itself to too much at the source, and that cannot wait.
fn alarm(state: &State, me: SiteId, source: SiteId, temper: &Temper) -> Option<Alarm> {
    let from = state.slot().plus(1);
    let through = from.plus(temper.ahead_slots);
    let alarms = Metric::ALL.into_iter().flat_map(|metric| {
        let subject = Subject { target: source, metric };
        (from.0..=through.0).filter_map(move |slot| {
            let band = state.book.band(me, subject, Slot(slot))?;
            // Where nothing is left, all of it goes, whether it is too much or not.
            let left = state.maintenance.left_ppm(source, Slot(slot));
            let relieved =
                |ppm| of_left(relieved_ppm(state, source, metric, Slot(slot), ppm), left);
            let (middle, peak_ppm) = (relieved(band.middle_ppm), relieved(band.high_ppm));
            let is_alarm = left > 0 && middle > temper.alarm_ppm;
            let has_evidence = peak_ppm > state.rules.limit_ppm;
            let alarm = Alarm { slot: Slot(slot), metric, peak_ppm };
            let is_due = || !can_wait(state, Slot(slot), moves_for(state, source, alarm));
            (is_alarm && has_evidence && is_due()).then_some(alarm)
        })
    });
    alarms.min()
}

/// How many moves it takes at least to come down to the limit: of the largest workloads there.
fn moves_for(state: &State, source: SiteId, alarm: Alarm) -> u64 {
    let capacity = state.members.get(&source).map(|member| member.capacity).unwrap_or_default();
    let left = state.maintenance.left_ppm(source, alarm.slot);
    let movable = state.workloads.iter().filter(|(id, of)| is_movable(state, source, **id, of));
    let share = |of: &Workload| of_left(of.demand.share_ppm(alarm.metric, &capacity), left);
    let mut shares: Vec<u32> = movable.map(|(_, of)| share(of)).collect();
    shares.sort_unstable_by_key(|share| std::cmp::Reverse(*share));
    let mut excess = alarm.peak_ppm.saturating_sub(state.rules.limit_ppm);
    let is_still_over = |share: &u32| {
        let was_over = excess > 0;
        excess = excess.saturating_sub(*share);
        was_over
    };
    shares.into_iter().take_while(is_still_over).count() as u64
}

/// Whether nothing more is proposed to relieve a source because of a proposal: while that is voted on,
/// for nobody knows whether it leaves; by rules by which there is one at a time, until its traffic has.
fn hinders(state: &State, source: SiteId, open: &Proposal) -> bool {
    let phase = open.movement.map(|movement| movement.phase);
    let is_leaving = match state.rules.counts_committed() {
        true => phase.is_none(),
        false => !matches!(phase, Some(Phase::Watching { .. })),
    };
    open.filing.source == source && is_leaving
}

fn is_movable(state: &State, source: SiteId, id: WorkloadId, workload: &Workload) -> bool {
    workload.authority.holder == source
        && workload.rests_until <= state.now
        && state.mode_of(id) != Mode::Off
        && state.transit(id).is_none()
}

fn filing(
    state: &State,
    source: SiteId,
    ids: &[WorkloadId],
    alarm: Alarm,
    temper: &Temper,
    down: &VotedDown,
) -> Option<Result<Filing, Unrelieved>> {
    let Alarm { slot, metric, peak_ppm: predicted } = alarm;
    let wanted = demand(state, ids.iter().copied());
    let deadline = decided_by(state, slot);
    let through = Slot::of(deadline, state.rules.slot).max(slot).plus(temper.window_slots);
    let cause = Cause::Overload { metric, slot };
    let limit_ppm = state.rules.limit_ppm;
    let capacity = state.members.get(&source)?.capacity;
    let left = state.maintenance.left_ppm(source, slot);
    let share_ppm = of_left(wanted.share_ppm(metric, &capacity), left);
    let relief = Relief { peak_ppm: predicted, share_ppm, limit_ppm };
    // A site that is farther away is as good as one that is as much fuller.
    let reckoned = |site: SiteId| {
        let away_ppm = away_ppm(state, source, site);
        let after = after(state, site, &wanted, metric, through)?;
        is_worth_the_way(relief, away_ppm).then(|| (after.saturating_add(away_ppm), site))
    };
    let mut others: Vec<(u32, SiteId)> = state
        .members
        .keys()
        .filter(|site| **site != source)
        .filter(|site| fits(state, **site, &wanted, through).is_ok())
        .filter_map(|site| reckoned(*site))
        .collect();
    others.sort_unstable();
    let bar_ppm = if state.rules.compares() { limit_ppm } else { relief.bar_ppm() };
    let bar_there =
        |site| of_whole(limit_ppm, state.maintenance.least_ppm(site, state.slot(), through));
    let epoch = |id: &WorkloadId| Some((*id, state.workloads.get(id)?.authority.epoch));
    let to = |destination| Filing {
        workloads: ids.iter().filter_map(epoch).collect(),
        source,
        destination,
        deadline,
        cause,
        criterion: Criterion {
            conditions: vec![
                Condition { site: destination, metric, at_most_ppm: bar_there(destination) },
                Condition { site: source, metric, at_most_ppm: of_whole(bar_ppm, left) },
            ],
            window_slots: temper.window_slots,
            samples_min: 1,
        },
        rollback: Rollback::ToSource,
    };
    let is_new = |filing: &Filing| {
        ids.iter().all(|id| {
            let new = as_taken_back(state, filing, *id, predicted);
            !down.holds_back(*id, filing.destination)
                && !state.taken_back.iter().any(|old| old.is_same(&new, state.rules.cause_ppm))
        })
    };
    let why = if others.is_empty() { Unrelieved::NoRoom } else { Unrelieved::TriedBefore };
    Some(others.into_iter().map(|(_, site)| to(site)).find(is_new).ok_or(why))
}

/// How full a site would be with what goes there.
fn after(
    state: &State,
    site: SiteId,
    wanted: &Loads,
    metric: Metric,
    through: Slot,
) -> Option<u32> {
    let share = wanted.share_ppm(metric, &state.members.get(&site)?.capacity);
    let share = of_left(share, state.maintenance.least_ppm(site, state.slot(), through));
    Some(predicted_ppm(state, site, metric, through)?.saturating_add(share))
}
